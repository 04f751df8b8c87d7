"""How long the texts of a table may be: SQLite would not tell, PostgreSQL would only when it is too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import String

from intergestan_db.tables import Table


def too_long(table: type[Table], values: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The columns whose text does not fit, with the number of characters that would."""
    widths = _widths(table)
    for name, value in values.items():
        if isinstance(value, str) and name in widths and len(value) > widths[name]:
            yield name, widths[name]


@cache
def _widths(table: type[Table]) -> Mapping[str, int]:
    kinds = {column.name: column.type for column in table.__table__.columns}
    return {name: kind.length for name, kind in kinds.items() if isinstance(kind, String) and kind.length is not None}
