"""UBL orders as other programs write them: each comes to what `tests/cases/interop_docs/expected.tsv` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.problem import FileProblems, Remark
from intergestan_db.tables import PurchaseOrder
from intergestan_erp.documents import documents
from intergestan_erp.order_files import order_files
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.purchasing.purchase_orders import show_order
from intergestan_msg.order import Party
from intergestan_msg.ubl import read_order, read_order_response, write_order
from tests.databases import KINDS, MigratedBases
from tests.erp.order_files.interop import ANSWER, CLOCK, FOLDER, Expected, essai, expected
from tests.order_files import enter, limited_orders

BY_FILE = {each.file: each for each in expected()}


@dataclass(frozen=True)
class Comes:
    """What a document that is taken comes to, in figures; the words that what is said must have."""

    number: str
    without_tax: str
    with_tax: str
    lines: tuple[tuple[str, ...], ...] = (("10", "C62", "5", "1", "50.00"),)
    head: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()


KILOS = (("10", "KGM", "5", "0.1", "500.00"),)  # 5.00 for 100 g
NORD = {
    "delivery_name": "Chantier Nord",
    "delivery_line1": "12 rue du Port",
    "delivery_postcode": "59000",
    "delivery_city": "Lille",
    "delivery_country": "FR",
}
PORT = {
    "delivery_line1": "Rue du Port 56A",
    "delivery_line2": "BP 12, Quai 7, porte B",
    "delivery_postcode": "59000",
    "delivery_city": "Lille",
    "delivery_country": "FR",
}
TAKEN = {
    "a4-no-price.xml": Comes("A4", "50", "60"),
    "b1-base-unit.xml": Comes("B1", "500", "600", KILOS),
    "b1-base-unit-bii.xml": Comes("B1-BII", "500", "600", KILOS),
    "b2-base-unit-no-line-total.xml": Comes("B2", "500", "600", KILOS),
    "c1-delivery-party-address.xml": Comes("C1", "50", "60", head=NORD, said=("M. Grue", "+33300000000")),
    "c2-building-number.xml": Comes("C2", "50", "60", head=PORT, said=("Nord", "7300010000001")),
    "c3-latest-delivery-date.xml": Comes("C3", "50", "60", head={"wanted_date": date(2026, 12, 1)}),
    "e1-line-details.xml": Comes(
        *("E1", "100", "120", (("10", "C62", "5", "1", "50.00"),) * 2),
        said=("2026-12-31", "MAFO", "30 jours fin de mois", "PartialDelivery"),
    ),
    "g1-gtin-only.xml": Comes("G1", "50", "60"),
    "g2-not-a-gtin.xml": Comes("G2", "50", "60", said=("0173", "ISBN 978-2-07-036822-8")),
    "g3-other-scheme.xml": Comes("G3", "50", "60", said=("0173", "12345")),
    "i1-price-8-decimals.xml": Comes("I1", "10", "12", (("3", "C62", "3.333333", "1", "10.00"),)),
    "k2-line-allowances.xml": Comes("K2", "46", "55.2", (("10", "C62", "5", "1", "46.00"),)),
    "l-type-105.xml": Comes("L105", "50", "60"),
    "l-type-226.xml": Comes("L226", "50", "60", head={"taken": {"type": "226"}}, said=("226", "call-off")),
    "l-type-402.xml": Comes("L402", "50", "60", head={"taken": {"type": "402"}}, said=("402", "cross docking")),
    "n1-two-tax-categories.xml": Comes("N1", "50", "60", said=("ENV", "5.5")),
}
REFUSED = {
    "a1-line-total-disagrees.xml": ("cac:OrderLine 1", "100.00", "10000.00"),
    "a1-line-total-disagrees-bii.xml": ("cac:OrderLine 1", "100.00", "10000.00"),
    "a2-vat-disagrees.xml": ("cac:TaxTotal/cbc:TaxAmount", "2.75", "10.00"),
    "a3-prepaid-rounding.xml": ("cbc:PrepaidAmount", "40"),
    "h1-foreign-buyer.xml": ("cac:BuyerCustomerParty", "Quite Another SA", "Essai SARL", "the buyer's name or SIRET"),
    "k1-charge-without-vat.xml": ("cac:TaxTotal/cbc:TaxAmount", "12.00", "10.00", "Port"),
    "l-copy.xml": ("cbc:CopyIndicator", "copy"),
    "l-type-221.xml": ("cbc:OrderTypeCode", "221", "blanket"),
    "l-type-227.xml": ("cbc:OrderTypeCode", "227", "consignment"),
    "l-type-348.xml": ("cbc:OrderTypeCode", "348"),
    "l-type-999.xml": ("cbc:OrderTypeCode", "999"),
    "m1-two-deliveries.xml": ("cac:Delivery", "several deliveries"),
    "o1-sub-lines.xml": ("cac:SubLineItem", "sub-lines"),
    "p1-name-only.xml": ("cac:OrderLine 1", "Widget", "has neither code nor GTIN", "say once"),
}


@pytest.fixture(scope="module")
def on_sqlite(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One site for all documents: their numbers differ."""
    database = Database(migrated.new("sqlite", tmp_path_factory.mktemp("essai")), lambda: CLOCK)
    yield essai(database)
    database.dispose()


