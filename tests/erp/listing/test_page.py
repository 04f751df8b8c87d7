"""Pages by keyset: every row once, whatever comes between two pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Party
from intergestan_erp.listing.page import MOST, read_page
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
