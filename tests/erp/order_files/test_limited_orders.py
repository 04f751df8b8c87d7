"""Files of orders in limited children: what a file may cost; what a child says is what this process would read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.file_tables.reading import Unread
from intergestan_db.limited_child.limits import Limits
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark, Word
from intergestan_erp.inputs.figure import Mark
from intergestan_erp.order_files.file_order import USUAL, Options
from intergestan_erp.order_files.order_reading import ORDERS_READ, LimitedOrders, OrdersAsked
from intergestan_erp.order_files.read_orders import read_here
from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.ubl import write_order
from intergestan_operations.language.wording import sentence
from tests.erp.inputs.ods import EMPTY, cell, cells, content, ods, row, table, text, zipped
from tests.erp.inputs.test_workbook_cells import workbook
from tests.factories import cfr1
from tests.patience import patient

pytestmark = pytest.mark.not_quick
PARIS = ZoneInfo("Europe/Paris")
SMALL = Limits(memory_bytes=48 * 2**20, cpu_seconds=30, wall_seconds=patient(60.0), answer_bytes=2**20)
HEAD = "ID Pièce;Date;Fournisseur;Produit;Quantité;Prix\n"


@pytest.fixture(scope="module")
def readers() -> Iterator[LimitedOrders]:
    with LimitedOrders() as made:
        yield made


FILES = {
    "rows": f"\n{HEAD}A;2026-11-20;F;P;1;1.234\nA;;;P2;2;0.5\n".encode(),
    "a workbook": workbook(lambda _book, sheet: sheet.set_row(1, None, None, {"hidden": True})),
    "a document": write_order(cfr1()),
    "faults": f"{HEAD}A;31/02/2026;F;P;x\n;;;;;;;;9\n".encode(),
    "a quote": f'{HEAD}A;2026-11-20;F;P;"1"2;3\n'.encode(),
    "no document": b"<Order/>",
    "Latin-1": HEAD.encode("latin-1"),
    "nothing": b"",
}


@pytest.mark.parametrize("data", FILES.values(), ids=list(FILES))
def test_a_child_says_the_same(readers: LimitedOrders, data: bytes) -> None:
    """The orders, what is said of them, and every fault in words, whichever language they are in."""

    def outcome(read: Callable[..., object]) -> object:
        try:
            return repr(read("f.csv", data, Options(Mark.POINT), PARIS))
        except FileProblems as problems:
            return problems.file, [(str(fault), sentence(fault, "en")) for fault in problems.faults]

    assert outcome(readers.read) == outcome(read_here)


def test_a_fault_is_the_same_as_data() -> None:
    fault = Fault(3, "Prix", "{a} {b} {c} {d}", part="p", a=Word("draft"), b=2**60, c=ValueError("x"), d=7)
    plain = fault.plain()
    assert plain == PlainFault(3, "Prix", "{a} {b} {c} {d}", "p", plain.values)
    again = Remark.of(plain)
    assert (str(again), type(again.values["a"]), again.values["d"]) == (str(fault), Word, 7)


def test_what_is_wrong_with_a_document_is_still_told_in_both_languages() -> None:
    fault = Fault(None, "UBL", "It cannot be taken: {error}", error=BadDocument(Wrong.NO_LINE))
    again = Fault.of(msgspec.json.decode(msgspec.json.encode(fault.plain()), type=PlainFault))
    assert (str(again), sentence(again, "en")) == (str(fault), sentence(fault, "en"))
    assert "La commande n'a aucune ligne." in sentence(again, "fr")


SHEET = "xl/worksheets/sheet1.xml"
FAR = b'<row r="1048576">%s</row></sheetData>'
CELL = b'<c r="XFD1048576"><v>1</v></c>'
RELATION = "xl/_rels/workbook.xml.rels"


def altered(
    changes: dict[str, Callable[[bytes], bytes]], names: dict[str, str] | None = None, sheets: int = 1
) -> bytes:
    """The usual workbook with other bytes in some parts, and other names of some."""
    buffer = io.BytesIO()

    def more(book: Any, _sheet: Any) -> None:
        for _ in range(1, sheets):
            book.add_worksheet().write(0, 0, 1)

    with zipfile.ZipFile(io.BytesIO(workbook(more))) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            data = changes.get(part, bytes)(old.read(part))
            new.writestr((names or {}).get(part, part), data)
    return buffer.getvalue()


def far(cell: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"</sheetData>", FAR % cell)


def elsewhere(target: bytes) -> bytes:
    relation = {RELATION: lambda data: data.replace(b"worksheets/sheet1.xml", target)}
    return altered({SHEET: far(CELL), **relation}, {SHEET: f"xl/{target.decode()}"})


def rows(row: bytes, count: int) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"</sheetData>", row * count + b"</sheetData>")


BOOKS = {
    "far": altered({SHEET: far(CELL)}),
    "in another part": elsewhere(b"s.xml"),
    "deeper": elsewhere(b"worksheets/a/b.xml"),
    "in capitals": elsewhere(b"worksheets/sheet1.XML"),
    "spaces": altered({SHEET: far(b'<c r = "XFD1048576"><v>1</v></c>')}),
    "a reference": altered({SHEET: far(b'<c r="&#88;FD1048576"><v>1</v></c>')}),
    "small letters": altered({SHEET: far(b'<c r="xfd1048576"><v>1</v></c>')}),
    "another line": altered({SHEET: far(b'<c\nr="XFD1048576"><v>1</v></c>')}),
    "no place": altered({SHEET: far(b"<c><v>1</v></c>")}),
    "zeros": altered({SHEET: far(b'<c r="XFD01048576"><v>1</v></c>')}),
    "dollars": altered({SHEET: far(b'<c r="$XFD$1048576"><v>1</v></c>')}),
    "another attribute": altered({SHEET: far(b'<c x:r="A1" r ="XFD1048576" xmlns:x="u"><v>1</v></c>')}),
    "UTF-16": altered({SHEET: lambda data: far(CELL)(data).decode().replace("UTF-8", "UTF-16").encode("utf-16")}),
    "a long text": altered({SHEET: far(b'<c t="inlineStr"><is><t>' + b"a" * 30_000_000 + b"</t></is></c>")}),
    "wide first rows": altered({SHEET: rows(b'<row r="1"><c r="XFD1"><v>1</v></c></row>', 1300)}),
    "wide rows on many sheets": altered(
        dict.fromkeys(
            (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3)),
            rows(b'<row r="3"><c r="XFD3"><v>1</v></c></row>', 450),
        ),
        sheets=3,
    ),
    "a row of many digits": altered({SHEET: rows(b'<row r="%s"><c><v>1</v></c></row>' % (b"9" * 5000), 1)}),
    "a large exponent": altered({SHEET: far(b'<c r="A2"><v>1E+999999999</v></c>')}),
    "a small exponent": altered({SHEET: far(b'<c r="A2"><v>1E-999999999</v></c>')}),
    "many digits": altered({SHEET: far(b"<c><v>" + b"9" * 100_000 + b"</v></c>")}),
    "a text of many digits": altered({SHEET: far(b'<c t="s"><v>' + b"9" * 5000 + b"</v></c>")}),
    "a style of many digits": altered({SHEET: far(b'<c s="' + b"9" * 5000 + b'"><v>1</v></c>')}),
    "half a character": altered({SHEET: far(b'<c t="inlineStr"><is><t>_xD83D_</t></is></c>')}),
}


OTHERWISE = {
    **dict.fromkeys(("small letters", "no place", "zeros"), "There is no value"),  # no place: the next column it is
    **dict.fromkeys(("a row of many digits", "a style of many digits", "half a character"), "There is no value"),
    **dict.fromkeys(("a large exponent", "a small exponent", "many digits"), "cannot be read"),
    "a text of many digits": "cannot be read",
    "a long text": "packed too densely",
}
"""What is said of those whose cells are not far outside."""


@pytest.mark.parametrize("name", BOOKS)
def test_a_hostile_workbook_is_refused_with_its_fault(readers: LimitedOrders, name: str) -> None:
    """However its far cells are spelt: what is looked at is what the reader sees, and no child dies over it."""
    with pytest.raises(FileProblems) as refused:
        readers.read("commande.xlsx", BOOKS[name], USUAL, PARIS)
    assert not isinstance(refused.value, Unread), str(refused.value)
    assert OTHERWISE.get(name, "far outside") in str(refused.value)


ODS = {
    "many rows": (ods(row(cells(), 'table:number-rows-repeated="9999999"')), "too often"),
    "many cells": (ods(row(cells(D=text("A", 'table:number-columns-repeated="9999999"')))), "too often"),
    "far": (ods(*[row(EMPTY + text("x"))] * 1230), "far outside"),
    "blanks": (
        ods(row(cells(D=cell("<text:p>" + "<text:s text:c='9999999'/>" * 200 + "</text:p>")))),
        "There is no value",
    ),
    "entities": (zipped(content(table(row(cells())), before='<!DOCTYPE x [<!ENTITY a "b">]>')), "cannot be read"),
}


@pytest.mark.parametrize("name", ODS)
def test_a_hostile_opendocument_workbook_is_refused_with_its_fault(readers: LimitedOrders, name: str) -> None:
    """And no child dies over it."""
    data, said = ODS[name]
    with pytest.raises(FileProblems) as refused:
        readers.read("commande.ods", data, USUAL, PARIS)
    assert not isinstance(refused.value, Unread), str(refused.value)
    assert said in str(refused.value)


def zip_of_the_book(version: int = 20, before: int = 0) -> bytes:
    """A zip of one part, said to need a version, which begins so many bytes before the file does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    data = bytearray(buffer.getvalue())
    listed, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    data[listed + 6] = version
    data[end + 16 : end + 20] = (listed + before).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize("data", [zip_of_the_book(version=86), zip_of_the_book(before=17)], ids=["version", "place"])
