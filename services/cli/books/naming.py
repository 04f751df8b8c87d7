"""The books that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.books import folders
    from services.cli.context import Call

Folder = Annotated[
    int | None,
    typer.Option("--folder", metavar="N", help="Number of the accounting folder; by default that of where you are."),
]


def folder_of(call: Call, connection: Connection, number: int | None, *, keep: bool = False) -> folders.Folder:
    """The accounting folder that an option names, else that of the place where the person acts (A49).

    :param keep: that place keeps its books until the transaction ends, which enters something there (D41).
    :raises Problem: there is none.
    """
    from intergestan_erp.books.folders import folder_at, folder_by_id, folder_called

    if number is None:
        place = call.place(connection)
        return folder_at(connection, place) if keep else folder_by_id(connection, place.folder_id)
    return folder_called(connection, number)