@pytest.fixture(params=KINDS)
def essai_site(request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path: Path) -> Iterator[Database]:
    database = Database(migrated.new(request.param, tmp_path), lambda: CLOCK)
    yield essai(database)
    database.dispose()
    migrated.drop(database.url)


import_file = partial(order_files.import_file, read=limited_orders.read)  # as a command does: in a limited child


def take(database: Database, file: str, **options: Any) -> Imported:
    return import_file(database, file, (FOLDER / file).read_bytes(), by="marie", options=Options(**options))


def texts(notes: tuple[Remark, ...]) -> str:
    return "\n".join(f"{note}" for note in notes)


def shown(database: Database, number: str) -> Any:
    with database.read() as connection:
        return show_order(connection, number)


def check_taken(database: Database, each: Expected, imported: Imported) -> None:
    """The figures, what is kept, and what is said of it."""
    wanted = TAKEN[each.file]
    assert imported.new == (wanted.number,)
    order = shown(database, wanted.number)
    assert (order.total_ht, order.total_ttc) == (Decimal(wanted.without_tax), Decimal(wanted.with_tax))
    assert len(order.lines) == len(wanted.lines)
    for line, (quantity, unit, price, base, total) in zip(order.lines, wanted.lines, strict=True):
        assert (line.product_code, line.quantity, line.unit) == ("A-1", Decimal(quantity), unit)
        assert (line.price, line.base_quantity, line.total) == (Decimal(price), Decimal(base), Decimal(total))
    assert {name: getattr(order, name) for name in wanted.head} == wanted.head
    assert bool(imported.said) == (each.verdict == "said"), texts(imported.said)
    for words in wanted.said:
        assert words in texts(imported.said)


def check(database: Database, each: Expected) -> None:
    if each.verdict != "refused":
        check_taken(database, each, take(database, each.file))
        return
    with pytest.raises(FileProblems) as caught:
        take(database, each.file)
    place, *words = REFUSED[each.file]
    assert place in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("file", list(BY_FILE))
def test_each_document(on_sqlite: Database, file: str) -> None:
    check(on_sqlite, BY_FILE[file])
    if file == "e1-line-details.xml":
        wanted = [line.wanted_date for line in shown(on_sqlite, "E1").lines]
        assert wanted == [date(2026, 12, 2), date(2027, 3, 31)]


def test_what_is_taken_travels(essai_site: Database) -> None:
    """Type, references and the days of lines go to the supplier, and come back with an accepted change."""
    for file in ("e1-line-details.xml", "l-type-226.xml"):
        take(essai_site, file)
    with essai_site.read() as connection:
        ids = connection.execute(select(PurchaseOrder.id).order_by(PurchaseOrder.number)).scalars().all()
        details, call_off = documents.purchase_orders(connection, ids, Party("Essai SARL"), Party("Lieferant GmbH"))
    sent = read_order(write_order(details))
    assert (sent.customer_reference, sent.quotation_id, sent.accounting_cost) == ("Dept 7", "DEV-77", "PROJ-9")
    days = [date(2026, 12, 2), date(2027, 3, 31)]
    assert [line.wanted.end if line.wanted else None for line in sent.lines] == days
    assert read_order(write_order(call_off)).type_code == "226"
    assert documents.carried_by(sent) == {
        "customer_reference": "Dept 7",
        "quotation_id": "DEV-77",
        "accounting_cost": "PROJ-9",
    }
    assert documents.carried_by(call_off) == {"type_code": "226"}


