"""What may be meant, where a person must choose before an order goes on."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from intergestan_db.tables import Party
from intergestan_erp.listing.products import ListedProduct, find_products
from intergestan_exchange.holds.cures import LineToChoose, customers_to_choose
from intergestan_exchange.holds.holds import Hold

_WORDS: Final = 3


def products_of(connection: Connection, line: LineToChoose) -> list[ListedProduct]:
    """Products of ours that a line may mean: by the beginning of its code, else by its name, else by a word of that."""
    words = sorted(line.name.split(), key=len, reverse=True)[:_WORDS]
    for typed in (line.code, line.name, *words):
        found = find_products(connection, typed)
        if found:
            return found
    return []


def customers_of(connection: Connection, hold: Hold) -> list[tuple[str, str]]:
    """Code and name of each customer that the order may be for, in the order in which they were found."""
    codes = customers_to_choose(hold)
    if not codes:
        return []
    names = {
        row.code: row.name for row in connection.execute(select(Party.code, Party.name).where(Party.code.in_(codes)))
    }
    return [(code, names[code]) for code in codes if code in names]
