"""How sales orders, delivery notes, invoices and credit notes are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from intergestan_db.enums import Incomplete
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli import shown
from services.cli.output import print_fields, print_table
from services.cli.picking.cards import INCOMPLETE, LEVELS
from services.cli.shown import day, what

if TYPE_CHECKING:
    from intergestan_erp.listing.sales import ListedSale
    from intergestan_erp.selling.views import (
        CreditNoteView,
        DeliveryNoteView,
        InvoiceView,
        QuoteView,
        SalesOrderView,
    )

    Document = SalesOrderView | QuoteView | DeliveryNoteView | InvoiceView | CreditNoteView

PARTS = {"none": marked("no"), "some": marked("partly"), "all": marked("yes")}
"""How much was delivered or invoiced, as people read it."""
QUOTES = {
    "open": marked("open"),
    "accepted": marked("quote accepted"),
    "refused": marked("quote refused"),
    "expired": marked("expired"),
}
"""Where a quote stands, as people read it."""


def how_far(row: ListedSale | SalesOrderView) -> list[str]:
    """The state of a sales order, and how much of it was delivered and invoiced."""
    return [_(row.state), _(PARTS[row.delivered]), _(PARTS[row.invoiced])]


def below_minimum(row: ListedSale | SalesOrderView) -> str | None:
    """`yes` for an order whose goods were worth less than its customer's minimum, else nothing."""
    return _("yes") if row.below_minimum else None


def print_order(order: SalesOrderView, counting: Mapping[str, str | None]) -> None:
    """A sales order with what became of it."""
    state, delivered, invoiced = how_far(order)
    print_fields(
        {
            **_head(order),
            _("Their number"): order.customer_order_number,
            _("State"): state,
            _("Delivered"): delivered,
            _("Invoiced"): invoiced,
            _("Wanted on"): order.wanted_date,
            _("While incomplete"): _while_incomplete(counting),
            **carried(order.carried or {}),
            **_totals(order),
            _("Below the minimum"): below_minimum(order),
        }
    )
    titles = [_("Line"), _("Product"), _("Name"), _("Quantity"), _("Delivered"), _("Invoiced"), _("Unit"), _("Price")]
    names = [
        *("line_id", "product_code", "name", "quantity", "delivered", "invoiced", "unit", "price", "total", "vat_rate"),
    ]
    titles += [_("Total excl. VAT"), _("VAT")]
    if any(line.wanted_date for line in order.lines):
        titles.append(_("Wanted on"))
        names.append("wanted_date")
    _print_part(titles, order.lines, names)
    _print_charges(order)
    _print_part([_("Document"), _("Date"), _("Who")], order.documents, ("number", "issue_date", "created_by"))
    typer.echo()
    events = [[event.at, event.who, what("sales_order", event.name)] for event in order.events]
    print_table([_("When"), _("Who"), _("What")], events)


CARRIED = {
    "type_code": marked("Type"),
    "customer_reference": marked("Their reference"),
    "quotation_id": marked("Quotation"),
    "accounting_cost": marked("Cost centre"),
    "originator_order_id": marked("Order of their customer"),
    "originator": marked("For"),
    "invoice_to": marked("Invoice to"),
    "incoterm": marked("Incoterm"),
    "delivery_terms": marked("Terms of delivery"),
    "payment_terms": marked("Terms of payment"),
    "valid_until": marked("Valid until"),
}
"""What the document of an order said beside its columns, as people read it."""
REFERENCES = {
    "order": marked("Refers to order"),
    "contract": marked("Contract"),
    "attachment": marked("Attachment"),
}
"""What it referred to."""


def carried(said: Mapping[str, Any]) -> dict[str, str]:
    """What the document said, and what of it was not taken."""
    costs = [f"{line}: {cost}" for line, cost in said.get("accounting_costs", {}).items()]
    references: dict[str, list[str]] = {}
    for kind, value in said.get("references", ()):
        references.setdefault(REFERENCES[kind], []).append(value)
    return {
        **{_(title): str(said[name]) for name, title in CARRIED.items() if name in said},
        **{_(title): ", ".join(values) for title, values in references.items()},
        **({_("Cost centres of lines"): ", ".join(costs)} if costs else {}),
        **({_("Not taken"): ", ".join(said["left_out"])} if "left_out" in said else {}),
    }


def _while_incomplete(counting: Mapping[str, str | None]) -> str | None:
    """What becomes of it while not all of it is there, and who says so."""
    rule, level = counting["incomplete"], counting["incomplete_from"]
    return None if rule is None or level is None else f"{_(INCOMPLETE[Incomplete(rule)])} ({_(LEVELS[level])})"