@pytest.mark.parametrize("file", [ANSWER])
def test_an_answer_that_splits_a_line(file: str) -> None:
    """One line of an order may have several lines in an answer: 18 on one day, 12 on another."""
    answer = read_order_response((FOLDER / file).read_bytes())
    parts: list[tuple[Any, ...]] = [
        (line.id, line.quantity, line.promised.end if line.promised else None) for line in answer.lines
    ]
    assert parts == [("4", 18, date(2026, 12, 1)), ("4", 12, date(2026, 12, 20))]


def test_all_documents_on_either_base(essai_site: Database) -> None:
    """The whole folder in one base, and once more: nothing comes twice."""
    orders = list(BY_FILE.values())
    for each in orders:
        check(essai_site, each)
    for each in orders:
        if each.verdict != "refused":
            again = take(essai_site, each.file)
            assert (again.new, again.there, again.said) == ((), (TAKEN[each.file].number,), ())


def test_every_document_has_a_verdict() -> None:
    assert {path.name for path in FOLDER.glob("*.xml")} == {*BY_FILE, ANSWER}
    assert {each.file for each in BY_FILE.values() if each.verdict == "refused"} == REFUSED.keys()
    assert BY_FILE.keys() == TAKEN.keys() | REFUSED.keys()


def test_what_has_no_place_of_its_own_is_kept_and_named(on_sqlite: Database) -> None:
    """References are kept with the order, what describes the thing goes into the line's note, the rest is named."""
    number = "E1-again"
    data = (
        (FOLDER / "e1-line-details.xml")
        .read_bytes()
        .replace(b"<cbc:ID>E1</cbc:ID>", f"<cbc:ID>{number}</cbc:ID>".encode())
    )
    said = texts(import_file(on_sqlite, "e1.xml", data, by="marie").said)
    order = shown(on_sqlite, number)
    assert order.taken["references"] == {
        "customer_reference": "Dept 7",
        "accounting_cost": "PROJ-9",
        "quotation": "DEV-77",
        "contract": "CADRE-1",
        "attachment": "plan.pdf",
    }
    first, second = order.lines
    assert (first.note, first.accounting_cost) == ("RAL 7016, 3 m, left hand\nSize: XL", "P-42")
    assert (second.note, second.accounting_cost) == (None, None)
    for named in (
        "2026-12-31",
        "MAFO",
        "30 jours fin de mois",
        "PartialDelivery",
        "CADRE-1",
        "plan.pdf",
        "P-42",
    ):
        assert named in said
    for travels in ("Dept 7", "PROJ-9", "DEV-77", "2026-12-02", "2027-03-31"):
        assert travels not in said


def test_the_watched_folder_says_the_same_after_a_cut(essai_site: Database) -> None:
    """What was said stands in the base with the file: a report that a cut prevented has it all the same."""
    data = (FOLDER / "l-type-226.xml").read_bytes()
    first = enter(essai_site, "a" * 36, "o.xml", data, by="marie")
    again = enter(essai_site, "a" * 36, "o.xml", data, by="marie")
    assert (first.new, again.new) == (("L226",), ("L226",))
    assert texts(first.said) == texts(again.said)
    assert "226" in texts(again.said)


