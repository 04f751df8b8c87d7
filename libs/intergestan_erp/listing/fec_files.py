"""The files of entries that were written for the tax office, and what became of their lines since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, func, select

from intergestan_db.tables import Entry, EntryLine, FecExport
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.site.zone import read_zone

NAMED = 20
"""So many changed lines are named."""


@dataclass(frozen=True, slots=True)
class WrittenFec:
    """A file that was written: of which days, and what it was."""

    id: int
    first: date
    last: date
    sha256: str
    lines: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Relettered:
    """The lines of a file that got another letter since. :ivar named: the first ones, such as `VE1 411000 411C4 AA`."""

    count: int
    named: tuple[str, ...]


def list_files(
    connection: Connection, folder_id: int, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[WrittenFec]:
    """A page of the files of a folder, the newest first."""
    query = _FILES.where(FecExport.folder_id == folder_id)
    place = {"size": size, "after": after, "before": before}
    return read_page(connection, query, [FecExport.id], lambda row: WrittenFec(*row[:7]), descending=True, **place)  # type: ignore[arg-type]


def find_file(connection: Connection, folder_id: int, file_id: int) -> WrittenFec | None:
    """One of them."""
    query = _FILES.where(FecExport.folder_id == folder_id, FecExport.id == file_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else WrittenFec(*row)


def lettered_since(connection: Connection, folder_id: int, file: WrittenFec) -> Relettered:
    """The lines of a file's days that were lettered on its day or later."""
    day = file.at.astimezone(read_zone(connection)).date()
    meant = and_(Entry.folder_id == folder_id, Entry.day.between(file.first, file.last), EntryLine.letter_day >= day)
    lines = select(EntryLine.entry_id).join(Entry, Entry.id == EntryLine.entry_id).where(meant)
    count = connection.execute(select(func.count()).select_from(lines.subquery())).scalar_one()
    query = (
        select(Entry.journal_code, Entry.number, EntryLine.account, EntryLine.aux, EntryLine.letter)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .where(meant)
        .order_by(Entry.id, EntryLine.position)
        .limit(NAMED)
    )
    rows = connection.execute(query).all()
    return Relettered(count, tuple(f"{row[0]}{row[1]} {row[2]} {row[3] or ''} {row[4]}" for row in rows))


_FILES = select(
    *(FecExport.id, FecExport.first, FecExport.last, FecExport.sha256, FecExport.lines, FecExport.by, FecExport.at)
)
