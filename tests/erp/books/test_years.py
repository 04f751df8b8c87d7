"""Years of the books: how they follow each other, and what one hands on."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.chart import Account, Chart
from intergestan_erp.books.letters import next_letter
from intergestan_erp.books.post import is_balanced
from intergestan_erp.books.years import (
    Balance,
    Period,
    Year,
    following,
    missing_years,
    months_later,
    open_links,
    opening,
    with_last,
    year_called,
)
from tests.erp.books import oracles

TODAY = date(2026, 6, 5)
Y2026 = Year(date(2026, 1, 1), date(2026, 12, 31))
Y2027 = Year(date(2027, 1, 1), date(2027, 12, 31))
CLOSED = Year(Y2026.first, Y2026.last, closed=True)


def test_the_first_year_is_the_calendar_year() -> None:
    """D61: later ones have 12 months, whenever the one before ended."""
    assert missing_years([], TODAY, TODAY) == [Y2026]
    assert missing_years([Y2026], date(2026, 12, 31), TODAY) == []
    assert missing_years([Y2026], date(2028, 2, 1), TODAY) == [Y2027, Year(date(2028, 1, 1), date(2028, 12, 31))]
    assert following(date(2027, 6, 30)) == Year(date(2027, 7, 1), date(2028, 6, 30))
    assert following(date(2028, 2, 28)) == Year(date(2028, 2, 29), date(2029, 2, 27))


def test_the_books_reach_one_year_back_at_most() -> None:
    """What was received before the books were begun is entered still, unless it is long ago or its year is closed."""
    y2025 = Year(date(2025, 1, 1), date(2025, 12, 31))
    assert missing_years([Y2026], date(2025, 12, 28), TODAY) == [y2025]
    assert missing_years([], date(2025, 12, 28), TODAY) == [Y2026, y2025]
    assert missing_years([], date(2024, 12, 28), TODAY) == [Y2026]
    assert missing_years([Y2026], date(2024, 12, 28), TODAY) == []
    assert missing_years([CLOSED], date(2025, 12, 28), TODAY) == []
    assert missing_years([Y2026, Y2027], date(2025, 12, 28), TODAY) == []


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.dates(date(2000, 1, 1), date(2090, 12, 31)))
def test_years_touch_each_other(today: date, day: date) -> None:
    made = sorted(missing_years([], day, today), key=lambda year: year.first)
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(made))
    assert any(year.has(today) for year in made)
    if day.year >= today.year - 1:
        assert any(year.has(day) for year in made)


def test_a_closed_day_is_refused() -> None:
    """D61: of a closed year, or before the day until which the folder is locked; the sentence names the later one."""
    open_ = Period(1, (CLOSED, Y2027), date(2027, 1, 31))
    for day in (date(2026, 6, 5), date(2027, 1, 31)):
        with pytest.raises(Problem) as caught:
            open_.check_open(day)
        assert caught.value.code is ProblemCode.BOOKS_CLOSED
        assert str(caught.value) == "The books of folder 1 are closed until 2027-01-31."
    open_.check_open(date(2027, 2, 1))
    with pytest.raises(Problem, match="begin on 2026-01-01"):
        Period(1, (Y2026,)).check_open(date(2020, 1, 1))


def test_the_last_day_of_a_year_moves_with_the_next_one() -> None:
    """D61: 1 to 24 months, and never a closed one."""
    june = with_last([Y2026, Y2027], Y2026, date(2026, 6, 30))
    assert june == [Year(Y2026.first, date(2026, 6, 30)), Year(date(2026, 7, 1), Y2027.last)]
    assert with_last([Y2026], Y2026, date(2027, 12, 31)) == [Year(Y2026.first, date(2027, 12, 31))]
    for last in (date(2026, 1, 30), date(2028, 1, 1), date(2025, 12, 31)):
        with pytest.raises(Problem, match="1 to 24 months"):
            with_last([Y2026], Y2026, last)
    with pytest.raises(Problem, match="1 to 24 months"):
        with_last([Y2026, Y2027], Y2026, date(2027, 12, 15))
    with pytest.raises(Problem, match="stays as it is"):
        with_last([CLOSED], CLOSED, date(2026, 6, 30))


def test_a_year_is_called_by_the_year_in_which_it_ends() -> None:
    short = Year(date(2027, 1, 1), date(2027, 6, 30))
    years = [Y2026, short, following(date(2027, 6, 29))]
    assert year_called(years, "2026", None) is Y2026
    assert year_called([Y2026, short], " 2027", None) is short
    assert year_called([Y2026, short], "30/06/2027", date(2027, 6, 30)) is short
    for typed in ("2031", ""):
        with pytest.raises(Problem, match="no year"):
            year_called([Y2026], typed, None)


def test_months_end_with_their_last_day() -> None:
    assert months_later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_later(date(2026, 12, 5), 1) == date(2027, 1, 5)
    assert months_later(date(2026, 1, 1), -12) == date(2025, 1, 1)


def left(account: str, amount: str, aux: str | None = None) -> Balance:
    return Balance(Account(account, account), Account(aux, aux) if aux else None, Decimal(amount))


def test_a_paid_year_opens_with_its_profit() -> None:
    """D61: case 1, paid by transfer."""
    rows = [left("411000", "0", "411C0000004"), left("707000", "-60"), left("445710", "-12"), left("512000", "72")]
    found = opening(Chart(), rows)
    assert [(each.account.number, each.amount) for each in found] == [
        ("120000", Decimal(-60)),
        ("445710", Decimal(-12)),
        ("512000", Decimal(72)),
    ]


ACCOUNTS = st.sampled_from(["101000", "120000", "129000", "401000", "411000", "445710", "512000", "607000", "707000"])
LINES = st.lists(
    st.tuples(ACCOUNTS, st.sampled_from(["", "411A", "411B"]), st.decimals("-999999", "999999", places=2)), max_size=12
)


@given(LINES, st.decimals("-999", "999", places=2))
def test_an_opening_balances_and_is_the_oracles(lines: list[oracles.Left], linked: Decimal) -> None:
    """D61, I9: for any balanced year."""
    rest = -sum((amount for _account, _aux, amount in lines), Decimal(0))
    whole = [*lines, ("512000", "", rest), ("186000", "", linked), ("187000", "", -linked)]
    balances = [left(account, str(amount), aux or None) for account, aux, amount in whole]
    assert open_links(balances) == 0
    found = opening(Chart(), balances)
    assert is_balanced(found)
    said = [(each.account.number, each.aux.number if each.aux else "", each.amount) for each in found]
    assert said == oracles.opening(whole)


def test_letters_follow_each_other() -> None:
    """D61: the 677th has three."""
    found: list[str] = []
    for _n in range(2000):
        found.append(next_letter(found[-1] if found else None))
    assert found == list(islice(oracles.letters(), 2000))
    assert (found[0], found[675], found[676]) == ("AA", "ZZ", "AAA")
