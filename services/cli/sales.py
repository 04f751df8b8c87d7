"""`intergestan sales`: the orders of our customers, and what they become (G03)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intergestan_site.words import FileFormat
from services.cli.context import call_of
from services.cli.export import Again, Folder, Form
from services.cli.export import export as write_orders
from services.cli.output import AsJson
from services.cli.translated import Group

app = Group("Sales orders, delivery notes and invoices.")


@app.verb("export")
def export(
    context: typer.Context,
    *,
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NUMBER …", help="These orders; without any, all that are new.")
    ] = None,
    form: Form = FileFormat.UBL,
    folder: Folder = Path(),
    again: Again = False,
    as_json: AsJson = False,
) -> None:
    """Write accepted sales orders to files for other software, one each, each order once.

    The file is called like the sales order; in UBL the customer's number is the customer reference.
    """
    from intergestan_site.order_export import SALES

    write_orders(call_of(context), SALES, numbers or [], form, folder, again=again, as_json=as_json)
