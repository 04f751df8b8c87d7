"""When invoices fall due, in how many parts, and what the law says of it."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.enums import EndOfMonth
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.terms.due import TermLine, due, instalments, last_due
from intergestan_erp.terms.law import doubts, periodic_doubts
from intergestan_erp.terms.typed import read_part, written
from tests.erp.terms import calendars

WHOLE = Decimal(100)
NO, AFTER, BEFORE = EndOfMonth.NO, EndOfMonth.AFTER, EndOfMonth.BEFORE


@pytest.mark.parametrize(
    ("issued", "line", "expected"),
    [
        (date(2026, 1, 31), TermLine(WHOLE, 30), date(2026, 3, 2)),
        (date(2026, 1, 31), TermLine(WHOLE, 30, AFTER), date(2026, 2, 28)),
        (date(2028, 1, 31), TermLine(WHOLE, 30, AFTER), date(2028, 2, 29)),
        (date(2026, 1, 15), TermLine(WHOLE, 45, AFTER), date(2026, 3, 31)),
        (date(2026, 1, 15), TermLine(WHOLE, 45, BEFORE), date(2026, 3, 17)),
        (date(2026, 1, 15), TermLine(WHOLE, 30, AFTER, 10), date(2026, 3, 10)),
        (date(2026, 12, 5), TermLine(WHOLE, 30, AFTER), date(2027, 1, 31)),
        (date(2026, 11, 29), TermLine(WHOLE, 60), date(2027, 1, 28)),
        (date(2026, 1, 31), TermLine(WHOLE, 0), date(2026, 1, 31)),
        (date(2026, 1, 30), TermLine(WHOLE, 0, NO, 31), date(2026, 1, 31)),
        (date(2027, 2, 5), TermLine(WHOLE, 0, NO, 31), date(2027, 2, 28)),
    ],
)
def test_the_examples(issued: date, line: TermLine, expected: date) -> None:
    """D20: months of any length, leap years, the turn of the year."""
    assert due(issued, line) == expected


DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
LINES = st.builds(
    TermLine,
    percent=st.just(WHOLE),
    days=st.sampled_from([0, 7, 10, 15, 30, 45, 60, 90, 120]) | st.integers(0, 400),
    end_of_month=st.sampled_from(EndOfMonth),
    on_day=st.none() | st.integers(1, 31),
)


@given(issued=DAYS, line=LINES)
def test_any_term_on_any_day(issued: date, line: TermLine) -> None:
    """D20: as somebody finds it who walks through a calendar."""
    assert due(issued, line) == calendars.due(issued, line.days, str(line.end_of_month), line.on_day)


def shares(*percents: str) -> list[TermLine]:
    return [TermLine(Decimal(percent), 30 * place) for place, percent in enumerate(percents)]


@pytest.mark.parametrize(
    ("total", "percents", "amounts"),
    [
        ("72.00", ("30", "70"), ["21.60", "50.40"]),
        ("0.01", ("50", "50"), ["0.01"]),
        ("100.00", ("33.33", "33.33", "33.34"), ["33.33", "33.33", "33.34"]),
        ("0.05", ("30", "30", "30", "10"), ["0.02", "0.02", "0.01"]),
        ("0.00", ("50", "50"), []),
        ("0.01", ("33.3", "33.3", "33.4"), ["0.01"]),
    ],
)
def test_parts(total: str, percents: tuple[str, ...], amounts: list[str]) -> None:
    """D20: each part is rounded half up, the last takes the rest, and a part of nothing is no instalment."""
    made = instalments(Decimal(total), date(2026, 1, 15), shares(*percents))
    assert [str(each.amount) for each in made] == amounts
    assert [each.n for each in made] == list(range(1, len(amounts) + 1))


@given(cents=st.integers(0, 10**9), weights=st.lists(st.integers(1, 1000), min_size=1, max_size=6))
def test_the_parts_are_the_whole(cents: int, weights: list[int]) -> None:
    """D20: whatever the total and the shares, nothing is lost and no part is below a cent."""
    total = Decimal(cents).scaleb(-2)
    unit = (WHOLE / sum(weights)).quantize(Decimal("0.000001"))
    percents = [unit * weight for weight in weights[:-1]]
    lines = [TermLine(each, 30) for each in (*percents, WHOLE - sum(percents, Decimal(0)))]
    made = instalments(total, date(2026, 1, 15), lines)
    assert sum((each.amount for each in made), Decimal(0)) == total
    assert all(each.amount >= Decimal("0.01") for each in made)
    plain = [(total * line.percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) for line in lines[:-1]]
    if sum(plain, Decimal(0)) <= total:
        expected = [*plain, total - sum(plain, Decimal(0))]
        assert [each.amount for each in made] == [amount for amount in expected if amount]


def test_the_last_part_tells_when_all_is_due() -> None:
    """Also where it is not the one that falls due last."""
    lines = [TermLine(Decimal(50), 60), TermLine(Decimal(50), 30)]
    assert last_due(date(2026, 1, 1), lines) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("line", "is_doubted"),
    [
        (TermLine(WHOLE, 0), False),
        (TermLine(WHOLE, 60), False),
        (TermLine(WHOLE, 61), True),
        (TermLine(WHOLE, 31, NO, 10), True),
        (TermLine(WHOLE, 30, NO, 10), False),
        (TermLine(WHOLE, 29, NO, 10), False),
        (TermLine(WHOLE, 30, AFTER), False),
        (TermLine(WHOLE, 45, AFTER), False),
        (TermLine(WHOLE, 45, BEFORE), False),
        (TermLine(WHOLE, 30, AFTER, 10), False),
        (TermLine(WHOLE, 46, BEFORE), True),
        (TermLine(WHOLE, 60, AFTER), True),
    ],
)
def test_what_the_law_allows(line: TermLine, *, is_doubted: bool) -> None:
    """D20: 60 days, or 45 days end of month counted either way (C. com. L441-10); all that we ship is within."""
    assert [doubt.code for doubt in doubts([line])] == [ProblemCode.TERM_TOO_LONG] * is_doubted


def test_an_invoice_of_several_deliveries() -> None:
    """D20: a periodic invoice is due within 45 days of its date."""
    assert periodic_doubts(date(2026, 1, 31), date(2026, 3, 17)) == []
    (doubt,) = periodic_doubts(date(2026, 1, 31), date(2026, 3, 18))
    assert "45 days" in str(doubt)


@given(line=LINES, percent=st.integers(1, 10**8))
def test_what_is_written_is_read(line: TermLine, percent: int) -> None:
    """D20: `terms list` shows a part as `terms add` takes it."""
    whole = TermLine(Decimal(percent).scaleb(-6), line.days, line.end_of_month, line.on_day)
    assert read_part(written(whole), Decimal) == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", TermLine(WHOLE, 30)),
        (" 30 + FDM @ 10 ", TermLine(WHOLE, 30, AFTER, 10)),
        ("fdm+45", TermLine(WHOLE, 45, BEFORE)),
        ("40%=0", TermLine(Decimal(40), 0)),
    ],
)
def test_how_people_write_it(text: str, expected: TermLine) -> None:
    """D20: with blanks, in capitals, by its French name."""
    assert read_part(text, lambda share: Decimal(share.strip())) == expected


@pytest.mark.parametrize("text", ["", "=", "=30", "30+", "eom", "30@", "30@100", "-1", "thirty", "30+eom+eom", "٣٠"])
def test_what_is_no_part(text: str) -> None:
    """D20: refused, with what is meant."""
    with pytest.raises(Problem, match=r"no part of a payment term"):
        read_part(text, Decimal)
