"""`intergestan stock`: what lies in depots (A32), and what people say of it: received, counted, moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import StockReason
from intergestan_msg.money import plain
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import Call, call_of
from services.cli.figures import DecimalMark, a_figure, a_price, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.shown import cell
from services.cli.stock.returns import return_, returns
from services.cli.stock.transit import show_transit
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.stock.entry import Entered, Goods, Stocked
    from intergestan_erp.stock.listing import ListedMove, ListedStock

app = Group("What lies in depots, and each change of it.")

REASONS = {
    StockReason.OPENING: marked("opening stock"),
    StockReason.RECEIPT: marked("receipt"),
    StockReason.DELIVERY: marked("delivery"),
    StockReason.TRANSFER_IN: marked("from another depot"),
    StockReason.TRANSFER_OUT: marked("to another depot"),
    StockReason.COUNT: marked("count"),
    StockReason.RETURN: marked("return"),
}

Lines = Annotated[
    list[str], typer.Argument(metavar="PRODUCT=QUANTITY…", help="So much of a product; several may follow.")
]
Document = Annotated[
    str | None, typer.Option("--document", metavar="TEXT", help="The document that goes with it, or a remark.")
]
InDepot = Annotated[str | None, typer.Option("--depot", metavar="DEPOT", help="Only this depot.")]


@app.verb("show")
def show(
    context: typer.Context,
    *,
    product: Annotated[str | None, typer.Argument(metavar="PRODUCT", help="Only this product.")] = None,
    depot: InDepot = None,
    at: Annotated[str | None, typer.Option("--at", metavar="DAY", help="As it was at the end of this day.")] = None,
    transit: Annotated[
        bool, typer.Option("--transit", help="What left an agency for another one, and did not come in yet.")
    ] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what lies in which depot, what is set aside of it, and what is available."""
    if transit:
        if product or depot or at:
            raise typer.BadParameter(_("--transit shows all of it: leave the other options out."))
        show_transit(call_of(context).database, limit, after, as_json=as_json)
        return
    from intergestan_erp.stock.listing import list_stock

    with call_of(context).database.read() as connection:
        page = list_stock(connection, product=product, depot=depot, day=day_of(at), size=limit, after=after)
    if as_json:
        print_json({"stock": list(map(_shown, page.rows)), "after": page.after})
        return
    titles = [_("Product"), _("Name"), _("Unit"), _("Depot"), _("On hand"), _("Reserved"), _("Available"), _("Cost")]
    print_table(titles, [list(asdict(row).values()) for row in page.rows])
    say_that_there_are_more(page.after)


@app.verb("moves")
def moves(
    context: typer.Context,
    *,
    product: Annotated[str | None, typer.Argument(metavar="PRODUCT", help="Only this product.")] = None,
    depot: InDepot = None,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what came and left, the newest first."""
    from intergestan_erp.stock.listing import list_moves

    with call_of(context).database.read() as connection:
        page = list_moves(connection, product=product, depot=depot, size=limit, after=after)
    if as_json:
        print_json({"moves": list(map(_shown, page.rows)), "after": page.after})
        return
    titles = [_("When"), _("Depot"), _("Product"), _("Quantity"), _("Cost"), _("Why"), _("Document"), _("Who")]
    rows = [
        [row.at, row.depot, row.product, row.quantity, row.unit_cost, _(REASONS[row.reason]), row.document, row.by]
        for row in page.rows
    ]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("receive")
def receive(
    context: typer.Context,
    *,
    lines: Lines,
    cost: Annotated[
        str | None, typer.Option("--cost", metavar="AMOUNT", help="What a unit of each cost, without VAT.")
    ] = None,
    opening: Annotated[bool, typer.Option("--opening", help="It lay there before stock was managed.")] = False,
    document: Document = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter what came into the depot where you are.

    Without --cost it costs what lies there does, or else the purchase price. The number of a purchase order to another
    agency, or of its delivery note, alone means all that it sent.
    """
    from intergestan_erp.stock.entry import receive as enter

    call = call_of(context)
    if len(lines) == 1 and "=" not in lines[0]:
        from services.cli.agencies.agency import receive_sent

        if cost is not None or opening or document is not None:
            raise typer.BadParameter(_("What another agency sent brings its cost and its document: leave these out."))
        receive_sent(call, lines[0], as_json=as_json)
        return
    goods = _goods(lines, decimal_mark, cost)
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        found = enter(connection, place, goods, by=by, at=at, document=document, opening=opening)
    _tell(call, found, as_json=as_json)


@app.verb("count")
def count(
    context: typer.Context,
    *,
    lines: Lines,
    document: Document = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter what was counted in the depot where you are; the difference becomes a move."""
    from intergestan_erp.stock.entry import count as enter

    counted = {each.product: each.quantity for each in _goods(lines, decimal_mark, None)}
    if len(counted) < len(lines):
        raise typer.BadParameter(_("A product stands twice: give it one quantity."))
    call = call_of(context)
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        found = enter(connection, place, counted, by=by, at=at, document=document)
    _tell(call, found, as_json=as_json)


@app.verb("move")
def move(
    context: typer.Context,
    *,
    lines: Lines,
    to: Annotated[str, typer.Option("--to", metavar="DEPOT", help="The depot to which it goes.")],
    document: Document = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter what went from the depot where you are to another one of the same company."""
    from intergestan_erp.stock.entry import transfer

    goods = _goods(lines, decimal_mark, None)
    call = call_of(context)
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        found = transfer(connection, place, goods, to, by=by, at=at, document=document)
    _tell(call, found, as_json=as_json)


app.verb("return")(return_)
app.verb("returns")(returns)


def _goods(lines: Sequence[str], mark: Mark | None, cost: str | None) -> list[Goods]:
    from intergestan_erp.stock.entry import Goods

    each_costs = None if cost is None else a_price(cost, mark)
    return [Goods(*_line(text, mark), each_costs) for text in lines]


def _line(text: str, mark: Mark | None) -> tuple[str, Decimal]:
    product, _equals, quantity = text.rpartition("=")
    if not product.strip() or not quantity.strip():
        raise typer.BadParameter(_("«{text}» is no product with a quantity: write CAS16=2.").format(text=text))
    return product, a_figure(quantity, mark)


def _shown(row: ListedStock | ListedMove | Stocked) -> dict[str, Any]:
    """A row for programs: figures without zeros at the end."""
    values = asdict(row)
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _tell(call: Call, found: Entered, *, as_json: bool) -> None:
    from intergestan_runtime.steps import SERVE

    call.ring(SERVE, *found.freed.products)
    if as_json:
        print_json({"stock": [{**_shown(each), "available": plain(each.available)} for each in found.stocked]})
        return
    for each in found.stocked:
        text = _("{product} in {depot}: {on_hand} on hand, {available} available.")
        figures = {"on_hand": cell(each.on_hand), "available": cell(each.available)}
        say(text.format(product=each.product, depot=each.depot, **figures))
