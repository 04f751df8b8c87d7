"""`intergestan upgrade`: bring the base to the schema of this release."""

from __future__ import annotations

import typer

from intergestan_operations.language.language import _
from intergestan_operations.opening.keys import make_bounce_key
from services.cli.context import NoSite, call_of, is_made
from services.cli.output import say


def upgrade(context: typer.Context) -> None:
    """Bring the base to the schema of this release. Take a backup first."""
    from intergestan_db import migrate

    call = call_of(context)
    database = call.unchecked_database
    if not is_made(database):
        raise NoSite(call.site.database_url)
    migrate.upgrade(database)
    if make_bounce_key(call.site):
        say(_("A new key for the marks of undelivered mail: {file}.").format(file=call.site.bounce_key_file))
    say(_("The base is at schema {schema}.").format(schema=migrate.HEAD))
