"""What a sales order becomes: delivery notes and invoices, whatever the split and whoever comes at once (G03)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    Event,
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceVat,
    NumberSeries,
    Partner,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.selling.deliveries import deliver, open_lines
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.sales import show_delivery_note, show_invoice, show_sales_order
from intergestan_msg.money import AllowanceCharge, Price, TaxCategory, line_total
from intergestan_msg.order import Order
from tests.desk import Desk
from tests.erp.selling.acting import told
from tests.examples import SPEED, share
from tests.factories import VAT_20, a_line, an_order

PORT = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)


@pytest.fixture
def desk(base: Database) -> Desk:
    """A seller with the sales order CCL1: L1, L2 and L3 of 1, 2 and 3 pieces, and port."""
    desk = Desk(base)
    order = an_order("CFR1", 3, charges=(PORT,))
    desk.know_products_of(order)
    desk.book(order)
    return desk


def leave(desk: Desk, number: str = "CCL1", **quantities: str) -> str:
    wanted = {line: Decimal(quantity) for line, quantity in quantities.items()} or None
    with desk.base.transaction() as connection:
        return deliver(connection, number, wanted, by="marie", at=desk.base.now())


def bill(desk: Desk, *refs: str) -> str:
    with desk.base.transaction() as connection:
        return invoice(connection, refs or ["CCL1"], by="marie", at=desk.base.now())


def test_an_invoice_that_no_column_would_hold(base: Database) -> None:
    """Each order came by mail and fits; both together do not."""
    desk = Desk(base)
    orders = [an_order(number, (a_line(1, "8000", "999999999999"),)) for number in ("CFR1", "CFR2")]
    desk.know_products_of(orders[0])
    desk.book(*orders)
    notes = [leave(desk, number) for number in ("CCL1", "CCL2")]
    with pytest.raises(Problem, match=r"the invoice would be 19199999999980800, .* Name fewer"):
        bill(desk, *notes)
    assert [bill(desk, note) for note in notes] == ["FA1", "FA2"]


def how_far(desk: Desk, number: str = "CCL1") -> tuple[str, str, str]:
    with desk.base.read() as connection:
        row = show_sales_order(connection, number)
    assert row is not None
    return row.state, row.delivered, row.invoiced


def test_delivered_whole_and_invoiced(desk: Desk) -> None:
    """G03: a BL and a FA, with the figures of the order; the states follow from the quantities."""
    assert how_far(desk) == ("accepted", "none", "none")
    assert leave(desk) == "BL1"
    assert how_far(desk) == ("accepted", "all", "none")
    assert bill(desk) == "FA1"
    assert how_far(desk) == ("accepted", "all", "all")
    (order,), (head,) = desk.rows(SalesOrder), desk.rows(Invoice)
    assert (head.total_ht, head.total_vat, head.total_ttc) == (order.total_ht, order.total_vat, order.total_ttc)
    assert (head.customer_id, head.currency, head.created_by) == (order.customer_id, "EUR", "marie")
    assert [row.amount for row in desk.rows(InvoiceCharge)] == [Decimal("12.50")]
    events = [(row.name, row.detail) for row in desk.rows(Event, subject="sales_order")]
    assert events[1:] == [("deliver", {"delivery_note": "BL1"}), ("invoice", {"invoice": "FA1"})]


def test_partial_deliveries(desk: Desk) -> None:
    """G03: what remains is what was not delivered; the charge goes on the first invoice."""
    with pytest.raises(Problem, match="no number of pieces"):
        leave(desk, L3="0.5")
    with desk.base.transaction() as connection:
        connection.execute(update(SalesOrderLine).where(SalesOrderLine.line_id == "L3").values(unit="KGM"))
    assert leave(desk, L1="1", L3="0.5") == "BL1"
    assert how_far(desk) == ("accepted", "some", "none")
    assert bill(desk, "BL1") == "FA1"
    assert leave(desk, L3="1.5") == "BL2"
    assert leave(desk) == "BL3"
    with desk.base.read() as connection:
        assert {line.row.line_id: line.delivered for line in open_lines(connection, 1)} == {"L1": 1, "L2": 2, "L3": 3}
        note: Any = show_delivery_note(connection, "BL3")
        document: Any = show_invoice(connection, "FA1")
        listed = list_sales_page(connection, WhichSales(settled=False)).rows
        row = show_sales_order(connection, "CCL1")
    assert note is not None
    assert [(line.order, line.line_id, line.quantity) for line in note.lines] == [
        ("CCL1", "L2", 2),
        ("CCL1", "L3", 1),
    ]
    assert note.delivery_city == "Mulhouse"
    assert document is not None
    assert [(line.delivery_note, line.total) for line in document.lines] == [
        ("BL1", Decimal("10.50")),
        ("BL1", Decimal("6.25")),
    ]
    assert document.total_ht == Decimal("29.25")
    assert [(vat.vat_rate, vat.base, vat.amount) for vat in document.vat] == [(20, Decimal("29.25"), Decimal("5.85"))]
    assert [(row.delivered, row.invoiced) for row in listed] == [("all", "some")]
    assert row is not None
    assert [part.number for part in row.documents] == ["BL1", "BL2", "BL3", "FA1"]
    assert bill(desk, "BL2", "CCL1") == "FA2"
    with desk.base.read() as connection:
        assert list_sales_page(connection, WhichSales(settled=False)).rows == ()
        assert [row.number for row in list_sales_page(connection, WhichSales()).rows] == ["CCL1"]
    assert len(desk.rows(InvoiceCharge)) == 1


@pytest.mark.parametrize(
    ("quantities", "words"),
    [
        ({"L1": "1.000001"}, "there remain 1"),
        ({"L1": "1", "L2": "2.5"}, "there remain 2"),
        ({"L1": "0"}, "no quantity"),
        ({"L1": "-1"}, "no quantity"),
        ({"L1": "0.0000001"}, "no quantity"),
        ({"L9": "1"}, "has no line L9"),
    ],
)
def test_more_than_remains_is_refused(desk: Desk, quantities: dict[str, str], words: str) -> None:
    """G03: and nothing of that delivery is booked, no number is used up."""
    with pytest.raises(Problem, match=words):
        leave(desk, **quantities)
    assert desk.rows(DeliveryNoteLine) == []
    assert leave(desk) == "BL1"
    with pytest.raises(Problem, match="has left already"):
        leave(desk)
    assert [row.next_number for row in desk.rows(NumberSeries, code="delivery_note")] == [2]


def test_what_cannot_be_delivered_or_invoiced(desk: Desk) -> None:
    with pytest.raises(Problem, match="no sales order"):
        leave(desk, "CCL9")
    with pytest.raises(Problem, match="nothing of CCL1 was delivered"):
        bill(desk)
    with pytest.raises(Problem, match="neither a sales order"):
        bill(desk, "XYZ")
    leave(desk)
    bill(desk, "BL1")
    for ref in ("BL1", "CCL1"):
        with pytest.raises(Problem, match="invoiced already"):
            bill(desk, ref)
    with desk.base.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="review"))
    with pytest.raises(Problem, match="review"):
        leave(desk)
    assert [row.next_number for row in desk.rows(NumberSeries, code="invoice")] == [2]


def test_several_orders_on_one_invoice(desk: Desk) -> None:
    """A30's shape: one invoice that names the delivery notes; of one customer only."""
    other = an_order("CFR2", 2)
    desk.book(other)
    leave(desk)
    leave(desk, "CCL2")
    assert bill(desk, "BL1", "CCL2") == "FA1"
    with desk.base.read() as connection:
        document = show_invoice(connection, "FA1")
    assert document is not None
    assert {line.delivery_note for line in document.lines} == {"BL1", "BL2"}


