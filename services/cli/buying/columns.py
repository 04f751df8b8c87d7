"""`intergestan orders columns`: how the files of a supplier or of a watched folder are written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.buying.taking_files import InEncoding
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, print_table, say


def columns(
    context: typer.Context,
    *,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Code, SIRET, VAT number or name.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="A watched folder.")] = None,
    title: Annotated[
        list[str] | None,
        typer.Option(
            "--title",
            metavar="TITLE=COLUMN",
            help="What a title of theirs means; TITLE= for a column that is not taken.",
        ),
    ] = None,
    encoding: InEncoding = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget what was kept before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep what the titles of their order files mean, and in which letters they are; show what is kept.

    Of a supplier it counts with `orders import --supplier`, of a folder with `orders watch`. What is said now is added
    to what was kept.
    """
    from intergestan_erp.order_files.layouts import Layout, Whose, keep_layout, list_layouts, read_layout, titles_of

    if (supplier is not None) and (folder is not None):
        raise typer.BadParameter(_("Say a supplier or a folder, not both."))
    pairs = [each.partition("=") for each in title or ()]
    if any(not name.strip() or not sign for name, sign, _to in pairs):
        raise typer.BadParameter(_("Write a title as TITLE=COLUMN, or TITLE= for a column that is not taken."))
    call = call_of(context)
    if supplier is not None or folder is not None:
        whose = Whose(supplier, folder)
        with call.database.transaction() as connection:
            kept = Layout() if forget else read_layout(connection, whose)
            said = titles_of({name: to.strip() for name, _sign, to in pairs})
            layout = Layout({**kept.titles, **said}, encoding or kept.encoding)
            if forget or pairs or encoding is not None:
                keep_layout(connection, whose, layout)
    with call.database.read() as connection:
        every = list_layouts(connection)
    if as_json:
        print_json(every)
        return
    if not every:
        say(_("Nothing is kept: titles count as docs/files.md says."))
        return
    titles = [", ".join(f"{name} → {to or _('not taken')}" for name, to in row.titles.items()) for row in every]
    rows = [(row.supplier or row.folder, row.encoding, said) for row, said in zip(every, titles, strict=True)]
    print_table([_("Supplier"), _("Encoding"), _("Titles")], rows)
