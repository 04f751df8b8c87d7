"""*FEC*: the file of entries that the tax office asks for, and the same columns of any days for other accountants.

A file is written whole before any of it is sent: all of one moment, and never all of it in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.fec import ENCODING, description, description_name, file_name
from intergestan_erp.books.fec_rows import (
    FecWriter,
    WrittenFile,
    check_exportable,
    check_in_order,
    note_written,
    written_before,
)
from intergestan_erp.books.folders import Folder, read_period
from intergestan_erp.books.years import Year, year_called
from intergestan_erp.listing.fec_files import Relettered, WrittenFec, find_file, lettered_since, list_files
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.books import FILES, FOLDER, books_of, books_path, frame
from services.console.pages.filters import days_of, paging_of
from services.console.visit import Visit

YEAR, COMPARED = "exercice", "comparer"
_IN_MEMORY: Final = 4_000_000
_PART: Final = 1_000_000
_SAME: Final = marked("{file} has the same bytes as before.")
_OTHER: Final = marked("{file} is not what was written before: {count} lines were lettered since.")
_NEW: Final = marked("{file} is written: {lines} lines.")


def show(visit: Visit) -> Response:
    """The years, the files that were written, and of the one that the address names what became of it."""
    return _page(visit)


def produce(visit: Visit) -> Response:
    """Write the file of a year, and keep what it was; it is taken by its link then."""
    wanted = visit.form.get(YEAR, "")
    try:
        with visit.database.read() as connection:
            folder = books_of(visit, connection)
            year = _year(connection, folder, wanted)
            siren = check_exportable(connection, folder)
            before = written_before(connection, folder, year.first, year.last)
        written = _write(visit, folder, year.first, year.last, None)
    except Problem as problem:
        return _page(visit, problem)

    def do(connection: Connection) -> Done:
        note_written(connection, folder, year.first, year.last, written, by=visit.who.login, at=visit.now)
        (newest,) = list_files(connection, folder.id, size=1).rows
        said = _said(connection, folder, file_name(siren, year.last), before, newest)
        return Done(to=books_path(FILES, folder), said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem)


def _said(connection: Connection, folder: Folder, file: str, before: WrittenFile | None, newest: WrittenFec) -> Said:
    if before is None:
        return Said(_NEW, file=file, lines=str(newest.lines))
    if before.sha256 == newest.sha256:
        return Said(_SAME, file=file)
    earlier = next(each for each in list_files(connection, folder.id).rows if each.sha256 == before.sha256)
    return Said(_OTHER, file=file, count=str(lettered_since(connection, folder.id, earlier).count))


def take(visit: Visit) -> Response:
    """The bytes of a file that was written, as long as they are what they were."""
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        file = find_file(connection, folder.id, min(visit.params["file"], 2**62))
        if file is None or folder.siren is None:
            return faults.page(visit, 404)
    kept: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it is closed once all of it is sent
    written = _write(visit, folder, file.first, file.last, kept)
    if written.sha256 != file.sha256:
        kept.close()
        return _page(
            visit,
            Problem(
                "The books of these days are not what they were when this file was written: write it again.",
                ProblemCode.CHANGED_MEANWHILE,
            ),
        )
    return _sent(kept, file_name(folder.siren, file.last))


def describe(visit: Visit) -> Response:
    """The file that says what the fields of the other one are."""
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        try:
            year = _year(connection, folder, visit.query.get(YEAR, ""))
        except Problem:
            return faults.page(visit, 404)
    if folder.siren is None:
        return faults.page(visit, 404)
    return _as_file(Response(description()), description_name(folder.siren, year.last))


def export(visit: Visit) -> Response:
    """The entries of any days with the same columns."""
    days, wrong = days_of(visit)
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        try:
            check_in_order(connection, folder)
        except Problem as problem:
            return _page(visit, problem)
    if wrong or days.first is None or days.last is None:
        return _page(visit, wrong=wrong or {"du": visit.say(Said("Say from which day to which."))})
    kept: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it is closed once all of it is sent
    _write(visit, folder, days.first, days.last, kept)
    return _sent(kept, f"ecritures-{folder.number}-{days.first:%Y%m%d}-{days.last:%Y%m%d}.txt")


def _year(connection: Connection, folder: Folder, last: str) -> Year:
    """The year that ends on this day."""
    years = read_period(connection, folder).years
    day = next((each.last for each in years if each.last.isoformat() == last), None)
    return year_called(years, last, day)


def _write(visit: Visit, folder: Folder, first: date, last: date, into: IO[bytes] | None) -> WrittenFile:
    """Write the entries of some days, or only see what they would be."""
    with visit.database.snapshot() as connection:
        writer = FecWriter(connection, folder, first, last)
        for part in writer.parts():
            if into is not None:
                into.write(part)
    return writer.written


def _sent(kept: IO[bytes], name: str) -> Response:
    kept.seek(0)

    def parts() -> Iterator[bytes]:
        with kept:
            while part := kept.read(_PART):
                yield part

    return _as_file(StreamingResponse(parts()), name)


def _as_file(response: Response, name: str) -> Response:
    response.headers["Content-Type"] = f"text/plain; charset={ENCODING}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@dataclass(frozen=True, slots=True)
class Compared:
    """A file that was written, against the books now."""

    file: WrittenFec
    is_same: bool
    since: Relettered


def _compared(visit: Visit, connection: Connection, folder: Folder) -> Compared | None:
    asked = visit.query.get(COMPARED, "")
    known = asked.isascii() and asked.isdigit() and len(asked) < 18
    file = find_file(connection, folder.id, int(asked)) if known else None
    if file is None:
        return None
    now = _write(visit, folder, file.first, file.last, None)
    return Compared(file, now.sha256 == file.sha256, lettered_since(connection, folder.id, file))


def _page(visit: Visit, problem: Problem | None = None, wrong: dict[str, str] | None = None) -> Response:
    days, _wrong = days_of(visit)
    paging = paging_of(visit, FILES, (FOLDER,))
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        shared = frame(folder, FILES)
        years = read_period(connection, folder).years
        files = list_files(connection, folder.id, **paging.where)
        compared = _compared(visit, connection, folder)
    return visit.html(
        "books/files.html",
        status=200 if not (problem or wrong) else 422 if problem is None else faults.status_of(problem),
        years=years,
        of_year={(each.first, each.last): each for each in years},
        files=files,
        paging=paging,
        days=days,
        compared=compared,
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        lacks_siren=folder.siren is None,
        chosen=(visit.form or visit.kept).get(YEAR, ""),
        **shared,
    )
