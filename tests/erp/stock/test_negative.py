"""Stock below nothing: the rules of the table refuse it, and what got past them is found."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from intergestan_db.database import Database
from intergestan_db.tables import Stock
from intergestan_erp.stock.levels import count_negative
from tests.erp.agencies.three_agencies import Agencies
from tests.statements import noted


@pytest.mark.parametrize("column", ["on_hand", "reserved"])
def test_the_table_refuses_it(base: Database, column: str) -> None:
    """Neither less than nothing, nor more set aside than lies there."""
    Agencies(base, opening=1)
    value = Decimal(-1) if column == "on_hand" else Decimal(2)
    with pytest.raises(IntegrityError, match=r"ck_stock|CHECK"), base.transaction() as connection:
        connection.execute(update(Stock).values({column: value}))


def test_what_got_past_it_is_found(base: Database) -> None:
    """A row that says of itself that it may, in a depot that does not allow it."""
    agencies = Agencies(base, opening=1)
    assert agencies.asked(count_negative) == 0
    with base.transaction() as connection:
        connection.execute(text("UPDATE stock SET negative_ok = (depot_id > 0), on_hand = -1000000 WHERE depot_id > 2"))
    assert agencies.asked(count_negative) == 2


def test_it_is_looked_for_among_those_that_may(base: Database) -> None:
    """Not among all that lies anywhere: metrics ask for it again and again."""
    Agencies(base, opening=1)
    explain = "EXPLAIN QUERY PLAN " if base.is_sqlite else "EXPLAIN "
    with base.read() as connection, noted(connection) as asked:
        count_negative(connection)
        ((statement, parameters),) = asked
        if not base.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")  # of a few rows it would read all
        plan = " ".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))
    assert "ix_stock_negative_ok" in plan
