"""`intergestan slips`: what depots prepare, until it leaves with a delivery note (A34, A35, A52 to A54)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import SlipState
from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.credit import Override
from services.cli.errors import explain
from services.cli.figures import DecimalMark, by_place, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.picking.cards import INCOMPLETE, LEVELS
from services.cli.shown import cell, sentence
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_db.problem import Problem
    from intergestan_erp.picking.making import MadeSlips, Missing

app = Group("What depots prepare for customers, until it leaves with a delivery note.")

Slip = Annotated[str, typer.Argument(metavar="SLIP", help="Number of the picking slip, such as BP1.")]
Slips = Annotated[list[str], typer.Argument(metavar="SLIP…", help="Numbers of picking slips, such as BP1 BP2.")]


@app.verb("make")
def make(
    context: typer.Context,
    *,
    number: Annotated[
        str | None, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Of all accepted orders of the establishment where you are.")
    ] = False,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Only orders of this day or later.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Only orders of this day or earlier.")
    ] = None,
    override: Override = None,
    as_json: AsJson = False,
) -> None:
    """Make picking slips: one for each depot from which something of the order can leave now.

    What is not there yet is said, with where it comes from; of an order that waits until all of it is there nothing is
    prepared before.
    """
    from intergestan_erp.picking.making import Refused, make_all, make_slips

    if (number is None) is not everything or (number is not None and (first or last)):
        raise typer.BadParameter(_("Name an order, or say --all, with --from and --to if you like."))
    call = call_of(context)
    if number is not None:
        with call.database.transaction() as connection:
            place, by, at = call.place(connection), call.actor(connection), call.database.now()
            typed = _order(connection, number)
            made = [make_slips(connection, typed, place, override=override, by=by, at=at)]
        _tell_made(made, (), as_json=as_json)
        return
    if override:
        raise typer.BadParameter(_("--override lets one order pass: name it."))
    with call.database.read() as connection:
        place, by = call.place(connection), call.actor(connection)
    at = call.database.now()
    found = list(make_all(call.database, place, first=day_of(first), last=day_of(last), by=by, at=at))
    refused = [each for each in found if isinstance(each, Refused)]
    _tell_made(
        [each for each in found if not isinstance(each, Refused)],
        [(each.order, each.problem) for each in refused],
        as_json=as_json,
    )
    if refused:
        raise typer.Exit(1)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    order: Annotated[str | None, typer.Option("--order", metavar="ORDER", help="Only of this sales order.")] = None,
    depot: Annotated[str | None, typer.Option("--depot", metavar="DEPOT", help="Only of this depot.")] = None,
    state: Annotated[
        list[SlipState] | None, typer.Option("--state", help="Only in this state; several may be.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are delivered or cancelled.")] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show picking slips, the oldest first: those that are still to become delivery notes."""
    from intergestan_erp.picking.listing import list_slips
    from intergestan_erp.picking.slips import STATES

    with call_of(context).database.read() as connection:
        page = list_slips(
            connection, order=order, depot=depot, states=state or (), everything=everything, size=limit, after=after
        )
    if as_json:
        from intergestan_operations.telling import slips

        print_json({"slips": [slips.slip(row, sentence) for row in page.rows], "after": page.after})
        return
    titles = [_("Slip"), _("State"), _("Depot"), _("Order"), _("Customer"), _("Made"), _("Delivery note"), _("Why")]
    rows = [
        [
            *(row.number, _(STATES[row.state]), row.depot, row.order, row.customer, row.created_at),
            *(row.delivery_note, sentence(row.problem) if row.problem else None),
        ]
        for row in page.rows
    ]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("show")
