"""`intergestan inbox`: the mails that came."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from intergestan_db.enums import InboundState
from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.mails.outbox import Heartbeats, OfPartner, partner_id
from services.cli.output import AsJson, print_fields, print_json, print_table
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.translated import Group

app = Group("Mails that came.")


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    state: Annotated[InboundState | None, typer.Option("--state", help="Only those in this state.")] = None,
    partner: OfPartner = None,
    heartbeats: Heartbeats = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the mails that came, the newest first, and where they rest."""
    from intergestan_exchange.listing.mails_in import list_mails_in

    with call_of(context).database.read() as connection:
        whose = partner_id(connection, partner)
        page = list_mails_in(connection, state=state, partner_id=whose, heartbeats=heartbeats, size=limit, after=after)
    if as_json:
        print_json({"mails": [asdict(mail) for mail in page.rows], "after": page.after})
        return
    titles = [_("Mail"), _("Archived"), _("State"), _("Partner"), _("Sender"), _("Subject")]
    print_table(
        titles,
        [[mail.ref, mail.archived_at, _(mail.state), mail.partner, mail.sender, mail.subject] for mail in page.rows],
    )
    say_that_there_are_more(page.after)


@app.verb("show")
def show(
    context: typer.Context,
    *,
    mail: Annotated[
        str, typer.Argument(metavar="MAIL", help="Its number (in-3), its transfer id, or the beginning of its sha256.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show one mail that came: whose it is, where it rests, and where its bytes are."""
    from intergestan_exchange.listing.mails_in import find_mail_in
    from intergestan_operations.opening.stores import place_in_archive

    call = call_of(context)
    with call.database.read() as connection:
        found = find_mail_in(connection, mail)
    place = place_in_archive(call.site, found.sha256)
    if as_json:
        print_json({**asdict(found), "file": place})
        return
    print_fields(
        {
            _("Mail"): found.ref,
            _("Archived"): found.archived_at,
            _("State"): _(found.state),
            _("Why"): found.reason,
            _("Partner"): found.partner,
            _("Sender"): found.sender,
            _("Subject"): found.subject,
            _("Mailbox"): found.mailbox,
            _("Transfer"): found.transfer_id,
            _("Archived as"): place,
        }
    )
