"""Many values as one parameter."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from intergestan_db.among import among, row_among
from intergestan_db.database import Database
from intergestan_db.tables import Party, Stock

CODES = ("A", 'B"', "C'\\", "É, {}", "D")


@pytest.fixture
def parties(base: Database) -> Database:
    rows = [{"id": number, "code": code, "name": code} for number, code in enumerate(CODES, 1)]
    with base.transaction() as connection:
        connection.execute(insert(Party), rows)
    return base


@pytest.mark.parametrize("ids", [(), (2,), (5, 3, 3, 99), tuple(range(2, 20_000))])
def test_whole_numbers(parties: Database, ids: tuple[int, ...]) -> None:
    query = select(Party.id).where(among(Party.id, "ids")).order_by(Party.id)
    with parties.read() as connection:
        found = connection.execute(query, {"ids": ids}).scalars().all()
    assert found == [number for number in range(1, len(CODES) + 1) if number in ids]


@pytest.mark.parametrize("codes", [(), CODES, ("D", "x", "A"), ("A, D", "{A}", "NULL")])
def test_texts(parties: Database, codes: tuple[str, ...]) -> None:
    """Whatever characters they have."""
    with parties.read() as connection:
        found = connection.execute(select(Party.code).where(among(Party.code, "codes")), {"codes": codes}).scalars()
        assert set(found) == set(codes) & set(CODES)


def test_an_index_serves_it(parties: Database) -> None:
    """Nothing is written around the condition that would keep a database from looking the values up."""
    query = select(Party.name).where(among(Party.id, "ids"), Party.code == "A")
    condition = str(query.compile(parties.engine)).partition("WHERE ")[2].partition(" AND ")[0]
    wanted = (
        "IN (SELECT value FROM json_each(?))"
        if parties.is_sqlite
        else "= ANY (ARRAY(SELECT unnest(%(ids)s::BIGINT[])))"
    )
    assert condition == f"party.id {wanted}"


@pytest.mark.parametrize(
    "rows", [(), ((1, "A"), (2, "A"), (4, "É, {}"), (9, "D")), ((3, "C'\\"), (2, 'B"'), (2, 'B"'))]
)
def test_rows_of_several_columns(parties: Database, rows: tuple[tuple[int, str], ...]) -> None:
    query = select(Party.id, Party.code).where(row_among((Party.id, Party.code), "rows"))
    with parties.read() as connection:
        found = [tuple(row) for row in connection.execute(query, {"rows": rows})]
    assert sorted(found) == sorted(set(rows) & set(enumerate(CODES, 1)))


def test_very_many_rows_are_looked_up_by_an_index(base: Database) -> None:
    """SQLite looks through the whole table where a list of rows is written out."""
    query = select(Stock.on_hand).where(row_among((Stock.depot_id, Stock.product_id), "keys"))
    with base.read() as connection:
        assert connection.execute(query, {"keys": [(1, number) for number in range(50_000)]}).all() == []
        if base.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query.compile(base.engine)}", ("[]",)).all()
            assert any(" USING INDEX " in row.detail and "depot_id=? AND product_id=?" in row.detail for row in plan), (
                plan
            )
