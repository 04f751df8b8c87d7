"""`intergestan agency`: what establishments order from each other for their customers (A12 to A18, A40 to A46)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _, ngettext
from services.cli.asking import confirmed
from services.cli.context import Call, call_of, may_ask
from services.cli.errors import explain
from services.cli.figures import DecimalMark, by_place, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.pairs.ordering import OrderedPair
    from intergestan_erp.pairs.pairing import Agency, PairLine, Refused
    from intergestan_erp.pairs.pending import Wanted
    from intergestan_erp.pairs.preview import Preview

app = Group("What establishments order from each other: two orders for each pair of them.")

Order = Annotated[
    str | None, typer.Argument(metavar="ORDER", help="Number of a customer's order, such as CCL1; else all that wait.")
]
First = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Only customers' orders of this day or later.")
]
Last = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Only customers' orders of this day or earlier.")
]


@app.verb("preview")
def preview(
    context: typer.Context, *, number: Order = None, first: First = None, last: Last = None, as_json: AsJson = False
) -> None:
    """Show what is to be ordered between agencies, at which prices, and what cannot be ordered; write nothing."""
    from intergestan_erp.pairs.preview import preview as look

    database = call_of(context).database
    with database.read() as connection:
        wanted = _wanted(connection, number, first, last)
        seen = look(connection, wanted, database.now())
    if as_json:
        from intergestan_operations.telling.agencies import to_order

        print_json(to_order(seen))
        return
    _show(seen, wanted)


@app.verb("order")
def order(
    context: typer.Context,
    *,
    number: Order = None,
    first: First = None,
    last: Last = None,
    yes: Annotated[bool, typer.Option("--yes", help="Order without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Order all that waits: one purchase order and one sales order for each pair of establishments.

    What is set aside for the customer's order in the other agency's depot is handed over to the sales order of the
    pair. Once more, or twice at once, orders nothing twice.
    """
    from intergestan_erp.pairs.ordering import order_pairs
    from intergestan_erp.pairs.preview import preview as look

    call = call_of(context)
    with call.database.read() as connection:
        wanted, by = _wanted(connection, number, first, last), call.actor(connection)
        seen = look(connection, wanted, call.database.now())
    if not yes and seen.pairs:
        if as_json or not may_ask():
            raise typer.BadParameter(_("Nobody can be asked here: say --yes."))
        _show(seen, wanted)
        question = ngettext(
            "Make {orders} orders for {count} pair?", "Make {orders} orders for {count} pairs?", len(seen.pairs)
        )
        if not confirmed(question.format(orders=2 * len(seen.pairs), count=len(seen.pairs))):
            raise typer.Exit(1)
    made = list(order_pairs(call.database, wanted, by=by, at=call.database.now())) if seen.pairs else []
    if as_json:
        from intergestan_operations.telling.agencies import all_ordered

        print_json(all_ordered(made, seen.refused))
    else:
        _tell(made, wanted, seen.refused)
    if seen.refused:
        raise typer.Exit(1)