def test_two_customers_are_two_invoices(desk: Desk) -> None:
    desk.book(an_order("CFR2", 2))
    leave(desk)
    leave(desk, "CCL2")
    with desk.base.transaction() as connection:
        from intergestan_erp.parties.parties import NewParty
        from tests.site_factories import add_party

        customer = add_party(connection, NewParty(code="C2", name="Autre", is_customer=True))
        connection.execute(update(SalesOrder).where(SalesOrder.number == "CCL2").values(customer_id=customer))
    with pytest.raises(Problem, match="one customer"):
        bill(desk, "BL1", "BL2")


def test_an_allowance_that_is_more_than_what_left_waits(base: Database) -> None:
    desk = Desk(base)
    rebate = AllowanceCharge(is_charge=False, amount=Decimal(20), reason="Remise", tax=VAT_20)
    order = an_order("CFR1", 3, charges=(rebate,))
    desk.know_products_of(order)
    desk.book(order)
    leave(desk, L1="1")
    with pytest.raises(Problem, match="Deliver more first"):
        bill(desk)
    leave(desk)
    bill(desk)
    (booked,), (head,) = desk.rows(SalesOrder), desk.rows(Invoice)
    assert head.total_ttc == booked.total_ttc


# -- any order, any split --------------------------------------------------------------------------------------

