"""`intergestan sales change`: what we change ourselves of a customer's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.credit import Override
from services.cli.figures import AnyDates, Dates, DecimalMark, a_day, a_key, by_line, prices_by_line, values_by_line
from services.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from intergestan_db.bells import Bells


def change(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")],
    quantities: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="ID=QUANTITY", help="This much will be delivered of this line in all."),
    ] = None,
    prices: Annotated[
        list[str] | None, typer.Option("--price", metavar="ID=PRICE", help="This price for this line.")
    ] = None,
    promised: Annotated[
        list[str] | None, typer.Option("--date", metavar="ID=DATE", help="This line is promised for this day.")
    ] = None,
    products: Annotated[
        list[str] | None, typer.Option("--product", metavar="ID=CODE", help="This product of ours takes its place.")
    ] = None,
    backorders: Annotated[
        list[str] | None,
        typer.Option(
            "--backorder", metavar="ID=QUANTITY", help="So much of what is missing will follow; none by default."
        ),
    ] = None,
    shortages: Annotated[
        list[str] | None, typer.Option("--shortage", metavar="ID", help="This line will not be delivered.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="A remark for the customer.")] = None,
    override: Override = None,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Change an accepted order ourselves, and tell a partner line by line. They agree or not.

    Of an order that was entered here nobody is told by mail.
    """
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order

    wanted = OwnChanges(
        quantities=by_line([*(quantities or ()), *(f"{line}=0" for line in shortages or ())], decimal_mark),
        prices=prices_by_line(prices, decimal_mark),
        dates=values_by_line(promised, a_day),
        products=values_by_line(products, a_key),
        backorders=by_line(backorders, decimal_mark),
        note=note,
    )
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        free = dates is Dates.ANY
        bells = change_sales_order(connection, number, wanted, by=by, at=at, any_dates=free, override=override)
    call.ring_all(bells)
    tell_changed(number, bells, as_json=as_json)


def tell_changed(number: str, bells: Bells, *, as_json: bool) -> None:
    """Say that an order was changed, and by which mail its customer is told."""
    mail = next(iter(bells.compose), None)
    if as_json:
        print_json({"order": number, "mail": None if mail is None else f"out-{mail}"})
    elif mail is None:
        say(_("{number} is changed. It was entered here, so no mail tells the customer.").format(number=number))
    else:
        say(_("{number} is changed, and the customer is told (out-{mail}).").format(number=number, mail=mail))
