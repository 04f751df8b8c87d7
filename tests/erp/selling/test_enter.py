"""An order by hand: priced, delivered and invoiced as those by mail, with its fees and its minimum (D17)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Event,
    InvoiceCharge,
    OutboundMail,
    Partner,
    PartnerPrice,
    Party,
    Product,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.order_files.order_export import SALES, as_documents, read_orders, to_export
from intergestan_erp.parties.fees import Borne, set_fee
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.enter import foresee
from intergestan_erp.selling.fee_charges import charge_of
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.minimum import BelowMinimum, below
from intergestan_erp.selling.sales import show_invoice
from intergestan_erp.site.preferences import set_preference
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from tests.erp.selling.by_hand import Counter, a_line
from tests.site_factories import NOW

CENTS = st.decimals(0, 10**10, places=2)


@pytest.mark.parametrize(
    ("minimum", "goods", "warns"),
    [("100", "99.99", True), ("100", "100", False), (None, "0.01", False), ("0", "0.01", False)],
)
def test_what_is_below_the_minimum(*, minimum: str | None, goods: str, warns: bool) -> None:
    """T23, D19: strictly less than the minimum; none and 0 are no minimum."""
    least, amount = None if minimum is None else Decimal(minimum), Decimal(goods)
    assert below(least, amount) == (BelowMinimum(Decimal(100), amount) if warns else None)


@given(st.decimals(0, 100, places=6), CENTS)
def test_a_share_is_rounded_half_up(percent: Decimal, goods: Decimal) -> None:
    """T16: HT goods × percent / 100, half up to the cent."""
    fee = Borne(1, "G", "Gestion", None, percent, "S", Decimal(20))
    expected = (goods * percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert charge_of(fee, goods).amount == expected


def test_an_order_by_hand_goes_the_way_of_all_orders(counter: Counter) -> None:
    """D17: numbered, accepted, priced, listed, exported, delivered, invoiced; no mail is asked for."""
    counter.bears({"PORT": None, "GESTION": None}, minimum="20")
    entered = counter.enter(a_line("cas16", 2), a_line("CAS20", "1.5"), a_line("CAS16", 1, "4.50"), reference="BC 7")
    assert (entered.number, entered.total_ht, entered.total_ttc, entered.small) == (
        "CCL1",
        Decimal("33.13"),
        Decimal("39.76"),
        None,
    )
    lines = [(row.line_id, row.product_code, row.price, row.total) for row in counter.rows(SalesOrderLine)]
    assert lines == [
        ("L1", "CAS16", 10, 20),
        ("L2", "CAS20", Decimal("0.333333"), Decimal("0.50")),
        ("L3", "CAS16", Decimal("4.5"), Decimal("4.5")),
    ]
    charges = [(row.reason, row.amount, row.fee_id is None) for row in counter.rows(SalesOrderCharge)]
    assert charges == [("Gestion", Decimal("0.63"), False), ("Port", Decimal("7.50"), False)]
    (head,) = counter.rows(SalesOrder)
    assert (head.state, head.partner_id, head.customer_order_number) == ("accepted", None, "BC 7")
    assert (head.delivery_name, head.delivery_line1, head.delivery_city) == ("Dupont", "1 rue Haute", "Lyon")
    database = counter.site.database
    with database.transaction() as connection:
        assert [row.number for row in list_sales_page(connection, WhichSales()).rows] == ["CCL1"]
        ids = to_export(connection, SALES, [], again=False)
        (document,) = as_documents(connection, SALES, read_orders(connection, SALES, ids))
        assert (document.id, document.customer_reference, len(document.allowances)) == ("CCL1", "BC 7", 2)
        assert deliver(connection, "CCL1", None, by="marie", at=NOW) == "BL1"
        assert invoice(connection, ["CCL1"], by="marie", at=NOW) == "FA1"
        bill = show_invoice(connection, "FA1")
    assert bill is not None
    assert bill.total_ttc == entered.total_ttc
    assert len(counter.rows(InvoiceCharge)) == 2
    assert counter.rows(OutboundMail) == []


def test_the_next_order_has_the_next_number_and_the_fees_of_now(counter: Counter) -> None:
    """D17, T16: one series with the orders by mail; a fee switched off is proposed no more and stays where it is."""
    counter.bears({"PORT": Decimal("5.25"), "GESTION": None})
    counter.enter()
    with counter.site.database.transaction() as connection:
        set_fee(connection, "GESTION", {"active": False}, by="marie", at=NOW)
    assert counter.enter(fees={"PETITE": Decimal(3)}).number == "CCL2"
    counter.enter(fees={"PORT": Decimal(1)}, proposed_fees=False)
    counter.enter(fees={"PORT": Decimal(0)})  # nothing is charged
    charged: dict[int, list[tuple[str | None, Decimal]]] = {}
    for row in counter.rows(SalesOrderCharge):
        charged.setdefault(row.sales_order_id, []).append((row.reason, row.amount))
    assert list(charged.values()) == [
        [("Gestion", Decimal("0.50")), ("Port", Decimal("5.25"))],
        [("Port", Decimal("5.25")), ("Petite", Decimal(3))],
        [("Port", Decimal(1))],
    ]


def test_a_small_order_is_entered_with_a_warning(counter: Counter) -> None:
    """T23, T24: before charges, after line amounts; the fee is added once, and only if somebody says so."""
    counter.bears({"PORT": None}, minimum="100")
    with counter.site.database.read() as connection:
        foreseen = foresee(connection, counter.typed(a_line("CAS16", 6)), NOW)
        assert connection.execute(select(SalesOrder.id)).all() == []
    entered = counter.enter(a_line("CAS16", 6))
    assert entered.small == foreseen
    assert entered.small is not None
    assert entered.small.below == BelowMinimum(Decimal(100), Decimal(60))
    assert (entered.small.charge, entered.total_ttc) == (Decimal(15), Decimal("81.00"))
    assert counter.enter(a_line("CAS16", 6), add_fee=True).total_ttc == Decimal("99.00")
    twice = counter.enter(a_line("CAS16", 6), add_fee=True, fees={"PETITE": None})
    assert (twice.total_ttc, twice.small is not None and twice.small.charge) == (Decimal("99.00"), None)
    large = counter.enter(a_line("CAS16", 10), add_fee=True)
    assert (large.small, large.total_ttc) == (None, Decimal("129.00"))
    assert [row.below_minimum for row in counter.rows(SalesOrder)] == [True, True, True, False]
    details = [row.detail for row in counter.rows(Event, name="below_minimum")]
    assert details == [{"minimum": "100.00", "amount": "60.00"}] * 3


def test_no_fee_is_chosen_for_small_orders(counter: Counter) -> None:
    """T24: who asks for the fee is told that there is none; who does not gets the warning alone."""
    counter.bears({}, minimum="100")
    with counter.site.database.transaction() as connection:
        set_preference(connection, "orders.minimum_fee", "", by="marie", at=NOW)
    with pytest.raises(Problem, match="No fee is chosen"):
        counter.enter(add_fee=True)
    small = counter.enter().small
    assert small is not None
    assert small.fee is None
    assert counter.enter(a_line("CAS16", 10), add_fee=True).small is None


@pytest.mark.mainly_on("postgresql")
def test_an_order_by_hand_of_a_partner(counter: Counter) -> None:
    """D17: the price agreed with the partner counts, and no answer goes out, because nothing was asked by mail."""
    with counter.site.database.transaction() as connection:
        partner = {"party_id": counter.customer_id, "site_code": "dup", "name": "Dupont", "created_at": NOW}
        partner_id = connection.execute(
            insert(Partner).values(**partner, answer_address="a@dup.test").returning(Partner.id)
        ).scalar_one()
        product_id = connection.execute(select(Product.id).where(Product.code == "CAS16")).scalar_one()
        agreed = {"partner_id": partner_id, "product_id": product_id, "price": Decimal(8)}
        connection.execute(insert(PartnerPrice).values(**agreed))
    assert counter.enter().total_ht == 16
    (head,) = counter.rows(SalesOrder)
    assert head.partner_id is None
    assert counter.rows(OutboundMail) == []


@pytest.mark.parametrize(
    ("lines", "values", "words"),
    [
        (("CAS99", 1), {}, "no active product CAS99"),
        (("CAS16", "0"), {}, "not a quantity"),
        (("CAS16", "-1"), {}, "not a quantity"),
        (("CAS16", "0.5"), {}, "not a number of pieces"),
        (("CAS20", "0.1234567"), {}, "not a quantity"),
        (("CAS16", 1, "-1"), {}, "not a price"),
        (("CAS16", "1000000", "999999999999"), {}, "at most 16 digits"),
        (("CAS16", 1), {"fees": {"NONE": None}}, "no fee «NONE»"),
        (("CAS16", 1), {"fees": {"PORT": Decimal("0.001")}}, "not the amount of a fee"),
        (("CAS16", 1), {"reference": "X" * 61}, "too long"),
        (("CAS16", 1), {"note": "a\x01b"}, "nobody sees"),
        (("CAS16", 1), {"wanted_date": NOW.date().replace(year=NOW.year - 1)}, "wanted for"),
    ],
)
@pytest.mark.mainly_on("postgresql")
def test_what_cannot_be_entered(counter: Counter, lines: tuple[Any, ...], values: dict[str, Any], words: str) -> None:
    """D17: the sums of an order by hand are checked as at every door; nothing is written, and no number is taken."""
    with pytest.raises(Problem, match=words):
        counter.enter(a_line(*lines), **values)
    assert counter.enter().number == "CCL1"


@pytest.mark.mainly_on("postgresql")
def test_only_customers_order(counter: Counter) -> None:
    """D17."""
    with counter.site.database.transaction() as connection:
        connection.execute(update(Party).values(is_customer=False, is_supplier=True))
    with pytest.raises(Problem, match="DUP is not a customer"):
        counter.enter()


def test_an_order_by_hand_is_changed_and_cancelled(counter: Counter) -> None:
    """D17: nobody is told by mail; what is below the minimum is noted anew; what left stays."""
    counter.bears({"PORT": None}, minimum="100")
    database = counter.site.database
    counter.enter(a_line("CAS16", 10))
    with database.transaction() as connection:
        wanted = OwnChanges(quantities={"L1": Decimal(9)}, prices={"L1": Decimal("9.5")})
        bells = change_sales_order(connection, "CCL1", wanted, by="jean", at=NOW)
    assert bells.compose == ()
    (head,) = counter.rows(SalesOrder)
    assert (head.total_ht, head.total_ttc, head.below_minimum) == (Decimal("93.00"), Decimal("111.60"), True)
    (line,) = counter.rows(SalesOrderLine)
    assert (line.quantity, line.price, line.said) == (9, Decimal("9.5"), None)
    with database.transaction() as connection:
        change_sales_order(connection, "CCL1", OwnChanges(quantities={"L1": Decimal(8)}), by="jean", at=NOW)
    assert [row.name for row in counter.rows(Event, subject="sales_order")] == [
        *("create", "below_minimum", "change", "change"),
    ]
    counter.enter()
    with database.transaction() as connection:
        cancel_order(connection, "CCL2", "Client parti", by="jean", at=NOW)
    (gone,) = counter.rows(SalesOrder, number="CCL2")
    assert gone.state == "cancelled"
    with database.transaction() as connection:
        deliver(connection, "CCL1", {"L1": Decimal(1)}, by="jean", at=NOW)
    for number, words in (("CCL1", "goods have left"), ("CCL2", "state cancelled"), ("CCL9", "no sales order")):
        with pytest.raises(Problem, match=words), database.transaction() as connection:
            cancel_order(connection, number, None, by="jean", at=NOW)
    assert counter.rows(OutboundMail) == []
