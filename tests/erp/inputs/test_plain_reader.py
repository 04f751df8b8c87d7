"""Two readers of cells, by two who had the same page (docs/files.md): they read the same, or both refuse.

The cells are those that people type, right and nearly right. Where the readers disagree, the page decides who is wrong.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from intergestan_db.file_tables.rows import BookCell, Kind, Row
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.table import Columns, read_rows
from tests.erp.inputs import plain_reader
from tests.erp.inputs.plain_reader import ERRORS, NO_VALUE, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

PARIS = ZoneInfo("Europe/Paris")
CELL = "cell"
KINDS = {"quantity": Figure.QUANTITY, "amount": Figure.AMOUNT, "rate": Figure.RATE}


def cells_of(text: str, findings: Findings) -> Cells:
    """A row with one cell, as a table hands it over."""
    return Cells(1, {CELL: text.strip()}, {}, findings)


def product_numbers(file: Sequence[tuple[str, str]], said: str | None) -> list[Decimal | None] | None:
    """What the product reads in the numbers of a file of orders in euros; None where it refuses the file."""
    findings = Findings(None if said is None else Mark(said), PARIS)
    findings.texts += [(text, KINDS[kind]) for text, kind in file]
    read = []
    for text, kind in file:
        cells = cells_of(text, findings)
        if kind == "rate":
            read.append(cells.rate(CELL))
        elif kind == "quantity":
            read.append(cells.decimal(CELL, signed=True))
        else:
            read.append(cells.amount(CELL, signed=True))
            if cells.currencies.get(CELL, "EUR") != "EUR":
                return None
    return None if findings.faults else read


def plain_numbers(file: Sequence[tuple[str, str]], said: str | None) -> list[Decimal | None] | None:
    """What the page has them be."""
    try:
        return [
            plain_reader.number(*cell, plain_reader.decimal_marks([*file[:place], *file[place + 1 :]]), said)
            for place, cell in enumerate(file)
        ]
    except Fault:
        return None


def product_day(text: str) -> date | None:
    """The product's reading at a site in France."""
    return cells_of(text, Findings(zone=PARIS)).day(CELL)


def often(usual: str, *others: str) -> st.SearchStrategy[str]:
    """Mostly the usual text, else one of the others."""
    return st.one_of(st.just(usual), st.just(usual), st.just(usual), st.sampled_from(others))


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    """So many of 0 to 9."""
    return st.text("0123456789", min_size=least, max_size=most)


BLANKS = (" ", "\u00a0", "\u202f")
ODD_BLANKS = ("  ", "\t", "\n", "\u2009", "\u3000", "\u200b", "\r\n")
GROUP_MARKS = (*BLANKS, "'", "’", ".", ",", "")
ODD_MARKS = ("_", ";", ":", "·", "٬", "٫", "/", "  ", "\u2009", "\n", ", ", "..")
SIGNS = ("-", "+", "−", "--", "+-", "- ", "–", "±")
CURRENCIES = ("€", "EUR", "eur", "euro", "euros", "$", "CHF", "pcs", "%", "€€", "HT", "EUR HT", "kg", "￠", "€/U")


@st.composite
def grouped(draw: st.DrawFn) -> str:
    """Digits with marks between them, mostly of one kind and mostly between groups of three."""
    mark = draw(st.sampled_from(GROUP_MARKS))
    text = draw(digits(1, 3))
    for _ in range(draw(st.integers(0, 4))):
        between = draw(often(mark, *GROUP_MARKS, *ODD_MARKS)) if draw(st.booleans()) else mark
        text += between + draw(st.one_of(digits(3, 3), digits(3, 3), digits(3, 3), digits(0, 5)))
    return text


