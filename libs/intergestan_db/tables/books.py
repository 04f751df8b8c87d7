"""The books of an accounting folder: entries with their lines, fiscal years, and what the tax office got."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import String

from intergestan_db.enums import Journal
from intergestan_db.tables.types import (
    Amount,
    Instant,
    RowId,
    Table,
    Typed,
    column,
    holds,
    index,
    index_where,
    one_of,
    unique,
)


class Entry(Table):
    """A balanced set of lines; frozen with them (D39). Numbers follow validation, and have no gap in a journal.

    `source` says what made it, such as `invoice:12` or `close:1`: nothing is posted twice. `validated_on` is the site's
    day of its commit, and never before that of the number before.
    """

    __tablename__ = "entry"
    __table_args__ = (
        unique("folder_id", "journal_code", "number"),
        one_of("journal_code", Journal),
        holds("number", "number > 0"),
        index("folder_id", "day"),
        index("folder_id", "validated_on", "journal_code", "number"),
    )

    id: Typed[RowId]
    folder_id: Typed[int] = column(references="accounting_folder.id")
    journal_code: Typed[str] = column(String(2))
    number: Typed[int]
    day: Typed[date]
    piece: Typed[str] = column(String(60))
    piece_day: Typed[date]
    label: Typed[str] = column(String(300))
    validated_on: Typed[date]
    source: Typed[str] = column(String(60), unique=True)


class EntryLine(Table):
    """An account that is debited or credited; of a third party also whose (`aux`). Only its letter may change.

    `establishment_id`: where the goods went, if the dossier keeps results by establishment (D58).
    """

    __tablename__ = "entry_line"
    __table_args__ = (
        holds("one_side", "debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)"),
        index_where("aux IS NOT NULL", "aux", "account", name="ix_entry_line_aux"),
    )

    entry_id: Typed[int] = column(references="entry.id", primary_key=True)
    position: Typed[int] = column(primary_key=True)
    account: Typed[str] = column(String(50))
    title: Typed[str] = column(String(200))
    aux: Typed[str | None] = column(String(50))
    aux_title: Typed[str | None] = column(String(200))
    debit: Typed[Amount] = column(default=Decimal(0))
    credit: Typed[Amount] = column(default=Decimal(0))
    letter: Typed[str | None] = column(String(10))
    letter_day: Typed[date | None]
    establishment_id: Typed[int | None] = column(references="establishment.id")


class FiscalYear(Table):
    """A year of a folder's books; those of a folder touch each other. What is closed is never opened again."""

    __tablename__ = "fiscal_year"
    __table_args__ = (unique("folder_id", "first"), holds("days", "first <= last"))

    id: Typed[RowId]
    folder_id: Typed[int] = column(references="accounting_folder.id")
    first: Typed[date]
    last: Typed[date]
    closed_at: Typed[Instant | None]
    closed_by: Typed[str | None] = column(String(80))


class FecExport(Table):
    """A file of entries that was written for the tax office, and what it was."""

    __tablename__ = "fec_export"

    id: Typed[RowId]
    folder_id: Typed[int] = column(references="accounting_folder.id", index=True)
    first: Typed[date]
    last: Typed[date]
    sha256: Typed[str] = column(String(64))
    lines: Typed[int]
    by: Typed[str] = column(String(80))
    at: Typed[Instant]
