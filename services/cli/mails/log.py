"""`intergestan log`: what happened, and who did it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, print_table
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.shown import what


def log(
    context: typer.Context,
    *,
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Only what this user or service did.")
    ] = None,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened, the newest first: orders, mails, partners, mailboxes, users, and who did it."""
    from intergestan_exchange.listing.events import WhichEvents, list_events

    with call_of(context).database.read() as connection:
        page = list_events(connection, WhichEvents(who=who), size=limit, after=after)
    if as_json:
        print_json({"events": [asdict(event) for event in page.rows], "after": page.after})
        return
    rows = [
        [event.at, event.who, event.of, what(event.subject, event.name), event.new and _(event.new)]
        for event in page.rows
    ]
    print_table([_("When"), _("Who"), _("Of"), _("What"), _("State")], rows)
    say_that_there_are_more(page.after)
