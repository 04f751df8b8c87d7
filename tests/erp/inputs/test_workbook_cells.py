"""Workbooks: every cell keeps what the sheet says about it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter

from intergestan_db.file_tables.workbooks import read_sheets
from intergestan_db.problem import FileProblems
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.order_files.file_order import FileOrder
from intergestan_erp.order_files.read_orders import read_orders

TITLES = ("ID Pièce", "Date", "Fournisseur", "Produit", "Quantité", "Prix", "TVA", "EAN", "Livraison code postal")
Change = Callable[[Any, Any], None]


def workbook(change: Change | None = None, **options: Any) -> bytes:
    """An order X1 of 2 A-1 at 4.50, and what `change(book, sheet)` writes over it; its cells are in the second row."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **options})
    sheet = book.add_worksheet("Commandes")
    for column, title in enumerate(TITLES):
        sheet.write_string(0, column, title)
    sheet.write_string(1, 0, "X1")
    sheet.write_datetime(1, 1, datetime(2026, 11, 20), book.add_format({"num_format": "dd/mm/yyyy"}))  # noqa: DTZ001 - a sheet has no zones
    sheet.write_string(1, 2, "LIEF")
    sheet.write_string(1, 3, "A-1")
    sheet.write_number(1, 4, 2)
    sheet.write_number(1, 5, 4.5)
    if change is not None:
        change(book, sheet)
    book.close()
    return buffer.getvalue()


def read(change: Change | None = None, **options: Any) -> tuple[list[FileOrder], list[str]]:
    findings = Findings()
    orders = read_orders("x.xlsx", workbook(change, **options), findings)
    return orders, [str(remark) for remark in findings.remarks]


def fault(change: Change) -> str:
    with pytest.raises(FileProblems) as refused:
        read(change)
    (only,) = refused.value.faults
    return str(only)


def number(column: int, value: float, form: str = "General", row: int = 1) -> Change:
    return lambda book, sheet: sheet.write_number(row, column, value, book.add_format({"num_format": form}))


def test_a_plain_order() -> None:
    ((order,), said) = read()
    (line,) = order.lines
    assert (order.number, order.issue_date, order.suppliers) == ("X1", date(2026, 11, 20), ("LIEF",))
    assert (line.products, line.quantity, line.price) == (("A-1",), Decimal(2), Decimal("4.5"))
    assert said == []


@pytest.mark.parametrize("digits", [4500012345678901, 4500012345678904, 9007199254740991, 100045])
def test_order_numbers_have_all_their_digits(digits: int) -> None:
    ((order,), _) = read(number(0, digits))
    assert order.number == str(digits)


@pytest.mark.parametrize("value", [2**53, 45000123456789012345, 12.5])
def test_an_order_number_that_lost_digits(value: float) -> None:
    assert "format the column as text" in fault(number(0, value))


def test_codes_as_their_format_shows_them() -> None:
    def change(book: Any, sheet: Any) -> None:
        number(0, 7, "0000")(book, sheet)
        number(8, 1000, "00000")(book, sheet)
        number(7, 3250390000013, "0.00E+00")(book, sheet)

    ((order,), _) = read(change)
    assert (order.number, order.delivery["delivery_postcode"]) == ("0007", "01000")
    assert order.lines[0].gtin == "3250390000013"


def test_a_date_is_no_code() -> None:
    """1-2 that a spreadsheet took for the first of February."""
    assert "The cell D2 has no text, but 2026-02-01" in fault(number(3, 46054, "dd/mm/yyyy"))


def test_a_rate_shown_as_a_percentage() -> None:
    for value, form, rate in (
        (0.2, "0%", "20"),
        (0.055, "0.0 %", "5.5"),
        (0.005, "0.00%", "0.5"),
        (20, "General", "20"),
    ):
        ((order,), _) = read(number(6, value, form))
        assert order.lines[0].vat_rate == Decimal(rate)
    assert "may be a fraction" in fault(number(6, 0.2))
    assert "has no number, but 50 %" in fault(number(5, 0.5, "0%"))


def test_a_date_in_a_column_of_numbers() -> None:
    """1.5 that a spreadsheet took for the first of May."""
    assert "The cell F2 has no number, but 2026-05-01" in fault(number(5, 46143, "d-mmm"))


