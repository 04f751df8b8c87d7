"""The lines of a folder's books as the file of entries wants them, and what is kept of a file that was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Date, String, bindparam, func, insert, select, type_coerce

from intergestan_db import states
from intergestan_db.enums import Journal
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import AccountingFolder, Entry, EntryLine, FecExport
from intergestan_erp.books.check import check_journals
from intergestan_erp.books.folders import Books, Folder

_AT_ONCE = 5000
_LATEST = (
    select(FecExport.sha256, FecExport.lines, FecExport.at)
    .where(
        *(FecExport.folder_id == bindparam("folder"), FecExport.first == bindparam("first", type_=Date())),
        FecExport.last == bindparam("last", type_=Date()),
    )
    .order_by(FecExport.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of entries as it was written."""

    sha256: str
    lines: int


def check_exportable(connection: Connection, folder: Folder) -> str:
    """The SIREN under which a folder's file is handed in.

    :raises Problem: it has none, or its entries are not in order.
    """
    if folder.siren is None:
        raise Problem(
            "Folder {folder} has no SIREN, by which the tax office knows the file. Nothing was written.",
            ProblemCode.NO_SIREN,
            (Act.SET_FOLDER,),
            folder=folder.number,
        )
    check_in_order(connection, folder)
    return folder.siren


def check_in_order(connection: Connection, folder: Folder) -> None:
    """Refuse books that no program could read.

    :raises Problem: with the first entry that does not balance or follows a gap.
    """
    if broken := check_journals(connection, folder):
        raise Problem(
            "The books of folder {folder} are not in order: {entry} does not balance, or a number before it is "
            "missing. Nothing was written.",
            ProblemCode.BOOKS_BROKEN,
            (Act.CHECK_BOOKS,),
            folder=folder.number,
            entry=broken[0].what,
        )


def fec_rows(connection: Connection, books: Books, first: date, last: date) -> Iterator[tuple[Any, ...]]:
    """The lines of the entries of these days, both in it, as `fec.fec_bytes` takes them: openings, then by validation.

    :param connection: of `Database.snapshot`, so that all of it is of one moment, and never in memory at once.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    columns = (
        *(Entry.journal_code, Entry.number, _compact(Entry.day, is_sqlite), Entry.piece),
        *(_compact(Entry.piece_day, is_sqlite), _compact(Entry.validated_on, is_sqlite), Entry.label),
        *(EntryLine.account, EntryLine.title, EntryLine.aux, EntryLine.aux_title),
        *(type_coerce(EntryLine.debit, BigInteger), type_coerce(EntryLine.credit, BigInteger), EntryLine.letter),
        _compact(EntryLine.letter_day, is_sqlite),
    )
    query = (
        select(*columns)
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .where(Entry.folder_id == books.id, Entry.day.between(first, last))
        .order_by(Entry.validated_on, Entry.journal_code, Entry.number, EntryLine.position)
        .execution_options(yield_per=_AT_ONCE)
    )
    for which in (Entry.journal_code == Journal.OPENING, Entry.journal_code != Journal.OPENING):
        for rows in connection.execute(query.where(which)).partitions():
            yield from rows


def written_before(connection: Connection, books: Books, first: date, last: date) -> WrittenFile | None:
    """The file of the same days that was written last."""
    row = connection.execute(_LATEST, {"folder": books.id, "first": first, "last": last}).one_or_none()
    return None if row is None else WrittenFile(row.sha256, row.lines)


def note_written(
    connection: Connection, folder: Folder, first: date, last: date, file: WrittenFile, *, by: str, at: datetime
) -> None:
    """Keep that a file was written for the tax office."""
    days = {"folder_id": folder.id, "first": first, "last": last}
    connection.execute(insert(FecExport).values(**days, sha256=file.sha256, lines=file.lines, by=by, at=at))
    detail = {"first": first.isoformat(), "last": last.isoformat(), "lines": file.lines, "sha256": file.sha256}
    own = [(folder.id, None, None)]
    states.record(connection, AccountingFolder.__tablename__, own, "fec", by=by, at=at, detail=detail)


def _compact(day: Any, is_sqlite: bool) -> ColumnElement[str]:  # noqa: FBT001
    """A day as YYYYMMDD."""
    text = func.replace(day, "-", "") if is_sqlite else func.to_char(day, "YYYYMMDD")
    return type_coerce(text, String)