def show(context: typer.Context, *, number: Slip, as_json: AsJson = False) -> None:
    """Show a picking slip with its lines."""
    from intergestan_erp.picking.listing import show_slip
    from intergestan_erp.picking.slips import STATES

    with call_of(context).database.read() as connection:
        shown = show_slip(connection, _slip(connection, number))
    if as_json:
        from intergestan_operations.telling import slips

        print_json(slips.whole_slip(shown, sentence))
        return
    slip = shown.slip
    text = _("{slip} ({state}): {depot} prepares {order} for {customer}, to {place}.")
    words = {"slip": slip.number, "state": _(STATES[slip.state]), "depot": slip.depot, "order": slip.order}
    say(text.format(**words, customer=slip.customer, place=", ".join(shown.place) or "–"))
    if slip.delivery_note:
        say(_("It left with {note}.").format(note=slip.delivery_note))
    if slip.problem:
        _say_why(slip.problem)
    titles = [_("Line"), _("Order line"), _("Product"), _("Name"), _("Unit"), _("Proposed"), _("Prepared")]
    rows = [
        [line.position, line.line, line.product, line.name, line.unit, line.proposed, line.prepared]
        for line in shown.lines
    ]
    print_table(titles, rows)


@app.verb("enter")
def enter(
    context: typer.Context,
    *,
    numbers: Slips,
    lines: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="N=QUANTITY", help="So much was found of this line of the slip, 0 for nothing."),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Of all other lines as much was found as is proposed.")
    ] = False,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter what was found for picking slips, at the depot that prepares them."""
    from intergestan_erp.picking import entering

    found = by_place(lines, decimal_mark)
    if not found and not accept:
        raise typer.BadParameter(_("Say what was found: --line 1=2 for a line, --accept for all that is proposed."))
    if found and len(numbers) > 1:
        raise typer.BadParameter(_("--line is of one slip: name it alone."))
    call, shown = call_of(context), {}
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        for number in dict.fromkeys(_slip(connection, typed) for typed in numbers):
            shown[number] = entering.enter(connection, number, place, found, accept=accept, by=by, at=at)
    if as_json:
        from intergestan_operations.telling import slips

        print_json({"slips": [slips.entered(number, own) for number, own in shown.items()]})
        return
    for number, own in shown.items():
        unsaid = [str(line.position) for line in own if line.prepared is None]
        if unsaid:
            text = _("{slip} is entered; of lines {lines} nobody said yet what was found.")
            say(text.format(slip=number, lines=", ".join(unsaid)))
        else:
            say(_("{slip} is entered.").format(slip=number))


@app.verb("finish")
def finish(context: typer.Context, *, numbers: Slips, as_json: AsJson = False) -> None:
    """Let picking slips be ready: from now on they are read only, and what is on them counts as left.

    What was not found is set aside no more, and remains of the order.
    """
    from intergestan_erp.picking import entering
    from intergestan_erp.picking.slips import in_lock_order
    from intergestan_runtime.steps import SERVE

    call = call_of(context)
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        named = dict.fromkeys(_slip(connection, typed) for typed in numbers)
        done = [entering.finish(connection, number, place, by=by, at=at) for number in in_lock_order(connection, named)]
    call.ring(SERVE, *{product for each in done for product in each.freed.products})
    if as_json:
        from intergestan_operations.telling import slips

        print_json({"slips": list(map(slips.ready, done))})
        return
    for each in done:
        say(_("{slip} is ready.").format(slip=each.slip))
        for position, quantity in each.missing.items():
            text = _("{slip}, line {line}: {quantity} were not found and remain of the order.")
            say(text.format(slip=each.slip, line=position, quantity=cell(quantity)))


@app.verb("validate")
def validate(
    context: typer.Context,
    *,
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="SLIP…", help="Numbers of picking slips, such as BP1 BP2.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are ready in the depot where you are.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let picking slips that are ready become delivery notes: the goods leave.

    One that cannot be is in error afterwards, and says why; the others go. Slips of a customer whose card groups them
    become one delivery note where they go to one place and are invoiced alike.
    """
    from intergestan_erp.picking.validating import validate as run

    if bool(numbers) is everything:
        raise typer.BadParameter(_("Name slips, or say --all."))
    call = call_of(context)
    with call.database.read() as connection:
        place, by = call.place(connection), call.actor(connection)
        named = None if everything else [_slip(connection, typed) for typed in numbers or ()]
    found = list(run(call.database, place, named, by=by, at=call.database.now()))
    wrong = [each for each in found if each.problem is not None]
    if as_json:
        from intergestan_operations.telling import slips

        print_json(slips.ran(found, sentence))
    else:
        for each in found:
            if each.problem is not None:
                say(_("{slip} is in error.").format(slip=each.slip))
                _say_why(each.problem)
            elif each.alone:
                text = _("{slip} left with {note}; with others of this customer it has not all in common.")
                say(text.format(slip=each.slip, note=each.note))
            else:
                say(_("{slip} left with {note}.").format(slip=each.slip, note=each.note))
        if not found:
            say(_("No picking slip is ready here."))
    if wrong:
        raise typer.Exit(1)


