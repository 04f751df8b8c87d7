"""`intergestan orders`: purchase orders in the base, before they are sent (G09–G13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import FileFormat
from intergestan_msg.flavour import Flavour
from intergestan_operations.language.happenings import CHANGES
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli import shown
from services.cli.agencies.in_category import InCategory
from services.cli.buying import by_hand, order_changes, taking_files
from services.cli.buying.columns import columns
from services.cli.buying.names import Match, names, said
from services.cli.buying.taking_files import Buyer, InEncoding, Prices, PricesFrom
from services.cli.buying.unanswered import show_unanswered
from services.cli.buying.watch import watch
from services.cli.context import call_of
from services.cli.errors import FAILED
from services.cli.export import Again, Folder, Form, InFlavour, Raw, Wanted
from services.cli.export import export as write_orders
from services.cli.figures import AnyDates, Dates, DecimalMark, as_typed
from services.cli.files import read_file
from services.cli.output import AsJson, print_fields, print_json, print_table, say
from services.cli.paging import After, Listed, SomeLimit, show_list
from services.cli.shown import what
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.listing.selection import Written
    from intergestan_erp.purchasing.views import (
        PurchaseChangeView,
        PurchaseLineView,
        PurchaseOrderView,
        SelectedOrder,
    )

app = Group("Purchase orders.")

Numbers = Annotated[list[str], typer.Argument(metavar="NUMBER …", help="Numbers of orders, such as CFR1.")]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, included.")]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, included.")]
Supplier = Annotated[str | None, typer.Option("--supplier", help="Code, SIRET, VAT number or name.")]
FollowedBy = Annotated[str | None, typer.Option("--followed-by", metavar="LOGIN", help="Who follows the order.")]
Unanswered = Annotated[
    bool, typer.Option("--unanswered", help="Only orders that were sent and have no answer for too long.")
]
Everything = Annotated[bool, typer.Option("--all", help="Drafts and transmitted orders too.")]

LISTED = (
    *("number", "issue_date", "note", "total_ht", "total_ttc", "state", "contact", "supplier"),
    *("line1", "postcode", "city"),
)


@app.verb("import")
def import_(
    context: typer.Context,
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE …", help="UBL orders (XML), CSV files or workbooks (XLSX, ODS).")
    ],
    draft: Annotated[bool, typer.Option("--draft", help="Enter them as drafts, not confirmed.")] = False,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    prices: Prices = PricesFrom.CATALOGUE,
    buyer: Buyer = None,
    encoding: InEncoding = None,
    supplier: Annotated[
        str | None,
        typer.Option("--supplier", help="Whose files these are: what `orders columns` keeps of them counts."),
    ] = None,
    match: Match = None,
    as_json: AsJson = False,
) -> None:
    """Enter the purchase orders of files: UBL, CSV, XLSX, ODS. Each file is taken whole or not at all.

    Tables have one row per order line. Columns: ID Pièce, Date, Fournisseur, Nature, Suivi, Produit,
    Désignation, Quantité, Unité, Prix, TVA, Livraison souhaitée, …; date, supplier, product and quantity are
    required. A row with an amount under Frais is a charge of the whole order.

    What is assumed of a file, or not taken of it, is said. A total that the lines do not come to is refused.
    """
    from intergestan_db.problem import FileProblems, Problem
    from intergestan_erp.order_files.layouts import Whose, read_layout, with_layout
    from intergestan_erp.order_files.order_files import import_file
    from intergestan_erp.order_files.order_reading import LimitedOrders
    from services.cli.errors import explain

    call = call_of(context)
    done: list[Mapping[str, Any]] = []
    failed, wanted = False, taking_files.options(decimal_mark, dates, prices, buyer, encoding, said(match))
    with LimitedOrders() as readers:  # before anything is opened
        with call.database.read() as connection:
            by, place = call.actor(connection), call.place(connection)
            if supplier is not None:
                wanted = with_layout(wanted, read_layout(connection, Whose(supplier)), supplier)
        who: Any = {"by": by, "draft": draft, "options": wanted, "place": place}
        for file in files:
            try:
                taken = import_file(call.database, str(file), read_file(file), read=readers.read, **who)
                done.append(taking_files.as_json(str(file), taken))
                if not as_json:
                    for text in taking_files.sentences(str(file), taken):
                        say(text)
            except (FileProblems, Problem, OSError) as error:
                failed = True
                text, _code = explain(error)
                say(text)
                done.append({"file": str(file), "error": text})
    if as_json:
        print_json(done)
    raise typer.Exit(FAILED if failed else 0)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    first: From = None,
    last: To = None,
    supplier: Supplier = None,
    followed_by: FollowedBy = None,
    everything: Everything = False,
    unanswered: Unanswered = False,
    category: InCategory = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the orders that can be sent: confirmed and not transmitted; with --all every order in the range."""
    if unanswered:
        if first or last or supplier or followed_by or everything or category:
            raise typer.BadParameter(_("--unanswered shows all of them: leave the other options out."))
        show_unanswered(call_of(context), limit, after, as_json=as_json)
        return
    from intergestan_erp.listing.purchase import ListedPurchase, list_purchases
    from intergestan_erp.listing.selection import Written, read_selection

    written = Written(
        first=first,
        last=last,
        supplier=supplier,
        followed_by=followed_by,
        everything=everything,
        category=category,
    )
    titles = (
        *(_("Number"), _("Date"), _("Note"), _("Total excl. VAT"), _("Total incl. VAT"), _("State")),
        *(_("Contact"), _("Supplier"), _("Address"), _("Postcode"), _("City")),
    )
    listed: Listed[ListedPurchase] = Listed(
        name="orders",
        values=asdict,
        titles=titles,
        cells=lambda row: [_(row.state) if name == "state" else getattr(row, name) for name in LISTED],
    )
    with call_of(context).database.snapshot() as connection:
        with as_typed():
            wanted = read_selection(connection, written)
        show_list(
            listed,
            lambda size, mark: list_purchases(connection, wanted, size=size, after=mark),
            limit,
            after,
            as_json=as_json,
        )


