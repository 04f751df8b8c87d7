"""How long the texts of a table may be: SQLite would not tell, PostgreSQL would only when it is too late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import String

from intergestan_site.tables import Table


def too_long(table: type[Table], values: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The columns whose text does not fit, with the number of characters that would."""
    for name, value in values.items():
        if isinstance(value, str):
            kind = table.__table__.columns[name].type
            if isinstance(kind, String) and kind.length is not None and len(value) > kind.length:
                yield name, kind.length
