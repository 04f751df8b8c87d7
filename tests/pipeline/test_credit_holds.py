"""Orders by mail beyond what their customer may owe (T20, D26 to D29): held, released, not doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, select

from intergestan_db.enums import HoldReason, PaymentMethod
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Answer, CreditOverride, Hold, InboundMail, Ledger, Party, SalesOrder, Setting
from intergestan_erp.parties.ceilings import Ceiling
from intergestan_erp.paying.payments import NewPayment
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.quotes import accept_quote, enter_quote
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.credit_holds import acts
from intergestan_exchange.health.vitals import read_vitals
from intergestan_exchange.holds import hold_acts
from intergestan_exchange.holds.holds import find_hold
from intergestan_msg.order import Order
from intergestan_msg.typography import french
from tests.at_once import at_once
from tests.erp.test_lock_order import in_order
from tests.factories import a_line, an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_concurrent_importers import take_in_at_once
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import RedisServer

REASON = "The customer pays on Monday"


@pytest.fixture
def forge(sites: Pair) -> Forge:
    """Signs as the buyer, to the seller."""
    return Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)


@pytest.fixture
def seller(sites: Pair) -> SiteUnderTest:
    """A seller whose customer may owe 1 000."""
    allow(sites.seller, "1000")
    return sites.seller


def allow(site: SiteUnderTest, maximum: str | None, **settings: str) -> None:
    with site.database.transaction() as connection:
        customer = connection.execute(select(Party.id).where(Party.is_customer)).scalar_one()
        ceiling = Ceiling(None if maximum is None else Decimal(maximum))
        acts.set_ceiling(connection, customer, ceiling, by="test", at=site.database.now())
        chosen = {"block_from": "order", **settings}
        for name, value in chosen.items():
            acts.set_preference(connection, f"credit.{name}", value, by="test", at=site.database.now())


def of(number: str, amount: str) -> Order:
    """An order that comes to so much with VAT."""
    net = Decimal(amount) / Decimal("1.2")
    product = 1 + int(number.removeprefix("CFR"))  # each its own, so that the price is always ours
    return an_order(number, (a_line(product, "1", f"{net:.2f}"),))


def send(site: SiteUnderTest, forge: Forge, *orders: Order) -> Any:
    site.put_products(*products_of(*orders))
    return site.receive(forge.orders(*orders))


def waiting(site: SiteUnderTest) -> list[str]:
    return [row.number for row in site.rows(Hold, closed_at=None)]


def booked(site: SiteUnderTest) -> list[str]:
    return sorted(row.customer_order_number for row in site.rows(SalesOrder))


def pay(site: SiteUnderTest, amount: str) -> tuple[int, ...]:
    with site.database.transaction() as connection:
        customer = connection.execute(select(Party.id).where(Party.is_customer)).scalar_one()
        new = NewPayment(amount=Decimal(amount), method=PaymentMethod.TRANSFER)
        _settled, released = acts.add_payment(connection, customer, new, by="test", at=site.database.now())
    return released.take_in


def take_in(site: SiteUnderTest, mails: Sequence[int]) -> None:
    for mail_id in mails:
        site.importer.take_in(mail_id)


def test_an_order_beyond_the_maximum_waits_and_a_payment_lets_it_go_on(seller: SiteUnderTest, forge: Forge) -> None:
    """T20, D28, D29: AB without figures, no sales order; a payment makes room, and the order is booked once."""
    send(seller, forge, of("CFR1", "900"))
    mail = send(seller, forge, of("CFR2", "600"))
    assert (booked(seller), waiting(seller)) == (["CFR1"], ["CFR2"])
    hold = seller.row(Hold)
    assert (hold.reason, hold.total_ttc, hold.party_id is not None) == (HoldReason.CREDIT, Decimal(600), True)
    assert seller.row(Ledger, number="CFR2").outcome == "held"
    told = seller.rows(Answer)[-1]
    assert told.code == "AB"
    assert told.note == french("Votre commande est bien reçue ; elle attend une validation commerciale.")
    with seller.database.read() as connection:
        found = find_hold(connection, f"order-{hold.id}")
    assert "900.00 + 600.00 = 1500.00, maximum 1000.00" in found.what("en")
    assert pay(seller, "400") == (), "not enough"
    assert seller.row(Hold).seen_version == seller.row(Party, is_customer=True).exposure_version
    again = pay(seller, "100")
    assert again == (mail.id,)
    take_in(seller, again)
    assert (booked(seller), waiting(seller)) == (["CFR1", "CFR2"], [])
    assert seller.rows(Answer)[-1].code == "AP"
    assert pay(seller, "1") == ()
    take_in(seller, again)
    assert booked(seller) == ["CFR1", "CFR2"]


def test_an_order_that_waits_long_is_reported(seller: SiteUnderTest, forge: Forge) -> None:
    """D29: it goes on by itself, and is never refused; after 30 days somebody should look."""
    send(seller, forge, of("CFR1", "1200"))
    opened = seller.row(Hold).opened_at

    def oldest(days: int) -> datetime | None:
        with seller.database.read() as connection:
            return read_vitals(connection, opened + timedelta(days=days), 4).oldest_hold

    assert [oldest(0), oldest(29), oldest(30)] == [None, None, opened]


def test_the_ceiling_of_the_establishment_counts_too(seller: SiteUnderTest, forge: Forge) -> None:
    """A06: orders by mail are the usual establishment's, and its ceiling counts beside the one for all."""

    def allow_here(maximum: str | None) -> tuple[int, ...]:
        with seller.database.transaction() as connection:
            customer = connection.execute(select(Party.id).where(Party.is_customer)).scalar_one()
            ceiling = Ceiling(None if maximum is None else Decimal(maximum))
            at = seller.database.now()
            return acts.set_ceiling_at(connection, customer, 1, ceiling, by="test", at=at).take_in

    allow_here("700")
    send(seller, forge, of("CFR1", "600"))
    mail = send(seller, forge, of("CFR2", "300"))
    assert (booked(seller), waiting(seller)) == (["CFR1"], ["CFR2"])
    with seller.database.read() as connection:
        found = find_hold(connection, f"order-{seller.row(Hold).id}")
    assert "600.00 + 300.00 = 900.00, maximum 700.00" in found.what("en")
    assert allow_here("800") == ()
    released = allow_here("900")
    assert released == (mail.id,)
    take_in(seller, released)
    assert (booked(seller), waiting(seller)) == (["CFR1", "CFR2"], [])


