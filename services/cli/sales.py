"""`intergestan sales`: the orders of our customers, and what they become (G03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_site.problem import Problem
from intergestan_site.words import FileFormat
from services.cli.context import call_of
from services.cli.export import Again, Folder, Form
from services.cli.export import export as write_orders
from services.cli.language import _, marked
from services.cli.orders import From, To, day_of
from services.cli.output import AsJson, print_fields, print_json, print_table, say
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = Group("Sales orders, delivery notes and invoices.")

PARTS = {"none": marked("no"), "some": marked("partly"), "all": marked("yes")}
"""How much was delivered or invoiced, as people read it."""


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    first: From = None,
    last: To = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Code, SIRET or name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Cancelled and wholly invoiced orders too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the sales orders that are not wholly invoiced; with --all every one in the range."""
    from intergestan_site.sales import Selection, find_customer, list_sales

    with call_of(context).database.read() as connection:
        wanted = Selection(
            first=day_of(first),
            last=day_of(last),
            customer_id=find_customer(connection, customer) if customer else None,
            everything=everything,
        )
        rows = list_sales(connection, wanted)
    if as_json:
        print_json(rows)
        return
    titles = [_("Number"), _("Date"), _("Customer"), _("Their number"), _("Total excl. VAT"), _("Total incl. VAT")]
    titles += [_("State"), _("Delivered"), _("Invoiced")]
    names = ("number", "issue_date", "customer", "customer_order_number", "total_ht", "total_ttc")
    print_table(titles, [[*(row[name] for name in names), *_how_far(row)] for row in rows])


@app.verb("show")
def show(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(help="Number of a sales order, a delivery note or an invoice.")],
    as_json: AsJson = False,
) -> None:
    """Show a sales order with what became of it, a delivery note, or an invoice."""
    with call_of(context).database.read() as connection:
        document, kind = _find(connection, number)
    if as_json:
        print_json(document)
        return
    _PRINTERS[kind](document)


@app.verb("deliver")
def deliver(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")],
    lines: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="ID=QUANTITY", help="This much of this line; all that remains by default."),
    ] = None,
    note: Annotated[str | None, typer.Option(help="A remark on the delivery note.")] = None,
    as_json: AsJson = False,
) -> None:
    """Book that goods left, under a numbered delivery note.

    intergestan sales deliver CCL1 --line L1=2 --line L3=0,5
    """
    from intergestan_site import deliveries

    wanted = dict(_quantity(each) for each in lines) if lines else None
    if lines and wanted is not None and len(wanted) < len(lines):
        raise typer.BadParameter(_("A line stands twice: give it one quantity."))
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        made = deliveries.deliver(connection, number, wanted, by=by, at=at, note=note)
    if as_json:
        print_json({"delivery_note": made})
    else:
        say(
            _("{number} is delivered with {made}. `intergestan sales invoice {made}` invoices it.").format(
                number=number, made=made
            )
        )