def changed(file: str, *changes: tuple[str, str]) -> bytes:
    """A document with other words in it."""
    text = (FOLDER / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


Change = tuple[str, str]
PLAIN = "l-type-105.xml"
AMOUNT = '<cbc:LineExtensionAmount currencyID="EUR">50.00</cbc:LineExtensionAmount>'
PRICE = '<cac:Price><cbc:PriceAmount currencyID="EUR">5.00</cbc:PriceAmount></cac:Price>'
VAT = (
    "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent>"
    "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>"
)
TOTAL = "<cac:AnticipatedMonetaryTotal>"
LINES_TOTAL = f"{TOTAL}{AMOUNT}"
PAYABLE = '<cbc:PayableAmount currencyID="EUR">60.00</cbc:PayableAmount>'


def money(name: str, amount: str) -> str:
    return f'<cbc:{name} currencyID="EUR">{amount}</cbc:{name}>'


def line_without(*parts: str) -> list[Change]:
    """The plain document without these parts; the sum of the lines goes with their amount."""
    return [(part, "") for part in parts]


def refused(database: Database, *changes: Change, file: str = PLAIN, **options: Any) -> str:
    own = ("<cbc:ID>L105</cbc:ID>", f"<cbc:ID>X{next(NUMBERS)}</cbc:ID>")
    data = changed(file, *changes, *([own] if file == PLAIN else []))
    with pytest.raises(FileProblems) as caught:
        import_file(database, "x.xml", data, by="marie", options=Options(**options))
    return str(caught.value)


NUMBERS = iter(range(1, 10_000))


def taken(database: Database, *changes: Change, file: str = PLAIN, **options: Any) -> tuple[Any, str]:
    """The order, and what is said of it."""
    number = f"X{next(NUMBERS)}"
    data = changed(file, *changes, ("<cbc:ID>L105</cbc:ID>", f"<cbc:ID>{number}</cbc:ID>"))
    imported = import_file(database, "x.xml", data, by="marie", options=Options(**options))
    assert imported.new == (number,)
    return shown(database, number), texts(imported.said)


def test_neither_price_nor_amount_is_the_catalogue_s_price(on_sqlite: Database) -> None:
    without = line_without(PRICE, AMOUNT, PAYABLE.replace("60.00", "60.00"))
    order, said = taken(on_sqlite, *without)
    (line,) = order.lines
    assert (line.price, line.price_from, order.total_ht) == (4, "catalogue", 40)
    assert "Price from catalogue" in said
    assert f"{order.number} (1)" in said
    assert "the catalogue's price" in refused(on_sqlite, *without, prices_required=True)


def test_a_price_of_the_amount_must_be_exact(on_sqlite: Database) -> None:
    order, said = taken(on_sqlite, (PRICE, ""))
    assert (order.lines[0].price, order.lines[0].price_from, said) == (5, "amount", "")
    thirds = ('unitCode="C62">10<', 'unitCode="C62">3<')
    text = refused(on_sqlite, (PRICE, ""), thirds)
    assert "50" in text
    assert "for 3" in text


@pytest.mark.parametrize(
    ("base", "unit", "quantity", "price", "per"),
    [
        ("100", "GRM", "10", "5", "0.1"),
        ("1", "TNE", "10", "5", "1000"),
        ("1", "KGM", "10", "5", "1"),
        ("3", "HGM", "10", "5", "0.3"),
    ],
)
def test_a_price_for_another_unit_is_converted(
    on_sqlite: Database, base: str, unit: str, quantity: str, price: str, per: str
) -> None:
    priced = PRICE.replace("</cac:Price>", f'<cbc:BaseQuantity unitCode="{unit}">{base}</cbc:BaseQuantity></cac:Price>')
    order, _ = taken(
        *(on_sqlite, (PRICE, priced), ('unitCode="C62">10<', f'unitCode="KGM">{quantity}<'), (LINES_TOTAL, TOTAL)),
        *((AMOUNT, ""), (PAYABLE, "")),
    )
    (line,) = order.lines
    assert (line.price, line.base_quantity) == (Decimal(price), Decimal(per))
    assert line.total == (Decimal(quantity) * Decimal(price) / Decimal(per)).quantize(Decimal("0.01"))


def test_pieces_are_one_unit_under_either_code(on_sqlite: Database) -> None:
    """C62 and H87 are compared as equal, and written as they came."""
    priced = PRICE.replace("</cac:Price>", '<cbc:BaseQuantity unitCode="C62">1</cbc:BaseQuantity></cac:Price>')
    order, _ = taken(on_sqlite, (PRICE, priced), ('unitCode="C62">10<', 'unitCode="H87">10<'))
    assert (order.lines[0].unit, order.total_ht) == ("H87", 50)


def test_a_price_for_a_unit_that_has_nothing_to_do_with_the_quantity_s(on_sqlite: Database) -> None:
    priced = PRICE.replace("</cac:Price>", '<cbc:BaseQuantity unitCode="KGM">1</cbc:BaseQuantity></cac:Price>')
    text = refused(on_sqlite, (PRICE, priced))
    assert "KGM" in text
    assert "C62" in text


def test_the_catalogue_s_price_in_the_unit_of_the_line(on_sqlite: Database) -> None:
    without = line_without(PRICE, AMOUNT, PAYABLE)
    order, said = taken(on_sqlite, *without, ('unitCode="C62">10<', 'unitCode="DZN">2<'))
    assert order.total_ht == 2 * 12 * 4
    assert "Price from catalogue" in said
    assert "KGM" in refused(on_sqlite, *without, ('unitCode="C62">10<', 'unitCode="KGM">2<'))


SUBTOTAL = (
    f"<cac:TaxSubtotal>{money('TaxableAmount', '45.00')}{money('TaxAmount', '10.00')}"
    f"{VAT.replace('Classified', '')}</cac:TaxSubtotal>"
)
BAD_FIGURES: list[tuple[str, list[Change], tuple[str, ...]]] = [
    ("sum of the lines", [(LINES_TOTAL, LINES_TOTAL.replace("50.00", "50.05"))], ("50.05", "50.00")),
    ("without tax", [(PAYABLE, money("TaxExclusiveAmount", "55.00") + PAYABLE)], ("55.00", "50.00")),
    ("with tax", [(PAYABLE, money("TaxInclusiveAmount", "59.00") + PAYABLE)], ("59.00", "60.00")),
    ("allowances", [(PAYABLE, money("AllowanceTotalAmount", "5.00") + PAYABLE)], ("5.00", "0.00")),
    ("charges", [(PAYABLE, money("ChargeTotalAmount", "5.00") + PAYABLE)], ("5.00", "0.00")),
    ("to pay", [(PAYABLE, PAYABLE.replace("60", "61"))], ("61.00", "60.00")),
    ("VAT", [(TOTAL, f"<cac:TaxTotal>{money('TaxAmount', '9.00')}</cac:TaxTotal>{TOTAL}")], ("9.00", "10.00")),
    (
        "VAT of no rate",
        [(VAT, ""), (TOTAL, f"<cac:TaxTotal>{money('TaxAmount', '2.75')}</cac:TaxTotal>{TOTAL}")],
        ("2.75",),
    ),
    (
        "subtotal",
        [
            (
                TOTAL,
                f"<cac:TaxTotal>{money('TaxAmount', '10.00')}{SUBTOTAL}</cac:TaxTotal>{TOTAL}",
            )
        ],
        ("45.00", "50.00"),
    ),
    ("line tax", [("<cac:Price>", f"{money('TotalTaxAmount', '1.00')}<cac:Price>")], ("1.00", "10.00")),
    ("payable alone", [(LINES_TOTAL, TOTAL), (AMOUNT, ""), (PAYABLE, PAYABLE.replace("60", "6"))], ("6.00", "60.00")),
    (
        "number of lines",
        [("<cac:BuyerCustomerParty>", "<cbc:LineCountNumeric>2</cbc:LineCountNumeric><cac:BuyerCustomerParty>")],
        ("2", "1"),
    ),
]


@pytest.mark.parametrize(
    "customization", ["urn:fdc:peppol.eu:poacc:trns:order:3", "urn:www.cenbii.eu:transaction:biitrns001", ""]
)
@pytest.mark.parametrize(
    ("changes", "figures"), [case[1:] for case in BAD_FIGURES], ids=[case[0] for case in BAD_FIGURES]
)
def test_every_stated_figure_is_compared(
    on_sqlite: Database, changes: list[Change], figures: tuple[str, ...], customization: str
) -> None:
    """Whatever the document says that it follows; both figures are named."""
    named = ("urn:fdc:peppol.eu:poacc:trns:order:3", customization)
    text = refused(on_sqlite, named, *changes)
    assert all(figure in text for figure in figures), text


def test_roundings_of_other_software_pass(on_sqlite: Database) -> None:
    """One cent for each line; two on the line's own amount. A third is a difference."""
    cent = [(LINES_TOTAL, LINES_TOTAL.replace("50.00", "50.01")), (PAYABLE, PAYABLE.replace("60.00", "60.01"))]
    order, said = taken(on_sqlite, *cent)
    assert (order.total_ht, order.total_ttc, said) == (50, 60, "")
    assert "50.02" in refused(on_sqlite, (LINES_TOTAL, LINES_TOTAL.replace("50.00", "50.02")))


def test_an_amount_to_pay_without_tax_where_nothing_is_said_of_tax(on_sqlite: Database) -> None:
    order, _ = taken(on_sqlite, (VAT, ""), (PAYABLE, PAYABLE.replace("60.00", "50.00")))
    assert (order.total_ht, order.total_ttc) == (50, 60)
    assert "55.00" in refused(on_sqlite, (VAT, ""), (PAYABLE, PAYABLE.replace("60.00", "55.00")))


def test_a_rounding_amount_is_named(on_sqlite: Database) -> None:
    rounded = (PAYABLE, money("PayableRoundingAmount", "0.03") + PAYABLE.replace("60.00", "60.03"))
    order, said = taken(on_sqlite, rounded)
    assert order.total_ttc == 60
    assert "cbc:PayableRoundingAmount «0.03»" in said


@pytest.mark.parametrize(
    "written",
    ["1<x/>00", "1<cbc:Note>0</cbc:Note>0", "<cbc:Note/>10", "10<cbc:Note/>"],
)
@pytest.mark.parametrize("place", ['<cbc:Quantity unitCode="C62">10<', '<cbc:PriceAmount currencyID="EUR">5.00<'])
def test_elements_inside_a_value_are_refused(on_sqlite: Database, place: str, written: str) -> None:
    start, _, _ = place[:-1].rpartition(">")
    text = refused(on_sqlite, (place, f"{start}>{written}<"))
    assert start[1:].split()[0] in text
    assert "elements in it" in text


def test_a_comment_inside_a_value_means_nothing(on_sqlite: Database) -> None:
    order, _ = taken(on_sqlite, ('unitCode="C62">10<', 'unitCode="C62">1<!-- ten -->0<'))
    assert order.lines[0].quantity == 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('unitCode="C62">10<', 'unitCode="C62">0<'), "0"),
        (('unitCode="C62">10<', 'unitCode="C62">0.5<'), "0.5"),
        (('unitCode="C62">10<', 'unitCode="ZZZ">10<'), "ZZZ"),
        (("<cbc:ID>S</cbc:ID>", "<cbc:ID>XYZ</cbc:ID>"), "XYZ"),
        (("<cbc:ID>S</cbc:ID>", "<cbc:ID>E</cbc:ID>"), "E"),
        (("<cbc:Percent>20<", "<cbc:Percent>0.2<"), "is a percentage"),
        (("<cbc:Percent>20<", "<cbc:Percent>0<"), "0"),
        (("<cbc:IssueDate>2026-11-20<", "<cbc:IssueDate>2026-01-05<"), "take any date"),
        (("<cbc:IssueDate>2026-11-20<", "<cbc:IssueDate>2027-01-08<"), "take any date"),
        (("<cbc:IssueDate>2026-11-20<", "<cbc:IssueDate>0226-11-20<"), "0226"),
        (("<cbc:IssueDate>2026-11-20<", "<cbc:IssueDate>9999-12-31<"), "9999"),
    ],
)
def test_values_that_no_order_has(on_sqlite: Database, change: Change, words: str) -> None:
    assert words in refused(on_sqlite, change)


