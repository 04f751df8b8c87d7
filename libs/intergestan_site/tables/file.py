"""Files that other software handed in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Instant, RowId, Table


class TakenFile(Table):
    """A file of a watched folder whose orders were entered, in the same transaction: it is never taken again."""

    __tablename__ = "taken_file"

    id: Mapped[RowId]
    token: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    taken_at: Mapped[Instant]
    orders: Mapped[dict[str, Any]] = mapped_column(JSON)