@app.verb("show")
def show(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the order, such as CFR1.")],
    as_json: AsJson = False,
) -> None:
    """Show one order with its lines and all that happened to it."""
    from intergestan_erp.purchasing.purchase_orders import show_order

    with call_of(context).database.read() as connection:
        order = show_order(connection, number)
    if as_json:
        print_json(order)
    else:
        _print_order(order)


@app.verb("confirm")
def confirm(context: typer.Context, *, numbers: Numbers) -> None:
    """Make drafts ready to be sent. Confirmed orders are read-only."""
    from intergestan_erp.purchasing import purchase_orders

    call = call_of(context)
    with call.database.transaction() as connection:
        purchase_orders.confirm(connection, numbers, by=call.actor(connection), at=call.database.now())
    say(_("Confirmed: {numbers}. `intergestan send` sends them.").format(numbers=", ".join(dict.fromkeys(numbers))))


@app.verb("unconfirm")
def unconfirm(context: typer.Context, *, numbers: Numbers) -> None:
    """Make confirmed orders drafts again, as long as they are not sent."""
    from intergestan_erp.purchasing import purchase_orders

    call = call_of(context)
    with call.database.transaction() as connection:
        purchase_orders.unconfirm(connection, numbers, by=call.actor(connection), at=call.database.now())
    say(_("Drafts again: {numbers}.").format(numbers=", ".join(dict.fromkeys(numbers))))


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
    """Write confirmed purchase orders to files for other software, one each, each order once.

    The file is called like the order and can be imported again. CSV and XLSX have the columns of `orders import`.
    """
    from intergestan_erp.order_files.order_export import PURCHASE

    write_orders(
        call_of(context), PURCHASE, numbers or [], form, folder, again=again, raw=raw, flavour=flavour, as_json=as_json
    )


app.verb("new")(by_hand.new)
app.verb("edit")(by_hand.edit)
app.verb("copy")(by_hand.copy)
app.verb("delete")(by_hand.delete)
app.verb("watch")(watch)
app.verb("columns")(columns)
app.verb("names")(names)
app.verb("change")(order_changes.change)
app.verb("cancel")(order_changes.cancel)
app.verb("differences")(order_changes.differences)
app.verb("accept")(order_changes.accept)
app.verb("refuse")(order_changes.refuse)


def selected(connection: Connection, written: Written) -> list[SelectedOrder]:
    """The orders of a selection, as `list` and `send` take it from the command line (G09, G12).

    :raises Problem: for a supplier or a user who does not exist.
    """
    from intergestan_erp.listing.selection import read_selection
    from intergestan_erp.purchasing.purchase_orders import select_orders

    with as_typed():
        wanted = read_selection(connection, written)
    return select_orders(connection, wanted)