def test_no_order_waits_behind_a_larger_one(seller: SiteUnderTest, forge: Forge) -> None:
    """D27: 1 000 free, orders of 600, 600 and 300 in one mail: the first and the third pass."""
    send(seller, forge, of("CFR1", "600"), of("CFR2", "600"), of("CFR3", "300"))
    assert (booked(seller), waiting(seller)) == (["CFR1", "CFR3"], ["CFR2"])


def test_holds_are_looked_at_oldest_first_and_together(seller: SiteUnderTest, forge: Forge) -> None:
    """D29: 500 freed, holds of 300, 300 and 200: the first and the third go on."""
    send(seller, forge, of("CFR0", "1000"))
    mails = [send(seller, forge, of(f"CFR{n}", amount)).id for n, amount in ((1, "300"), (2, "300"), (3, "200"))]
    assert waiting(seller) == ["CFR1", "CFR2", "CFR3"]
    again = pay(seller, "500")
    assert again == (mails[0], mails[2])
    take_in(seller, again)
    assert (booked(seller), waiting(seller)) == (["CFR0", "CFR1", "CFR3"], ["CFR2"])


def test_trying_again_tells_the_buyer_nothing_new(seller: SiteUnderTest, forge: Forge) -> None:
    """What is owed is another sum each time; the buyer reads no figure, so no further answer goes out."""
    send(seller, forge, of("CFR1", "900"))
    mail = send(seller, forge, of("CFR2", "600"))
    send(seller, forge, of("CFR3", "50"))
    answers = len(seller.rows(Answer))
    with seller.database.transaction() as connection:
        bells = acts.set_preference(connection, "credit.block_from", "quote", by="test", at=seller.database.now())[1]
        assert bells.take_in == ()
    from intergestan_exchange.transfers.put_back import put_back

    with seller.database.transaction() as connection:
        put_back(connection, [mail.id], by="test", at=seller.database.now())
    take_in(seller, [mail.id])
    assert len(seller.rows(Answer)) == answers
    assert "950.00 + 600.00" in find_what(seller)
    assert seller.row(Hold, closed_at=None).seen_version == seller.row(Party, is_customer=True).exposure_version


def find_what(site: SiteUnderTest) -> str:
    with site.database.read() as connection:
        return find_hold(connection, f"order-{site.row(Hold, closed_at=None).id}").what("en")


def test_a_person_lets_it_pass_and_what_comes_of_it(seller: SiteUnderTest, forge: Forge) -> None:
    """T20: with the right and a reason; its delivery passes, too; a larger order would wait again."""
    mail = send(seller, forge, of("CFR1", "1200"))
    ref = f"order-{seller.row(Hold).id}"

    def release(**values: Any) -> None:
        with seller.database.transaction() as connection:
            hold_acts.release(connection, [ref], at=seller.database.now(), **values)

    with pytest.raises(Problem) as short:
        release(by="anne", override="because")
    assert short.value.code is ProblemCode.NO_REASON
    with pytest.raises(Problem) as eve:
        release(by="eve", override=REASON)
    assert eve.value.code is ProblemCode.NO_RIGHT
    release(by="anne")
    take_in(seller, [mail.id])
    assert waiting(seller) == ["CFR1"], "released without an override it is only tried again"
    ref = f"order-{seller.row(Hold, closed_at=None).id}"
    release(by="anne", override=REASON)
    take_in(seller, [mail.id])
    assert (booked(seller), waiting(seller)) == (["CFR1"], [])
    kept = seller.row(CreditOverride)
    assert (kept.document, kept.total_ttc, kept.by, kept.reason) == ("CFR1", Decimal(1200), "anne", REASON)
    assert seller.row(Ledger, number="CFR1").waived == ["credit:1200.00"]
    with seller.database.transaction() as connection:
        assert deliver(connection, "CCL1", None, by="anne", at=seller.database.now()) == "BL1"


