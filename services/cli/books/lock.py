"""`intergestan folders lock`: months of the books that are shut before the year is closed."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_db.enums import Right
from intergestan_operations.language.language import _
from services.cli.books.naming import folder_of
from services.cli.context import call_of
from services.cli.figures import a_day
from services.cli.output import AsJson, print_json, say
from services.cli.shown import day


def lock(
    context: typer.Context,
    *,
    folder: Annotated[int, typer.Argument(metavar="FOLDER", help="Number of the accounting folder.")],
    until: Annotated[
        str | None, typer.Argument(metavar="DATE", help="Nothing enters until this day; without it all may again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shut the books until a day, itself in it, or open again what no closed year holds."""
    from intergestan_erp.books.folders import lock_until
    from intergestan_erp.site.zone import today

    last = None if until is None else a_day(until)
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.entitled(connection, Right.CLOSE_BOOKS), call.database.now()
        lock_until(connection, folder_of(call, connection, folder), last, today(connection, at), by=by, at=at)
    if as_json:
        print_json({"folder": folder, "locked_until": last})
    elif last is None:
        say(_("Nothing of folder {folder} is locked but closed years.").format(folder=folder))
    else:
        say(_("The books of folder {folder} are shut until {day}.").format(folder=folder, day=day(last)))
