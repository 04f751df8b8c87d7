"""`intergestan holds`: what waits for a person, and what the person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.bells import ring
from services.cli.context import call_of
from services.cli.language import _, spoken
from services.cli.output import AsJson, print_fields, print_json, print_table, say
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_site.holds import Hold

app = Group("What waits for a person.")

Refs = Annotated[list[str], typer.Argument(metavar="HOLD …", help="What `holds list` calls them, such as order-17.")]


@app.verb("list")
def list_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show all that waits for a person, the longest first."""
    from intergestan_site.holds import list_holds

    with call_of(context).database.read() as connection:
        holds = list_holds(connection)
    if as_json:
        print_json([_values(hold) for hold in holds])
        return
    if not holds:
        say(_("Nothing waits for a person."))
        return
    titles = [_("Hold"), _("Since"), _("Partner"), _("Order"), _("Why")]
    print_table(titles, [[hold.ref, hold.since, hold.partner, hold.order, hold.what(spoken())] for hold in holds])


@app.verb("show")
def show(
    context: typer.Context,
    *,
    ref: Annotated[str, typer.Argument(metavar="HOLD", help="What `holds list` calls it, such as order-17.")],
    as_json: AsJson = False,
) -> None:
    """Show why something waits, what that means, and what to do."""
    from intergestan_site.holds import find_hold

    call = call_of(context)
    with call.database.read() as connection:
        hold = find_hold(connection, ref)
    if as_json:
        print_json(_values(hold))
        return
    print_fields(
        {
            _("Hold"): hold.ref,
            _("Since"): hold.since,
            _("Partner"): hold.partner,
            _("Order"): hold.order,
            _("Subject"): hold.subject,
            _("Sender"): hold.sender,
            _("Transfer"): hold.transfer_id,
            _("Archived as"): hold.sha256 and call.site.archive_dir / hold.sha256[:2] / f"{hold.sha256}.eml",
        }
    )
    typer.echo(f"\n{hold.what(spoken())}\n{hold.next(spoken())}")


@app.verb("release")
def release(context: typer.Context, *, refs: Refs) -> None:
    """Let them go on: a difference of price or VAT is accepted, everything else is tried again."""
    from intergestan_site import hold_acts

    call = call_of(context)
    with call.database.transaction() as connection:
        bells = hold_acts.release(connection, refs, by=call.actor(connection), at=call.database.now())
    ring(call, bells)
    say(_("Released: {refs}. `intergestan holds list` shows what waits again.").format(refs=", ".join(refs)))


@app.verb("refuse")
def refuse(
    context: typer.Context,
    *,
    refs: Refs,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="What the partner will read; what was found by default."),
    ] = None,
) -> None:
    """Refuse them: the buyer of an order is told why; a mail that was not understood is answered to nobody."""
    from intergestan_site import hold_acts

    call = call_of(context)
    with call.database.transaction() as connection:
        bells = hold_acts.refuse(connection, refs, reason, by=call.actor(connection), at=call.database.now())
    ring(call, bells)
    say(_("Refused: {refs}.").format(refs=", ".join(refs)))


def _values(hold: Hold) -> dict[str, Any]:
    return {
        "ref": hold.ref,
        "kind": hold.kind,
        "reason": hold.reason,
        "since": hold.since,
        "partner": hold.partner,
        "order": hold.order,
        "conflict": hold.is_conflict,
        "what": hold.what(spoken()),
        "next": hold.next(spoken()),
        "findings": [
            {"reason": finding.reason, "line": finding.line_id, "values": dict(finding.values)}
            for finding in hold.findings
        ],
        "sha256": hold.sha256,
        "transfer_id": hold.transfer_id,
        "subject": hold.subject,
        "sender": hold.sender,
    }
