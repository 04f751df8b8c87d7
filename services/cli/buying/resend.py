"""`intergestan resend` and `intergestan abandon`: our mails after *Valider* (D1)."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import say

Mails = Annotated[
    list[str], typer.Argument(metavar="MAIL …", help="An order in the mail, the mail's number (out-3) or transfer id.")
]


def resend(context: typer.Context, *, mails: Mails) -> None:
    """Send mails again, the very same bytes (Renvoyer). The partner takes in each order once, whatever comes twice."""
    from intergestan_exchange.outbox import outbound

    call = call_of(context)
    with call.database.transaction() as connection:
        ids = [outbound.find_outbound(connection, mail) for mail in mails]
        bells = outbound.resend(connection, ids, by=call.actor(connection), at=call.database.now())
    call.ring_all(bells)
    refs = sorted({f"{outbound.REF}{mail_id}" for mail_id in ids})
    say(_("Going out again: {refs}.").format(refs=", ".join(dict.fromkeys(refs))))


def abandon(context: typer.Context, *, mails: Mails) -> None:
    """Give up mails that never went out. Their orders are confirmed again and can be sent in another mail."""
    from intergestan_exchange.outbox import outbound

    call = call_of(context)
    with call.database.transaction() as connection:
        ids = [outbound.find_outbound(connection, mail) for mail in mails]
        orders = outbound.abandon(connection, ids, by=call.actor(connection), at=call.database.now())
    refs = sorted({f"{outbound.REF}{mail_id}" for mail_id in ids})
    say(_("Given up: {refs}.").format(refs=", ".join(dict.fromkeys(refs))))
    if orders:
        say(_("Confirmed again: {numbers}.").format(numbers=", ".join(orders)))
