"""`intergestan sales`: the orders of our customers, and what they become (G03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import CategoryKind, FileFormat, PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_msg.flavour import Flavour
from intergestan_operations.language.language import _
from services.cli.agencies.in_category import InCategory, category_id
from services.cli.buying.orders import From, To
from services.cli.context import call_of
from services.cli.export import Again, Folder, Form, InFlavour, Raw, Wanted
from services.cli.export import export as write_orders
from services.cli.figures import day_of
from services.cli.output import AsJson, print_json
from services.cli.paging import After, Listed, SomeLimit, show_list
from services.cli.parties.naming import party_id
from services.cli.selling.allocating import allocate, allocations
from services.cli.selling.amending import cancel, charge, close, set_
from services.cli.selling.changes import change
from services.cli.selling.delivery import deliver, invoice
from services.cli.selling.documents import (
    below_minimum,
    how_far,
    print_credit_note,
    print_delivery_note,
    print_invoice,
    print_order,
)
from services.cli.selling.enter import enter
from services.cli.selling.review import accept, refuse
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.selling.views import CreditNoteView, DeliveryNoteView, InvoiceView, SalesOrderView

app = Group("Sales orders, delivery notes and invoices.")

app.verb("enter")(enter)
app.verb("accept")(accept)
app.verb("refuse")(refuse)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    first: From = None,
    last: To = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Code, SIRET, VAT number or name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Cancelled and wholly invoiced orders too.")] = False,
    category: InCategory = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the sales orders that are not wholly invoiced; with --all every one in the range."""
    from intergestan_erp.listing.sales import ListedSale, WhichSales, list_sales_page

    titles = [_("Number"), _("Date"), _("Customer"), _("Their number"), _("Total excl. VAT"), _("Total incl. VAT")]
    titles += [_("State"), _("Delivered"), _("Invoiced"), _("Below the minimum")]
    names = ("number", "issue_date", "customer", "customer_order_number", "total_ht", "total_ttc")
    listed: Listed[ListedSale] = Listed(
        name="sales",
        values=asdict,
        titles=titles,
        cells=lambda row: [*(getattr(row, name) for name in names), *how_far(row), below_minimum(row)],
    )
    with call_of(context).database.snapshot() as connection:
        wanted = WhichSales(
            first=day_of(first),
            last=day_of(last),
            customer_id=party_id(connection, customer, PartyRole.CUSTOMER),
            category_id=category_id(connection, category, CategoryKind.DOCUMENT),
            settled=everything,
        )
        show_list(
            listed,
            lambda size, mark: list_sales_page(connection, wanted, size=size, after=mark, newest_first=False),
            limit,
            after,
            as_json=as_json,
        )


@app.verb("show")
def show(
    context: typer.Context,
    *,
    number: Annotated[
        str,
        typer.Argument(metavar="NUMBER", help="Number of a sales order, a delivery note, an invoice or a credit note."),
    ],
    as_json: AsJson = False,
) -> None:
    """Show a sales order with what became of it, a delivery note, an invoice with what is open, or a credit note."""
    from intergestan_db.views import shown
    from intergestan_erp.selling.views import DeliveryNoteView, InvoiceView, SalesOrderView

    counting: Mapping[str, str | None] = {}
    with call_of(context).database.read() as connection:
        document = _find(connection, number)
        if isinstance(document, SalesOrderView):
            counting = _counting(connection, document.id)
    if as_json:
        print_json({**shown(document), **counting})
    elif isinstance(document, SalesOrderView):
        print_order(document, counting)
    elif isinstance(document, DeliveryNoteView):
        print_delivery_note(document)
    elif isinstance(document, InvoiceView):
        print_invoice(document)
    else:
        print_credit_note(document)


app.verb("allocate")(allocate)
app.verb("allocations")(allocations)
app.verb("deliver")(deliver)
app.verb("change")(change)
app.verb("charge")(charge)
app.verb("close")(close)
app.verb("set")(set_)
app.verb("cancel")(cancel)
app.verb("invoice")(invoice)


@app.verb("export")
def export(
    context: typer.Context,
    *,
    numbers: Wanted = None,
    form: Form = FileFormat.UBL,
    folder: Folder = Path(),
    again: Again = False,
    raw: Raw = False,
    flavour: InFlavour = Flavour.PEPPOL,
    as_json: AsJson = False,
) -> None:
    """Write accepted sales orders to files for other software, one each, each order once.

    The file is called like the sales order; in UBL the customer's number is the customer reference.
    """
    from intergestan_erp.order_files.order_export import SALES

    write_orders(
        call_of(context), SALES, numbers or [], form, folder, again=again, raw=raw, flavour=flavour, as_json=as_json
    )


def _counting(connection: Connection, order_id: int) -> dict[str, str | None]:
    """What becomes of an order while not all of it is there, and who says so (A39)."""
    from intergestan_erp.picking.making import read_counting

    found = read_counting(connection, order_id)
    if found is None:
        return {"incomplete": None, "incomplete_from": None}
    return {"incomplete": found.incomplete, "incomplete_from": found.said_by}


def _find(connection: Connection, number: str) -> SalesOrderView | DeliveryNoteView | InvoiceView | CreditNoteView:
    from intergestan_db.tables import CreditNote, DeliveryNote, Invoice, SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_erp.selling import sales

    number = as_stored(connection, number, SalesOrder.number, DeliveryNote.number, Invoice.number, CreditNote.number)
    found = (
        sales.show_sales_order(connection, number)
        or sales.show_delivery_note(connection, number)
        or sales.show_invoice(connection, number)
        or sales.show_credit_note(connection, number)
    )
    if found is not None:
        return found
    raise Problem(
        "There is no sales order, delivery note, invoice or credit note {number}: `intergestan sales list --all` shows "
        "the orders.",
        ProblemCode.NO_ORDER,
        number=number,
    )
