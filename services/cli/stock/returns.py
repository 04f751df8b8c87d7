"""`intergestan stock return` and `returns`: goods of a delivery note come back, and are credited (D44)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_msg.money import plain
from intergestan_operations.language.language import _
from services.cli.asking import confirmed
from services.cli.context import Call, call_of, may_ask
from services.cli.figures import DecimalMark, by_place
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.picking.returning import Returned, ReturnedLine
    from intergestan_erp.picking.returns import ListedReturn


def return_(
    context: typer.Context,
    *,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Number of a delivery note, such as BL1; of a return to credit it.")
    ],
    lines: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="N=QUANTITY", help="So much of this line of the delivery note came back."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; it stands on a credit note.")
    ] = None,
    credit: Annotated[bool, typer.Option("--credit", help="Make the credit note of what was invoiced.")] = False,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter what came back of a delivery note into the depot where you are.

    What was not invoiced yet is invoiced without it. What was invoiced is credited with --credit, at once or later:
    `stock return RT1 --credit`. The order stays delivered.
    """
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT, SERVE

    call, wanted = call_of(context), by_place(lines, decimal_mark)
    with call.database.read() as connection:
        number, is_return = _meant(connection, number)
    if is_return:
        if wanted or reason is not None or not credit:
            text = _("{number} came back already: say --credit alone to credit it.")
            raise typer.BadParameter(text.format(number=number))
        _credit(call, number, as_json=as_json)
        return
    if not wanted or reason is None:
        raise typer.BadParameter(_("Say what came back, --line 1=2, and why, --reason TEXT."))
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        how: Any = {"credit": credit, "by": by, "at": at}
        found, released = acts.enter_return(connection, number, wanted, reason, place, **how)
    call.ring(IMPORT, *released.take_in)
    call.ring(SERVE, *found.freed.products)
    if as_json:
        rows = list(map(_plainly, found.lines))
        own = {"return": found.number, "delivery_note": found.delivery_note, "depot": found.depot}
        print_json({**own, "lines": rows, "credit_notes": list(found.credit_notes)})
        return
    _tell(found)
    question = _("Make the credit note of what was invoiced?")
    if found.is_to_credit and may_ask() and confirmed(question):
        _credit(call, found.number, as_json=False)


def returns(
    context: typer.Context,
    *,
    uncredited: Annotated[
        bool, typer.Option("--uncredited", help="Only what was invoiced and is not credited.")
    ] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what came back, the oldest first."""
    from intergestan_erp.picking.returns import list_returns

    with call_of(context).database.read() as connection:
        page = list_returns(connection, uncredited=uncredited, size=limit, after=after)
    if as_json:
        print_json({"returns": list(map(_plainly, page.rows)), "after": page.after})
        return
    titles = [_("Return"), _("Date"), _("Delivery note"), _("Line"), _("Product"), _("Quantity"), _("Depot")]
    titles += [_("Customer"), _("Reason"), _("Invoice"), _("Credit note"), _("To credit")]
    print_table(titles, [list(asdict(row).values()) for row in page.rows])
    say_that_there_are_more(page.after)


def _plainly(row: ReturnedLine | ListedReturn) -> dict[str, Any]:
    return {**asdict(row), "quantity": plain(row.quantity), "to_credit": plain(row.to_credit)}


def _meant(connection: Connection, typed: str) -> tuple[str, bool]:
    """The number as it is stored, and whether it is a return's."""
    from sqlalchemy import select

    from intergestan_db.tables import DeliveryNote, GoodsReturn
    from intergestan_erp.inputs.typed_keys import as_stored

    number = as_stored(connection, typed, DeliveryNote.number, GoodsReturn.number)
    found = connection.execute(select(GoodsReturn.id).where(GoodsReturn.number == number)).first()
    return number, found is not None


def _credit(call: Call, number: str, *, as_json: bool) -> None:
    from intergestan_exchange.credit_holds.acts import credit_return
    from intergestan_runtime.steps import IMPORT

    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        made, released = credit_return(connection, number, by=by, at=at)
    call.ring(IMPORT, *released.take_in)
    if as_json:
        print_json({"return": number, "credit_notes": list(made)})
        return
    say(_("{number} is credited: {notes}.").format(number=number, notes=", ".join(made)))


def _tell(found: Returned) -> None:
    text = _("{number}: goods of {note} are in {depot} again.")
    values: dict[str, Any] = {"number": found.number, "note": found.delivery_note, "depot": found.depot}
    say(text.format(**values))
    if found.credit_notes:
        say(_("{number} is credited: {notes}.").format(number=found.number, notes=", ".join(found.credit_notes)))
    elif found.is_to_credit:
        say(_("It was invoiced, and is not credited yet."))
