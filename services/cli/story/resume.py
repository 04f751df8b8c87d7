"""`intergestan resume`: go on booking for a partner after a restore."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, ngettext
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say


def resume(
    context: typer.Context,
    *,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Code, third party, SIRET or name of the partner.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept with your name.")],
    as_json: AsJson = False,
) -> None:
    """Go on booking the orders of a partner after a restore, before their statement agrees.

    Do so when you know from them that nothing they sent before the restore was delivered twice.
    """
    from intergestan_db.bells import Bells
    from intergestan_exchange.partners.partners import find_partner
    from intergestan_exchange.statements.paused import list_paused
    from intergestan_exchange.statements.pauses import resume as go_on

    call = call_of(context)
    if not reason.strip():
        raise typer.BadParameter(_("Say why, in a few words."))
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        partner_id = find_partner(connection, partner)
        codes = {row.code for row in list_paused(connection)}
        mails = go_on(connection, [partner_id], by=by, at=at, words=reason.strip())
        still = {row.code for row in list_paused(connection)}
    if codes == still:
        raise Problem(
            "Booking does not rest for {partner}, so nothing was changed.", ProblemCode.NOT_PAUSED, partner=partner
        )
    call.ring_all(Bells(take_in=mails))
    if as_json:
        print_json({"partner": next(iter(codes - still)), "mails": len(mails)})
        return
    text = ngettext(
        "Booking goes on for {partner}: {count} mail is taken in now.",
        "Booking goes on for {partner}: {count} mails are taken in now.",
        len(mails),
    )
    say(text.format(partner=partner, count=len(mails)))