@app.verb("reopen")
def reopen(context: typer.Context, *, number: Slip, as_json: AsJson = False) -> None:
    """Let a picking slip that is in error be entered again."""
    from intergestan_erp.picking import entering

    call = call_of(context)
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        number = _slip(connection, number)
        entering.reopen(connection, number, place, by=by, at=at)
    _tell_state(call, number, SlipState.ENTERED, as_json=as_json)


@app.verb("cancel")
def cancel(context: typer.Context, *, number: Slip, as_json: AsJson = False) -> None:
    """Cancel a picking slip that did not leave; what is on it stays set aside for its order."""
    from intergestan_erp.picking import entering

    call = call_of(context)
    with call.database.transaction() as connection:
        place, by, at = call.place(connection), call.actor(connection), call.database.now()
        number = _slip(connection, number)
        entering.cancel(connection, number, place, by=by, at=at)
    _tell_state(call, number, SlipState.CANCELLED, as_json=as_json)


def _order(connection: Any, typed: str) -> str:
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored

    return as_stored(connection, typed, SalesOrder.number)


def _slip(connection: Any, typed: str) -> str:
    from intergestan_db.tables import PickingSlip
    from intergestan_erp.inputs.typed_keys import as_stored

    return as_stored(connection, typed, PickingSlip.number)


def _tell_made(made: Sequence[MadeSlips], refused: Sequence[tuple[str, Problem]], *, as_json: bool) -> None:
    if as_json:
        from intergestan_operations.telling import slips

        numbers = [slip.number for each in made for slip in each.slips]
        waiting = [slips.waiting(missing) for each in made for missing in each.waiting]
        error = [{"order": order, "reason": sentence(problem), "code": problem.code} for order, problem in refused]
        print_json({"slips": numbers, "waiting": waiting, **({"error": error} if refused else {})})
        return
    for each in made:
        for slip in each.slips:
            say(_("{slip}: {depot} prepares {order}.").format(slip=slip.number, depot=slip.depot, order=each.order))
        for missing in each.waiting:
            say(_waits(each, missing))
        if not each.slips and not each.waiting:
            say(_("Of {order} nothing is to be prepared.").format(order=each.order))
    for _number, problem in refused:
        _say_why(problem)
    if not made and not refused:
        say(_("No order is to be prepared here."))


def _waits(made: MadeSlips, missing: Missing) -> str:
    values = {
        "order": made.order,
        "quantity": cell(missing.quantity),
        "product": missing.product,
        "rule": _(INCOMPLETE[made.counting.incomplete]),
        "level": _(LEVELS[made.counting.said_by]),
    }
    if missing.source is None:
        return _("{order} waits for {quantity} {product} ({rule}: {level}).").format(**values)
    text = _("{order} waits for {quantity} {product} of {source} ({rule}: {level}).")
    return text.format(**values, source=missing.source)


def _say_why(problem: Problem) -> None:
    say(explain(problem)[0])


def _tell_state(_call: Call, number: str, state: SlipState, *, as_json: bool) -> None:
    if as_json:
        print_json({"slip": number, "state": state})
    elif state is SlipState.CANCELLED:
        say(_("{slip} is cancelled; what was on it stays set aside for its order.").format(slip=number))
    else:
        say(_("{slip} may be entered again.").format(slip=number))
