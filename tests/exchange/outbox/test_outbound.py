"""Our mails after *Valider*: sent again with the same bytes, or given up; nothing else moves them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.problem import Problem
from intergestan_db.tables import (
    DeliveryAttempt,
    Event,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    User,
)
from intergestan_exchange.outbox import outbound
from intergestan_exchange.outbox.request import request_orders
from intergestan_msg.ubl import write_order
from tests.factories import an_order
from tests.order_files import import_file
from tests.site_factories import NOW, SiteToTest, add_products

Sites = tuple[SiteToTest, SiteToTest]


def request(site: SiteToTest, *numbers: str) -> int:
    """Valider; the outbound mail."""
    with site.database.transaction() as connection:
        add_products(connection, "CAS0001")
        connection.execute(update(Partner).values(order_address="appros@stauber.test"))
    for number in numbers:
        import_file(site.database, f"{number}.xml", write_order(an_order(number, 1)), by="marie")
    with site.database.transaction() as connection:
        supplier = connection.execute(select(Partner.party_id)).scalar_one()
        chosen = select(PurchaseOrder.id, PurchaseOrder.version).where(PurchaseOrder.number.in_(numbers))
        versions = {row.id: row.version for row in connection.execute(chosen)}
        user = connection.execute(select(User.id)).scalar_one()
        return request_orders(connection, supplier, versions, user, by="marie", at=NOW)


def put(site: SiteToTest, mail_id: int, state: str, *, frozen: bool = True, **values: Any) -> None:
    """The mail as composer and sender would leave it."""
    with site.database.transaction() as connection:
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(state=state, **values))
        if frozen:
            connection.execute(insert(OutboundBody).values(outbound_mail_id=mail_id, mime=b"mail"))


def attempt(site: SiteToTest, mail_id: int, phase: str, outcome: str | None = None) -> None:
    with site.database.transaction() as connection:
        values = {"outbound_mail_id": mail_id, "n": 1, "phase": phase, "started_at": NOW, "outcome": outcome}
        connection.execute(insert(DeliveryAttempt).values(values))


def resend(site: SiteToTest, mail_id: int) -> Any:
    with site.database.transaction() as connection:
        return outbound.resend(connection, [mail_id], by="marie", at=NOW)


def abandon(site: SiteToTest, mail_id: int) -> list[str]:
    with site.database.transaction() as connection:
        return outbound.abandon(connection, [mail_id], by="marie", at=NOW)


def row(site: SiteToTest, table: Any) -> Any:
    with site.database.read() as connection:
        return connection.execute(select(table.__table__)).first()


@pytest.mark.parametrize("state", ["held", "sent", "unknown"])
def test_the_same_bytes_go_out_again_and_the_ladder_starts_anew(paired_sites: Sites, state: str) -> None:
    """D1: *Renvoyer* is an act of its own."""
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1")
    put(shop, mail_id, state, resends=4, next_attempt_at=None, reason="no_answer", detail="4")
    bells = resend(shop, mail_id)
    assert (bells.send, bells.compose) == ((mail_id,), ())
    mail = row(shop, OutboundMail)
    assert (mail.state, mail.resends, mail.next_attempt_at, mail.reason) == ("composed", 0, NOW, None)
    assert row(shop, OutboundBody).mime == b"mail"
    with shop.database.read() as connection:
        who = connection.execute(select(Event.who).where(Event.name == "resend")).scalar_one()
    assert who == "marie"


def test_what_could_not_be_composed_is_composed_after_all(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1")
    put(shop, mail_id, "held", frozen=False, reason="not_composed", detail="too big")
    assert resend(shop, mail_id).compose == (mail_id,)
    assert row(shop, OutboundMail).state == "requested"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("answered", "answered already"),
        ("abandoned", "given up"),
        ("requested", "by itself"),
        ("composed", "by itself"),
        ("sending", "by itself"),
    ],
)
def test_what_need_not_or_cannot_be_sent_again_is_refused(paired_sites: Sites, state: str, why: str) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1")
    put(shop, mail_id, state)
    with pytest.raises(Problem, match=why):
        resend(shop, mail_id)
    assert row(shop, OutboundMail).state == state


@pytest.mark.parametrize(
    ("state", "phase", "outcome"),
    [
        ("requested", None, None),
        ("composed", None, None),
        ("composed", "started", None),
        ("composed", "ended", "try_again"),
        ("held", "ended", "refused"),
    ],
)
def test_what_never_left_can_be_given_up(
    paired_sites: Sites, state: str, phase: str | None, outcome: str | None
) -> None:
    """The orders are confirmed again, and can be sent in another mail."""
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1", "CFR2")
    put(shop, mail_id, state)
    if phase is not None:
        attempt(shop, mail_id, phase, outcome)
    assert abandon(shop, mail_id) == ["CFR1", "CFR2"]
    assert row(shop, OutboundMail).state == "abandoned"
    order = row(shop, PurchaseOrder)
    assert (order.state, order.outbound_mail_id) == ("confirmed", None)
    assert not row(shop, OutboundOrder).live
    with pytest.raises(Problem, match="given up already"):
        abandon(shop, mail_id)


@pytest.mark.parametrize(
    ("state", "phase", "outcome"),
    [
        ("held", "ended", "accepted"),
        ("held", "ended", "unknown"),
        ("composed", "dot", None),
        ("sent", "ended", "accepted"),
    ],
)
def test_what_may_have_left_cannot_be_given_up(
    paired_sites: Sites, state: str, phase: str, outcome: str | None
) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1")
    put(shop, mail_id, state)
    attempt(shop, mail_id, phase, outcome)
    with pytest.raises(Problem, match="cannot be called back"):
        abandon(shop, mail_id)
    assert (row(shop, OutboundMail).state, row(shop, PurchaseOrder).state) == (state, "transmitting")


def test_a_mail_that_is_being_sent_is_not_given_up(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1")
    put(shop, mail_id, "sending")
    attempt(shop, mail_id, "started")
    with pytest.raises(Problem, match="right now"):
        abandon(shop, mail_id)


def test_a_mail_is_found_by_what_people_know_of_it(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1", "CFR2")
    import_file(shop.database, "3.xml", write_order(an_order("CFR3", 1)), by="marie")
    transfer_id = row(shop, OutboundMail).transfer_id
    with shop.database.read() as connection:
        for text in (f"out-{mail_id}", "CFR2", transfer_id, transfer_id[:13].upper()):
            assert outbound.find_outbound(connection, text) == mail_id
        with pytest.raises(Problem, match="not sent yet"):
            outbound.find_outbound(connection, "CFR3")
        for text in ("out-999", "CFR9", transfer_id[:4], "%", ""):
            with pytest.raises(Problem, match="no mail"):
                outbound.find_outbound(connection, text)


def test_the_list_names_the_orders(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1", "CFR2")
    with shop.database.read() as connection:
        (mail,) = outbound.list_outbound(connection)
        assert (mail.ref, mail.orders, mail.partner) == (f"out-{mail_id}", ("CFR1", "CFR2"), "STAUBER")
        assert outbound.list_outbound(connection, states=["sent"]) == []
