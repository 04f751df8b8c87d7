"""`intergestan sales change`: what we change ourselves of a customer's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.bells import ring
from services.cli.context import call_of
from services.cli.figures import (
    AnyDates,
    Dates,
    DecimalMark,
    a_day,
    a_key,
    a_rate,
    by_line,
    prices_by_line,
    values_by_line,
)
from services.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from intergestan_erp.inputs.figure import Mark
    from intergestan_msg.money import TaxCategory


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
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Change an accepted order ourselves, and tell the customer line by line. They agree or not."""
    from intergestan_db.bells import Bells
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
        mail_id = change_sales_order(connection, number, wanted, by=by, at=at, any_dates=dates is Dates.ANY)
    ring(call, Bells(compose=(mail_id,)))
    if as_json:
        print_json({"order": number, "mail": f"out-{mail_id}"})
    else:
        say(_("{number} is changed, and the customer is told (out-{mail}).").format(number=number, mail=mail_id))


def charge(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")],
    n: Annotated[int, typer.Argument(metavar="N", help="Which of its charges, 1 for the first.")],
    vat: Annotated[str, typer.Option("--vat", metavar="CATEGORY[:RATE]", help="Its VAT, such as S:20 or E.")],
    note: Annotated[str | None, typer.Option(help="A remark for the customer.")] = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Say which VAT a charge bears whose buyer said none. The customer is told, because the total changes."""
    from intergestan_db.bells import Bells
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_exchange.changes.change_sales_order import state_charge_vat

    wanted = _vat(vat, decimal_mark)
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        mail_id = state_charge_vat(connection, number, n, wanted, note, by=by, at=at)
    ring(call, Bells(compose=(mail_id,)))
    if as_json:
        print_json({"order": number, "mail": f"out-{mail_id}"})
    else:
        say(_("{number} is changed, and the customer is told (out-{mail}).").format(number=number, mail=mail_id))


def _vat(text: str, mark: Mark | None) -> TaxCategory:
    """`S:20`, `E`: a category of VAT with its rate; BadParameter for what is none."""
    from intergestan_erp.inputs.vat import rate_fits, vat_category
    from intergestan_msg.money import ZERO, TaxCategory

    named, _colon, rated = text.partition(":")
    category, rate = vat_category(named), a_rate(rated, mark) if rated.strip() else ZERO
    if category is None or not rate_fits(category, rate):
        raise typer.BadParameter(_("«{text}» is no VAT: write category and rate, like S:20 or E.").format(text=text))
    return TaxCategory(category, rate)