@st.composite
def tidy_numbers(draw: st.DrawFn) -> str:
    """A number as the page has it: groups of three with one mark or none, and decimals behind another."""
    mark = draw(st.sampled_from(GROUP_MARKS))
    groups = [str(draw(st.integers(1, 999))), *draw(st.lists(digits(3, 3), max_size=4))]
    decimals = draw(st.one_of(st.just(""), digits(1, 2), digits(1, 7)))
    before = draw(st.sampled_from([sign for sign in ",." if sign != mark])) if decimals else ""
    return mark.join(groups) + before + decimals


@st.composite
def untidy_numbers(draw: st.DrawFn) -> str:
    """A number that is nearly one: whole, with decimals, or with both kinds of marks."""
    whole = draw(st.one_of(grouped(), grouped(), digits(0, 4), digits(10, 20)))
    decimals = draw(st.one_of(st.just(""), digits(1, 2), digits(3, 3), digits(0, 8)))
    mark = draw(often(",", *"....", "'", ", ", " ,", "٫"))
    return whole + mark + decimals if decimals or draw(st.booleans()) else whole


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number as it stands in a cell with all that people put around it, and what it is for."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    low = st.integers(0, 120).map(str)
    text = draw(st.one_of(low if kind == "rate" else tidy_numbers(), tidy_numbers(), untidy_numbers()))
    text = draw(often("", "-", "+", "−", *SIGNS)) + text
    blank = draw(st.one_of(st.just(""), st.sampled_from(BLANKS), st.sampled_from((*BLANKS, *ODD_BLANKS))))
    form = draw(st.sampled_from(("alone", "alone", "alone", "with its sign", "with its sign", "with its sign", "odd")))
    if form == "with its sign":
        sign = draw(often({"rate": "%", "amount": "€", "quantity": ""}[kind], *CURRENCIES))
        text = f"{sign}{blank}{text}" if kind == "amount" and draw(st.booleans()) else f"{text}{blank}{sign}"
    elif form == "odd":
        cut = draw(st.integers(0, len(text)))
        inside = draw(st.sampled_from((*CURRENCIES, *ODD_BLANKS, *BLANKS, "-", "+")))
        behind = draw(st.sampled_from(("E+03", "e5", "E-2", "-", "−", " -", " 20", "\n20", "½", "²", "x")))
        other_one = draw(st.sampled_from("١１²①"))
        odd = (text[:cut] + inside + text[cut:], text + behind, f"({text})", text.replace("1", other_one))
        text = draw(st.sampled_from((*odd, f'="{text}"', f'="{text}"', f"'{text}")))
    return draw(often("", *BLANKS, *ODD_BLANKS)) + text + draw(often("", *BLANKS, *ODD_BLANKS)), kind


@st.composite
def tidy_cells(draw: st.DrawFn) -> tuple[str, str]:
    """Another number of the file, as the page has it."""
    return draw(tidy_numbers()), draw(st.sampled_from(("quantity", "amount")))


@given(numbers(), st.lists(tidy_cells(), max_size=3), st.sampled_from((None, None, None, "comma", "point")))
@example(("1.234", "quantity"), [("4,50", "amount")], None)
@example(("1,234", "quantity"), [("4,50", "amount")], None)
@example(("1.234", "quantity"), [("1.235", "amount")], None)
@example(("1,234", "quantity"), [("2.000.000", "amount")], None)
@example(("9" * 13, "quantity"), [], None)
@example(("0" * 20 + "1,5000000", "quantity"), [], None)
@example(('="12,5"', "quantity"), [], None)
@example(("'-5", "quantity"), [], None)
@example(("'5", "quantity"), [], None)
@example(("€ -1.234,50", "amount"), [], None)
@example(("5 euros", "amount"), [], None)
@example(("-1 %", "rate"), [], None)
@example(("100,1", "rate"), [], None)
def test_both_read_numbers(cell: tuple[str, str], others: list[tuple[str, str]], said: str | None) -> None:
    assert product_numbers([cell, *others], said) == plain_numbers([cell, *others], said)


