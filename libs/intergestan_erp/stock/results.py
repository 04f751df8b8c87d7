"""What a company earned, with what the change of its stock is worth (A08, D58).

Books say what was sold and bought; goods that were bought and lie there still are no loss. They are worth what they
cost, for information: no entry says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, type_coerce

from intergestan_db.enums import StockReason
from intergestan_db.tables import Depot, Dossier, Establishment, StockMove
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER
from intergestan_erp.listing.entries import Earned, earned
from intergestan_erp.site.day import begin_of
from intergestan_erp.site.zone import read_zone
from intergestan_msg.money import ZERO, round_half_up

_CHANGES: Final = (
    select(
        *(Establishment.number, Establishment.name, StockMove.unit_cost),
        type_coerce(func.sum(StockMove.quantity), Scaled(6)).label("quantity"),
    )
    .select_from(StockMove)
    .join(Depot, Depot.id == StockMove.depot_id)
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .where(StockMove.reason != StockReason.OPENING)
    .group_by(Establishment.number, Establishment.name, StockMove.unit_cost)
)


def results(
    connection: Connection, folder_id: int, first: date | None = None, last: date | None = None, *, by_place: bool
) -> list[Earned]:
    """Income, expenses and the change of stock of a folder; `by_place`: of each establishment, and of none."""
    rows = earned(connection, folder_id, first, last, by_place=by_place)
    changed = _changes(connection, folder_id, first, last)
    if not by_place:
        return [replace(rows[0], stock=sum((worth for _name, worth in changed.values()), ZERO))]
    known = {row.establishment for row in rows}
    others = (Earned(number, name, ZERO, ZERO) for number, (name, _worth) in changed.items() if number not in known)
    found = (replace(row, stock=_worth_of(changed, row.establishment)) for row in (*rows, *others))
    return sorted(found, key=lambda row: (row.establishment is None, row.establishment or 0))


def _worth_of(changed: dict[int, tuple[str, Decimal]], number: int | None) -> Decimal:
    return ZERO if number is None or number not in changed else changed[number][1]


def _changes(
    connection: Connection, folder_id: int, first: date | None, last: date | None
) -> dict[int, tuple[str, Decimal]]:
    """By the numbers of establishments: their names, and what came less what left, at what each unit cost.

    What lay there before stock was managed is no change.
    """
    query = _CHANGES.where(bindparam("folder", folder_id) == EFFECTIVE_FOLDER)
    zone = read_zone(connection)
    if first is not None:
        query = query.where(StockMove.at >= begin_of(zone, first))
    if last is not None:
        query = query.where(StockMove.at < begin_of(zone, last + timedelta(days=1)))
    return _added_up((row.number, row.name, row.quantity, row.unit_cost) for row in connection.execute(query))


def _added_up(rows: Iterable[tuple[int, str, Decimal, Decimal]]) -> dict[int, tuple[str, Decimal]]:
    """Added up exactly, and rounded once: products of two figures with six decimals each do not fit in a column."""
    found: dict[int, tuple[str, Decimal]] = {}
    for number, name, quantity, unit_cost in rows:
        found[number] = (name, found.get(number, (name, ZERO))[1] + quantity * unit_cost)
    return {number: (name, round_half_up(worth)) for number, (name, worth) in found.items()}
