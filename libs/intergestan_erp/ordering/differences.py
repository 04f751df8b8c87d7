"""In what two people's versions of a draft differ, both as they would be written, where a spelling is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from intergestan_db.tables import Party, User
from intergestan_erp.order_files.order_values import OrderValues

_OF_HEAD: Final = (
    *("issue_date", "wanted_date", "note", "currency", "delivery_name", "delivery_line1", "delivery_line2"),
    *("delivery_postcode", "delivery_city", "delivery_country"),
)
_OF_LINE: Final[Mapping[str, str]] = {
    "product_code": "product",
    **{name: name for name in ("name", "quantity", "unit", "price", "base_quantity", "allowance", "vat_rate")},
    "wanted_date": "wanted_date",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of two versions.

    :ivar line: of which line; None: of the head. :ivar field: its name, as in the faults of a form; `line` where one
        version has no such line: the other one has the product.
    """

    line: str | None
    field: str
    mine: Any
    theirs: Any


def differences(connection: Connection, mine: OrderValues, theirs: OrderValues) -> Iterator[Difference]:
    """What stands otherwise in both: of the head, of each line, of the charges."""
    for name, table, shown in (("supplier_id", Party, Party.name), ("followed_by_id", User, User.name)):
        one, other = mine.head.get(name), theirs.head.get(name)
        if one != other:
            rows = connection.execute(select(table.id, shown).where(table.id.in_([one, other])))
            names: dict[int | None, str] = {row[0]: row[1] for row in rows}
            yield Difference(None, name.removesuffix("_id"), names.get(one), names.get(other))
    for name in _OF_HEAD:
        yield from _of(None, name, mine.head.get(name), theirs.head.get(name))
    ours, others = _by_id(mine), _by_id(theirs)
    for line_id in dict.fromkeys((*others, *ours)):
        one, other = ours.get(line_id), others.get(line_id)
        if one is None or other is None:
            yield Difference(line_id, "line", _product(one), _product(other))
            continue
        for name, shown_as in _OF_LINE.items():
            yield from _of(line_id, shown_as, one.get(name), other.get(name))
    sums = [sum(row["amount"] for row in each.charges) for each in (mine, theirs)]
    if [row["reason"] for row in mine.charges] != [row["reason"] for row in theirs.charges] or sums[0] != sums[1]:
        yield Difference(None, "charge", sums[0], sums[1])


def _of(line: str | None, name: str, mine: Any, theirs: Any) -> Iterator[Difference]:
    if (mine or None) != (theirs or None):
        yield Difference(line, name, mine, theirs)


def _by_id(values: OrderValues) -> Mapping[str, Mapping[str, Any]]:
    return {row["line_id"]: row for row in values.lines}


def _product(row: Mapping[str, Any] | None) -> str | None:
    return None if row is None else f"{row['product_code'] or row['name']}"
