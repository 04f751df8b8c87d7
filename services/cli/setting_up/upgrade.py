"""`intergestan upgrade`: bring the base to the schema of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from intergestan_operations.opening.keys import make_bounce_key, make_console_key
from services.cli.context import Call, call_of
from services.cli.output import say

if TYPE_CHECKING:
    from intergestan_db.migrate import Rename


def upgrade(
    context: typer.Context,
    *,
    renamed: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="ROW=NEW",
            help="Another number or code for a row, where an upgrade says that two are the same.",
        ),
    ] = None,
    forgotten: Annotated[
        list[str] | None,
        typer.Option("--forget", metavar="ROW", help="Forget what was remembered, where an upgrade says so."),
    ] = None,
) -> None:
    """Bring the base to the schema of this release. Take a backup first.

    Where two numbers or codes would become the same, it names them and changes nothing. --rename then gives one of
    them another number, such as purchase_order:15=CFR15-bis.
    """
    from intergestan_db import migrate
    from intergestan_db.site_rows import has_site
    from intergestan_operations.opening.lost_database import refuse_lost_database
    from intergestan_operations.opening.opening import NoSite, is_made

    renames = [*map(_rename, renamed or ()), *(_row(text, None, text) for text in forgotten or ())]
    call = call_of(context)
    database = call.unchecked_database
    if not has_site(database):
        refuse_lost_database(call.site, database)
    if not is_made(database):
        raise NoSite(call.site.database_url)
    migrate.upgrade(database, renames)
    if make_bounce_key(call.site):
        say(_("A new key for the marks of undelivered mail: {file}.").format(file=call.site.bounce_key_file))
    if make_console_key(call.site):
        say(
            _("A new key for second factors: {file}. Only the console reads it.").format(
                file=call.site.console_key_file
            )
        )
    _seal_anew(call)
    say(_("The base is at schema {schema}.").format(schema=migrate.HEAD))


def _seal_anew(call: Call) -> None:
    """Publish under what passwords are sealed, and seal those of older releases so; where base.key is not, say so."""
    from intergestan_operations.opening.passwords import seal_anew
    from intergestan_runtime.secrets import read_base_key

    file = call.site.base_key_file
    if not file.is_file():
        say(
            _(
                "There is no {file} here, so the seal of passwords was not published: passwords that are stored still "
                "work, and a new one can be stored once `intergestan upgrade` has run where that file is."
            ).format(file=file)
        )
        return
    with call.unchecked_database.transaction() as connection:
        done = seal_anew(connection, read_base_key(file))
    if done.sealed:
        text = _("Passwords of accounts that were sealed anew: {count}.")
        say(text.format(count=done.sealed))
    if done.unreadable:
        text = _("{file} does not open the passwords of {names}: enter them again.")
        say(text.format(file=file, names=", ".join(done.unreadable)))


def _rename(text: str) -> Rename:
    row, _equals, new = text.partition("=")
    return _row(row, new, text)


def _row(row: str, new: str | None, text: str) -> Rename:
    from intergestan_db.migrate import Rename

    table, _colon, number = row.rpartition(":")
    if not (table and number.isascii() and number.isdecimal() and (new is None or new.strip())):
        raise typer.BadParameter(
            _("«{text}» names no row: write it as the upgrade does, like purchase_order:15.").format(text=text)
        )
    return Rename(table, int(number), new)