def print_quote(quote: QuoteView) -> None:
    """A quote with what became of it."""
    print_fields(
        {
            **_head(quote),
            _("Valid until"): quote.valid_until,
            _("State"): _(QUOTES[quote.state]),
            _("Order"): quote.order,
            _("Wanted on"): quote.wanted_date,
            **_totals(quote),
        }
    )
    titles = [_("Line"), _("Product"), _("Name"), _("Quantity"), _("Unit"), _("Price"), _("Total excl. VAT"), _("VAT")]
    names = ("line_id", "product_code", "name", "quantity", "unit", "price", "total", "vat_rate")
    _print_part(titles, quote.lines, names)
    _print_charges(quote)
    typer.echo()
    events = [[event.at, event.who, what("quote", event.name)] for event in quote.events]
    print_table([_("When"), _("Who"), _("What")], events)


def print_delivery_note(note: DeliveryNoteView) -> None:
    """A delivery note."""
    place = [getattr(note, f"delivery_{part}") for part in ("name", "line1", "line2", "postcode", "city", "country")]
    print_fields({**_head(note), _("Delivered to"): ", ".join(part for part in place if part)})
    titles = [_("Order"), _("Line"), _("Product"), _("Name"), _("Quantity"), _("Unit")]
    _print_part(titles, note.lines, ("order", "line_id", "product_code", "name", "quantity", "unit"))


def print_invoice(document: InvoiceView) -> None:
    """An invoice with its VAT by rate and its instalments."""
    dates = {line.delivery_note: line.delivery_date for line in document.lines}
    notes = [_("{note} of {day}").format(note=note, day=day(dates[note])) for note in document.delivery_notes]
    own = {_("Delivery notes"): ", ".join(notes), _("Payment term"): document.term}
    print_fields({**_head(document), **_totals(document), **own})
    titles = [_("Line"), _("Delivery note"), _("Product"), _("Name"), _("Quantity"), _("Unit"), _("Price")]
    names = ("position", "delivery_note", "product_code", "name", "quantity", "unit", "price", "total", "vat_rate")
    _print_part([*titles, _("Total excl. VAT"), _("VAT")], document.lines, names)
    _print_part([_("No."), *_charge_titles()], document.charges, ("n", "reason", "amount", "vat_rate"))
    _print_part(_vat_titles(), document.vat, ("vat_rate", "base", "amount"))
    titles = [_("Instalment"), _("Due on"), _("Amount"), _("Open")]
    _print_part(titles, document.due, ("n", "due_date", "amount", "open"))
    titles = [_("Credit note"), _("Date"), _("Total incl. VAT"), _("Reason")]
    _print_part(titles, document.credit_notes, ("number", "issue_date", "total_ttc", "reason"))


def print_credit_note(note: CreditNoteView) -> None:
    """A credit note with its VAT by rate."""
    own = {_("Invoice"): note.invoice, _("Reason"): note.reason}
    print_fields({**_head(note), **own, **_totals(note)})
    titles = [_("Product"), _("Name"), _("Quantity"), _("Unit"), _("Total excl. VAT"), _("VAT")]
    _print_part(titles, note.lines, ("product_code", "name", "quantity", "unit", "total", "vat_rate"))
    _print_part(_vat_titles(), note.vat, ("vat_rate", "base", "amount"))


def _head(document: Document) -> dict[str, Any]:
    return {
        _("Number"): document.number,
        _("Date"): document.issue_date,
        _("Customer"): f"{document.customer} ({document.customer_code})",
        _("Note"): document.note,
    }


def _totals(document: SalesOrderView | QuoteView | InvoiceView | CreditNoteView) -> dict[str, Any]:
    return {
        _("Total excl. VAT"): document.total_ht,
        _("VAT"): document.total_vat,
        _("Total incl. VAT"): document.total_ttc,
    }


def _vat_titles() -> list[str]:
    return [_("VAT rate"), _("Total excl. VAT"), _("VAT")]


def _charge_titles() -> list[str]:
    return [_("Charge"), _("Amount"), _("VAT")]


def _print_charges(order: SalesOrderView | QuoteView) -> None:
    """The charges of an order or a quote, counted as `sales charge` names them."""
    rows = [[str(n), each.reason, each.amount, each.vat_rate] for n, each in enumerate(order.charges, start=1)]
    if rows:
        typer.echo()
        print_table(["N", *_charge_titles()], rows)


def _print_part(titles: Sequence[str], rows: Sequence[object], names: Sequence[str]) -> None:
    if rows:
        typer.echo()
        print_table(titles, [[_shown(row, name) for name in names] for row in rows])


def _shown(row: object, name: str) -> Any:
    value = getattr(row, name)
    return shown.unit(value) if name == "unit" and value is not None else value
