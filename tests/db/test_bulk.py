"""Many rows by one statement, on either base."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from intergestan_db.bulk import update_rows
from intergestan_db.database import Database
from intergestan_db.tables import Party


@pytest.fixture
def parties(base: Database) -> Database:
    rows = [{"id": number, "code": f"C{number}", "name": "before"} for number in range(1, 5)]
    with base.transaction() as connection:
        connection.execute(insert(Party), rows)
    return base


def _names(base: Database) -> list[str]:
    with base.read() as connection:
        return list(connection.execute(select(Party.name).order_by(Party.id)).scalars())


def test_each_row_gets_values_of_its_own(parties: Database) -> None:
    """Whatever the characters; those that are not named, or not there, are none of it."""
    rows = [{"id": 3, "code": "C3", "name": "É, {}"}, {"name": "B\"'\\", "code": "C1", "id": 1}]
    rows += [{"id": 2, "code": "C4", "name": "another's"}, {"id": 99, "code": "C99", "name": "nobody's"}]
    with parties.transaction() as connection:
        assert update_rows(connection, Party, ("id", "code"), rows) == 2
    assert _names(parties) == ["B\"'\\", "before", "É, {}", "before"]


def test_only_rows_of_which_something_holds(parties: Database) -> None:
    rows = [{"id": number, "name": f"now {number}"} for number in (1, 2, 4)]
    with parties.transaction() as connection:
        assert update_rows(connection, Party, ("id",), rows, only="party.code <> 'C2' AND party.name = 'before'") == 2
    assert _names(parties) == ["now 1", "before", "before", "now 4"]


def test_no_rows(parties: Database) -> None:
    with parties.transaction() as connection:
        assert update_rows(connection, Party, ("id",), []) == 0