DAYS = st.one_of(
    st.dates(),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.sampled_from((date(1, 1, 1), date(9999, 12, 31), date(2028, 2, 29), date(2026, 3, 29), date(2026, 10, 25))),
)
BETWEEN_DAY_AND_TIME = ("T", " ", ", ", "t", "  ", ",", "\n", "\u00a0", " à ", "")
OFFSETS = ("Z", "+01:00", "+0100", "+01", "-05:00", "+14:00", "+00:00", " +02:00", " Z", "z", "+1", "+01:60", "+24:00")
NEAR_OFFSETS = ("+01:", "+010", "−01:00", "  Z", "UTC", "[Europe/Paris]", " CET", "+01:00:00", "-23:59", "+-1:00")


@st.composite
def written_days(draw: st.DrawFn) -> str:
    """A day in one of the written forms, or nearly."""
    day = draw(DAYS)
    year, month, number = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    written: str = draw(
        st.one_of(
            *[st.just(f"{number}/{month}/{year}"), st.just(f"{day.day}/{day.month}/{year}")] * 2,
            *[st.just(f"{year}-{month}-{number}")] * 4,
            st.sampled_from(
                (
                    f"{month}/{number}/{year}",
                    f"{number}/{month}/{year[2:]}",
                    f"{year}/{month}/{number}",
                    f"{number}-{month}-{year}",
                    f"{number}.{month}.{year}",
                    f"{year}-{day.month}-{day.day}",
                    f"{year}{month}{number}",
                    f"{year}-{month}",
                    f"0{number}/{month}/{year}",
                    f"{number}/{month}/0{year}",
                    f"{number} / {month} / {year}",
                    f"31/{month}/{year}",
                    f"{year}-{month}-31",
                    f"{year}-00-{number}",
                    f"-{year}-{month}-{number}",
                    f"{number}/{month}-{year}",
                    f"{year}-{month}-{number}/{number}",
                    f"{number}/{month}/{year}".translate({ord("1"): "１"}),
                    "S49",
                    "46346",
                )
            ),
        )
    )
    return written


@st.composite
def days(draw: st.DrawFn) -> str:
    """A day in a cell, in most cases with a time."""
    text = draw(written_days())
    if draw(st.integers(0, 3)):
        text += draw(st.one_of(st.sampled_from(BETWEEN_DAY_AND_TIME[:2]), st.sampled_from(BETWEEN_DAY_AND_TIME)))
        hours = draw(st.one_of(st.sampled_from((0, 1, 22, 23)), st.integers(0, 25)))
        minutes = draw(st.one_of(st.sampled_from((0, 30, 59)), st.integers(0, 61)))
        text += draw(st.sampled_from((f"{hours:02}", f"{hours:02}", str(hours)))) + f":{minutes:02}"
        text += draw(often(":00", "", ":59.9", ":60", ":00,123456789", ":00.", ":00.1234567890", ".5", ":0", ":", "h"))
        text += draw(st.one_of(st.just(""), st.sampled_from(OFFSETS), st.sampled_from((*OFFSETS, *NEAR_OFFSETS))))
    form = draw(st.integers(0, 11))
    text = f'="{text}"' if form == 0 else f"'{text}" if form == 1 else text
    return draw(often("", *BLANKS, *ODD_BLANKS)) + text + draw(often("", *BLANKS, *ODD_BLANKS))


@given(days())
@example("9999-12-31T23:59:59Z")
@example("9999-12-31T23:59:59-05:00")
@example("0001-01-01T00:00:00+05:00")
@example("2026-11-20 08:15 +01:60")
@example("20/11/2026, 8:15")
@example("20/11/2026 08:15Z")
@example("2026-11-20T24:00:00")
@example('="2026-11-20"')
@example("'2026-11-20")
def test_both_read_a_day(text: str) -> None:
    try:
        meant = plain_reader.day(text, PARIS)
    except Fault:
        meant = None
    assert product_day(text) == meant


EXPONENTS = st.sampled_from(("E+12", "e+12", "E12", "E-3", "E+", "E++1", "E+1x", "E+0012", "+12", "×10¹²"))
NO_VALUES = (*NO_VALUE, *ERRORS, "###", "#" * 9, "err:502", "erreur : 502")