@pytest.mark.parametrize(
    ("day", "fits"), [("2026-11-19", False), ("2026-11-20", True), ("2028-11-20", True), ("2028-11-21", False)]
)
def test_a_wanted_date_is_from_the_issue_to_two_years_later(on_sqlite: Database, day: str, *, fits: bool) -> None:
    change = (TOTAL, f"<cac:Delivery><cbc:LatestDeliveryDate>{day}</cbc:LatestDeliveryDate></cac:Delivery>{TOTAL}")
    if fits:
        assert taken(on_sqlite, change)[0].wanted_date == date.fromisoformat(day)
    else:
        assert day in refused(on_sqlite, change)
        assert taken(on_sqlite, change, any_dates=True)[0].wanted_date == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "fits"), [("2026-01-05", False), ("2026-01-06", True), ("2027-01-07", True), ("2027-01-08", False)]
)
def test_an_order_is_issued_from_a_year_back_to_tomorrow(on_sqlite: Database, day: str, *, fits: bool) -> None:
    change = ("<cbc:IssueDate>2026-11-20<", f"<cbc:IssueDate>{day}<")
    assert taken(on_sqlite, change, any_dates=not fits)[0].issue_date == date.fromisoformat(day)
    if not fits:
        assert day in refused(on_sqlite, change)


