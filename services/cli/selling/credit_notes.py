"""`intergestan invoices credit`: part or all of an invoice is taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.figures import DecimalMark, by_place
from services.cli.output import AsJson, print_json, say
from services.cli.parties.payments import settled_rows, tell_released, tell_settled
from services.cli.shown import amount


def credit(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="INVOICE", help="Number of the invoice, such as FA1.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What the customer reads.")],
    lines: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="N=QUANTITY", help="So much of this line of the invoice."),
    ] = None,
    charges: Annotated[
        list[int] | None, typer.Option("--charge", metavar="N", help="This charge of the invoice, whole.")
    ] = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Make a credit note for an invoice; without --line and --charge for all that is left of it.

    It settles what is open of the invoice; the rest stays on account. No invoice is ever changed.
    """
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT

    wanted = by_place(lines, decimal_mark)
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        made, released = acts.credit_invoice(connection, number, reason, wanted, charges or (), by=by, at=at)
    call.ring(IMPORT, *released.take_in)
    settled = made.settled
    if as_json:
        shown = {"credit_note": made.number, "invoice": made.invoice, "total_ttc": made.total_ttc}
        print_json({**shown, "settled": settled_rows(settled), "left": settled.left, "released": released.holds})
        return
    text = _("{note} takes back {amount} of {invoice}.")
    say(text.format(note=made.number, amount=amount(made.total_ttc), invoice=made.invoice))
    tell_settled(settled)
    tell_released(released)
