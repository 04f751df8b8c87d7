"""Orders as files: what is written can be read again, once each, under names that stay in the folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.enums import FileFormat
from intergestan_db.file_tables.xlsx_table import Cell
from intergestan_db.problem import FileProblems, Problem
from intergestan_db.tables import Event, PurchaseOrder, SalesOrder
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.catalogue.catalogue_file import write_csv
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_export import (
    PURCHASE,
    SALES,
    as_documents,
    file_name,
    mark_exported,
    read_orders,
    to_export,
    write_tables,
    write_ubl,
)
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import unconfirm
from intergestan_msg.money import Price
from intergestan_msg.order import Order, OrderLine, Period
from intergestan_msg.ubl import read_order
from tests.desk import Desk
from tests.erp.catalogue.catalogues import NAMES
from tests.examples import SPEED, share
from tests.factories import a_line, an_order
from tests.msg import strategies
from tests.order_files import import_file
from tests.site_factories import a_product, add_party, make_site

NUMBERS = count(1)
SUPPLIER = NewParty(code="F001", name="STAUBER", is_supplier=True, siret="80295478500028", city="Vittel")
TITLES = ["order", "date", "supplier", "note", "line", "product", "name", "quantity", "unit", "price"]
TITLES += ["base_quantity", "allowance", "vat_category", "vat_rate", "gtin", "supplier_code", "line_note", "charge"]
FINE = st.integers(1, 10**9).map(lambda digits: Decimal(digits).scaleb(-6))
LARGE = st.integers(10**15, 10**18 - 1).map(lambda digits: Decimal(digits).scaleb(-6))
CENTS = st.integers(-(10**6), 10**6).map(lambda digits: Decimal(digits).scaleb(-2))
VAT = [(category, rate) for category in ("S", None) for rate in (Decimal("5.5"), Decimal(20), None)] + [("Z", None)]
CODES = st.none() | st.text("ABC0123456789-/. é", min_size=1, max_size=10).map(str.strip).filter(bool)


def shop(base: Database) -> Database:
    make_site(base)
    with base.transaction() as connection:
        add_party(connection, SUPPLIER)
        put_products(connection, [a_product("CAS16", "12.5"), a_product("CAS18", gtin="3012345678902")])
    return base


@st.composite
def rows(draw: st.DrawFn) -> list[list[Any]]:
    """The rows of one order, without its number."""
    note = draw(st.none() | NAMES)
    found: list[list[Any]] = []
    for position in range(draw(st.integers(1, 4))):
        price, base, allowance = draw(FINE | FINE | LARGE), draw(FINE), draw(CENTS)
        unit = draw(st.sampled_from(["C62", "KGM", None]))
        quantity = draw(FINE if unit == "KGM" else st.integers(1, 1000).map(Decimal))
        product = draw(st.sampled_from(["CAS16", "CAS18"]))
        line = [str(position + 1), product, draw(st.none() | NAMES), quantity]
        line += [unit, price, base, max(allowance, Decimal(0)), *draw(st.sampled_from(VAT))]
        line += [
            draw(st.none() | st.just("3012345678902")) if product == "CAS18" else None,
            draw(CODES),
            draw(st.none() | NAMES),
            None,
        ]
        found.append(["2026-11-15", "F001", note, *line])
    for _ in range(draw(st.integers(0, 2))):
        reason, amount = draw(NAMES), draw(CENTS.filter(bool))
        found.append(
            ["2026-11-15", "F001", note, None, None, reason, *[None] * 5, "S", Decimal(20), *[None] * 3, amount]
        )
    return found


def exported(base: Database, numbers: list[str], form: FileFormat, language: str = "fr") -> list[bytes]:
    with base.read() as connection:
        orders = read_orders(connection, PURCHASE, to_export(connection, PURCHASE, numbers, again=True))
        if form is FileFormat.UBL:
            return [write_ubl(each) for each in as_documents(connection, PURCHASE, orders)]
        return [write_tables(PURCHASE, each, form, language) for each in orders]


def is_entered(base: Database, table: bytes) -> bool:
    """Whether the order is one that a mail could carry, and a file."""
    try:
        import_file(base, "first.csv", table, by="marie")
    except FileProblems as refused:
        if not any(reason in str(refused) for reason in ("more than the order is worth", "at most 12 digits")):
            raise
        return False
    return True


@given(order=rows(), language=st.sampled_from(["fr", "en"]))
@settings(max_examples=share(2), suppress_health_check=[*SPEED, HealthCheck.function_scoped_fixture])
def test_an_exported_order_is_the_same_order_when_it_is_imported(
    sqlite_base: Database, order: list[list[Any]], language: str
) -> None:
    """As UBL, CSV and XLSX: with base quantities, charges, allowances, codes and notes, to the cent."""
    if not PREPARED.get(id(sqlite_base)):
        PREPARED[id(sqlite_base)] = shop(sqlite_base)
    number = f"N{next(NUMBERS)}"
    table = write_csv([TITLES, *([number, *row] for row in order)], "fr")
    if not is_entered(sqlite_base, table):
        return
    for form in FileFormat:
        (data,) = exported(sqlite_base, [number], form, language)
        assert import_file(sqlite_base, "again", data, by="marie") == Imported((), (number,)), form


UNITS = {"C62": st.integers(1, 10**12 - 1).map(Decimal), "KGM": FINE | LARGE}
REFUSED = (
    *("more than the order is worth", "at most 12 digits", "for no value", "is an error of a spreadsheet"),
    *("lost digits", "The text is too long", "that nobody sees"),
)
"""Why a document is refused that no table could say again."""


def _with_days_of_a_table(lines: list[OrderLine]) -> list[OrderLine]:
    """Without any day where some lines have one and the same: in a table that is the day of the whole order."""
    days = {line.wanted for line in lines}
    if None in days and len(days) == 2:
        return [replace(line, wanted=None) for line in lines]
    return lines


@st.composite
def documents(draw: st.DrawFn) -> Order:
    """An order of ours as another program writes it: any texts and ids, in so far as an order of a table has them."""
    any_order = draw(strategies.orders())
    lines = []
    for line in any_order.lines:
        unit = draw(st.sampled_from(sorted(UNITS)))
        item = replace(line.item, buyers_id="CAS16", standard_id=None, tax=None)
        price = Price(draw(FINE), draw(FINE))
        quantity = draw(UNITS[unit] | st.integers(1, 100).map(Decimal))
        lines.append(
            replace(line, item=item, quantity=quantity, unit=unit, price=price, line_total=None, tax_amount=None)
        )
    if any_order.delivery is None or any_order.delivery.wanted is None:
        lines = _with_days_of_a_table(lines)
    return replace(
        an_order(),
        id=any_order.id,
        lines=tuple(lines),
        note=any_order.note,
        delivery=any_order.delivery,
        allowances=tuple(replace(each, tax=None) for each in any_order.allowances),
        totals=None,
        tax_amount=None,
        type_code=draw(st.sampled_from(["220", "105", "226", "402"])),
        customer_reference=any_order.customer_reference,
        quotation_id=any_order.quotation_id,
        accounting_cost=any_order.accounting_cost,
    )


@example(
    document=replace(an_order("CFR1", (a_line(1, code="CAS16", name="Poêle\r28 cm"),)), customer_reference=None),
    form=FileFormat.CSV,
)
@given(document=documents(), form=st.sampled_from(FileFormat))
@settings(max_examples=share(2), suppress_health_check=[*SPEED, HealthCheck.function_scoped_fixture])
def test_a_document_that_was_taken_in_is_the_same_order_as_a_table(
    sqlite_base: Database, document: Order, form: FileFormat
) -> None:
    """What one door takes in, every door takes in again."""
    if not PREPARED.get(id(sqlite_base)):
        PREPARED[id(sqlite_base)] = shop(sqlite_base)
    document = replace(document, id=f"{document.id[:50]}{next(NUMBERS)}")
    try:
        (number,) = import_file(sqlite_base, "first.xml", write_ubl(document), by="marie", options=OPTIONS).new
    except FileProblems as refused:
        if not any(reason in str(refused) for reason in REFUSED):
            raise
        return
    (data,) = exported(sqlite_base, [number], form)
    assert import_file(sqlite_base, "again", data, by="marie", options=Options(any_dates=True)) == Imported(
        (), (number,)
    )


def test_a_day_of_some_lines_is_that_of_the_order_in_a_table(sqlite_base: Database) -> None:
    """A table cannot say it of a document otherwise, and nothing is altered: it is refused as other content."""
    shop(sqlite_base)
    early, late = (Period(date(2026, 12, day), date(2026, 12, day)) for day in (1, 9))
    for number, days in (("J1", (early, None)), ("J2", (early, late))):
        lines = tuple(replace(a_line(i, code="CAS16"), wanted=day) for i, day in enumerate(days, 1))
        document = replace(an_order(number, lines), customer_reference=None, delivery=None)
        assert import_file(sqlite_base, f"{number}.xml", write_ubl(document), by="marie", options=OPTIONS).new
    for form in (FileFormat.CSV, FileFormat.XLSX):
        (some,) = exported(sqlite_base, ["J1"], form)
        with pytest.raises(FileProblems, match="other content"):
            import_file(sqlite_base, "again", some, by="marie", options=Options(any_dates=True))
        (each,) = exported(sqlite_base, ["J2"], form)
        assert import_file(sqlite_base, "again", each, by="marie", options=Options(any_dates=True)).there == ("J2",)


@pytest.mark.parametrize("field", ["customer_reference", "quotation_id", "accounting_cost"])
def test_references_are_as_strict_in_a_document_as_in_a_table(sqlite_base: Database, field: str) -> None:
    """What a table could not say again is refused where it comes in."""
    shop(sqlite_base)
    document = replace(an_order("R1", (a_line(1, code="CAS16"),)), customer_reference=None)
    said: dict[str, Any] = {field: "NULL"}
    wrong = write_ubl(replace(document, **said))
    with pytest.raises(FileProblems, match="for no value"):
        import_file(sqlite_base, "r1.xml", wrong, by="marie", options=OPTIONS)


def test_what_travels_beside_the_columns_goes_out_and_comes_in_again(sqlite_base: Database) -> None:
    """A call-off with its references, as a table and again; a type that cannot be taken is refused."""
    shop(sqlite_base)
    titles = "number;date;supplier;product;quantity;type_code;customer_reference;quotation_id;accounting_cost"
    import_file(sqlite_base, "o.csv", f"{titles}\nT1;2026-11-15;F001;CAS16;1;226;R/7;DV12;0042\n".encode(), by="marie")
    for form in FileFormat:
        (data,) = exported(sqlite_base, ["T1"], form)
        assert import_file(sqlite_base, "again", data, by="marie") == Imported((), ("T1",)), form
    (document,) = exported(sqlite_base, ["T1"], FileFormat.UBL)
    order = read_order(document)
    said = (order.type_code, order.customer_reference, order.quotation_id, order.accounting_cost)
    assert said == ("226", "R/7", "DV12", "0042")
    for wrong, words in (("221", "blanket"), ("Urgent", "not a type of order")):
        table = f"{titles}\nT2;2026-11-15;F001;CAS16;1;{wrong};;;\n".encode()
        with pytest.raises(FileProblems, match=words):
            import_file(sqlite_base, "o.csv", table, by="marie")


PREPARED: dict[int, Database] = {}
OPTIONS = Options(buyer="Arts de la Table Mulhouse", any_dates=True)


def test_each_order_once(base: Database) -> None:
    """Drafts never; what was exported only when asked for again."""
    shop(base)
    text = "order;date;supplier;product;quantity\nA;2026-11-15;F001;CAS16;1\nB;2026-11-15;F001;CAS16;1\n"
    import_file(base, "orders.csv", f"{text}C;2026-11-15;F001;CAS16;1\n".encode(), by="marie")
    with base.transaction() as connection:
        unconfirm(connection, ["C"], by="marie", at=base.now())
        first = to_export(connection, PURCHASE, [], again=False)
        assert len(first) == 2
        mark_exported(connection, PURCHASE, first[:1], by="marie", at=base.now())
        assert to_export(connection, PURCHASE, [], again=False) == first[1:]
        assert to_export(connection, PURCHASE, ["A", "B"], again=False) == first[1:]
        assert to_export(connection, PURCHASE, ["A"], again=True) == first[:1]
        for wrong, words in ((["C"], "draft"), (["A", "X"], "no order X")):
            with pytest.raises(Problem, match=words):
                to_export(connection, PURCHASE, wrong, again=True)
        events = connection.execute(Event.__table__.select().where(Event.name == "export")).all()
        assert [(row.subject, row.subject_id, row.who) for row in events] == [("purchase_order", first[0], "marie")]


def test_a_sales_order(base: Database) -> None:
    """G03: our number is the document's, the customer's is their reference; the figures are those booked."""
    desk = Desk(base)
    order = an_order("CFR/7", 2)
    desk.know_products_of(order)
    desk.book(order)
    with base.read() as connection:
        ids = to_export(connection, SALES, [], again=False)
        orders = read_orders(connection, SALES, ids)
        (document,) = as_documents(connection, SALES, orders)
        table = write_tables(SALES, orders[0], FileFormat.CSV, "fr").decode("utf-8-sig")
    again = read_order(write_ubl(document))
    assert (again.id, again.customer_reference) == ("CCL1", "CFR/7")
    assert (again.buyer.name, again.seller.name) == ("Mulhouse", "Stauber")
    assert order.totals is not None
    assert again.totals is not None
    assert again.totals.payable == order.totals.payable
    assert [(line.id, line.quantity) for line in again.lines] == [(line.id, line.quantity) for line in order.lines]
    titles, first, _ = table.splitlines()
    cells = dict(zip(titles.split(";"), first.split(";"), strict=True))
    assert (cells["ID Pièce"], cells["Commande client"], cells["Raison sociale"]) == ("CCL1", "CFR/7", "Mulhouse")
    assert (cells["Quantité"], cells["Prix"], cells["Total HT"]) == ("1", "10,5", "33,5")
    with base.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="review"))
        assert to_export(connection, SALES, [], again=True) == []


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_a_file_name_stays_in_its_folder(number: str, other: str) -> None:
    try:
        name = file_name(number, FileFormat.CSV)
    except UnicodeEncodeError:
        return  # a lone surrogate is in no base
    assert len(name.encode()) <= 255
    assert Path("/folder", name).parent == Path("/folder")
    assert name[0] not in ".~"
    assert not set(name) & set('/\\:*?"<>|\0')
    if other != number and not any("\ud800" <= each <= "\udfff" for each in other):
        assert file_name(other, FileFormat.CSV) != name


def test_the_usual_name() -> None:
    assert [file_name("CFR1", form) for form in FileFormat] == ["CFR1.xml", "CFR1.csv", "CFR1.xlsx"]
    assert file_name("A/1.b", FileFormat.UBL) == "A%2F1%2Eb.xml"


def test_many_orders_are_read_in_a_few_queries(sqlite_base: Database) -> None:
    shop(sqlite_base)
    text = "".join(f"N{number};2026-11-15;F001;CAS16;1\n" for number in range(250))
    import_file(sqlite_base, "o.csv", f"order;date;supplier;product;quantity\n{text}".encode(), by="marie")
    with sqlite_base.read() as connection:
        ids = connection.execute(PurchaseOrder.__table__.select()).scalars().all()
        assert len(list(read_orders(connection, PURCHASE, list(ids)))) == 250


def test_texts_that_spreadsheets_would_compute_are_texts_in_what_we_write() -> None:
    row: list[Cell] = ["=1+1", "+33 1", "@cmd", "-x", "'a", "plain", Decimal(-1), Decimal("1.234"), Decimal("1.2345")]
    written = write_csv([row], "fr").decode("utf-8-sig").strip()
    assert written == "'=1+1;'+33 1;'@cmd;'-x;''a;plain;-1;1,2340;1,2345"
    assert write_csv([["＝1", "\tx", "\ry", "-5", Decimal(-5)]], "en").decode("utf-8-sig") == (
        "'＝1;'\tx;\"'\ry\";'-5;-5\r\n"
    )
    assert write_csv([row], "fr", raw=True).decode("utf-8-sig").strip() == (
        "=1+1;+33 1;@cmd;-x;'a;plain;-1;1,2340;1,2345"
    )