@app.verb("list")
def list_(context: typer.Context, *, limit: Limit = 50, after: After = None, as_json: AsJson = False) -> None:
    """Show the pairs of orders, the newest first."""
    from intergestan_erp.pairs.listing import list_pairs

    with call_of(context).database.read() as connection:
        page = list_pairs(connection, size=limit, after=after)
    if as_json:
        print_json({"pairs": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Purchase order"), _("Sales order"), _("Date"), _("Orders"), _("Delivers"), _("Invoiced"), _("Lines")]
    print_table(
        [*titles, _("Total HT"), _("State")],
        [
            [
                *(row.purchase_order, row.sales_order, row.day, row.requesting, row.supplying, row.billable, row.lines),
                *(row.total_ht, row.state),
            ]
            for row in page.rows
        ],
    )
    say_that_there_are_more(page.after)


@app.verb("receive")
def receive(
    context: typer.Context,
    *,
    number: Annotated[
        str,
        typer.Argument(
            metavar="NOTE", help="Number of the delivery note, such as BL4, or of the purchase order, such as CFR1."
        ),
    ],
    lines: Annotated[
        list[str] | None,
        typer.Option(
            "--line", metavar="N=QUANTITY", help="So much of this line of the note came, 0 for nothing; others later."
        ),
    ] = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Book what another agency sent into the depot where you are; without --line all of it.

    It is set aside at once for the customers' orders that it was ordered for.
    """
    receive_sent(call_of(context), number, by_place(lines, decimal_mark) or None, as_json=as_json)


def receive_sent(call: Call, number: str, wanted: Mapping[int, Decimal] | None = None, *, as_json: bool) -> None:
    """Book what came by a delivery note, or for an order, between agencies, and say what it was."""
    from intergestan_db.tables import DeliveryNote, PurchaseOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_erp.pairs.receiving import receive as enter
    from intergestan_runtime.steps import SERVE

    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        found = enter(
            *(connection, place, as_stored(connection, number, DeliveryNote.number, PurchaseOrder.number), wanted),
            by=by,
            at=at,
        )
    call.ring(SERVE, *found.freed.products)
    if as_json:
        from intergestan_operations.telling.agencies import came_in

        print_json(came_in(found))
        return
    text = _("{receipt}: goods of {order} are in {depot}.")
    say(text.format(receipt=found.number, order=found.purchase_order, depot=found.depot))
    titles = [_("Delivery note"), _("Line"), _("Product"), _("Sent"), _("Received"), _("Cost"), _("Set aside")]
    print_table(titles, [list(asdict(line).values()) for line in found.lines])


@app.verb("cancel")
def cancel(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(metavar="ORDER", help="Number of either order, such as CFR1.")],
    as_json: AsJson = False,
) -> None:
    """Cancel both orders of a pair of which nothing has left.

    Its goods are set aside for the customers' orders again, and wait to be ordered.
    """
    from intergestan_db.tables import PurchaseOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_erp.pairs.cancelling import cancel_pair
    from intergestan_runtime.steps import SERVE

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        found = cancel_pair(connection, as_stored(connection, number, PurchaseOrder.number), by=by, at=at)
    call.ring(SERVE, *found.freed.products)
    if as_json:
        print_json({"cancelled": [found.purchase_order, found.sales_order]})
        return
    text = _("{purchase_order} and {sales_order} are cancelled; their goods are set aside for the customers again.")
    say(text.format(purchase_order=found.purchase_order, sales_order=found.sales_order))


def _wanted(connection: Connection, number: str | None, first: str | None, last: str | None) -> Wanted:
    from intergestan_erp.pairs.pending import Wanted, wanted_of

    if number is None:
        return Wanted(first=day_of(first), last=day_of(last))
    if first or last:
        raise typer.BadParameter(_("Name an order or a period, not both."))
    return wanted_of(connection, number)


def _show(seen: Preview, wanted: Wanted) -> None:
    for each in seen.pairs:
        text = _("{requesting} orders from {supplying} ({customer}/{supplier}):")
        codes = {"customer": each.customer_operation, "supplier": each.supplier_operation}
        pair = each.pair
        say(text.format(requesting=_name(pair.requesting), supplying=_name(pair.supplying), **codes))
        _print_lines(each.lines)
        if each.category is None:
            say(_("The dossier has no category for orders between agencies, so no list can be narrowed to them."))
    _tell_refused(seen.refused)
    if not seen.pairs and not seen.refused:
        _tell_nothing(wanted)


def _tell(made: Sequence[OrderedPair], wanted: Wanted, refused: Sequence[Refused]) -> None:
    for each in made:
        text = _("{requesting} orders from {supplying}: {purchase_order}; there it is {sales_order}.")
        sides = {"requesting": _name(each.requesting), "supplying": _name(each.supplying)}
        say(text.format(**sides, purchase_order=each.purchase_order, sales_order=each.sales_order))
    _tell_refused(refused)
    if not made and not refused:
        _tell_nothing(wanted)


def _tell_refused(refused: Iterable[Refused]) -> None:
    from intergestan_erp.pairs.refusals import as_problem

    for text in dict.fromkeys(explain(as_problem(each))[0] for each in refused):
        say(text)


def _tell_nothing(wanted: Wanted) -> None:
    text = _("There is nothing to order between agencies for {what}.")
    say(text.format(what=wanted.order or _("these orders")))


def _print_lines(lines: Iterable[PairLine]) -> None:
    from intergestan_operations.telling.agencies import line

    titles = [_("Product"), _("Quantity"), _("Depot"), _("Order"), _("Line"), _("Customer"), _("Wanted"), _("Price")]
    print_table([*titles, _("Total HT")], [list(asdict(line(each)).values())[1:] for each in lines])


def _name(agency: Agency) -> str:
    return f"{agency.number} ({agency.name})"
