"""A page of a list that begins where another one ended (keyset): as quick for the last page as for the first.

Nothing counts all rows, and rows that come or go meanwhile shift no page: none is shown twice or left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, tuple_

from intergestan_db.problem import Problem, ProblemCode

Item = TypeVar("Item")

USUAL = 50
MOST = 1000
"""So many rows has a page at the very most."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some rows of a list.

    :ivar after: what to ask for to get the following page; None: this is the last one.
    """

    rows: tuple[Item, ...]
    after: str | None


def read_page(
    connection: Connection,
    query: Select[*tuple[Any, ...]],
    keys: Sequence[ColumnElement[Any]],
    make: Callable[[Row[*tuple[Any, ...]]], Item],
    *,
    size: int = USUAL,
    after: str | None = None,
    descending: bool = False,
) -> Page[Item]:
    """A page of what a query finds.

    :param keys: texts or whole numbers by which the list is ordered, the last of them unique; none is NULL.
    :param make: makes an item of a row.
    :param after: of the page before; None for the first.
    :raises Problem: `after` is not what a page of such a list gave.
    """
    size = min(max(size, 1), MOST)
    order = [key.desc() if descending else key.asc() for key in keys]
    asked = query.add_columns(*(key.label(f"_key{place}") for place, key in enumerate(keys))).order_by(*order)
    if after is not None:
        last = tuple_(*_values(after, len(keys)))
        asked = asked.where(tuple_(*keys) < last if descending else tuple_(*keys) > last)
    rows = connection.execute(asked.limit(size + 1)).all()
    is_last = len(rows) <= size
    shown = rows[:size]
    return Page(tuple(map(make, shown)), None if is_last else mark(shown[-1][-len(keys) :]))


def mark(values: Sequence[Any]) -> str:
    """Where a page ends that has these key values last: one word that an address and a command line can carry."""
    written = json.dumps(list(values), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def _values(token: str, count: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(f"{token}{'=' * (-len(token) % 4)}"))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(each, str | int) for each in values):
        raise Problem("«{after}» is not where a page of this list ended.", ProblemCode.NO_PAGE, after=token)
    return values
