"""`intergestan books here`: to where the books of an establishment are, and with them the dossier (A50)."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say

_TYPED = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*")


def here(
    context: typer.Context,
    *,
    books: Annotated[
        str, typer.Argument(metavar="FOLDER/E", help="The numbers of an accounting folder and an establishment.")
    ],
    dossier: Annotated[
        int | None, typer.Option("--dossier", metavar="N", help="The dossier, where several have them; else the first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose a place for yourself by its books: folder and establishment bring the dossier."""
    from intergestan_erp.agencies.places import choose_place, places_in_books

    typed = _TYPED.fullmatch(books)
    if typed is None:
        raise typer.BadParameter(_("«{text}» is no folder with an establishment: write 2/1.").format(text=books))
    call = call_of(context)
    with call.database.transaction() as connection:
        user_id, login = call.user(connection)
        found = places_in_books(connection, int(typed[1]), int(typed[2]))
        dossiers = [place.dossier for place in found]
        if dossier is not None and dossier not in dossiers:
            text = _("Dossier {number} has no such books: {others} have them.")
            raise typer.BadParameter(text.format(number=dossier, others=", ".join(map(str, dossiers))))
        place = found[0] if dossier is None else found[dossiers.index(dossier)]
        choose_place(connection, user_id, place, by=login, at=call.database.now())
    if as_json:
        where = {"establishment": place.establishment, "depot": place.depot, "folder": place.folder}
        print_json({**where, "dossier": place.dossier, "dossiers": dossiers})
        return
    text = _("Dossier {dossier}, establishment {number} ({name}), depot {depot}, accounting folder {folder}.")
    named = {"dossier": place.dossier, "number": place.establishment, "name": place.name}
    say(text.format(**named, depot=place.depot, folder=place.folder))