def test_only_orders_that_wait_for_room_are_overridden(seller: SiteUnderTest, forge: Forge) -> None:
    order = of("CFR1", "100")
    seller.put_products(*products_of(order))
    seller.receive(forge.orders(replace(order, lines=(replace(order.lines[0], item=an_order("X", 5).lines[4].item),))))
    ref = f"order-{seller.row(Hold).id}"
    with pytest.raises(Problem) as refused, seller.database.transaction() as connection:
        hold_acts.release(connection, [ref], by="anne", at=seller.database.now(), override=REASON)
    assert refused.value.code is ProblemCode.NOT_CREDIT


def test_who_is_refused_reads_no_figure(seller: SiteUnderTest, forge: Forge) -> None:
    """D28: RE without words of ours."""
    send(seller, forge, of("CFR1", "1200"))
    with seller.database.transaction() as connection:
        hold_acts.refuse(connection, [f"order-{seller.row(Hold).id}"], None, by="anne", at=seller.database.now())
    told = seller.rows(Answer)[-1]
    assert (told.code, "1200" in told.note) == ("RE", False)


def test_the_buyer_reads_figures_where_the_site_chose_so(seller: SiteUnderTest, forge: Forge) -> None:
    """D28."""
    allow(seller, "1000", told_buyer="amounts")
    send(seller, forge, of("CFR1", "1200"))
    assert "1200.00" in seller.rows(Answer)[-1].note


def test_a_higher_maximum_and_credit_off_let_all_go_on(seller: SiteUnderTest, forge: Forge) -> None:
    """D29: also a ceiling that is lifted, and a site that stops using credit."""
    mails = [send(seller, forge, of(f"CFR{n}", "1200")).id for n in (1, 2)]
    with seller.database.transaction() as connection:
        customer, at = seller.row(Party, is_customer=True).id, seller.database.now()
        released = acts.set_ceiling(connection, customer, Ceiling(Decimal(1500)), by="test", at=at)
    assert released.take_in == (mails[0],)
    with seller.database.transaction() as connection:
        at = seller.database.now()
        released = acts.set_preference(connection, "credit.block_from", "off", by="test", at=at)[1]
    assert released.take_in == (mails[1],), "the other is under way"
    take_in(seller, mails)
    assert (booked(seller), waiting(seller)) == (["CFR1", "CFR2"], [])


def test_with_credit_off_nothing_is_read_or_locked(sites: Pair, forge: Forge) -> None:
    """T20, D16: the statements on the way of an order name nothing of credit but the setting, in one that was there."""
    seller, said = sites.seller, list[str]()
    order = of("CFR1", "100")
    seller.put_products(*products_of(order))
    raw = forge.orders(order)
    engine = seller.importer._parts.database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    seller.receive(raw)
    event.remove(engine, "before_cursor_execute", note)
    assert booked(seller) == ["CFR1"]
    for word in ("credit_max", "exposure_version", "invoice_due", "settlement"):
        assert not any(word in statement for statement in said), word
    assert sum("setting" in statement for statement in said) == 1
    assert not any("party" in statement and "FOR" in statement and "UPDATE" in statement for statement in said)
    off = len(said)
    with seller.database.transaction() as connection:
        connection.execute(insert(Setting).values(name="credit.block_from", value="order"))
    said.clear()
    other = of("CFR2", "100")
    seller.put_products(*products_of(other))
    raw = forge.orders(other)
    event.listen(engine, "before_cursor_execute", note)
    seller.receive(raw)
    event.remove(engine, "before_cursor_execute", note)
    assert booked(seller) == ["CFR1", "CFR2"]
    assert len(said) > off


@pytest.mark.race
def test_two_mails_of_one_customer_at_once(seller: SiteUnderTest, forge: Forge, session_redis: RedisServer) -> None:
    """T20: 600 and 600 at a maximum of 1 000: exactly one passes, whichever importer is faster."""
    orders = [of("CFR1", "600"), of("CFR2", "600")]
    seller.put_products(*products_of(*orders))
    mails = [seller.receive(forge.orders(order), take_in=False).id for order in orders]
    take_in_at_once(seller, session_redis, 2, mails)
    assert (len(booked(seller)), len(waiting(seller))) == (1, 1)
    assert {row.state for row in seller.rows(InboundMail)} == {"done"}


