"""`intergestan restored`: the base came back from a backup."""

from __future__ import annotations

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say


def restored(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Say that the base came back from a backup, before the services start again.

    What was sent after the backup had numbers that the base does not know: it counts anew from here, so that no
    partner takes two mails for one. Orders are booked again once the partner's statement agrees, or after
    `intergestan resume PARTNER`. Then start the services and run `intergestan replay --all`.
    """
    from intergestan_exchange.statements.restored import take_up

    call = call_of(context)
    with call.database.transaction() as connection:
        partners = take_up(connection, by=call.actor(connection), at=call.database.now())
    if as_json:
        print_json({"partners": partners})
    else:
        say(_("The numbering of our mails begins anew for {count} partners.").format(count=partners))
        say(_("Their orders are not booked until their statements agree: `intergestan status` shows it."))
        say(_("Next: start the services, then run `intergestan replay --all`."))
