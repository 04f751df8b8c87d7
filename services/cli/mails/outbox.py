"""`intergestan outbox`: the mails that we sent, or are about to."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import OutboundState
from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_fields, print_json, print_table
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = Group("Mails that we send.")

OfPartner = Annotated[
    str | None, typer.Option("--partner", help="Only of this partner: code, third party, SIRET or name.")
]
Heartbeats = Annotated[bool, typer.Option("--heartbeats", help="Also those that only show that mails pass.")]


def partner_id(connection: Connection, partner: str | None) -> int | None:
    """The id of the partner that an option names; None where it was not given."""
    from intergestan_exchange.partners.partners import find_partner

    return None if partner is None else find_partner(connection, partner)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    state: Annotated[OutboundState | None, typer.Option("--state", help="Only those in this state.")] = None,
    partner: OfPartner = None,
    heartbeats: Heartbeats = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the mails that we send, the newest first, with their states and orders."""
    from intergestan_exchange.listing.mails_out import list_mails_out

    with call_of(context).database.read() as connection:
        whose = partner_id(connection, partner)
        page = list_mails_out(connection, state=state, partner_id=whose, heartbeats=heartbeats, size=limit, after=after)
    if as_json:
        print_json({"mails": [asdict(mail) for mail in page.rows], "after": page.after})
        return
    titles = [_("Mail"), _("When"), _("Carries"), _("State"), _("Partner"), _("Orders"), _("Sent")]
    print_table(
        titles,
        [
            [mail.ref, mail.requested_at, mail.kind, _(mail.state), mail.partner, ", ".join(mail.orders), mail.sent_at]
            for mail in page.rows
        ],
    )
    say_that_there_are_more(page.after)


@app.verb("show")
def show(
    context: typer.Context,
    *,
    mail: Annotated[
        str, typer.Argument(metavar="MAIL", help="Its number (out-3), an order in it, or its transfer id.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show one mail of ours: where it is, and what it is about."""
    from intergestan_exchange.outbox.outbound import find_outbound, list_outbound

    with call_of(context).database.read() as connection:
        (found,) = list_outbound(connection, ids=[find_outbound(connection, mail)])
    if as_json:
        told = asdict(found)
        del told["id"]
        print_json({"ref": found.ref, **told})
        return
    print_fields(
        {
            _("Mail"): found.ref,
            _("Transfer"): found.transfer_id,
            _("Carries"): found.kind,
            _("State"): _(found.state),
            _("Partner"): found.partner,
            _("Recipient"): found.recipient,
            _("Orders"): ", ".join(found.orders),
            _("Asked for"): found.requested_at,
            _("Sent"): found.sent_at,
            _("Answered"): found.answered_at,
            _("Attempts"): str(found.attempts),
            _("Resends"): str(found.resends),
            _("Error"): found.detail,
        }
    )