@pytest.mark.race
def test_a_payment_and_a_release_at_the_same_moment(
    seller: SiteUnderTest, forge: Forge, session_redis: RedisServer
) -> None:
    """D29: one sales order."""
    send(seller, forge, of("CFR1", "900"))
    mail = send(seller, forge, of("CFR2", "600"))
    ref = f"order-{seller.row(Hold).id}"
    base = seller.database.engine.url.render_as_string(hide_password=False), seller.database.now().isoformat()
    customer = seller.row(Party, is_customer=True).id
    said = at_once("tests.pipeline.making_room", (*base, "release", ref, REASON), (*base, "pay", customer, "500"))
    assert said == [["done"], ["done"]]
    take_in_at_once(seller, session_redis, 2, [mail.id])
    assert (booked(seller), waiting(seller)) == (["CFR1", "CFR2"], [])


@pytest.mark.mainly_on("postgresql")
def test_acts_that_make_room_lock_in_one_order(seller: SiteUnderTest, forge: Forge) -> None:
    """D21, D29: while an order waits, each act of a customer's sums locks the customer, the hold, and then the rest."""
    site, by = seller, "anne"
    send(site, forge, of("CFR1", "900"), of("CFR2", "60"))
    send(site, forge, of("CFR11", "1500"), of("CFR12", "1500"))
    at = site.database.now()
    customer = site.row(Party, is_customer=True).id
    sold = {row.customer_order_number: row.number for row in site.rows(SalesOrder)}
    typed = Typed(customer_id=customer, lines=(TypedLine(str(a_line(3, "1", "50").item.sellers_id), Decimal(1)),))

    def entered(connection: Connection) -> str:
        return enter_order(connection, typed, override=REASON, by=by, at=at).number

    def cash(amount: int) -> NewPayment:
        return NewPayment(amount=Decimal(amount), method=PaymentMethod.CASH)

    steps: tuple[tuple[str, Callable[[Connection], object]], ...] = (
        ("change", lambda c: change_sales_order(c, sold["CFR2"], OwnChanges(prices={"L3": Decimal(45)}), by=by, at=at)),
        ("deliver", lambda c: deliver(c, sold["CFR2"], None, by=by, at=at)),
        ("invoice", lambda c: invoice(c, [sold["CFR2"]], by=by, at=at)),
        ("pay", lambda c: acts.add_payment(c, customer, cash(5), by=by, at=at)),
        ("pay again", lambda c: acts.add_payment(c, customer, cash(6), by=by, at=at)),
        ("settle", lambda c: acts.settle_payment(c, "RG1", by=by, at=at)),
        ("fail", lambda c: acts.fail_payment(c, "RG1", by=by, at=at)),
        ("cancel", lambda c: acts.cancel_payment(c, "RG2", by=by, at=at)),
        ("credit", lambda c: acts.credit_invoice(c, "FA1", "Damaged", {1: Decimal(1)}, by=by, at=at)),
        ("ceiling", lambda c: acts.set_ceiling(c, customer, Ceiling(Decimal(1001)), by=by, at=at)),
        ("setting", lambda c: acts.set_preference(c, "credit.by_payment_due", "true", by=by, at=at)),
        ("quote", lambda c: enter_quote(c, typed, by=by, at=at)),
        ("accept", lambda c: accept_quote(c, "DV1", override=REASON, by=by, at=at)),
        ("enter", entered),
        ("cancel order", lambda c: acts.cancel_order(c, newest(site), None, by=by, at=at)),
    )
    for name, act in steps:
        said = list[str]()
        with site.database.transaction() as connection, noted(site.database.engine, said):
            act(connection)
        assert waiting(site) == ["CFR11", "CFR12"], name
        tables = in_order(said)
        if not site.database.is_sqlite:
            assert tables[0] == "party", (name, tables)
    first, second = (f"order-{row.id}" for row in site.rows(Hold))
    ends: tuple[Callable[[Connection], object], ...] = (
        lambda c: hold_acts.release(c, [first], by=by, at=at, override=REASON),
        lambda c: hold_acts.refuse(c, [second], None, by=by, at=at),
    )
    for end in ends:
        said = list[str]()
        with site.database.transaction() as connection, noted(site.database.engine, said):
            end(connection)
        in_order(said)


def newest(site: SiteUnderTest) -> str:
    """The number of the order that was entered last."""
    return str(max(site.rows(SalesOrder), key=lambda row: row.id).number)


@contextmanager
def noted(engine: Engine, said: list[str]) -> Iterator[None]:
    """What the database is asked meanwhile."""

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
