"""`intergestan statement`: the numbered mails between us and a partner, as either side sees them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.shown import cell

if TYPE_CHECKING:
    from intergestan_exchange.statements.statements import Compared
    from intergestan_msg.statement import Account, Comparison, Statement


def statement(
    context: typer.Context,
    *,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Code, third party, SIRET or name of the partner.")],
    send: Annotated[bool, typer.Option("--send", help="Send ours now, and ask for theirs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which mails we sent a partner and received from them, what they last said about it, and what differs."""
    from intergestan_exchange.partners.partners import find_partner
    from intergestan_exchange.statements.statements import compare_all, last_kept, our_statement, read_claims

    call = call_of(context)
    database = call.database
    until = database.now() - timedelta(minutes=call.site.statement_minutes)
    with database.read() as connection:
        partner_id = find_partner(connection, partner)
        ours = our_statement(connection, partner_id, int(until.timestamp()))
        row = last_kept(connection, partner_id)
        theirs = None if row is None else read_claims(row.statement)
        compared = None if theirs is None else compare_all(connection, partner_id, theirs)
    if send:
        _send(call, partner_id, partner)
    if as_json:
        print_json(
            {
                "ours": asdict(ours),
                "theirs": None if theirs is None else asdict(theirs),
                "composed_at": None if row is None else row.composed_at,
                "differences": None if compared is None else asdict(compared),
            }
        )
        return
    say(_("Our mails and theirs, composed until {until}:").format(until=cell(until)))
    _print(ours, ours=True)
    if theirs is None or compared is None:
        say(_("They have not said anything yet."))
        return
    said = _("What they said about mails composed until {until}:")
    say(said.format(until=cell(datetime.fromtimestamp(theirs.until, UTC))))
    _print(theirs, ours=False)
    _print_differences(compared)


def _send(call: Call, partner_id: int, partner: str) -> None:
    from intergestan_db.bells import Bells
    from intergestan_exchange.statements.statement_requests import request_exchange

    with call.database.transaction() as connection:
        asked = request_exchange(connection, partner_id, at=call.database.now())
    call.ring_all(Bells(compose=asked.mails))
    say(_("Our statement goes to {partner}.").format(partner=partner))
    if not asked.is_taken_in:
        say(_("No mail of theirs shows that their release takes it in: an older one holds it as from a newer release."))


def _print(shown: Statement, *, ours: bool) -> None:
    from intergestan_msg.number_ranges import shown as numbers

    titles = [_("Direction"), _("Series"), _("Numbers"), _("Missing"), _("Set aside"), _("Void"), _("Count")]
    sent, received = (_("sent"), _("received")) if ours else (_("sent by them"), _("received by them"))

    def row(direction: str, account: Account) -> list[str]:
        lists = (account.complete, account.missing, account.held, account.void)
        return [direction, str(account.epoch), *map(numbers, lists), str(account.count)]

    rows = [row(sent, account) for account in shown.sent] + [row(received, account) for account in shown.received]
    print_table(titles, rows)


def _print_differences(compared: Compared) -> None:
    from intergestan_msg.number_ranges import shown as numbers

    texts = (
        (compared.sent, "lacking", _("They lack mails of ours, series {epoch}: {numbers}.")),
        (
            compared.sent,
            "unknown",
            _("They have mails of ours unknown to this base, series {epoch}: {numbers}."),
        ),
        (compared.received, "unknown", _("We lack mails of theirs, series {epoch}: {numbers}.")),
        (compared.received, "lacking", _("We have mails unknown to their base, series {epoch}: {numbers}.")),
    )
    lines = [
        text.format(epoch=each.epoch, numbers=numbers(getattr(each, name)))
        for comparisons, name, text in texts
        for each in comparisons
        if getattr(each, name)
    ]
    lines += map(_other_content, (each for each in (*compared.sent, *compared.received) if each.differs))
    for line in lines or [_("Both sides agree.")]:
        typer.echo(line)


def _other_content(comparison: Comparison) -> str:
    return _("Series {epoch}: the same numbers have other content on their side.").format(epoch=comparison.epoch)
