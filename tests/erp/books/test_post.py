"""What each document says in the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.enums import Journal, PaymentMethod
from intergestan_erp.books.chart import Account, Chart, Use, key_of
from intergestan_erp.books.post import (
    BoughtDocument,
    InternalDocument,
    Line,
    NewEntry,
    PostedParty,
    PostedPayment,
    SalesDocument,
    SoldPart,
    SoldVat,
    bank_entry,
    bought_entry,
    cancelled_entry,
    failed_entry,
    internal_entry,
    is_balanced,
    payment_entry,
    reversed_lines,
    sales_entry,
)
from intergestan_msg.money import round_half_up

DAY, LATER = date(2026, 6, 5), date(2026, 7, 31)
CUSTOMER = PostedParty(Account("411C0000004", "C0000004"), "C0000004")
SUPPLIER = PostedParty(Account("401C0000004", "C0000004"), "C0000004")
S20, S55, E0 = ("S", Decimal(20)), ("S", Decimal("5.5")), ("E", Decimal(0))
USUAL = Chart()


def said(entry: NewEntry | None) -> list[str]:
    """`D 411000/411C0000004 72.00`, and where a line is of an establishment, `[1]`."""
    assert entry is not None
    assert is_balanced(entry.lines)
    return [written(each) for each in entry.lines]


def written(line: Line) -> str:
    side, amount = ("D", line.debit) if line.debit else ("C", line.credit)
    whose = f"/{line.aux.number}" if line.aux else ""
    place = f" [{line.establishment_id}]" if line.establishment_id else ""
    return f"{side} {line.account.number}{whose} {amount:.2f}{place}"


def goods(amount: str, vat: tuple[str, Decimal] = S20, family: str | None = None, place: int | None = None) -> SoldPart:
    return SoldPart(Decimal(amount), vat, is_charge=False, family=family, establishment_id=place)


def charge(amount: str, vat: tuple[str, Decimal] = S20) -> SoldPart:
    return SoldPart(Decimal(amount), vat, is_charge=True)


def document(*parts: SoldPart, takes_back: bool = False) -> SalesDocument:
    bases: dict[tuple[str, Decimal], Decimal] = {}
    for part in parts:
        bases[part.vat] = bases.get(part.vat, Decimal(0)) + part.amount
    vat = [SoldVat(one, round_half_up(base * one[1] / 100)) for one, base in bases.items()]
    total = sum(bases.values(), Decimal(0)) + sum((one.amount for one in vat), Decimal(0))
    return SalesDocument("invoice:1", "FA1", DAY, CUSTOMER, total, parts, vat, takes_back)


def test_an_invoice_of_three_establishments() -> None:
    """A08: case 1 with results by establishment; without them one line of sales says it."""
    entry = sales_entry(USUAL, document(*(goods(f"{10 * n}", place=n) for n in (1, 2, 3))))
    assert said(entry) == [
        "D 411000/411C0000004 72.00",
        *("C 707000 10.00 [1]", "C 707000 20.00 [2]", "C 707000 30.00 [3]"),
        "C 445710 12.00",
    ]
    assert entry is not None
    assert (entry.journal, entry.day, entry.piece, entry.source) == (Journal.SALES, DAY, "FA1", "invoice:1")
    plain = sales_entry(USUAL, document(goods("10"), goods("20"), goods("30")))
    assert said(plain) == ["D 411000/411C0000004 72.00", "C 707000 60.00", "C 445710 12.00"]


def test_families_and_rates_have_accounts_of_their_own() -> None:
    """A47: a folder's chart names them; a family's comes before that of a rate, and what nothing names is usual."""
    chart = Chart(
        {
            key_of(Use.SALES, family="BOUL"): Account("707100", "Boulangerie"),
            key_of(Use.SALES, vat=S55): Account("707550", "Ventes 5,5 %"),
            key_of(Use.SALES_VAT, vat=S55): Account("445711", "TVA 5,5 %"),
            key_of(Use.CUSTOMERS): Account("411100", "Clients France"),
        }
    )
    parts = goods("10", S55, "BOUL"), goods("10", S55), goods("10", E0), charge("4", S55), charge("-1", S55)
    assert said(sales_entry(chart, document(*parts))) == [
        "D 411100/411C0000004 34.27",
        *("C 707000 10.00", "C 707100 10.00", "C 707550 9.00"),  # the allowance lowers sales
        "C 708500 4.00",
        "C 445711 1.27",
    ]


def test_a_credit_note_mirrors_its_invoice() -> None:
    """T22: what an invoice debits, a credit note of all of it credits."""
    parts = goods("10", S55), goods("5"), charge("4")
    invoice, note = (sales_entry(USUAL, document(*parts, takes_back=back)) for back in (False, True))
    assert invoice is not None
    assert note is not None
    assert note.lines == reversed_lines(invoice.lines)
    assert note.label.startswith("Avoir")


def test_what_stays_inside_a_company_is_no_sale() -> None:
    """A48, D57: 186 of who gets it, 187 of who supplied, without VAT; taken back the other way round."""
    document = InternalDocument("invoice:1", "FI1", DAY, Decimal(16), supplying_id=2, requesting_id=1)
    entry = internal_entry(USUAL, document)
    assert said(entry) == ["D 186000 16.00 [1]", "C 187000 16.00 [2]"]
    assert entry is not None
    assert entry.journal is Journal.OTHER
    back = internal_entry(USUAL, replace(document, amount=Decimal(-16)))
    assert said(back) == ["C 186000 16.00 [1]", "D 187000 16.00 [2]"]
    assert internal_entry(USUAL, replace(document, amount=Decimal(0))) is None


def test_what_another_company_of_ours_invoices_is_bought() -> None:
    """A48: case 3 billable, as the buyer enters it; a credit note the other way round."""
    supplier = PostedParty(Account("401AG2", "AG2"), "AG2")
    vat = [SoldVat(S20, Decimal("3.20"))]
    document = BoughtDocument("mirror:1", "FA2-1", DAY, supplier, Decimal("19.20"), vat, establishment_id=1)
    entry = bought_entry(USUAL, document)
    assert said(entry) == ["D 607000 16.00 [1]", "D 445660 3.20", "C 401000/401AG2 19.20"]
    assert entry is not None
    assert (entry.journal, entry.piece, entry.source) == (Journal.PURCHASES, "FA2-1", "mirror:1")
    back = bought_entry(USUAL, replace(document, takes_back=True))
    assert back is not None
    assert back.lines == reversed_lines(entry.lines)


def test_an_allowance_above_what_was_sold_debits_sales() -> None:
    parts = goods("10", S55), charge("-4"), charge("100", E0)
    assert "D 707000 4.00" not in said(sales_entry(USUAL, document(*parts)))  # they share an account: 6.00 is left
    chart = Chart({key_of(Use.SALES, vat=S20): Account("707200", "Ventes 20 %")})
    assert said(sales_entry(chart, document(*parts)))[2] == "D 707200 4.00"


def test_a_document_of_nothing_is_no_entry() -> None:
    assert sales_entry(USUAL, document()) is None
    assert sales_entry(USUAL, document(goods("0"))) is None


def paid(method: PaymentMethod, banked_on: date | None = None) -> PostedPayment:
    return PostedPayment(3, "RG3", method, Decimal(72), DAY, CUSTOMER, SUPPLIER, banked_on)


@pytest.mark.parametrize(
    ("method", "journal", "stands"),
    [
        ("transfer", "BQ", "512000"),
        ("card", "BQ", "512000"),
        ("cheque", "OD", "511200"),
        ("bill", "OD", "413000"),
        ("cash", "CA", "530000"),
        ("set_off", "OD", "401000/401C0000004"),
    ],
)
def test_a_payment_stands_where_its_method_says(method: str, journal: str, stands: str) -> None:
    """D60: and from there it is gone when it comes back unpaid, or was entered by mistake."""
    payment = paid(PaymentMethod(method))
    entry = payment_entry(USUAL, payment)
    assert said(entry) == [f"D {stands} 72.00", "C 411000/411C0000004 72.00"]
    assert (entry.journal, entry.day, entry.source) == (journal, DAY, "payment:3")
    failed = failed_entry(USUAL, payment, LATER)
    assert said(failed) == ["D 411000/411C0000004 72.00", f"C {stands} 72.00"]
    assert (failed.journal, failed.day, failed.piece_day, failed.source) == (journal, LATER, DAY, "failed:3")
    cancelled = cancelled_entry(USUAL, payment)
    assert said(cancelled) == said(failed)
    assert (cancelled.day, cancelled.source) == (DAY, "cancelled:3")


@pytest.mark.parametrize(("method", "stands"), [("cheque", "511200"), ("bill", "413000")])
def test_what_the_bank_has_fails_there(method: str, stands: str) -> None:
    """D60: a cheque or a bill goes to the bank on a day of its own."""
    entry = bank_entry(USUAL, paid(PaymentMethod(method)), LATER)
    assert said(entry) == ["D 512000 72.00", f"C {stands} 72.00"]
    assert (entry.journal, entry.day, entry.source) == (Journal.BANK, LATER, "bank:3")
    failed = failed_entry(USUAL, paid(PaymentMethod(method), banked_on=LATER), LATER)
    assert said(failed)[1] == "C 512000 72.00"
    assert failed.journal is Journal.BANK


AMOUNTS = st.decimals("-1000000", "1000000", places=2)


@given(
    st.lists(
        st.builds(
            SoldPart,
            amount=AMOUNTS,
            vat=st.sampled_from([S20, S55, E0]),
            is_charge=st.booleans(),
            family=st.sampled_from([None, "BOUL"]),
            establishment_id=st.sampled_from([None, 1, 2]),
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_every_document_balances(parts: list[SoldPart], takes_back: bool) -> None:  # noqa: FBT001
    """A04: whatever it is made of, with no line of nothing and each on one side."""
    entry = sales_entry(USUAL, document(*parts, takes_back=takes_back))
    if entry is None:
        return
    assert is_balanced(entry.lines)
    assert all(each.debit >= 0 and each.credit >= 0 and (each.debit == 0) != (each.credit == 0) for each in entry.lines)
    assert is_balanced([*entry.lines, *reversed_lines(entry.lines)])
