"""Counters of a release that had no series for them: its base is upgraded, its mails are understood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from intergestan_db import migrate
from intergestan_db.database import Database
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
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_msg.seal import SigningKey
from tests.clock import Clock
from tests.databases import KINDS, MigratedBases
from tests.pipeline.test_identity import Upgraded, older, put_rows
from tests.pipeline.test_keys import place
from tests.pipeline.two_sites import SiteUnderTest, assemble
from tests.servers import RedisServer

CASES = Path(__file__).parents[1] / "cases" / "counters"
KEYS = {
    "Mulhouse": SigningKey(b"Mulhouse, before counters' epoch"),
    "Stauber": SigningKey(b"Stauber, before counters' epoch!"),
}


def mail(name: str) -> bytes:
    return (CASES / f"{name}.eml").read_bytes()


@pytest.fixture(params=KINDS)
def upgraded(
    request: pytest.FixtureRequest,
    migrated: MigratedBases,
    tmp_path: Path,
    pool: ReaderPool,
    session_redis: RedisServer,
) -> Iterator[Upgraded]:
    """`upgraded("Stauber", "seller")`: a site whose base that release left so, brought to this one."""
    made: list[Database] = []

    def make(name: str, rows: str) -> SiteUnderTest:
        (tmp_path / name).mkdir()
        database = Database(migrated.new(request.param, tmp_path / name), Clock(datetime(2026, 11, 20, 12, tzinfo=UTC)))
        made.append(database)
        put_rows(database, older(rows, CASES), "0013")
        migrate.upgrade(database)
        return assemble(database, tmp_path / name, pool, session_redis.url, name=name, key=KEYS[name])

    yield make
    for database in made:
        database.dispose()
        migrated.drop(database.url)


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
    assert place(buyer.receive(mail("answer-2"))) == ("done", None)
    assert believed(buyer) == ("changed", 1, 2, 1, 2, 1)
    assert place(buyer.receive(mail("answer-2-restored"))) == ("done", None)
    assert believed(buyer) == ("changed", 2, 2, 2, 2, 0)
    assert place(buyer.receive(b"X-Again: 1\r\n" + mail("answer-2"))) == ("done", None)
    assert believed(buyer) == ("changed", 2, 2, 2, 2, 0)


def test_the_later_series_may_come_first(upgraded: Upgraded) -> None:
    buyer = upgraded("Mulhouse", "buyer")
    for name in ("answer-2-restored", "answer-2", "answer"):
        assert place(buyer.receive(mail(name))) == ("done", None)
    assert believed(buyer) == ("changed", 2, 2, 2, 2, 0)


def test_heartbeats_and_statements_without_a_position_are_taken_in(upgraded: Upgraded) -> None:
    buyer = upgraded("Mulhouse", "buyer")
    for name in ("answer-2", "statement", "heartbeat"):
        assert place(buyer.receive(mail(name))) == ("done", None)
    assert buyer.row(PartnerStatement).epoch == 1
    partner = buyer.row(Partner)
    assert (partner.told_at, partner.told_seq, partner.told_got_seq) == (None, 0, 0)
    assert [row.kind for row in buyer.rows(OutboundMail, state="requested")] == ["heartbeat"], "it is echoed"


def test_changes_of_an_older_buyer_go_on(upgraded: Upgraded) -> None:
    seller = upgraded("Stauber", "seller")
    assert place(seller.receive(b"X-Again: 1\r\n" + mail("order"))) == ("done", None)
    assert len(seller.rows(SalesOrder)) == 1
    assert place(seller.receive(mail("change"))) == ("done", None)
    assert seller.row(SalesOrderLine, line_id="L2").quantity == 5
    assert [(row.type, row.epoch, row.revision) for row in seller.rows(Ledger)] == [("order", 1, 0), ("change", 1, 1)]
