"""Orders to test with: one of n lines, and the two reference orders of G11."""

from datetime import date
from decimal import Decimal

from intergestan_msg.money import CENT, AllowanceCharge, Price, TaxCategory, line_total, totals_of
from intergestan_msg.order import (
    Address,
    Contact,
    Delivery,
    Identifier,
    Item,
    Order,
    OrderLine,
    Party,
    Period,
)

VAT_20 = TaxCategory("S", Decimal(20))

BUYER = Party(
    name="Arts de la Table Mulhouse",
    endpoint=Identifier("73282932000074", "0009"),
    identifiers=(Identifier("73282932000074", "0009"),),
    legal_id=Identifier("732829320", "0002"),
    vat_id="FR44732829320",
    address=Address("12 rue du Sauvage", "Bâtiment B", "68100", "Mulhouse", None, "FR"),
    contact=Contact("M. Wilfried ZWILLIG", "+33 3 89 00 00 00", "w.zwillig@arts-table.example"),
)
STAUBER = Party(
    name="STAUBER",
    legal_name="STAUBER SAS",
    endpoint=Identifier("80295478500028", "0009"),
    identifiers=(Identifier("80295478500028", "0009"),),
    vat_id="FR12802954785",
    address=Address("ZI de la Plaine", None, "88100", "PAIR ET GRANDRUPT", None, "FR"),
    contact=Contact("Service commandes", None, "appros@stauber.example"),
)
DEPOT = Delivery(
    address=Address("3 quai de la Cloche", None, "68200", "Mulhouse", None, "FR"),
    wanted=Period(date(2020, 12, 1), date(2020, 12, 4)),
)


def a_gtin(number: int) -> str:
    """A GTIN-13 of its own for each number, with its check digit."""
    digits = f"3{number:011}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def a_line(
    number: int,
    quantity: str = "3",
    price: str = "10.00",
    *,
    code: str | None = None,
    name: str | None = None,
) -> OrderLine:
    """A line whose id and product follow from its number."""
    product = code or f"CAS{number:04}"
    count, unit_price = Decimal(quantity), Decimal(price)
    return OrderLine(
        id=f"L{number}",
        item=Item(
            name=name or f"Casserole inox {14 + 2 * number} cm",
            buyers_id=product,
            sellers_id=product,
            standard_id=Identifier(a_gtin(number), "0160"),
            tax=VAT_20,
        ),
        quantity=count,
        unit="C62",
        price=Price(unit_price),
        line_total=line_total(count, unit_price),
        partial_delivery=True,
    )


def an_order(
    number: str = "CFR1",
    lines: int | tuple[OrderLine, ...] = 8,
    *,
    buyer: Party = BUYER,
    seller: Party = STAUBER,
    issued: date = date(2020, 11, 15),
    nature: str | None = "Matériel cuisine",
    charges: tuple[AllowanceCharge, ...] = (),
) -> Order:
    """A complete order, with `lines` lines or with these, whose totals follow from them."""
    its_lines = (
        tuple(a_line(i, str(i), f"{9 + i}.50") for i in range(1, lines + 1)) if isinstance(lines, int) else lines
    )
    sums = totals_of([(line.line_total or Decimal(0), line.item.tax) for line in its_lines], charges)
    return Order(
        id=number,
        issue_date=issued,
        currency="EUR",
        buyer=buyer,
        seller=seller,
        lines=its_lines,
        note=nature,
        customer_reference="Suivi ZWILLIG",
        delivery=DEPOT,
        payment_terms="30 jours fin de mois",
        allowances=charges,
        tax_amount=sums.tax_amount.quantize(CENT),
        totals=sums.totals,
    )


def cfr1() -> Order:
    """CFR1 of G11: 15/11/2020, Matériel cuisine, 180,00 HT, 216,00 TTC."""
    lines = (
        a_line(1, "2", "45.00", code="FAI01", name="Faitout inox 24 cm"),
        a_line(2, "6", "15.00", code="LOU02", name="Louche inox"),
    )
    return an_order("CFR1", lines, issued=date(2020, 11, 15), nature="Matériel cuisine")


def cfr2() -> Order:
    """CFR2 of G11: 19/11/2020, Casseroles, 120,00 HT, 144,00 TTC."""
    lines = (
        a_line(1, "3", "25.00", code="CAS16", name="Casserole inox 16 cm"),
        a_line(2, "1", "45.00", code="CAS20", name="Casserole inox 20 cm"),
    )
    return an_order("CFR2", lines, issued=date(2020, 11, 19), nature="Casseroles")