def test_what_zips_say_of_themselves_is_no_surprise(readers: LimitedOrders, data: bytes) -> None:
    """Python's reader of zips raises what it likes."""
    with pytest.raises(FileProblems, match="damaged") as refused:
        readers.read("commande.xlsx", data, USUAL, PARIS)
    assert not isinstance(refused.value, Unread)


def test_a_number_of_a_format_that_is_none_is_no_format(readers: LimitedOrders) -> None:
    many = {"xl/styles.xml": lambda data: data.replace(b'numFmtId="0"', b'numFmtId="' + b"9" * 5000 + b'"')}
    assert len(readers.read("commande.xlsx", altered(many), USUAL, PARIS).orders) == 1


PIECES = b'|\0|\xff|99999999999999999999|1E9|"|<a/>|&#1;|_xD800_|NaN|PK|;;;|\r|='.split(b"|")
PARTS = (SHEET, "xl/styles.xml", RELATION)
CUT = st.tuples(st.integers(0, 2**14), st.integers(0, 20), st.sampled_from(PIECES))


@given(name=st.sampled_from([*FILES, *PARTS]), cuts=st.lists(CUT, min_size=1, max_size=4))
def test_a_file_that_is_damaged_anywhere_kills_no_child(
    readers: LimitedOrders, name: str, cuts: list[tuple[int, int, bytes]]
) -> None:
    """It is read, or refused with its fault: `Unread` is no answer."""

    def damaged(data: bytes) -> bytes:
        for at, removed, piece in cuts:
            place = at % (len(data) + 1)
            data = data[:place] + piece + data[place + removed :]
        return data

    data = altered({name: damaged}) if name in PARTS else damaged(FILES[name])
    assert readers.ask("f", OrdersAsked(), data, ORDERS_READ) is not None


