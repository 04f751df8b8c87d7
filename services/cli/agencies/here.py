"""`intergestan here`: where a person is, and usually acts (A24, A49, D62)."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say


def here(
    context: typer.Context,
    *,
    place: Annotated[
        str | None, typer.Argument(metavar="E/DEPOT", help="The number of an establishment and one of its depots.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show where what you do is done; with a place, choose it for yourself.

    `--here` says it for one call, in any window, whatever was chosen in another one.
    """
    from intergestan_erp.agencies.places import choose_place, place_called

    call = call_of(context)
    if place is None:
        with call.database.read() as connection:
            shown = call.place(connection)
    else:
        with call.database.transaction() as connection:
            user_id, login = call.user(connection)
            shown = place_called(connection, place)
            choose_place(connection, user_id, shown, by=login, at=call.database.now())
    if as_json:
        numbers = {"dossier": shown.dossier, "folder": shown.folder}
        print_json({"establishment": shown.establishment, "depot": shown.depot, **numbers})
        return
    text = _("Establishment {number} ({name}), depot {depot}, accounting folder {folder}.")
    told = text.format(number=shown.establishment, name=shown.name, depot=shown.depot, folder=shown.folder)
    if place is None:
        typer.echo(told)
    else:
        say(told)
