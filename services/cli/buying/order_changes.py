"""`orders change`, `cancel`, `differences`, `accept`, `refuse`: what happens to an order after it was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _, about
from services.cli import shown
from services.cli.buying.taking_files import Buyer, InEncoding, Prices, PricesFrom, options, remarks
from services.cli.context import Call, call_of
from services.cli.figures import AnyDates, Dates, DecimalMark, a_key, by_line, day_of, prices_by_line
from services.cli.files import read_file
from services.cli.output import AsJson, print_json, say
from services.cli.paging import After, Listed, SomeLimit, show_list
from services.cli.shown import cell

if TYPE_CHECKING:
    from intergestan_erp.listing.page import Page
    from intergestan_exchange.changes.answer_seller_change import SellerChange
    from intergestan_exchange.outbox.changes import Requested

Number = Annotated[str, typer.Argument(metavar="ORDER", help="Number of the purchase order, such as CFR1.")]
Lines = Annotated[
    list[str] | None, typer.Option("--line", metavar="ID", help="This line alone; all that are open by default.")
]


def change(
    context: typer.Context,
    *,
    number: Number,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The order as it shall be: UBL, CSV, XLSX or ODS.")
    ] = None,
    quantities: Annotated[
        list[str] | None, typer.Option("--line", metavar="ID=QUANTITY", help="This much of this line.")
    ] = None,
    new_prices: Annotated[
        list[str] | None, typer.Option("--price", metavar="ID=PRICE", help="This price for this line.")
    ] = None,
    removed: Annotated[list[str] | None, typer.Option("--remove", metavar="ID", help="Without this line.")] = None,
    wanted: Annotated[str | None, typer.Option("--wanted", metavar="DATE", help="Deliver by this day.")] = None,
    note: Annotated[str | None, typer.Option(help="Another subject of the order.")] = None,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    prices: Prices = PricesFrom.CATALOGUE,
    buyer: Buyer = None,
    encoding: InEncoding = None,
    as_json: AsJson = False,
) -> None:
    """Change an order that was sent. The supplier is told and answers; until then the order stays as it is."""
    from intergestan_erp.purchasing.change_edits import Edits
    from intergestan_exchange.outbox import changes

    edits = Edits(
        quantities=by_line(quantities, decimal_mark),
        prices=prices_by_line(new_prices, decimal_mark),
        deleted=tuple(map(a_key, removed or ())),
        wanted_date=day_of(wanted),
        note=note,
    )
    if (file is None) == (edits == Edits()):
        raise typer.BadParameter(_("Say what changes: either a file, or --line, --price, --remove, --wanted, --note."))
    call = call_of(context)
    stated = None
    if file is not None:
        from intergestan_erp.order_files.order_reading import LimitedOrders

        wanted_of_file = options(decimal_mark, dates, prices, buyer, encoding)
        with LimitedOrders() as readers:  # before anything is opened
            data = read_file(file)
            stated = changes.read_order_file(str(file), data, wanted_of_file, call.zone, read=readers.read)

    def ask(connection: Any, number: str, user_id: int, by: str) -> Requested:
        who: Any = {"by": by, "at": call.database.now()}
        if stated is not None:
            return changes.request_file(connection, number, stated, user_id, **who)
        return changes.request_edits(connection, number, edits, user_id, any_dates=dates is Dates.ANY, **who)

    _request(call, number, ask, as_json=as_json, file=str(file))


def cancel(
    context: typer.Context,
    *,
    number: Number,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="What the supplier reads.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cancel an order that was sent. The supplier refuses once goods have left."""
    from intergestan_exchange.outbox import changes

    call = call_of(context)

    def ask(connection: Any, number: str, user_id: int, by: str) -> Requested:
        return changes.request_cancellation(connection, number, reason, user_id, by=by, at=call.database.now())

    _request(call, number, ask, as_json=as_json)


