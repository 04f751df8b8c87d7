"""What may be meant, where a person must choose before an order goes on."""

from __future__ import annotations

from sqlalchemy import Connection, select

from intergestan_db.tables import Party
from intergestan_exchange.holds.cures import customers_to_choose
from intergestan_exchange.holds.holds import Hold


def customers_of(connection: Connection, hold: Hold) -> list[tuple[str, str]]:
    """Code and name of each customer that the order may be for, in the order in which they were found."""
    codes = customers_to_choose(hold)
    if not codes:
        return []
    names = {
        row.code: row.name for row in connection.execute(select(Party.code, Party.name).where(Party.code.in_(codes)))
    }
    return [(code, names[code]) for code in codes if code in names]