def _print_order(order: PurchaseOrderView) -> None:
    print_fields(
        {
            _("Number"): order.number,
            _("Date"): order.issue_date,
            _("Note"): order.note,
            _("Supplier"): f"{order.supplier} ({order.supplier_code})",
            _("Followed by"): order.followed_by,
            _("State"): _(order.state),
            _("Wanted on"): order.wanted_date,
            _("Deliver to"): _place(order),
            _("Currency"): order.currency,
            **({_("Type"): order.taken["type"]} if "type" in order.taken else {}),
            **{_(REFERENCES[name]): value for name, value in order.taken.get("references", {}).items()},
            _("Total excl. VAT"): order.total_ht,
            _("VAT"): order.total_vat,
            _("Total incl. VAT"): order.total_ttc,
            _("Answer"): shown.answer(order.answer_code),
            _("They say"): order.answer_note,
            _("Their number"): order.supplier_order_number,
        }
    )
    typer.echo()
    _print_lines(order)
    if order.charges:
        typer.echo()
        charges = [
            [charge.reason, charge.amount, shown.vat_category(charge.vat_category), charge.vat_rate]
            for charge in order.charges
        ]
        print_table([_("Charge"), _("Amount"), _("Category"), _("VAT")], charges)
    if order.changes:
        typer.echo()
        titles = [_("Change"), _("What"), _("When"), _("Who"), _("State"), _("Answer"), _("Why")]
        print_table(titles, [_change(each) for each in order.changes])
    typer.echo()
    happened = [
        [event.at, event.who, what("purchase_order", event.name), _(event.new) if event.new else None]
        for event in order.events
    ]
    print_table([_("When"), _("Who"), _("What"), _("State")], happened)


REFERENCES = {
    "customer_reference": marked("Our reference"),
    "accounting_cost": marked("Cost centre"),
    "quotation": marked("Quotation"),
    "contract": marked("Contract"),
    "order": marked("Refers to order"),
    "attachment": marked("Attachment"),
}
"""What an order refers to, as a document said it."""

PRICES_FROM = {
    "file": marked("file"),
    "amount": marked("amount of the line"),
    "catalogue": marked("catalogue"),
    "list": marked("price list"),
    "hand": marked("typed"),
}
"""What a line's price is from."""


def _place(order: PurchaseOrderView) -> str:
    """Where the goods go, in one line."""
    town = " ".join(filter(None, (order.delivery_postcode, order.delivery_city)))
    parts = (order.delivery_name, order.delivery_line1, order.delivery_line2, town, order.delivery_country)
    return ", ".join(filter(None, parts))


def _print_lines(order: PurchaseOrderView) -> None:
    """The lines; what no line has is no column, but for what each line must have."""
    always = {
        _("Line"): "line_id",
        _("Product"): "product_code",
        _("Name"): "name",
        _("Quantity"): "quantity",
        _("Unit"): "unit",
        _("Price"): "price",
        _("Price for"): "base_quantity",
        _("Price from"): "price_from",
    }
    sometimes = {
        _("Allowance"): "allowance",
        _("GTIN"): "gtin",
        _("Supplier's code"): "supplier_code",
        _("Cost centre"): "accounting_cost",
        _("Wanted on"): "wanted_date",
        _("Note"): "note",
    }
    lines = order.lines
    columns = always | {_("Total excl. VAT"): "total", _("Category"): "vat_category", _("VAT"): "vat_rate"}
    columns |= {title: name for title, name in sometimes.items() if any(getattr(line, name) for line in lines)}
    rows = [[_cell_of(line, name) for name in columns.values()] for line in lines]
    print_table(list(columns), rows)


def _cell_of(line: PurchaseLineView, name: str) -> Any:
    if name == "price_from":
        return _(PRICES_FROM[line.price_from]) if line.price_from else None
    if name == "unit":
        return shown.unit(line.unit)
    return shown.vat_category(line.vat_category) if name == "vat_category" else getattr(line, name)


def _change(row: PurchaseChangeView) -> list[Any]:
    what, state = _(CHANGES[row.type]), _(row.state)
    when, who = row.requested_at, row.requested_by
    return [row.revision, what, when, who, state, shown.answer(row.answer_code), row.answer_note]
