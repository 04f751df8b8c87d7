"""OpenDocument workbooks: every cell keeps what the sheet says about it, as those of XLSX do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from intergestan_db.file_tables.rows import BookCell
from intergestan_db.file_tables.workbooks import is_workbook, read_sheets
from intergestan_db.problem import FileProblems
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.order_files.file_order import FileOrder
from intergestan_erp.order_files.read_orders import read_orders
from tests.erp.inputs.ods import (
    EMPTY,
    NAMESPACES,
    TYPE,
    cell,
    cells,
    content,
    day,
    number,
    ods,
    row,
    table,
    text,
    zipped,
)

STYLES = """
<number:number-style style:name="N4"><number:number number:min-integer-digits="4"/></number:number-style>
<number:number-style style:name="NKG"><number:number number:decimal-places="2" number:min-integer-digits="1"/>
<number:text> kg</number:text></number:number-style>
<number:number-style style:name="NK"><number:number number:min-integer-digits="1" number:display-factor="1000"/>
</number:number-style>
<number:currency-style style:name="NCP0"><number:number number:decimal-places="2" number:min-integer-digits="1"/>
<number:text> </number:text><number:currency-symbol number:language="fr" number:country="FR">€</number:currency-symbol>
</number:currency-style>
<number:currency-style style:name="NC"><number:text>-</number:text><number:number number:decimal-places="2"/>
<number:text> </number:text><number:currency-symbol>€</number:currency-symbol>
<style:map style:condition="value()&gt;=0" style:apply-style-name="NCP0"/></number:currency-style>
<number:currency-style style:name="ND"><number:currency-symbol>$</number:currency-symbol>
<number:number number:decimal-places="2" number:min-integer-digits="1"/></number:currency-style>
<style:style style:name="ce4" style:family="table-cell" style:data-style-name="N4"/>
<style:style style:name="child" style:family="table-cell" style:parent-style-name="ce4"/>
<style:style style:name="kg" style:family="table-cell" style:data-style-name="NKG"/>
<style:style style:name="k" style:family="table-cell" style:data-style-name="NK"/>
<style:style style:name="eur" style:family="table-cell" style:data-style-name="NC"/>
<style:style style:name="usd" style:family="table-cell" style:data-style-name="ND"/>
<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style>
"""


def read(*rows: str, columns: str = "") -> tuple[list[FileOrder], list[str]]:
    findings = Findings()
    orders = read_orders("x.ods", ods(*rows, styles=STYLES, columns=columns), findings)
    return orders, [str(remark) for remark in findings.remarks]


def fault(**changed: str) -> str:
    with pytest.raises(FileProblems) as refused:
        read(row(cells(**changed)))
    (only,) = refused.value.faults
    return str(only)


def test_a_plain_order() -> None:
    ((order,), said) = read(row(cells()))
    (line,) = order.lines
    assert (order.number, order.issue_date, order.suppliers) == ("X1", date(2026, 11, 20), ("LIEF",))
    assert (line.products, line.quantity, line.price) == (("A-1",), Decimal(2), Decimal("4.5"))
    assert said == []


@pytest.mark.parametrize("digits", ["4500012345678901", "100045", "4.5E3"])
def test_order_numbers_have_all_their_digits(digits: str) -> None:
    ((order,), _) = read(row(cells(A=number(digits))))
    assert order.number == str(int(Decimal(digits)))


def test_an_order_number_that_lost_digits() -> None:
    assert "format the column as text" in fault(A=number(str(2**53)))


@pytest.mark.parametrize("style", ["ce4", "child"])
def test_codes_as_their_format_shows_them(style: str) -> None:
    """By the style of the cell, of the one that it is made of, or of its column."""
    ((order,), _) = read(row(cells(A=number("7", "0007", style=style))))
    assert order.number == "0007"


def test_a_style_of_the_column_and_one_of_the_row() -> None:
    column = '<table:table-column table:number-columns-repeated="2" table:default-cell-style-name="%s"/>'
    ((order,), _) = read(row(cells(A=number("7"))), columns=column % "ce4")
    assert order.number == "0007"
    of_row = 'table:default-cell-style-name="ce4"'
    ((order,), _) = read(row(cells(A=number("7")), of_row), columns=column % "Default")
    assert order.number == "0007"


def test_a_currency_beside_a_price() -> None:
    """Which one a cell says, whatever its sign may stand for."""
    for style, currency in (("eur", "EUR"), ("usd", "USD"), ("", "CHF"), ("usd", "CAD")):
        price = number("4.5", style=style, kind="currency", more=f'office:currency="{currency}"')
        ((order,), _) = read(row(cells(F=price)))
        assert order.currency == currency
    assert "$" in fault(F=number("4.5", style="usd"))


def test_a_unit_beside_a_quantity_and_a_number_in_another_size() -> None:
    ((order,), _) = read(row(cells(E=number("2.5", "2,50 kg", style="kg"))))
    assert (order.lines[0].quantity, order.lines[0].unit) == (Decimal("2.5"), "KGM")
    assert "4000" in fault(E=number("4000", "4", style="k"))


def test_a_rate_shown_as_a_percentage() -> None:
    ((order,), _) = read(row(cells(G=number("0.055", "5,5 %", kind="percentage"))))
    assert order.lines[0].vat_rate == Decimal("5.5")
    assert "has no number, but 50 %" in fault(F=number("0.5", kind="percentage"))
    assert "may be a fraction" in fault(G=number("0.2"))


def test_days_and_times() -> None:
    ((order,), said) = read(row(cells(B=day("2026-11-20T14:30:00"))))
    assert (order.issue_date, said) == (date(2026, 11, 20), [])
    assert "The cell F2 has no number, but 2026-05-01" in fault(F=day("2026-05-01"))
    clock = cell("<text:p>12:00</text:p>", 'office:value-type="time" office:time-value="PT12H00M00S"')
    assert "not a date" in fault(B=clock)


@pytest.mark.parametrize(("since", "serial"), [("", "46346"), ("1904-01-01", "44884")])
def test_a_number_in_a_column_of_dates_is_said(since: str, serial: str) -> None:
    settings = f'<table:calculation-settings><table:null-date table:date-value="{since}"/></table:calculation-settings>'
    findings = Findings()
    (order,) = read_orders(
        "x.ods", zipped(content(settings if since else "", table(row(cells(B=number(serial)))))), findings
    )
    assert order.issue_date == date(2026, 11, 20)
    (said,) = findings.remarks
    assert f"The cell B2 has the number {serial}, read as the date 2026-11-20." in str(said)


@pytest.mark.parametrize(
    "wrong",
    [
        text("#DIV/0!", 'table:formula="of:=1/0" office:string-value="" calcext:value-type="error"'),
        number("0", "Err:502", more='table:formula="of:=SQRT(-1)"'),
        number("0", "#N/A", more='table:formula="of:=NA()"'),
    ],
)
def test_an_error_is_no_empty_cell(wrong: str) -> None:
    assert "The cell F2 has the error" in fault(F=wrong)


def test_a_formula_that_nobody_computed() -> None:
    assert "The cell F2 has a formula that nobody computed" in fault(F='<table:table-cell table:formula="of:=9*0.5"/>')
    ((order,), _) = read(row(cells(F=number("4.5", more='table:formula="of:=9*0.5"'))))
    assert order.lines[0].price == Decimal("4.5")
    empty = '<table:table-cell table:formula="of:=&quot;&quot;" office:value-type="string" office:string-value=""/>'
    ((order,), _) = read(row(cells(F=empty)))
    assert order.lines[0].price is None


def test_equal_rows_and_cells_are_written_once() -> None:
    ((order,), _) = read(row(cells(), 'table:number-rows-repeated="3"'), row(cells(D=text("B-2"))))
    assert [line.row for line in order.lines] == [2, 3, 4, 5]
    assert [line.products for line in order.lines] == [("A-1",)] * 3 + [("B-2",)]
    twice = number("2", more='table:number-columns-repeated="2"')
    ((order,), _) = read(row(cells(E=twice, F="")))
    assert (order.lines[0].quantity, order.lines[0].price) == (Decimal(2), Decimal(2))


def test_empty_rows_count() -> None:
    with pytest.raises(FileProblems) as refused:
        read(row("", 'table:number-rows-repeated="1000"'), row(cells(E=text("x"))))
    assert [each.row for each in refused.value.faults] == [1002]


def test_a_merged_number_covers_its_rows_and_a_merged_quantity_does_not() -> None:
    def merged(shown: str) -> str:
        return text(shown, 'table:number-columns-spanned="1" table:number-rows-spanned="2"')

    under = "<table:covered-table-cell/>"
    first = cells(A=merged("X1"), D=merged("A-1"))
    ((order,), _) = read(row(first), row(cells(A=under, D=under, E=number("3"))))
    assert [(line.products, line.quantity) for line in order.lines] == [(("A-1",), Decimal(2)), (("A-1",), Decimal(3))]
    with pytest.raises(FileProblems, match="The cell E3 is merged with the one above"):
        read(row(cells(E=merged("2"))), row(cells(E=under)))


def test_what_lies_hidden_under_a_merged_cell_is_no_value() -> None:
    """LibreOffice keeps what the cells held before they were merged, and shows it nowhere."""
    merged = text("A-1", 'table:number-columns-spanned="2" table:number-rows-spanned="2"')
    hidden = text("B-9").replace("table-cell", "covered-table-cell")
    lines = [row(merged + hidden + text("x")), row(hidden + hidden + text("y"))]
    (rows,) = read_sheets("x", ods(*lines)).values()
    first, second = rows[1].cells, rows[2].cells
    assert first == ["A-1", "", "x"]
    under = second[0]
    assert isinstance(under, BookCell)
    assert (str(under.text), under.covered, second[1:]) == ("A-1", True, ["", "y"])


def test_a_text_that_a_formula_makes_may_begin_as_an_error_does() -> None:
    formula = "table:formula='of:=&quot;#&quot;&amp;[.A1]'"
    said = text("#12", f'{formula} calcext:value-type="string"')
    (rows,) = read_sheets("x", ods(row(said))).values()
    assert rows[1].cells == ["#12"]


def test_hidden_rows_are_said_and_hidden_sheets_are_left_alone() -> None:
    other = table(row(text("x")), name="Ancien", more='table:style-name="hidden"')
    shown = table(row(cells(), 'table:visibility="filter"'))
    findings = Findings()
    read_orders("x.ods", zipped(content(other, shown, styles=STYLES)), findings)
    assert [str(each) for each in findings.remarks] == [
        "row 2: The row is hidden in the workbook, and was taken as the others were."
    ]


def test_texts_with_parts_blanks_and_comments() -> None:
    comment = "<office:annotation><text:p>à revoir</text:p></office:annotation>"
    first = "<text:p>A<text:span>-1<text:s text:c='2'/></text:span>B\n C</text:p>"
    shown = cell(f"{comment}{first}<text:p>D<text:line-break/>E</text:p>")
    (rows,) = read_sheets("x", ods(row(shown))).values()
    assert rows[1].cells[0] == "A-1  B C\nD\nE"


def test_a_table_within_a_cell_is_none() -> None:
    inner = f"<table:table table:name='z'><table:table-row>{text('innen')}</table:table-row></table:table>"
    around = cell(f"<text:p>A-1</text:p><table:shapes>{inner}</table:shapes>")
    ((order,), _) = read(row(cells(D=around)))
    assert order.lines[0].products == ("A-1",)


def test_what_is_a_workbook() -> None:
    assert is_workbook("x", ods())
    assert is_workbook("x", ods(mimetype=f"{TYPE}-template\n"))
    letter = ods(mimetype="application/vnd.oasis.opendocument.text")
    assert not is_workbook("x", letter)
    with pytest.raises(FileProblems, match="is no workbook"):
        read_orders("x.odt", letter)


def test_one_with_a_password() -> None:
    name = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = '<m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry>'
    manifest = f'<m:manifest xmlns:m="{name}">{entry}</m:manifest>'
    hidden = zipped(b"\x8f\x00", **{"META-INF/manifest.xml": manifest})
    with pytest.raises(FileProblems, match="save it without a password"):
        read_orders("x.ods", hidden)


REPEATED = "repeats its cells too often"
FAR = "far outside"
DAMAGED = "cannot be read"
BOMB = f'<!DOCTYPE x [<!ENTITY a "{"a" * 10}"><!ENTITY b "{"&a;" * 10}"><!ENTITY c "{"&b;" * 10}">]>'


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(cells(D=text("A-1", 'table:number-columns-repeated="16000"')))] * 8, REPEATED),
        ([row(cells(D=text("A-1", 'table:number-columns-repeated="20000"')))], FAR),
        ([row(cells(D=text("A-1", 'table:number-columns-repeated="9999999"')))], REPEATED),
        ([row(cells(D=text("A-1", f'table:number-columns-repeated="{"9" * 5000}"')))], DAMAGED),
        ([row(cells(D=text("A-1", 'table:number-columns-repeated="0"')))], DAMAGED),
        ([row(cells(D=text("A-1", 'table:number-columns-repeated="-3"')))], DAMAGED),
        ([row(cells(), 'table:number-rows-repeated="1048576"')], REPEATED),
        ([row(cells(), f'table:number-rows-repeated="{"9" * 5000}"')], DAMAGED),
        ([row(EMPTY + text("x"))] * 1230, FAR),
        ([row(EMPTY + EMPTY + text("x"))], FAR),
        ([row(cells(D=text("A-1", f'table:number-rows-spanned="{"9" * 5000}"')))], DAMAGED),
        ([row(cells(E=number("1E999999999")))], DAMAGED),
        ([row(cells(E=number("9" * 100_000)))], DAMAGED),
        ([row(cells(E=number("x")))], DAMAGED),
        (["<table:table-row>"], DAMAGED),
        (["<table:table-row><table:table-cell>" + "<text:p>" * 300 + "</text:p>" * 300], DAMAGED),
    ],
    ids=range(16),
)
def test_what_is_hostile_is_refused_with_its_fault(rows: list[str], said: str) -> None:
    with pytest.raises(FileProblems, match=said):
        read_orders("x.ods", ods(*rows))


def test_what_repeats_empty_cells_costs_nothing() -> None:
    wide = '<table:table-cell table:number-columns-repeated="9999999"/>'
    ((order,), _) = read(row(cells() + wide * 5), *[row(wide, 'table:number-rows-repeated="9999999"')] * 5)
    assert len(order.lines) == 1


def test_many_blanks_are_not_written_out() -> None:
    blanks = cell(f"<text:p>A<text:s text:c='{'9' * 5000}'/>B<text:s text:c='9999999'/>C</text:p>")
    (rows,) = read_sheets("x", ods(row(blanks))).values()
    assert rows[1].cells[0] == f"A{' ' * 100}B{' ' * 100}C"


@pytest.mark.parametrize("part", ["content.xml", "styles.xml", "META-INF/manifest.xml"])
def test_entities_are_refused(part: str) -> None:
    """Nothing is put in for them: what a cell seems to say would not be read."""
    parts = {
        "content.xml": content(table(row(cells())), before=BOMB),
        "styles.xml": f"{BOMB}<o {NAMESPACES}><style:style>&c;</style:style></o>",
        "META-INF/manifest.xml": f'{BOMB}<m xmlns:n="u"><n:encryption-data>&c;</n:encryption-data></m>',
    }
    with pytest.raises(FileProblems, match=DAMAGED):
        read_orders("x.ods", zipped(content(table(row(cells()))), **{part: parts[part]}))


def test_two_sheets_of_one_name() -> None:
    with pytest.raises(FileProblems, match=DAMAGED):
        read_orders("x.ods", zipped(content(table(row(cells())), table(row(cells(D=text("B")))))))


def test_a_huge_part_that_packs_to_nothing() -> None:
    with pytest.raises(FileProblems, match="packed too densely"):
        read_orders("x.ods", ods(row(cells(D=text("a" * 30_000_000)))))