def differences(
    context: typer.Context,
    *,
    number: Annotated[str | None, typer.Argument(metavar="ORDER", help="Of this order alone.")] = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what suppliers changed of our orders and nobody has agreed to, line by line."""
    from intergestan_db.tables import PurchaseOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_exchange.changes.answer_seller_change import list_seller_changes_page

    seen = False

    def read(size: int, mark: str | None) -> Page[SellerChange]:
        nonlocal seen
        page = list_seller_changes_page(connection, named, size=size, after=mark)
        seen = seen or bool(page.rows)
        return page

    listed: Listed[SellerChange] = Listed(
        name="differences",
        values=_values,
        titles=[_("Order"), _("Supplier"), _("Line"), _("Ordered"), _("The supplier says"), _("Decided in")],
        cells=lambda each: [
            *(each.order, each.supplier, each.line_id, _ordered(each), "; ".join(_said(each)), each.under_way)
        ],
        empty=_("Nothing is open: suppliers changed nothing that you have not agreed to."),
    )
    with call_of(context).database.snapshot() as connection:
        named = number and as_stored(connection, number, PurchaseOrder.number)
        show_list(listed, read, limit, after, as_json=as_json)
    if seen and not as_json:
        say(_("`intergestan orders accept ORDER` agrees, `orders refuse ORDER` asks again for what was ordered."))


def accept(context: typer.Context, *, number: Number, lines: Lines = None, as_json: AsJson = False) -> None:
    """Agree to what the supplier changed. The order takes over the supplier's values when they have confirmed."""
    from intergestan_exchange.changes import answer_seller_change

    _decide(call_of(context), number, lines, answer_seller_change.accept, as_json=as_json)


def refuse(context: typer.Context, *, number: Number, lines: Lines = None, as_json: AsJson = False) -> None:
    """Ask the supplier again for what was ordered. Their clerk decides; `orders cancel` gives the order up."""
    from intergestan_exchange.changes import answer_seller_change

    _decide(call_of(context), number, lines, answer_seller_change.refuse, as_json=as_json)


def _decide(
    call: Call, number: str, lines: Sequence[str] | None, what: Callable[..., Requested], *, as_json: bool
) -> None:
    def ask(connection: Any, number: str, user_id: int, by: str) -> Requested:
        return what(connection, number, lines or (), user_id, by=by, at=call.database.now())

    _request(call, number, ask, as_json=as_json)


def _request(
    call: Call, number: str, ask: Callable[[Any, str, int, str], Requested], *, as_json: bool, file: str = ""
) -> None:
    from intergestan_db.bells import Bells
    from intergestan_db.tables import PurchaseOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_operations.acting.requesting import request
    from services.cli.shown import in_place

    def within(connection: Any) -> tuple[str, Requested]:
        user_id, by = call.user(connection)
        stored = as_stored(connection, number, PurchaseOrder.number)
        return stored, ask(connection, stored, user_id, by)

    number, asked = request(call.database, call.tracer, within, lambda found: found[1].mail_id)
    call.ring_all(Bells(compose=(asked.mail_id,)))
    if as_json:
        said = [in_place(remark) for remark in asked.said]
        told = {"order": number, "change": asked.sequence, "mail": f"out-{asked.mail_id}", "said": said}
        print_json({**told, "order_is_undecided": asked.is_early})
        return
    for text in remarks(file, asked.said):
        say(text)
    say(
        _(
            "Change {sequence} of {number} is on its way (out-{mail}); `intergestan orders show {number}` tells more."
        ).format(sequence=asked.sequence, number=number, mail=asked.mail_id)
    )
    if asked.is_early:
        say(
            _("The supplier has not decided about {number} itself yet: the change waits with it.").format(number=number)
        )


def _ordered(each: SellerChange) -> str:
    figures = f"{cell(each.quantity)} {shown.unit(each.unit)} × {cell(each.price)}"
    return about(each.product_code or each.name, figures)


def _said(each: SellerChange) -> list[str]:
    """What differs, one remark each."""
    from intergestan_exchange.changes.answer_seller_change import said_otherwise
    from services.cli.shown import told

    return [told(each) for each in said_otherwise(each)]


def _values(each: SellerChange) -> dict[str, Any]:
    from intergestan_msg.order import one_day

    said = each.answer
    other = said.substitute
    return {
        "order": each.order,
        "supplier": each.supplier,
        "line": each.line_id,
        "product": each.product_code,
        "quantity": each.quantity,
        "unit": each.unit,
        "price": each.price,
        "theirs": {
            "code": said.code,
            "quantity": said.quantity,
            "unit": said.unit,
            "price": said.price,
            "base_quantity": said.base_quantity,
            "promised": one_day(said.promised),
            "parts": [{"quantity": part.quantity, "unit": part.unit, "promised": part.promised} for part in said.parts],
            "backorder": said.backorder,
            "replacement": (other.sellers_id or other.name) if other else None,
            "note": said.note,
        },
        "under_way": each.under_way,
    }