TEXTS = {
    "many signs": f"{HEAD}A;2026-11-20;F;P;1;1{'€' * 60_000}x\n",
    "many digits": f"{HEAD}A;2026-11-20;F;P;1;{'9' * 100_000}\n",
    "many letters": f"{HEAD}A;2026-11-20;F;P;1;1{'a' * 100_000}\n",
    "a day": f"{HEAD}A;1/1/{'2' * 100_000};F;P;1;1\n",
    "a title": f"{'x' * 100_000};{HEAD}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_a_long_cell_costs_little_and_is_not_quoted_whole(readers: LimitedOrders, text: str) -> None:
    with pytest.raises(FileProblems) as refused:
        readers.read("o.csv", text.encode(), USUAL, PARIS)
    assert not isinstance(refused.value, Unread), str(refused.value)
    assert len(str(refused.value)) < 5000


def test_a_file_that_is_more_than_a_child_may_take() -> None:
    """Nothing of it is taken, the sentence says what to do, and the next file is read by another child."""
    with LimitedOrders(limits=SMALL) as readers:
        with pytest.raises(Unread) as refused:
            readers.read("big.csv", HEAD.encode() + b";" * 20_000_000, USUAL, PARIS)
        assert "48 MB of memory, in 30 s: The reader failed: MemoryError (" in str(refused.value)
        assert len(readers.read("rows.csv", FILES["rows"], Options(Mark.POINT), PARIS).orders) == 1
