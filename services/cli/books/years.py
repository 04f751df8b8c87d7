"""`intergestan books years` and `books close`: the years of the books, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.asking import confirmed
from services.cli.books.naming import Folder, folder_of
from services.cli.context import call_of, may_ask
from services.cli.figures import a_day
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.shown import amount

if TYPE_CHECKING:
    from datetime import date

    from intergestan_erp.books.years import Year


def years(
    context: typer.Context,
    *,
    year: Annotated[
        str | None, typer.Argument(metavar="YEAR", help="The year that changes: 2026 if it ends then, or a day in it.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--last", metavar="DATE", help="The day on which this year ends instead.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show the years of the books, or let an open one end on another day (1 to 24 months)."""
    from intergestan_erp.books.closing import set_last_day
    from intergestan_erp.books.folders import read_period

    if (year is None) is not (last is None):
        raise typer.BadParameter(_("A year changes by its name and --last, the day on which it ends."))
    call = call_of(context)
    if year is None or last is None:
        with call.database.read() as connection:
            found = list(read_period(connection, folder_of(call, connection, folder)).years)
    else:
        with call.database.transaction() as connection:
            by, at = call.user(connection)[1], call.database.now()
            meant = year, day_in(year), a_day(last)
            found = set_last_day(connection, folder_of(call, connection, folder, keep=True), *meant, by=by, at=at)
    _show(found, as_json=as_json)


def close(
    context: typer.Context,
    *,
    year: Annotated[str, typer.Argument(metavar="YEAR", help="2026 for the year that ends then, or a day in it.")],
    folder: Folder = None,
    yes: Annotated[bool, typer.Option("--yes", help="It is meant; without a terminal this must be said.")] = False,
    as_json: AsJson = False,
) -> None:
    """Close a year for ever: what is left of it opens the next one, and nothing enters it any more."""
    from intergestan_erp.books.closing import close_year

    if not yes and not may_ask():
        raise typer.BadParameter(_("A closed year is never opened again: --yes says that it is meant."))
    if not yes and not confirmed(_("Close {year}? It is never opened again.").format(year=year)):
        return
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.user(connection)[1], call.database.now()
        closed = close_year(
            connection, folder_of(call, connection, folder, keep=True), year, day_in(year), by=by, at=at
        )
    entry = None if closed.entry is None else closed.entry.name
    if as_json:
        print_json({"year": closed.year.name, "entry": entry, "result": closed.result})
        return
    text = (
        _("{year} is closed: a profit of {amount}.")
        if closed.result >= 0
        else _("{year} is closed: a loss of {amount}.")
    )
    say(text.format(year=closed.year.name, amount=amount(abs(closed.result))))
    if entry is not None:
        say(_("{entry} opens the next one.").format(entry=entry))


def day_in(text: str) -> date | None:
    """The day that a year is named by; None for a plain year. BadParameter for what is neither."""
    return None if text.strip().isdecimal() else a_day(text)


def _show(found: list[Year], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [{"year": each.name, "first": each.first, "last": each.last, "closed": each.closed} for each in found]
        )
        return
    print_table(
        [_("Year"), _("First day"), _("Last day"), _("Closed")],
        [[each.name, each.first, each.last, each.closed] for each in found],
    )
