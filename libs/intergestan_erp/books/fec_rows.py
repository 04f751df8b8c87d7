"""The lines of a folder's books as the file of entries wants them, and what is kept of a file that was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

from sqlalchemy import BigInteger, Connection, Date, String, bindparam, insert, select, type_coerce

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.enums import Journal
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import AccountingFolder, Entry, EntryLine, FecExport
from intergestan_erp.books.check import check_journals
from intergestan_erp.books.fec import FecEntry, LineValues, fec_bytes
from intergestan_erp.books.folders import Books, Folder

_AT_ONCE = 500
"""Entries whose lines are read together."""
_ENTRIES = (
    select(
        *(Entry.id, Entry.journal_code, Entry.number, type_coerce(Entry.day, String), Entry.piece),
        *(type_coerce(Entry.piece_day, String), type_coerce(Entry.validated_on, String), Entry.label),
    )
    .where(
        Entry.folder_id == bindparam("folder"),
        Entry.day.between(bindparam("first", type_=Date()), bindparam("last", type_=Date())),
    )
    .order_by(Entry.validated_on, Entry.journal_code, Entry.number)
    .execution_options(yield_per=_AT_ONCE)
)
_OPENINGS = _ENTRIES.where(Entry.journal_code == Journal.OPENING)
_OTHERS = _ENTRIES.where(Entry.journal_code != Journal.OPENING)
_LINES = (
    select(
        *(EntryLine.entry_id, EntryLine.account, EntryLine.title, EntryLine.aux, EntryLine.aux_title),
        *(type_coerce(EntryLine.debit, BigInteger), type_coerce(EntryLine.credit, BigInteger), EntryLine.letter),
        type_coerce(EntryLine.letter_day, String),
    )
    .where(among(EntryLine.entry_id, "ids"))
    .order_by(EntryLine.entry_id, EntryLine.position)
)
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


def fec_entries(
    connection: Connection, books: Books, first: date, last: date
) -> Iterator[tuple[FecEntry, Sequence[LineValues]]]:
    """The entries of these days, both in it, as `fec.fec_bytes` takes them: openings, then by validation.

    What lines share is read once, and lines are the plain tuples of the driver: most of the time goes into reading.

    :param connection: of `Database.snapshot`, so that all of it is of one moment, and never in memory at once.
    """
    asked = {"folder": books.id, "first": first, "last": last}
    for entries in (_OPENINGS, _OTHERS):
        for heads in connection.execute(entries, asked).partitions():
            found = connection.execute(_LINES, {"ids": [head[0] for head in heads]})
            assert found.cursor is not None
            rows: Sequence[LineValues] = found.cursor.fetchall()
            lines = {entry: list(of_entry) for entry, of_entry in groupby(rows, key=itemgetter(0))}
            found.close()
            for head in heads:
                yield FecEntry(*head), lines.get(head[0], ())


class FecWriter:
    """A file of entries as it is written, part by part; what it was is known once all parts are taken.

    :param connection: of `Database.snapshot`.
    """

    def __init__(self, connection: Connection, books: Books, first: date, last: date) -> None:
        self._entries = fec_entries(connection, books, first, last)
        self._digest, self._ends = sha256(), 0

    def parts(self) -> Iterator[bytes]:
        """The bytes, some thousand lines at a time."""
        for part in fec_bytes(self._entries):
            self._digest.update(part)
            self._ends += part.count(b"\n")
            yield part

    @property
    def written(self) -> WrittenFile:
        """What was written so far; the line of titles is none."""
        return WrittenFile(self._digest.hexdigest(), self._ends - 1)


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