BUYER = '<cbc:EndpointID schemeID="0009">73282932000074</cbc:EndpointID>'
BuyerCase = tuple[str, str, bool]
BUYERS: list[BuyerCase] = [
    ("our SIRET and another name", f"{BUYER}|Essai", True),
    ("our name alone", "|ESSAI  sarl", True),
    ("another name alone", "|Essai Bis", False),
    ("another SIRET and our name", BUYER.replace("73282932000074", "55208131766522") + "|Essai SARL", False),
    ("our SIREN", '<cbc:EndpointID schemeID="0002">732829320</cbc:EndpointID>|Nous', True),
    ("a GLN and our name", '<cbc:EndpointID schemeID="0088">7300010000001</cbc:EndpointID>|Essai SARL', True),
    ("nobody", "|", False),
]


@pytest.mark.parametrize(("written", "is_us"), [case[1:] for case in BUYERS], ids=[case[0] for case in BUYERS])
def test_the_buyer_is_us(on_sqlite: Database, written: str, *, is_us: bool) -> None:
    endpoint, _, name = written.partition("|")
    changes = ((BUYER, endpoint), ("Essai SARL", name))
    if is_us:
        taken(on_sqlite, *changes)
    else:
        assert "cac:BuyerCustomerParty" in refused(on_sqlite, *changes)