@st.composite
def no_values(draw: st.DrawFn) -> str:
    """What programs write for nothing or for an error, in capitals or not; or nearly."""
    text = "".join(draw(st.sampled_from((each.lower(), each.upper()))) for each in draw(st.sampled_from(NO_VALUES)))
    form = draw(st.integers(0, 5))
    if form == 0:
        cut = draw(st.integers(0, len(text)))
        return text[:cut] + draw(st.sampled_from(("#", "!", "-1", " ", "0", ":", "\u00a0", "x"))) + text[cut:]
    return text[draw(st.integers(0, 1)) : -1] if form == 1 else text


CODES = st.one_of(
    no_values(),
    digits(1, 20),
    st.from_regex(r"[A-Z]{1,3}[-_./ ]?[0-9]{1,6}", fullmatch=True),
    st.tuples(digits(1, 4), st.sampled_from(("", ",", ".", ", ")), digits(0, 6), EXPONENTS).map("".join),
    st.tuples(st.sampled_from(("=", "+", "-", "@", "'", "’", "''", '"', '="')), digits(1, 6)).map("".join),
    st.text("aÉé1 -+='\"@E,.\u00a0\u200b\ufe0f\u3164\ue000\n\t", max_size=8),
)


@st.composite
def identifiers(draw: st.DrawFn) -> str:
    """An order's number or a code as spreadsheets and people write it."""
    text: str = draw(CODES)
    inside = draw(often("", " ", "\u00a0", "\t", "\u200b"))
    form = draw(st.integers(0, 9))
    if form in {0, 1, 2}:
        text = f'="{inside}{text}{inside}"'
    elif form in {3, 4}:
        text = f"'{inside}{text}"
    elif form == 5:
        text = draw(
            st.sampled_from((f'="{text}', f'="a"{text}"', f'=""{text}""', f'\'="{text}"', f"''{text}", f'= "{text}"'))
        )
    return draw(often("", *BLANKS, *ODD_BLANKS)) + text + draw(often("", *BLANKS, *ODD_BLANKS))


@given(identifiers())
@example("' 0081")
@example('=" 0081 "')
@example("325,039E+10")
@example("3250,39E+10")
@example("'3,25039E+12")
@example("'\u00a0615e+12")
@example('="3,25039E+12"')
@example('\'="0081"')
@example('="a"b"')
@example('="#N/A"')
@example("'#n/a")
@example("'NULL")
@example('\'="N.A."')
@example("Err:\u00a0502")
@example("erreur  :502")
@example("##")
@example("AB\ufe0f1")
@example("AB\u28001")
def test_both_read_an_identifier(text: str) -> None:
    try:
        meant = plain_reader.identifier(text)
    except Fault:
        meant = "a fault"
    findings = Findings()
    read = cells_of(text, findings).code(CELL)
    assert ("a fault" if findings.faults else read) == meant


@given(identifiers())
@example('="#N/A"')
@example("'#N/A")
@example("'\t###")
def test_both_find_an_error_in_a_column_of_texts(text: str) -> None:
    """Where `NULL` is a text."""
    try:
        meant = plain_reader.words(text)
    except Fault:
        meant = "a fault"
    findings = Findings()
    read = cells_of(text, findings).text(CELL)
    assert ("a fault" if findings.faults else read) == meant


def test_white_space_under_a_merged_cell_does_not_count_either() -> None:
    under = BookCell("A3", Kind.TEXT, " 0081 ", covered=True)
    rows = [Row(1, ["Code", "Nom"]), Row(2, [" 0081 ", "a"]), Row(3, [under, "b"])]
    columns = Columns({"code": ("Code",), "name": ("Nom",)}, ("code", "name"))
    assert [cells.code("code") for cells in read_rows("book.xlsx", rows, columns, Findings())] == ["0081", "0081"]
