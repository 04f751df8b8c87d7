"""`orders new`, `edit`, `copy`, `delete`: purchase orders that people type, as long as they are drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.figures import (
    AnyDates,
    Dates,
    DecimalMark,
    a_figure,
    a_key,
    a_price,
    a_vat,
    by_line,
    day_of,
    prices_by_line,
)
from services.cli.output import AsJson, print_json, say
from services.cli.shown import cell

if TYPE_CHECKING:
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.ordering.draft_edits import DraftEdits
    from intergestan_erp.ordering.drafts import SavedOrder
    from intergestan_erp.ordering.typed_order import TypedCharge, TypedLine

Number = Annotated[str, typer.Argument(metavar="ORDER", help="Number of the purchase order, such as CFR1.")]
Numbers = Annotated[list[str], typer.Argument(metavar="ORDER …", help="Numbers of drafts, such as CFR1.")]
NewLines = Annotated[
    list[str],
    typer.Option(
        "--line", metavar="CODE=QUANTITY[@PRICE]", help="So much of a product, at our own price for it or this one."
    ),
]
Added = Annotated[
    list[str] | None,
    typer.Option("--add", metavar="CODE=QUANTITY[@PRICE]", help="A new line, behind those that are there."),
]
Quantities = Annotated[list[str] | None, typer.Option("--line", metavar="ID=QUANTITY", help="This much of this line.")]
NewPrices = Annotated[list[str] | None, typer.Option("--price", metavar="ID=PRICE", help="This price for this line.")]
Removed = Annotated[list[str] | None, typer.Option("--remove", metavar="ID", help="Without this line.")]
Charges = Annotated[
    list[str] | None,
    typer.Option(
        "--charge", metavar="REASON=AMOUNT[@VAT]", help="A charge of the whole order, with its VAT such as S:20."
    ),
]
Supplier = Annotated[str, typer.Option("--supplier", help="Code, SIRET, VAT number or name.")]
OtherSupplier = Annotated[str | None, typer.Option("--supplier", help="Code, SIRET, VAT number or name.")]
Issued = Annotated[str | None, typer.Option("--date", metavar="DATE", help="The day of the order; today by default.")]
OtherDay = Annotated[str | None, typer.Option("--date", metavar="DATE", help="Another day of the order.")]
Wanted = Annotated[str | None, typer.Option("--wanted", metavar="DATE", help="Deliver by this day.")]
Follower = Annotated[str | None, typer.Option("--followed-by", metavar="LOGIN", help="Who follows the order.")]
Note = Annotated[str | None, typer.Option("--note", help="The subject of the order.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Confirm it at once; it is a draft by default.")]
Version = Annotated[
    int | None,
    typer.Option(
        "--version", metavar="N", min=1, help="Only if it is still this version, as `orders show --json` says."
    ),
]


def new(
    context: typer.Context,
    *,
    supplier: Supplier,
    lines: NewLines,
    charges: Charges = None,
    issued: Issued = None,
    wanted: Wanted = None,
    followed_by: Follower = None,
    note: Note = None,
    confirm: Confirm = False,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Enter a purchase order, under the next number of the site. It is looked at as those of files are."""
    from intergestan_erp.ordering.drafts import enter_order
    from intergestan_erp.ordering.typed_order import TypedOrder

    typed = TypedOrder(
        supplier=supplier,
        lines=tuple(_line(text, decimal_mark) for text in lines),
        charges=_charges(charges, decimal_mark),
        issue_date=day_of(issued),
        followed_by=followed_by,
        note=note,
        wanted_date=day_of(wanted),
    )
    call = call_of(context)
    _tell(enter_order(call.database, typed, **_how(call, dates, confirm=confirm)), as_json=as_json)


