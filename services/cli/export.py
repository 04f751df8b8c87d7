"""`orders export` and `sales export`: orders as files for other software, each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import FileFormat
from intergestan_db.problem import Problem, ProblemCode
from intergestan_msg.flavour import Flavour
from intergestan_operations.language.language import _, spoken
from services.cli.context import Call
from services.cli.files import write_whole
from services.cli.output import print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.order_files.order_export import Kind

Wanted = Annotated[
    list[str] | None, typer.Argument(metavar="NUMBER …", help="These orders; without any, all that are new.")
]
Folder = Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the files; this one by default.")]
Form = Annotated[FileFormat, typer.Option("--format", help="Kind of the files.")]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="CSV for software: no apostrophe before texts that begin like formulas. A spreadsheet would compute them.",
    ),
]
InFlavour = Annotated[
    Flavour, typer.Option("--flavour", help="UBL for whose software: Peppol's rules, or OCA's modules for Odoo.")
]
Again = Annotated[bool, typer.Option("--again", help="Also those that were exported before.")]


def export(
    call: Call,
    kind: Kind,
    numbers: Sequence[str],
    form: FileFormat,
    folder: Path,
    *,
    again: bool,
    raw: bool,
    flavour: Flavour,
    as_json: bool,
) -> None:
    """Write a file for each order, then note that it is there."""
    from intergestan_erp.order_files.order_export import MOST, FileNames, mark_exported, to_export

    if not folder.is_dir():
        raise Problem("There is no folder {folder}.", ProblemCode.NO_PATH, folder=folder)
    database = call.database
    with database.read() as connection:
        by = call.actor(connection)
        ids = to_export(connection, kind, list(dict.fromkeys(numbers)), again=again)
    done: list[tuple[str, Path]] = []
    names = FileNames(file.name for file in folder.iterdir())
    for start in range(0, len(ids), MOST):
        some = ids[start : start + MOST]
        with database.read() as connection:
            written = list(_written(connection, kind, some, form, flavour, raw=raw))
        for number, data in written:
            name = names.take(number, form)
            write_whole(folder / name, data)
            done.append((number, folder / name))
        with database.transaction() as connection:
            mark_exported(connection, kind, some, by=by, at=database.now())
    if as_json:
        print_json([{"number": number, "file": str(file)} for number, file in done])
        return
    for number, file in done:
        say(f"{number}: {file}")
    if not done:
        say(_("There is nothing new to export; --again writes what was exported before."))


def _written(
    connection: Connection, kind: Kind, ids: Sequence[int], form: FileFormat, flavour: Flavour, *, raw: bool
) -> Iterator[tuple[str, bytes]]:
    """Number and content of each order."""
    from intergestan_erp.order_files import order_export

    orders = order_export.read_orders(connection, kind, ids)
    if form is FileFormat.UBL:
        for document in order_export.as_documents(connection, kind, orders, flavour):
            yield document.id, order_export.write_ubl(document, flavour)
        return
    for order in orders:
        yield str(order.head["number"]), order_export.write_tables(kind, order, form, spoken(), raw=raw)