@pytest.mark.parametrize(("since_1904", "serial"), [(False, 46346), (True, 44884)])
def test_a_number_in_a_column_of_dates_is_said(since_1904: bool, serial: int) -> None:  # noqa: FBT001 - a parameter of the test
    ((order,), (said,)) = read(number(1, serial), date_1904=since_1904)
    assert order.issue_date == date(2026, 11, 20)
    assert f"The cell B2 has the number {serial}, read as the date 2026-11-20." in said


def test_a_date_with_a_time_is_the_date() -> None:
    ((order,), said) = read(number(1, 46346.604166666664, "dd/mm/yyyy hh:mm"))
    assert (order.issue_date, said) == (date(2026, 11, 20), [])


def test_a_time_is_no_date() -> None:
    assert "not a date" in fault(number(1, 0.5, "hh:mm"))


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#VALUE!"])
@pytest.mark.parametrize("column", [0, 1, 3, 4, 5, 6])
def test_an_error_is_no_empty_cell(error: str, column: int) -> None:
    told = fault(lambda _book, sheet: sheet.write_formula(1, column, "=1/0", value=error))
    assert f"The cell {'ABCDEFG'[column]}2 has the error {error}" in told


def test_a_formula_that_nobody_computed() -> None:
    data = workbook(lambda _book, sheet: sheet.write_formula(1, 5, "=9*0.5", value="4.5"))
    with pytest.raises(FileProblems, match="The cell F2 has a formula that nobody computed"):
        read_orders("x.xlsx", altered(data, r"<v>4\.5</v></c><", "</c><"))
    ((order,), _) = read(lambda _book, sheet: sheet.write_formula(1, 5, "=9*0.5", value=4.5))
    assert order.lines[0].price == Decimal("4.5")
    empty = altered(data, r'<c r="F2" t="str">(<f>.*?</f>)<v>4\.5</v>', r'<c r="F2" t="str">\1<v></v>')
    assert read_orders("x.xlsx", empty)[0].lines[0].price is None  # its value is the empty text


def test_a_merged_number_covers_its_rows_and_a_merged_quantity_does_not() -> None:
    def two_lines(book: Any, sheet: Any) -> None:
        sheet.merge_range(1, 0, 2, 0, "X1")
        sheet.merge_range(1, 3, 2, 3, "A-1")
        sheet.write_string(2, 2, "LIEF")
        sheet.write_number(2, 4, 3)
        number(1, 46346, "dd/mm/yyyy", row=2)(book, sheet)

    def one_quantity(book: Any, sheet: Any) -> None:
        two_lines(book, sheet)
        sheet.write_blank(2, 4, None, book.add_format({"bold": True}))
        sheet.merge_range(1, 4, 2, 4, "2")

    ((order,), _) = read(two_lines)
    assert [(line.products, line.quantity) for line in order.lines] == [(("A-1",), Decimal(2)), (("A-1",), Decimal(3))]
    assert "The cell E3 is merged with the one above" in fault(one_quantity)


def test_hidden_rows_are_said_and_hidden_sheets_are_left_alone() -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet.set_row(1, None, None, {"hidden": True})
        other = book.add_worksheet("Ancien")
        other.write_string(0, 0, "x")
        other.hide()

    (_, (said,)) = read(change)
    assert said == "row 2: The row is hidden in the workbook, and was taken as the others were."
    assert list(read_sheets("x", workbook(change))) == ["Commandes"]


def test_texts_with_runs_and_escaped_characters() -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet.write_rich_string(1, 3, "A", book.add_format({"bold": True}), "-1")
        sheet.write_string(1, 2, "LI_x0045_F")

    ((order,), _) = read(change)
    assert order.lines[0].products == ("A-1",)
    assert order.suppliers == ("LI_x0045_F",)  # the writer escapes what would be read as another character


@pytest.mark.parametrize("part", ["workbook.xml", "worksheets/sheet1.xml", "styles.xml", "sharedStrings.xml"])
def test_a_part_that_is_no_xml(part: str) -> None:
    with pytest.raises(FileProblems, match="cannot be read"):
        read_orders("x.xlsx", altered(workbook(), r"^", "<", f"xl/{part}"))


def test_entities_are_not_followed() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    data = altered(workbook(), r"^<\?xml[^>]*>", bomb, "xl/sharedStrings.xml")
    with pytest.raises(FileProblems):
        read_orders("x.xlsx", altered(data, "LIEF", "&b;", "xl/sharedStrings.xml"))


def altered(data: bytes, pattern: str, by: str, part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """The same workbook with one part changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, re.sub(pattern, by, text, count=1) if name == part else text)
    return buffer.getvalue()
