"""*Valider* (G13–G19): what asks for a mail, and everything that is refused then and there."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from intergestan_db.problem import Problem
from intergestan_db.tables import Event, FormerBody, OutboundMail, OutboundOrder, Partner, PurchaseOrder, User
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import show_order, unconfirm
from intergestan_exchange.outbox import outbound
from intergestan_exchange.outbox.choosing import sending_warnings
from intergestan_exchange.outbox.request import MAX_ORDERS, MissingAddress, request_orders, set_order_address
from tests.order_files import import_file
from tests.site_factories import NOW, SiteToTest, add_party, add_products

ADDRESS = "commandes@stauber.test"


@dataclass
class Shop:
    """A distributor with confirmed orders CFR1 … CFR3 for its supplier."""

    site: SiteToTest
    supplier_id: int
    user_id: int

    def ask(
        self,
        *numbers: str,
        versions: Mapping[int, int] | None = None,
        supplier_id: int | None = None,
        leave_at: datetime | None = None,
    ) -> int:
        with self.site.database.transaction() as connection:
            chosen = select(PurchaseOrder.id, PurchaseOrder.version).where(PurchaseOrder.number.in_(numbers))
            found = {row.id: row.version for row in connection.execute(chosen)}
            return request_orders(
                connection,
                self.supplier_id if supplier_id is None else supplier_id,
                found if versions is None else versions,
                self.user_id,
                by="marie",
                at=NOW,
                leave_at=leave_at,
            )

    def rows(self, table: Any) -> Sequence[Any]:
        with self.site.database.read() as connection:
            return connection.execute(select(table.__table__).order_by(table.id)).all()

    def states(self) -> list[str]:
        return [row.state for row in self.rows(PurchaseOrder)]

    def change(self, table: Any, **values: Any) -> None:
        with self.site.database.transaction() as connection:
            connection.execute(update(table).values(**values))


@pytest.fixture
def shop(paired_sites: tuple[SiteToTest, SiteToTest]) -> Shop:
    site, base = paired_sites
    with site.database.transaction() as connection:
        add_products(connection, "P1")
        connection.execute(update(Partner).values(order_address=ADDRESS))
        supplier = connection.execute(select(Partner.party_id)).scalar_one()
        user = connection.execute(select(User.id)).scalar_one()
    rows = [f"CFR{number};2020-11-15;{base.code};P1;1;10" for number in (1, 2, 3)]
    file = "\n".join(["number;date;supplier;product;quantity;price", *rows])
    import_file(site.database, "orders.csv", file.encode(), by="marie")
    return Shop(site, supplier, user)


def assert_nothing_was_asked(shop: Shop) -> None:
    assert shop.rows(OutboundMail) == []
    assert shop.rows(OutboundOrder) == []
    assert set(shop.states()) <= {"confirmed", "draft"}


def test_valider_asks_for_one_mail(shop: Shop) -> None:
    """G13, G14, G15: the chosen orders, the connected user, one transaction; the others stay as they are."""
    mail_id = shop.ask("CFR1", "CFR3")
    (mail,) = shop.rows(OutboundMail)
    assert (mail.id, mail.kind, mail.state, mail.requested_by_id) == (mail_id, "orders", "requested", shop.user_id)
    assert shop.states() == ["transmitting", "confirmed", "transmitting"]
    links = [(row.outbound_mail_id, row.version, row.live) for row in shop.rows(OutboundOrder)]
    assert links == [(mail_id, 1, True)] * 2
    events = [(event.subject, event.name, event.who) for event in shop.rows(Event) if event.name == "request"]
    assert sorted(events) == [
        ("outbound_mail", "request", "marie"),
        ("purchase_order", "request", "marie"),
        ("purchase_order", "request", "marie"),
    ]


def test_a_draft_is_refused_and_the_others_with_it(shop: Shop) -> None:
    """G12: a draft is not sent; all or nothing."""
    with shop.site.database.transaction() as connection:
        unconfirm(connection, ["CFR2"], by="marie", at=NOW)
    with pytest.raises(Problem, match="CFR2 is a draft"):
        shop.ask("CFR1", "CFR2")
    assert_nothing_was_asked(shop)


def test_what_changed_since_it_was_seen_is_refused(shop: Shop) -> None:
    """G14: the version that the user saw is what goes out."""
    versions = {row.id: row.version for row in shop.rows(PurchaseOrder)}
    shop.change(PurchaseOrder, version=PurchaseOrder.version + 1)
    with pytest.raises(Problem, match="was changed meanwhile"):
        shop.ask(versions=versions)
    assert_nothing_was_asked(shop)


def test_a_double_click_sends_once(shop: Shop) -> None:
    shop.ask("CFR1")
    with pytest.raises(Problem, match="CFR1 was sent already"):
        shop.ask("CFR1", "CFR2")
    assert len(shop.rows(OutboundMail)) == 1
    assert shop.states() == ["transmitting", "confirmed", "confirmed"]


@pytest.mark.race
def test_clicks_at_the_same_time_send_once(shop: Shop) -> None:
    """A purchase order is in at most one live mail; the slower one reads a sentence, on both bases."""
    start = threading.Barrier(4)

    def click() -> int | None:
        start.wait()
        try:
            return shop.ask("CFR1", "CFR2")
        except Problem:
            return None

    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(click) for _ in range(4)]
    assert sum(job.result() is not None for job in jobs) == 1
    assert len(shop.rows(OutboundMail)) == 1
    assert len(shop.rows(OutboundOrder)) == 2


def test_a_missing_address_is_asked_for(shop: Shop) -> None:
    """G17: nothing is sent; the card's proposal comes with the question, and what is given is kept."""
    shop.change(Partner, order_address=None)
    with pytest.raises(MissingAddress) as refused:
        shop.ask("CFR1")
    assert refused.value.proposed == ADDRESS
    assert_nothing_was_asked(shop)
    with shop.site.database.transaction() as connection:
        set_order_address(connection, shop.supplier_id, "achats@stauber.test", by="marie", at=NOW)
    shop.ask("CFR1")
    assert shop.rows(Partner)[0].order_address == "achats@stauber.test"


