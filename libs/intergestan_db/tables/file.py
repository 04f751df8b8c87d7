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


class FileLayout(Table):
    """How order files of a supplier, or of a watched folder, are written: one of both is given.

    `titles` are titles of their columns in plain form (`plain_title`) and what stands there: our name of a column, or
    "" for what is not taken. `encoding` is that of CSV files that do not show it; None: none is said.
    """

    __tablename__ = "file_layout"

    id: Typed[RowId]
    party_id: Typed[int | None] = column(references="party.id", unique=True)
    folder: Typed[str | None] = column(String(500), unique=True)
    encoding: Typed[str | None] = column(String(20))
    titles: Typed[dict[str, Any]] = column(JSON())
