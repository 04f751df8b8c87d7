"""`intergestan books fec` and `books export`: the entries as files for the tax office and for accountants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _
from services.cli.books.naming import Folder, folder_of
from services.cli.books.years import day_in
from services.cli.context import Call, call_of
from services.cli.figures import a_day
from services.cli.files import write_parts, write_whole
from services.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from intergestan_erp.books import folders
    from intergestan_erp.books.fec_rows import WrittenFile

_NAMED = 20
"""So many changed lines are named."""


def fec(
    context: typer.Context,
    *,
    year: Annotated[
        str, typer.Option("--year", metavar="YEAR", help="2026 for the year that ends then, or a day in it.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the two files; this one by default.")
    ] = Path(),
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Write the file of entries that the French tax office asks for (FEC), and the file that describes it.

    Of a closed year it is always the same, as long as nothing is lettered: what changed since the file in the folder is
    said then. Of an open year it is provisional.
    """
    from intergestan_erp.books.fec import description, description_name, file_name
    from intergestan_erp.books.fec_rows import check_exportable, note_written, written_before
    from intergestan_erp.books.folders import read_period
    from intergestan_erp.books.years import year_called

    _refuse_no_folder(out)
    call = call_of(context)
    with call.database.read() as connection:
        by = call.entitled(connection, Right.KEEP_BOOKS)
        books = folder_of(call, connection, folder)
        meant = year_called(read_period(connection, books).years, year, day_in(year))
        siren = check_exportable(connection, books)
        before = written_before(connection, books, meant.first, meant.last)
    file = out / file_name(siren, meant.last)
    new = file.with_suffix(".part")
    written = _write(call, books, meant.first, meant.last, new)
    changed = list(_changed(file, new)) if file.is_file() else []
    new.replace(file)
    write_whole(out / description_name(siren, meant.last), description())
    with call.database.transaction() as connection:
        note_written(connection, books, meant.first, meant.last, written, by=by, at=call.database.now())
    differs = before is not None and before.sha256 != written.sha256
    if as_json:
        told = {"file": str(file), "lines": written.lines, "sha256": written.sha256, "provisional": not meant.closed}
        print_json({**told, "changed": len(changed), "differs": differs})
        return
    say(_("{file}: {lines} lines.").format(file=file, lines=written.lines))
    if not meant.closed:
        say(_("It is provisional: {year} is open.").format(year=meant.name))
    elif differs:
        say(_("It is not what was written before: {count} lines changed.").format(count=len(changed)))
        for each in changed[:_NAMED]:
            say(f"  {each}")


def export(
    context: typer.Context,
    *,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Write the entries of any days with the columns of the tax office's file, for an accountant elsewhere."""
    from intergestan_erp.books.fec_rows import check_in_order

    _refuse_no_folder(out.parent)
    call = call_of(context)
    days = a_day(first), a_day(last)
    with call.database.read() as connection:
        call.entitled(connection, Right.KEEP_BOOKS)
        books = folder_of(call, connection, folder)
        check_in_order(connection, books)
    written = _write(call, books, *days, out)
    if as_json:
        print_json({"file": str(out), "lines": written.lines, "sha256": written.sha256})
        return
    say(_("{file}: {lines} lines.").format(file=out, lines=written.lines))


def _refuse_no_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise Problem("There is no folder {folder}.", ProblemCode.NO_PATH, folder=folder)


def _write(call: Call, books: folders.Folder, first: date, last: date, file: Path) -> WrittenFile:
    """Write the entries of some days, of one moment; never all of them in memory."""
    from intergestan_erp.books.fec_rows import FecWriter

    with call.database.snapshot() as connection:
        writer = FecWriter(connection, books, first, last)
        write_parts(file, writer.parts())
    return writer.written


def _changed(old: Path, new: Path) -> Iterator[str]:
    """Journal, number and account of the lines that are not what they were."""
    with old.open("rb") as before, new.open("rb") as after:
        for one, other in zip_longest(before, after, fillvalue=b""):
            if one != other:
                fields = (other or one).decode("iso8859-15").split("\t")
                yield " ".join(field for field in (f"{fields[0]}{fields[2]}", *fields[4:7:2]) if field)
