"""`intergestan sales deliver` and `invoice`: goods leave under a delivery note, and are invoiced (G03)."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.credit import Override
from services.cli.figures import DecimalMark, by_line
from services.cli.output import AsJson, print_json, say
from services.cli.selling.documents import print_invoice
from services.cli.shown import sentence


def deliver(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")],
    lines: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="ID=QUANTITY", help="This much of this line; all that remains by default."),
    ] = None,
    note: Annotated[str | None, typer.Option(help="A remark on the delivery note.")] = None,
    override: Override = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Book that goods left, under a numbered delivery note."""
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_erp.picking import delivering

    wanted = by_line(lines, decimal_mark) if lines else None
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        here = call.place(connection)
        made = delivering.deliver(connection, number, wanted, by=by, at=at, note=note, override=override, place=here)
    if as_json:
        print_json({"delivery_note": made})
    else:
        say(
            _("{number} is delivered with {made}. `intergestan sales invoice {made}` invoices it.").format(
                number=number, made=made
            )
        )


def invoice(
    context: typer.Context,
    *,
    numbers: Annotated[
        list[str], typer.Argument(metavar="NUMBER …", help="Sales orders or delivery notes, such as CCL1 or BL1.")
    ],
    override: Override = None,
    as_json: AsJson = False,
) -> None:
    """Make one numbered invoice for what was delivered and is not invoiced yet."""
    from intergestan_erp.selling import invoicing
    from intergestan_erp.selling.sales import show_invoice
    from intergestan_erp.terms.law import periodic_doubts

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        here = call.place(connection)
        made = invoicing.invoice(connection, numbers, by=by, at=at, override=override, place=here)
        document = show_invoice(connection, made)
    assert document is not None
    several = len(document.delivery_notes) > 1
    doubts = periodic_doubts(document.issue_date, document.due_date) if several else []
    warnings = [sentence(doubt) for doubt in doubts]
    if as_json:
        names = ("total_ht", "total_vat", "total_ttc", "due_date", "due")
        print_json({"invoice": made, **{name: getattr(document, name) for name in names}, "warnings": warnings})
        return
    print_invoice(document)
    for warning in warnings:
        say(warning)
