"""`intergestan partner pause`, `unpause`, `deactivate` and `activate`."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_db.enums import Rest
from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import say

Name = Annotated[str, typer.Argument(metavar="PARTNER", help="Code, third party, SIRET or name of the partner.")]


def pause(
    context: typer.Context,
    *,
    partner: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who find it paused.")],
    what: Annotated[
        Rest, typer.Option(help="What rests: mails to them, the booking of their orders, or both.")
    ] = Rest.BOTH,
) -> None:
    """Let mails to a partner wait, the booking of their orders, or both, until `unpause`. Nothing else ends it."""
    from intergestan_exchange.partners.partner_rests import pause_partner
    from intergestan_exchange.partners.partners import find_partner

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        pause_partner(connection, find_partner(connection, partner), what, reason, by=by, at=at)
    texts = {
        Rest.SENDING: _("Nothing leaves to {partner} until `intergestan partner unpause`."),
        Rest.BOOKING: _("Orders of {partner} wait until `intergestan partner unpause`."),
        Rest.BOTH: _("Nothing leaves to {partner}, and their orders wait, until `intergestan partner unpause`."),
    }
    say(texts[what].format(partner=partner))


def unpause(context: typer.Context, *, partner: Name) -> None:
    """Go on with a partner who was paused: what waited leaves, and is booked."""
    from intergestan_exchange.partners.partner_rests import unpause_partner
    from intergestan_exchange.partners.partners import find_partner
    from intergestan_runtime.steps import IMPORT

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        mails = unpause_partner(connection, find_partner(connection, partner), by=by, at=at)
    call.ring(IMPORT, *mails)
    say(
        _("{partner} is not paused any more; {count} mail(s) of theirs are taken in now.").format(
            **_said(partner, mails)
        )
    )


def deactivate(context: typer.Context, *, partner: Name) -> None:
    """Take a partner out of use: nothing leaves to them, what comes waits, no alarm speaks of them. Their row stays."""
    from intergestan_exchange.partners.partner_rests import use_partner
    from intergestan_exchange.partners.partners import find_partner

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        use_partner(connection, find_partner(connection, partner), active=False, by=by, at=at)
    say(_("{partner} is out of use.").format(partner=partner))


def activate(context: typer.Context, *, partner: Name) -> None:
    """Take a partner into use again."""
    from intergestan_exchange.partners.partner_rests import use_partner
    from intergestan_exchange.partners.partners import find_partner
    from intergestan_runtime.steps import IMPORT

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        mails = use_partner(connection, find_partner(connection, partner), active=True, by=by, at=at)
    call.ring(IMPORT, *mails)
    say(_("{partner} is in use again; {count} mail(s) of theirs are taken in now.").format(**_said(partner, mails)))


def _said(partner: str, mails: tuple[int, ...]) -> dict[str, object]:
    return {"partner": partner, "count": len(mails)}
