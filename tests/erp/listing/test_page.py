"""Pages by keyset: every row once, whatever comes between two pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, Party
from intergestan_erp.listing.page import MOST, mark, read_page, slice_page
from tests.site_factories import NOW
from tests.statements import noted, rolled_back


def test_pages_are_the_whole_list(sqlite_base: Database) -> None:
    """House rule on lists: in either direction, by one key or two, for any length of a page."""

    @given(
        names=st.lists(st.sampled_from("aébc"), max_size=12),
        size=st.integers(1, 5),
        descending=st.booleans(),
        by_name=st.booleans(),
    )
    def check(names: list[str], size: int, *, descending: bool, by_name: bool) -> None:
        with rolled_back(sqlite_base) as connection:
            if names:
                rows = [{"id": place, "code": f"C{place}", "name": name} for place, name in enumerate(names, 1)]
                connection.execute(insert(Party), rows)
            keys: list[Any] = [Party.name, Party.id] if by_name else [Party.id]
            whole = sorted(
                range(1, len(names) + 1),
                key=lambda place: (names[place - 1], place) if by_name else (place,),
                reverse=descending,
            )
            seen: list[int] = []
            after = None
            while True:
                page = read_page(
                    connection,
                    select(Party.id),
                    keys,
                    lambda row: int(row[0]),
                    size=size,
                    after=after,
                    descending=descending,
                )
                assert len(page.rows) <= size
                seen += page.rows
                if page.after is None:
                    break
                after = page.after
            assert seen == whole

    check()


def test_what_comes_and_goes_shifts_no_page(database: Database) -> None:
    """A row that is entered before the mark is not shown, and none is shown twice or left out."""
    with database.transaction() as connection:
        rows = [{"id": place, "code": f"C{place:02d}", "name": "x"} for place in range(10, 20)]
        connection.execute(insert(Party), rows)
        first = read_page(connection, select(Party.id), [Party.code], lambda row: row[0], size=4)
        come = [{"id": place, "code": f"C{place:02d}", "name": "x"} for place in (1, 99)]
        connection.execute(insert(Party), come)
        with noted(connection) as asked:
            rest = read_page(connection, select(Party.id), [Party.code], lambda row: row[0], size=40, after=first.after)
        assert (*first.rows, *rest.rows) == (*range(10, 20), 99)
        assert rest.after is None
        assert len(asked) == 1
        assert "count" not in asked[0][0].lower()


@pytest.mark.parametrize("after", ["", "x", "é", "W10", "WzEsMl0", "WzEuNV0", "eyJhIjoxfQ", "A" * 5000, "W1tdXQ"])
def test_a_mark_of_no_page(sqlite_base: Database, after: str) -> None:
    with sqlite_base.read() as connection, pytest.raises(Problem) as refused:
        read_page(connection, select(Party.id), [Party.code], lambda row: row[0], after=after)
    assert refused.value.code is ProblemCode.NO_PAGE


def test_no_page_is_longer_than_people_read(sqlite_base: Database) -> None:
    with sqlite_base.transaction() as connection:
        connection.execute(insert(Party), [{"code": f"C{n}", "name": "x"} for n in range(MOST + 2)])
        assert len(read_page(connection, select(Party.id), [Party.id], lambda row: row[0], size=10**9).rows) == MOST
        assert len(read_page(connection, select(Party.id), [Party.id], lambda row: row[0], size=0).rows) == 1


@given(count=st.integers(0, 9), size=st.integers(1, 4))
def test_slices_of_what_was_read_are_all_of_it(count: int, size: int) -> None:
    items = [(f"C{place}", place) for place in range(count)]
    seen: list[tuple[str, int]] = []
    after = None
    while True:
        page = slice_page(items, lambda item: item, size=size, after=after)
        seen += page.rows
        if page.after is None:
            break
        after = page.after
    assert seen == items


def test_a_slice_goes_on_though_its_last_row_is_gone() -> None:
    first = slice_page(["a", "b", "c", "d"], lambda item: (item,), size=2)
    assert slice_page(["a", "c", "d"], lambda item: (item,), after=first.after).rows == ("c", "d")


@pytest.mark.parametrize("after", ["", "x", mark([1]), mark(["a", "b"])])
def test_a_mark_of_no_slice(after: str) -> None:
    with pytest.raises(Problem) as refused:
        slice_page(["a"], lambda item: (item,), after=after)
    assert refused.value.code is ProblemCode.NO_PAGE


@pytest.mark.parametrize("after", [mark([5]), mark(["2020-11-20T09:30:00"]), mark(["x"])])
def test_a_mark_of_no_instant(sqlite_base: Database, after: str) -> None:
    with sqlite_base.read() as connection, pytest.raises(Problem) as refused:
        read_page(connection, select(Event.id), [Event.at], lambda row: row[0], after=after)
    assert refused.value.code is ProblemCode.NO_PAGE


def test_pages_by_instant_are_the_whole_list(sqlite_base: Database) -> None:
    """To the microsecond: several rows may be of one day, and of one instant."""
    with rolled_back(sqlite_base) as connection:
        rows = [
            {
                "id": n,
                "at": NOW + timedelta(microseconds=n // 2),
                "who": "x",
                "subject": "s",
                "subject_id": n,
                "name": "n",
            }
            for n in range(1, 8)
        ]
        connection.execute(insert(Event), rows)
        keys: list[Any] = [Event.at, Event.id]
        seen: list[int] = []
        after = None
        while True:
            page = read_page(connection, select(Event.id), keys, lambda row: int(row[0]), size=2, after=after)
            seen += page.rows
            if page.after is None:
                break
            after = page.after
        assert seen == list(range(1, 8))
