"""A page of a list that begins where another one ended (keyset): as quick for the last page as for the first.

Nothing counts all rows, and rows that come or go meanwhile shift no page: none is shown twice or left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Date, Row, Select, String, literal, select, tuple_, union_all

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables.types import UtcDateTime

Item = TypeVar("Item")

USUAL = 50
MOST = 1000
"""So many rows has a page at the very most."""
_KEY = "_key"
_BIG = 2**63
"""What a column of whole numbers does not hold."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some rows of a list.

    :ivar after: what to ask for to get the following page; None: this is the last one.
    :ivar before: the same for the page before this one; None: this is the first one.
    """

    rows: tuple[Item, ...]
    after: str | None
    before: str | None = None


def read_page(
    connection: Connection,
    query: Select[*tuple[Any, ...]],
    keys: Sequence[ColumnElement[Any]],
    make: Callable[[Row[*tuple[Any, ...]]], Item],
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
    descending: bool = False,
    apart: Sequence[ColumnElement[bool]] = (),
) -> Page[Item]:
    """A page of what a query finds.

    :param keys: texts, whole numbers, days or instants by which the list is ordered, the last of them unique; none is
        NULL.
    :param make: makes an item of a row.
    :param apart: conditions of which a row fulfils one, or it is left out. Each part is read by its own index and has a
        page at most, where all of them together would be sorted first.
    :param after: of the page before; `before`: of the one behind, and counts first; without either it is the first.
    :raises Problem: `after` or `before` is not what a page of such a list gave.
    """
    size = min(max(size, 1), MOST)
    if before is not None:
        turned = read_page(
            connection, query, keys, make, size=size, after=before, descending=not descending, apart=apart
        )
        return Page(turned.rows[::-1], turned.before, turned.after)
    order = [key.desc() if descending else key.asc() for key in keys]
    asked = query.add_columns(*(key.label(f"{_KEY}{place}") for place, key in enumerate(keys))).order_by(*order)
    if after is not None:
        last = tuple_(*_values(after, keys))
        asked = asked.where(tuple_(*keys) < last if descending else tuple_(*keys) > last)
    rows = connection.execute(_of_parts(asked, apart, size, descending=descending).limit(size + 1)).all()
    is_last = len(rows) <= size
    shown = rows[:size]
    ends = [mark(row[-len(keys) :]) for row in (shown[0], shown[-1])] if shown else [None, None]
    return Page(tuple(map(make, shown)), None if is_last else ends[1], None if after is None else ends[0])


def slice_page(
    items: Sequence[Item],
    key: Callable[[Item], tuple[str | int, ...]],
    *,
    size: int = USUAL,
    after: str | None = None,
) -> Page[Item]:
    """A page of what was read already, because there is little of it: what people set up, such as depots.

    :param key: by which the items are in order here, and which no two of them share. The page begins behind the item
        with the key of the mark; where that one is gone, behind those that stand before its place.
    :raises Problem: `after` is not what a page of such a list gave.
    """
    size = min(max(size, 1), MOST)
    begin = 0
    if after is not None:
        last = _unmarked(after)
        if last is None or (items and list(map(_is_text, last)) != list(map(_is_text, key(items[0])))):
            raise _no_page(after)
        places = [place for place, item in enumerate(items) if key(item) == tuple(last)]
        begin = places[0] + 1 if places else sum(key(item) < tuple(last) for item in items)
    rows = items[begin : begin + size]
    more = begin + size < len(items)
    return Page(tuple(rows), mark(key(rows[-1])) if more else None)


def _of_parts(
    asked: Select[*tuple[Any, ...]], apart: Sequence[ColumnElement[bool]], size: int, *, descending: bool
) -> Select[*tuple[Any, ...]]:
    """The rows of all parts, of each no more than a page needs."""
    if not apart:
        return asked
    if len(apart) == 1:
        return asked.where(apart[0])
    parts = [asked.where(part).limit(size + 1).subquery() for part in apart]
    found = union_all(*map(select, parts)).subquery()
    keys = [column for column in found.c if column.name.startswith(_KEY)]
    return select(found).order_by(*(key.desc() if descending else key.asc() for key in keys))


def mark(values: Sequence[Any]) -> str:
    """Where a page ends that has these key values last: one word that an address and a command line can carry."""
    written = json.dumps(list(values), ensure_ascii=False, separators=(",", ":"), default=_iso).encode()
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def _iso(value: date) -> str:
    return value.isoformat()  # of an instant all of it, which date's own method would cut


def _values(token: str, keys: Sequence[ColumnElement[Any]]) -> list[Any]:
    values = _unmarked(token)
    if values is not None and len(values) == len(keys):
        with suppress(ValueError):
            return [_value(each, key) for each, key in zip(values, keys, strict=True)]
    raise _no_page(token)


def _unmarked(token: str) -> list[str | int] | None:
    """The key values in a mark; None where they are none."""
    try:
        values = json.loads(base64.urlsafe_b64decode(f"{token}{'=' * (-len(token) % 4)}"))
    except (ValueError, binascii.Error, RecursionError):
        return None
    is_mark = isinstance(values, list) and all(isinstance(each, str | int) for each in values)
    return values if is_mark else None


def _is_text(value: str | int) -> bool:
    return isinstance(value, str)


def _no_page(token: str) -> Problem:
    return Problem("«{after}» is not where a page of this list ended.", ProblemCode.NO_PAGE, after=token)


def _value(value: str | int, key: ColumnElement[Any]) -> Any:
    """A value of a key, as the database takes it; ValueError for what such a key never has."""
    if isinstance(key.type, UtcDateTime):
        return literal(_instant(str(value)), key.type)
    if isinstance(key.type, Date):
        return literal(date.fromisoformat(str(value)), key.type)
    if isinstance(value, str) != isinstance(key.type, String) or (isinstance(value, int) and abs(value) >= _BIG):
        raise ValueError(value)
    return value


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