@pytest.mark.parametrize("buyer", ["Quite Another SA", "quite another sa", "552 081 317 66522"])
def test_the_command_says_for_whom(essai_site: Database, buyer: str) -> None:
    assert take(essai_site, "h1-foreign-buyer.xml", buyer=buyer).new == ("H1",)
    with pytest.raises(FileProblems, match="Essai SARL"):
        take(essai_site, PLAIN, buyer=buyer)


@pytest.mark.parametrize(
    ("gtin", "words"),
    [("3250390000014", "check"), ("325039000001", "check"), ("12345", "8, 12, 13 or 14 digits")],
)
def test_a_gtin_has_its_check_digit(on_sqlite: Database, gtin: str, words: str) -> None:
    assert words in refused(on_sqlite, ("3250390000013", gtin), file="g1-gtin-only.xml")


def test_a_gtin_of_14_digits_is_the_same_one(on_sqlite: Database) -> None:
    data = changed("g1-gtin-only.xml", ("3250390000013", "03250390000013"), ("<cbc:ID>G1<", "<cbc:ID>G14<"))
    assert import_file(on_sqlite, "g.xml", data, by="marie").new == ("G14",)


@pytest.mark.parametrize("currency", ["XYZ", "FRF", "eur"])
def test_a_currency_is_one_of_iso_4217(on_sqlite: Database, currency: str) -> None:
    data = (FOLDER / PLAIN).read_bytes().replace(b"EUR", currency.encode())
    with pytest.raises(FileProblems, match=currency):
        import_file(on_sqlite, "x.xml", data, by="marie")


@pytest.mark.parametrize(("country", "code"), [("fr", "FR"), ("France", "FR"), ("ZZ", None), ("Frankland", None)])
def test_a_country_is_one_of_iso_3166(on_sqlite: Database, country: str, code: str | None) -> None:
    address = (
        "<cac:Delivery><cac:DeliveryLocation><cac:Address><cbc:CityName>Lille</cbc:CityName><cac:Country>"
        f"<cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country></cac:Address></cac:DeliveryLocation>"
        f"</cac:Delivery>{TOTAL}"
    )
    if code is not None:
        assert taken(on_sqlite, (TOTAL, address))[0].delivery_country == code
    else:
        assert country in refused(on_sqlite, (TOTAL, address))


def test_an_element_that_stands_twice_is_refused(on_sqlite: Database) -> None:
    """The second quantity of a line would be lost."""
    quantity = '<cbc:Quantity unitCode="C62">10</cbc:Quantity>'
    assert "cbc:Quantity" in refused(on_sqlite, (quantity, quantity + quantity.replace("10", "100")))


def test_what_nobody_knows_is_named(on_sqlite: Database) -> None:
    _, said = taken(
        on_sqlite,
        (TOTAL, f"<cac:PaymentMeans><cbc:PaymentMeansCode>31</cbc:PaymentMeansCode></cac:PaymentMeans>{TOTAL}"),
    )
    assert "cac:PaymentMeans" in said


def test_all_faults_come_at_once(on_sqlite: Database) -> None:
    text = refused(
        *(
            on_sqlite,
            ('unitCode="C62">10<', 'unitCode="ZZZ">10<'),
            ("<cbc:OrderTypeCode>105<", "<cbc:OrderTypeCode>221<"),
        ),
        ("<cbc:IssueDate>", "<cbc:CopyIndicator>true</cbc:CopyIndicator><cbc:IssueDate>"),
    )
    assert all(words in text for words in ("ZZZ", "221", "copy"))