@app.verb("invoice")
def invoice(
    context: typer.Context,
    *,
    numbers: Annotated[
        list[str], typer.Argument(metavar="NUMBER …", help="Sales orders or delivery notes, such as CCL1 or BL1.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make one numbered invoice for what was delivered and is not invoiced yet."""
    from intergestan_site import invoicing
    from intergestan_site.sales import show_invoice

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        made = invoicing.invoice(connection, numbers, by=by, at=at)
        document = show_invoice(connection, made)
    assert document is not None
    if as_json:
        print_json({"invoice": made, **{name: document[name] for name in ("total_ht", "total_vat", "total_ttc")}})
    else:
        _print_invoice(document)


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


def _quantity(text: str) -> tuple[str, Decimal]:
    line_id, _equals, quantity = text.rpartition("=")
    try:
        value = Decimal(quantity.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not line_id or not value.is_finite():
        raise typer.BadParameter(_("«{text}» is no line with a quantity: write L1=2.").format(text=text))
    return line_id, value


def _find(connection: Connection, number: str) -> tuple[Mapping[str, Any], str]:
    from intergestan_site import sales

    found = {
        "order": sales.show_sales_order(connection, number),
        "delivery note": sales.show_delivery_note(connection, number),
        "invoice": sales.show_invoice(connection, number),
    }
    for kind, document in found.items():
        if document is not None:
            return document, kind
    raise Problem(
        "There is no sales order, delivery note or invoice {number}: `intergestan sales list --all` shows the orders.",
        number=number,
    )


def _how_far(row: Mapping[str, Any]) -> list[str]:
    return [_(row["state"]), _(PARTS[row["delivered"]]), _(PARTS[row["invoiced"]])]


def _print_order(order: Mapping[str, Any]) -> None:
    state, delivered, invoiced = _how_far(order)
    print_fields(
        {
            **_head(order),
            _("Their number"): order["customer_order_number"],
            _("State"): state,
            _("Delivered"): delivered,
            _("Invoiced"): invoiced,
            _("Wanted on"): order["wanted_date"],
            **_totals(order),
        }
    )
    titles = [_("Line"), _("Product"), _("Name"), _("Quantity"), _("Delivered"), _("Invoiced"), _("Unit"), _("Price")]
    names = (
        "line_id",
        "product_code",
        "name",
        "quantity",
        "delivered",
        "invoiced",
        "unit",
        "price",
        "total",
        "vat_rate",
    )
    _print_part([*titles, _("Total excl. VAT"), _("VAT")], order["lines"], names)
    _print_part(_charge_titles(), order["charges"], ("reason", "amount", "vat_rate"))
    _print_part([_("Document"), _("Date"), _("Who")], order["documents"], ("number", "issue_date", "created_by"))
    typer.echo()
    events = [[event["at"], event["who"], event["name"]] for event in order["events"]]
    print_table([_("When"), _("Who"), _("What")], events)


def _print_delivery_note(note: Mapping[str, Any]) -> None:
    place = [note[f"delivery_{part}"] for part in ("name", "line1", "line2", "postcode", "city", "country")]
    print_fields({**_head(note), _("Delivered to"): ", ".join(part for part in place if part)})
    titles = [_("Order"), _("Line"), _("Product"), _("Name"), _("Quantity"), _("Unit")]
    _print_part(titles, note["lines"], ("order", "line_id", "product_code", "name", "quantity", "unit"))


def _print_invoice(document: Mapping[str, Any]) -> None:
    print_fields({**_head(document), **_totals(document)})
    titles = [_("Delivery note"), _("Product"), _("Name"), _("Quantity"), _("Unit"), _("Price"), _("Total excl. VAT")]
    names = ("delivery_note", "product_code", "name", "quantity", "unit", "price", "total", "vat_rate")
    _print_part([*titles, _("VAT")], document["lines"], names)
    _print_part(_charge_titles(), document["charges"], ("reason", "amount", "vat_rate"))
    titles = [_("VAT rate"), _("Total excl. VAT"), _("VAT")]
    _print_part(titles, document["vat"], ("vat_rate", "base", "amount"))


_PRINTERS = {"order": _print_order, "delivery note": _print_delivery_note, "invoice": _print_invoice}


def _head(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _("Number"): document["number"],
        _("Date"): document["issue_date"],
        _("Customer"): f"{document['customer']} ({document['customer_code']})",
        _("Note"): document["note"],
    }


def _totals(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _("Total excl. VAT"): document["total_ht"],
        _("VAT"): document["total_vat"],
        _("Total incl. VAT"): document["total_ttc"],
    }


def _charge_titles() -> list[str]:
    return [_("Charge"), _("Amount"), _("VAT")]


def _print_part(titles: Sequence[str], rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    if rows:
        typer.echo()
        print_table(titles, [[row[name] for name in names] for row in rows])
