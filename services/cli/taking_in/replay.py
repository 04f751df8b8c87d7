"""`intergestan replay`: archived mails go through the import again; nothing is ever doubled."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _, ngettext
from services.cli.buying.orders import From, To
from services.cli.context import Call, call_of
from services.cli.days import before, begin_of
from services.cli.errors import FAILED, NOT_YET
from services.cli.output import AsJson, print_json, say
from services.cli.progress import Far, wait
from services.cli.taking_in.poll import print_brought
from services.cli.taking_in.replay_plan import place, show_plan, tell_skipped

if TYPE_CHECKING:
    from intergestan_operations.replaying.plan import Work
    from intergestan_operations.replaying.replay import Replay


def replay(
    context: typer.Context,
    *,
    mails: Annotated[
        list[str] | None,
        typer.Option("--mail", metavar="SHA", help="Beginning of a mail's sha256; several with commas."),
    ] = None,
    mailbox: Annotated[str | None, typer.Option(help="Mails of this mailbox.")] = None,
    first: From = None,
    last: To = None,
    partner: Annotated[str | None, typer.Option(help="Mails of this partner: code, SIRET or name.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole archive, also what the base does not know.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what it would change, change nothing.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the importer at most.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Take archived mails in again. What is booked stays as it is: no order is ever booked twice.

    Needed after a backup was brought back (--all), or when the cause of a hold is gone.
    """
    given = [mails, mailbox, first, last, partner]
    if not (everything or any(given)):
        raise typer.BadParameter(_("Say which mails: --mail, --mailbox, --from, --to, --partner or --all."))
    from intergestan_operations.replaying.plan import Wanted, choose_mails

    call = call_of(context)
    wanted = Wanted(
        shas=tuple(sha for each in mails or () for sha in each.split(",") if sha),
        mailbox=mailbox,
        partner=partner,
        since=begin_of(first, call.zone),
        until=before(last, call.zone),
        strays=everything and not any(given),
    )
    work = choose_mails(call.site, call.database, wanted)
    if dry_run:
        show_plan(call, work, as_json=as_json)
        return
    raise typer.Exit(_replay(call, work, timeout, as_json=as_json))


def _replay(call: Call, work: Work, timeout: float, *, as_json: bool) -> int:
    from intergestan_operations.replaying.replay import Replay
    from intergestan_runtime.steps import IMPORT

    run = Replay(call.database, work, call.actor, lambda mails: call.ring(IMPORT, *mails))
    if not run.has_importer():
        say(_("No importer is running, so nothing was changed. Start it: `intergestan run importer`."))
        return NOT_YET

    def look() -> Far:
        at = run.look()
        return Far(at.done, at.total, at.is_over)

    in_time = True
    while in_time and run.give():
        in_time = wait(_("Taking in"), look, timeout)
        run.count()
    tell_skipped(work)
    return _tell(work, run, in_time=in_time, as_json=as_json)


def _tell(work: Work, run: Replay, *, in_time: bool, as_json: bool) -> int:
    brought, total = run.brought, work.given
    if as_json:
        print_json(
            {
                "mails": total,
                "settled": run.settled,
                "moved": [
                    {"sha256": sha256, "state": state, "reason": reason}
                    for sha256, (_was, (state, reason)) in run.moved.items()
                ],
                **asdict(brought),
            }
        )
    else:
        print_brought(brought)
        for sha256, (was, now) in run.moved.items():
            say(f"{sha256[:12]}: {place(*(was or (None, None)))} → {place(*now)}")
    text = ngettext(
        "{settled} of {total} mail was taken in again; new sales orders: {created}, new answers: {answers}.",
        "{settled} of {total} mails were taken in again; new sales orders: {created}, new answers: {answers}.",
        total,
    )
    say(text.format(settled=run.settled, total=total, created=len(brought.sales_orders), answers=len(brought.answered)))
    if not in_time:
        say(_("The importer needs longer and goes on by itself; what was not given to it can be replayed later."))
        return NOT_YET
    return FAILED if work.skipped else 0
