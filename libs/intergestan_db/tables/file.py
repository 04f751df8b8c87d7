"""Files that other software handed in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String

from intergestan_db.tables.types import Instant, RowId, Table, Typed, column


class TakenFile(Table):
    """A file of a watched folder whose orders were entered, in the same transaction: it is never taken again."""

    __tablename__ = "taken_file"

    id: Typed[RowId]
    token: Typed[str] = column(String(36), unique=True)
    name: Typed[str] = column(String(255))
    sha256: Typed[str] = column(String(64))
    taken_at: Typed[Instant]
    orders: Typed[dict[str, Any]] = column(JSON())