def test_a_request_keeps_where_it_goes_and_until_when_it_waits(shop: Shop) -> None:
    """G18: another address counts for what is asked for later. Nobody is rung for before the time has come."""
    shop.ask("CFR1")
    shop.change(Partner, order_address="new@stauber.test")
    shop.ask("CFR2", leave_at=NOW + timedelta(seconds=8))
    found = [(row.recipient, row.next_attempt_at, row.rung_at) for row in shop.rows(OutboundMail)]
    assert found == [(ADDRESS, None, NOW), ("new@stauber.test", NOW + timedelta(seconds=8), None)]


def test_another_address_than_the_stored_one_is_refused(shop: Shop) -> None:
    """G16, G18: one address per supplier; changing it is an act of its own."""
    with shop.site.database.transaction() as connection:
        set_order_address(connection, shop.supplier_id, ADDRESS, by="marie", at=NOW)
    with pytest.raises(Problem, match=r"go to commandes@stauber\.test, not to"), shop.site.database.transaction() as tx:
        set_order_address(tx, shop.supplier_id, "other@stauber.test", by="marie", at=NOW)
    assert shop.rows(Partner)[0].order_address == ADDRESS


def test_a_supplier_without_a_key_cannot_be_sent_to(shop: Shop) -> None:
    """`design.md` §7: the error says what to do."""
    with shop.site.database.transaction() as connection:
        party = add_party(connection, NewParty(code="NOKEY", name="No key", is_supplier=True))
        connection.execute(update(PurchaseOrder).values(supplier_id=party))
    with pytest.raises(Problem, match="Ask for their card"):
        shop.ask("CFR1", supplier_id=party)
    with pytest.raises(Problem, match="Ask for their card"), shop.site.database.transaction() as connection:
        set_order_address(connection, party, ADDRESS, by="marie", at=NOW)
    assert_nothing_was_asked(shop)


def test_orders_for_another_supplier_are_refused(shop: Shop) -> None:
    """G09: a mail goes to one supplier."""
    with shop.site.database.transaction() as connection:
        party = add_party(connection, NewParty(code="OTHER", name="Other", is_supplier=True))
        connection.execute(update(PurchaseOrder).where(PurchaseOrder.number == "CFR2").values(supplier_id=party))
    with pytest.raises(Problem, match="CFR2 is for another supplier"):
        shop.ask("CFR1", "CFR2")
    assert_nothing_was_asked(shop)


def test_too_many_orders_and_none_are_refused(shop: Shop) -> None:
    """`formats.md` §1: at most 1 000 in a mail."""
    with pytest.raises(Problem, match="at most"):
        shop.ask(versions=dict.fromkeys(range(MAX_ORDERS + 1), 1))
    with pytest.raises(Problem, match="No order was selected"):
        shop.ask(versions={})
    with pytest.raises(Problem, match="not there any more"):
        shop.ask(versions={999: 1})
    assert_nothing_was_asked(shop)


def test_a_live_mail_keeps_its_orders_whatever_their_state_says(shop: Shop) -> None:
    """The base itself refuses an order in two live mails."""
    mail_id = shop.ask("CFR1")
    link = shop.rows(OutboundOrder)[0]._asdict() | {"id": None}
    with shop.site.database.transaction() as connection:
        other = shop.rows(OutboundMail)[0]._asdict() | {"transfer_id": "other"}
        other.pop("id")
        other_id = connection.execute(insert(OutboundMail).values(**other).returning(OutboundMail.id)).scalar_one()
    link |= {"outbound_mail_id": other_id}
    link.pop("id")
    assert mail_id != other_id
    with pytest.raises(IntegrityError), shop.site.database.transaction() as connection:
        connection.execute(insert(OutboundOrder).values(**link))


@pytest.mark.parametrize("was_signed", [False, True])
def test_a_mail_that_was_numbered_anew_and_given_up_was_composed_all_the_same(shop: Shop, *, was_signed: bool) -> None:
    """Its bytes of before a restore may have arrived: the order is another document now, and says so."""
    mail = shop.ask("CFR1")
    with shop.site.database.transaction() as connection:
        if was_signed:
            connection.execute(insert(FormerBody).values(outbound_mail_id=mail, mime=b"mail"))
        outbound.abandon(connection, [mail], by="marie", at=NOW)
    (order, *others) = shop.rows(PurchaseOrder)
    with shop.site.database.read() as connection:
        warned = sending_warnings(connection, [order.id, *(each.id for each in others)])
    assert ("in a mail before" in str(warned.get(order.id)), len(warned)) == (was_signed, int(was_signed))
    again = shop.ask("CFR1")
    revisions = {row.outbound_mail_id: row.revision for row in shop.rows(OutboundOrder)}
    assert (revisions[again], shop.rows(PurchaseOrder)[0].revision) == (int(was_signed), int(was_signed))


def test_an_order_names_the_mail_that_carries_it(shop: Shop) -> None:
    mail = shop.ask("CFR1")
    with shop.site.database.read() as connection:
        shown = [show_order(connection, number).mail for number in ("CFR1", "CFR2")]
    assert shown == [f"out-{mail}", None]
