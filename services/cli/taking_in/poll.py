"""`intergestan poll`: *Relever*, collect the orders now (G23)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _, about
from services.cli.context import Call, call_of
from services.cli.errors import FAILED, NOT_YET
from services.cli.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from intergestan_exchange.mailboxes.poll_runs import Asked
    from intergestan_exchange.mailboxes.poll_runs import Progress as Runs
    from intergestan_exchange.tracing.brought import Brought


def poll(
    context: typer.Context,
    *,
    mailboxes: Annotated[
        list[str] | None, typer.Argument(metavar="[MAILBOX …]", help="Names of mailboxes; all by default.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Collect the mails now (Relever), wait until they are taken in, and show what they brought."""
    from intergestan_exchange.mailboxes.poll_runs import collect, look
    from intergestan_exchange.tracing.brought import brought_by

    call = call_of(context)
    database = call.database
    with database.transaction() as connection:
        asked = collect(connection, mailboxes or [], by=call.actor(connection), at=database.now())
    call.ring_all(asked.bells)
    in_time = _wait(call, asked, timeout)
    with database.read() as connection:
        runs = look(connection, asked)
        brought = brought_by(connection, sorted(runs.mails), asked.at)
    if as_json:
        print_json(
            {
                "mailboxes": [{"mailbox": run.mailbox, "found": run.found, "error": run.error} for run in runs.runs],
                "mails": Counter(runs.mails.values()),
                "too_big": runs.too_big,
                **asdict(brought),
            }
        )
    else:
        print_brought(brought)
    raise typer.Exit(_tell(runs, brought, in_time=in_time))


def _wait(call: Call, asked: Asked, seconds: float) -> bool:
    from intergestan_exchange.mailboxes.poll_runs import look
    from services.cli.progress import Far, wait

    def how_far() -> Far:
        with call.database.read() as connection:
            runs = look(connection, asked)
        listed = sum(run.is_listed for run in runs.runs)
        return Far(listed + runs.settled, len(runs.runs) + len(runs.mails), runs.is_over)

    return wait(_("Collecting"), how_far, seconds)


def print_brought(brought: Brought) -> None:
    """The sales orders that were made, and the purchase orders that were answered."""
    if brought.sales_orders:
        titles = [_("Sales order"), _("Customer"), _("Their number"), _("Total excl. VAT"), _("Total incl. VAT")]
        rows = [
            [each.number, each.customer, each.customer_order_number, each.total_ht, each.total_ttc, each.currency]
            for each in brought.sales_orders
        ]
        print_table([*titles, _("Currency")], rows)
    if brought.answered:
        titles = [_("Purchase order"), _("Answer"), _("State"), _("Their number"), _("Note")]
        print_table(
            titles,
            [
                [each.number, each.code, _(each.state), each.supplier_order_number, each.note]
                for each in brought.answered
            ],
        )


def _tell(runs: Runs, brought: Brought, *, in_time: bool) -> int:
    """The rest, for the person; the exit code."""
    from intergestan_operations.acting.collected import Outcome, notes, outcome_of
    from intergestan_runtime.said import Said
    from services.cli.next_acts import with_acts
    from services.cli.shown import sentence

    for note in notes(runs, brought, in_time=in_time):
        said = with_acts(sentence(note.said) if isinstance(note.said, Said) else note.said, note.next)
        say(said if note.mailbox is None else about(note.mailbox, said))
    codes = {Outcome.DONE: 0, Outcome.FAILED: FAILED, Outcome.GOES_ON: NOT_YET}
    return codes[outcome_of(runs, in_time=in_time)]