FINE = st.integers(1, 10**8).map(lambda digits: Decimal(digits).scaleb(-6))
NUMBERS = count(1)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lines = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        quantity, amount, base = draw(FINE), draw(FINE), draw(st.sampled_from(["1", "3", "100"]).map(Decimal))
        allowance = draw(st.integers(0, 500).map(lambda cents: Decimal(cents).scaleb(-2)))
        allowances = (AllowanceCharge(is_charge=True, amount=allowance),) if allowance else ()
        line = a_line(number)
        rate = draw(st.sampled_from(["20", "5.5", "0"]).map(Decimal))
        lines.append(
            replace(
                line,
                quantity=quantity,
                unit="KGM",
                price=Price(amount, base),
                allowances=allowances,
                item=replace(line.item, tax=TaxCategory("S", rate)),
                line_total=line_total(quantity, amount, base, allowances),
            )
        )
    return an_order(f"N{next(NUMBERS)}", tuple(lines), charges=draw(st.sampled_from([(), (PORT,)])))


@given(order=orders(), data=st.data())
@settings(max_examples=share(2), suppress_health_check=[*SPEED, HealthCheck.function_scoped_fixture])
def test_every_split_adds_up_to_the_order(sqlite_base: Database, order: Order, data: st.DataObject) -> None:
    """G03: delivered in any parts and invoiced in any groups, the invoices' HT are the order's, to the cent."""
    if id(sqlite_base) not in DESKS:
        DESKS[id(sqlite_base)] = Desk(sqlite_base)
    desk = DESKS[id(sqlite_base)]
    with sqlite_base.transaction() as connection:
        connection.execute(update(Partner).values(price_policy="take_theirs", unknown_product="park_line"))
    desk.book(order)
    with sqlite_base.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="accepted"))
        (number,) = connection.execute(
            select(SalesOrder.number).where(SalesOrder.customer_order_number == order.id)
        ).scalars()
    open_quantities = {line.id: line.quantity or Decimal(0) for line in order.lines}
    notes: list[str] = []
    while open_quantities:
        chosen = data.draw(st.sets(st.sampled_from(sorted(open_quantities)), min_size=1))
        parts = {line: data.draw(st.sampled_from([1, 3]).map(Decimal)) for line in sorted(chosen)}
        quantities = {
            line: max((open_quantities[line] / part).quantize(Decimal("0.000001")), Decimal("0.000001"))
            if len(notes) < 4
            else open_quantities[line]
            for line, part in parts.items()
        }
        with pytest.raises(Problem, match="there remain"):
            leave(desk, number, **{min(chosen): str(open_quantities[min(chosen)] + Decimal("0.000001"))})
        notes.append(leave(desk, number, **{line: str(quantity) for line, quantity in quantities.items()}))
        for line, quantity in quantities.items():
            open_quantities[line] -= quantity
        open_quantities = {line: quantity for line, quantity in open_quantities.items() if quantity}
        if data.draw(st.booleans()):
            made = bill(desk, *notes)
            notes.clear()
            assert made.startswith("FA")
    if notes:
        bill(desk, *data.draw(st.permutations(notes)))
    assert how_far(desk, number) == ("accepted", "all", "all")
    assert_sums(desk, number, order)


DESKS: dict[int, Desk] = {}


def assert_sums(desk: Desk, number: str, order: Order) -> None:
    with desk.base.read() as connection:
        row = show_sales_order(connection, number)
        assert row is not None
        invoices = [show_invoice(connection, each.number) for each in row.documents if "FA" in each.number]
    assert order.totals is not None
    assert sum(each.total_ht for each in invoices if each) == order.totals.tax_exclusive
    for each in invoices:
        assert each is not None
        assert sum(vat.amount for vat in each.vat) == each.total_vat
        assert each.total_ht + each.total_vat == each.total_ttc
    if len(invoices) == 1:
        assert invoices[0] is not None
        assert invoices[0].total_ttc == order.totals.payable
    series = {row.code: row.next_number for row in desk.rows(NumberSeries)}
    assert [row.number for row in desk.rows(Invoice)] == [f"FA{n}" for n in range(1, series["invoice"])]
    assert [row.number for row in desk.rows(DeliveryNote)] == [f"BL{n}" for n in range(1, series["delivery_note"])]


# -- at once ---------------------------------------------------------------------------------------------------


@pytest.mark.race
def test_two_people_deliver_and_invoice_at_once(desk: Desk) -> None:
    """G03: the goods leave once and are invoiced once; no number is lost."""
    now = desk.base.now()
    first, *others = told(desk.base, now, *[("deliver", "CCL1")] * 4)
    assert first == "BL1"
    assert ["has left already" in text for text in others] == [True] * 3
    first, *others = told(desk.base, now, *[("invoice", "BL1"), ("invoice", "CCL1")] * 2)
    assert first == "FA1"
    assert ["invoiced already" in text for text in others] == [True] * 3
    with desk.base.read() as connection:
        for table, rows in ((DeliveryNoteLine, 3), (InvoiceLine, 3), (InvoiceVat, 1)):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == rows
