"""Counters of a release that had no series for them: its base is upgraded, its mails are understood."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from intergestan_db.tables import (
    HighWater,
    Ledger,
    OutboundMail,
    Partner,
    PartnerStatement,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_msg.seal import SigningKey
from tests.pipeline.older_release import OlderRelease, Upgraded
from tests.pipeline.test_keys import place
from tests.pipeline.two_sites import SiteUnderTest

KEYS = {
    "Mulhouse": SigningKey(b"Mulhouse, before counters' epoch"),
    "Stauber": SigningKey(b"Stauber, before counters' epoch!"),
}
RELEASE = OlderRelease("counters", "0013", datetime(2026, 11, 20, 12, tzinfo=UTC), KEYS)


def believed(buyer: SiteUnderTest) -> tuple[Any, ...]:
    order, line = buyer.row(PurchaseOrder), buyer.row(PurchaseOrderLine, line_id="L1")
    said = None if line.answer is None else Decimal(line.answer["quantity"])
    return order.state, order.answer_epoch, order.answer_n, order.lines_epoch, order.lines_n, said


def test_the_upgrade_knows_the_series_of_what_came(upgraded: Upgraded) -> None:
    buyer = upgraded("Mulhouse", "buyer")
    order = buyer.row(PurchaseOrder)
    assert (order.answer_epoch, order.answer_n, order.supplier_order_number) == (1, 1, "CCL1")
    assert order.supplier_number_epoch == 1
    assert [(row.type, row.epoch, row.revision) for row in buyer.rows(Ledger)] == [("response", 1, 1)]
    with buyer.database.read() as connection:
        assert connection.execute(select(HighWater.n)).scalars().all() == [0]


def test_answers_of_an_older_seller_are_ordered_by_their_series(upgraded: Upgraded) -> None:
    """It was restored, and gives n = 2 again with another figure: the later series counts, whatever comes first."""
    buyer = upgraded("Mulhouse", "buyer")
    assert place(buyer.receive(RELEASE.mail("answer-2"))) == ("done", None)
    assert believed(buyer) == ("changed", 1, 2, 1, 2, 1)
    assert place(buyer.receive(RELEASE.mail("answer-2-restored"))) == ("done", None)
    assert believed(buyer) == ("changed", 2, 2, 2, 2, 0)
    assert place(buyer.receive(b"X-Again: 1\r\n" + RELEASE.mail("answer-2"))) == ("done", None)
    assert believed(buyer) == ("changed", 2, 2, 2, 2, 0)


def test_the_later_series_may_come_first(upgraded: Upgraded) -> None:
    buyer = upgraded("Mulhouse", "buyer")
    for name in ("answer-2-restored", "answer-2", "answer"):
        assert place(buyer.receive(RELEASE.mail(name))) == ("done", None)
    assert believed(buyer) == ("changed", 2, 2, 2, 2, 0)


def test_heartbeats_and_statements_without_a_position_are_taken_in(upgraded: Upgraded) -> None:
    buyer = upgraded("Mulhouse", "buyer")
    for name in ("answer-2", "statement", "heartbeat"):
        assert place(buyer.receive(RELEASE.mail(name))) == ("done", None)
    assert buyer.row(PartnerStatement).epoch == 1
    partner = buyer.row(Partner)
    assert (partner.told_at, partner.told_seq, partner.told_got_seq) == (None, 0, 0)
    assert [row.kind for row in buyer.rows(OutboundMail, state="requested")] == ["heartbeat"], "it is echoed"


def test_changes_of_an_older_buyer_go_on(upgraded: Upgraded) -> None:
    seller = upgraded("Stauber", "seller")
    assert place(seller.receive(b"X-Again: 1\r\n" + RELEASE.mail("order"))) == ("done", None)
    assert len(seller.rows(SalesOrder)) == 1
    assert place(seller.receive(RELEASE.mail("change"))) == ("done", None)
    assert seller.row(SalesOrderLine, line_id="L2").quantity == 5
    assert [(row.type, row.epoch, row.revision) for row in seller.rows(Ledger)] == [("order", 1, 0), ("change", 1, 1)]