def edit(
    context: typer.Context,
    *,
    number: Number,
    quantities: Quantities = None,
    new_prices: NewPrices = None,
    removed: Removed = None,
    added: Added = None,
    charges: Charges = None,
    supplier: OtherSupplier = None,
    issued: OtherDay = None,
    wanted: Wanted = None,
    followed_by: Follower = None,
    note: Note = None,
    version: Version = None,
    confirm: Confirm = False,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Change a draft. An order that was sent is changed by `orders change`, which asks the supplier.

    A charge of 0 goes away. If somebody else changed the draft meanwhile, nothing is done.
    """
    from intergestan_erp.ordering.drafts import change_order

    edits = _edits(
        quantities, new_prices, removed, added, charges, decimal_mark,
        supplier=supplier, issue_date=day_of(issued), wanted_date=day_of(wanted), followed_by=followed_by, note=note,
    )  # fmt: skip
    if edits is None:
        raise typer.BadParameter(_("Say what changes: --line, --price, --remove, --add, --charge or the head."))
    call = call_of(context)
    with call.database.read() as connection:
        by = call.actor(connection)
    saved = change_order(
        call.database, number, edits, by=by, version=version, confirm=confirm, any_dates=dates is Dates.ANY
    )
    _tell(saved, as_json=as_json)


def copy(
    context: typer.Context,
    *,
    number: Number,
    quantities: Quantities = None,
    new_prices: NewPrices = None,
    removed: Removed = None,
    added: Added = None,
    charges: Charges = None,
    supplier: OtherSupplier = None,
    issued: Issued = None,
    wanted: Wanted = None,
    followed_by: Follower = None,
    note: Note = None,
    confirm: Confirm = False,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Enter an order once more, whatever became of it: of today, wanted on no day, at the prices that it had.

    What the options say is otherwise; lines are named as in the order that is copied.
    """
    from intergestan_erp.ordering.drafts import copy_order

    edits = _edits(
        quantities, new_prices, removed, added, charges, decimal_mark,
        supplier=supplier, issue_date=day_of(issued), wanted_date=day_of(wanted), followed_by=followed_by, note=note,
    )  # fmt: skip
    call = call_of(context)
    _tell(copy_order(call.database, number, edits, **_how(call, dates, confirm=confirm)), as_json=as_json)


def delete(context: typer.Context, *, numbers: Numbers, as_json: AsJson = False) -> None:
    """Delete drafts, all of these or none. What was sent is never deleted."""
    from intergestan_exchange.outbox.delete_drafts import delete_drafts

    call = call_of(context)
    with call.database.transaction() as connection:
        gone = delete_drafts(connection, numbers, by=call.actor(connection), at=call.database.now())
    if as_json:
        print_json({"deleted": gone})
    else:
        say(_("Deleted: {numbers}.").format(numbers=", ".join(gone)))


def _how(call: Call, dates: Dates, *, confirm: bool) -> dict[str, Any]:
    with call.database.read() as connection:
        by, place = call.actor(connection), call.place(connection)
    return {"by": by, "place": place, "confirm": confirm, "any_dates": dates is Dates.ANY}


def _edits(
    quantities: Sequence[str] | None,
    prices: Sequence[str] | None,
    removed: Sequence[str] | None,
    added: Sequence[str] | None,
    charges: Sequence[str] | None,
    mark: Mark | None,
    **head: Any,
) -> DraftEdits | None:
    """What shall be otherwise; None where that is nothing."""
    from intergestan_erp.ordering.draft_edits import DraftEdits

    edits = DraftEdits(
        quantities=by_line(quantities, mark),
        prices=prices_by_line(prices, mark),
        removed=tuple(map(a_key, removed or ())),
        added=tuple(_line(text, mark) for text in added or ()),
        charges=_charges(charges, mark),
        **head,
    )
    return None if edits == DraftEdits() else edits


def _line(text: str, mark: Mark | None) -> TypedLine:
    from intergestan_erp.ordering.typed_order import TypedLine

    product, _equals, figures = text.rpartition("=")
    quantity, at, price = figures.partition("@")
    if not product.strip() or not quantity.strip() or (at and not price.strip()):
        raise typer.BadParameter(_("«{text}» is no line: write CAS16=2 or CAS16=2@4,50.").format(text=text))
    amount = a_price(price, mark) if at else None
    return TypedLine(product=a_key(product), quantity=a_figure(quantity, mark), price=amount)


def _charges(texts: Sequence[str] | None, mark: Mark | None) -> tuple[TypedCharge, ...]:
    return tuple(_charge(text, mark) for text in texts or ())


def _charge(text: str, mark: Mark | None) -> TypedCharge:
    from intergestan_erp.ordering.typed_order import TypedCharge

    reason, _equals, figures = text.rpartition("=")
    amount, at, stated = figures.partition("@")
    if not reason.strip() or not amount.strip() or (at and not stated.strip()):
        text_of_fault = _("«{text}» is no charge: write Port=12,50 or Port=12,50@S:20.")
        raise typer.BadParameter(text_of_fault.format(text=text))
    vat = a_vat(stated) if at else None
    return TypedCharge(
        reason=reason.strip(),
        amount=a_price(amount, mark),
        vat_category=None if vat is None else vat.category,
        vat_rate=None if vat is None else vat.rate,
    )


def _tell(saved: SavedOrder, *, as_json: bool) -> None:
    if as_json:
        priced = saved.priced
        lines = [
            {
                "line": line.line_id,
                "product": line.product_code,
                "quantity": line.quantity,
                "price": line.price,
                "price_from": line.price_from,
                "total_ht": line.total,
            }
            for line in priced.lines
        ]
        told = {"order": saved.number, "version": saved.version, "state": saved.state, "currency": priced.currency}
        totals = {"total_ht": priced.total_ht, "total_vat": priced.total_vat, "total_ttc": priced.total_ttc}
        print_json({**told, **totals, "lines": lines})
        return
    text = _("{number} is a draft: {ht} excl. VAT, {ttc} incl. VAT. `intergestan orders confirm` confirms it.")
    if saved.state != "draft":
        text = _("{number} is confirmed: {ht} excl. VAT, {ttc} incl. VAT. `intergestan send` sends it.")
    say(text.format(number=saved.number, ht=cell(saved.priced.total_ht), ttc=cell(saved.priced.total_ttc)))
