"""`intergestan sales allocate` and `allocations`: from which depots the goods of an order come (A32, A33, A37)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.asking import asked
from services.cli.context import call_of, may_ask
from services.cli.figures import DecimalMark
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.shown import cell, sentence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_db.database import Database
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.stock.allocate import Allocated, Choices
    from intergestan_erp.stock.allocations import ShownLine
    from intergestan_erp.stock.arbitration import LineProposal
    from intergestan_erp.stock.typed_shares import TypedShare

Shares = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="LINE:DEPOT=QUANTITY,…",
        help="From which depots a line comes, such as L1:AB=1,RD=2:indirect; else as it is proposed.",
    ),
]
Order = Annotated[str, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")]
ROUTES = {"direct": marked("direct"), "indirect": marked("indirect")}
"""How goods reach the customer, as people read it."""
KINDS = {"stock": marked("in the depot"), "inbound": marked("on its way")}
"""Where goods that are set aside are, as people read it."""


def allocate(
    context: typer.Context,
    *,
    number: Order,
    shares: Shares = None,
    propose: Annotated[bool, typer.Option("--propose", help="Show what would be taken; write nothing.")] = False,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Set goods aside for an accepted order: from its own depot first, then from the fewest others.

    What no depot has is a remainder, which is served as goods come. A line for which depots are chosen first gives back
    what it held.
    """
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_erp.stock.allocate import allocate_order, foresee_order
    from intergestan_runtime.steps import SERVE

    call = call_of(context)
    chosen = read_choices(shares, decimal_mark)
    with call.database.read() as connection:
        number = as_stored(connection, number, SalesOrder.number)
        arbitrate, proposals = foresee_order(connection, number, chosen)
    if propose:
        _show_proposals(proposals, as_json=as_json)
        return
    if not chosen:
        wanted = [each for each in proposals if each.is_asked(arbitrate)]
        chosen = ask_shares(wanted, decimal_mark, as_json=as_json)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        found = allocate_order(connection, number, chosen, by=by, at=at)
    call.ring(SERVE, *found.freed.products)
    show(call.database, found, as_json=as_json)


def allocations(context: typer.Context, *, number: Order, as_json: AsJson = False) -> None:
    """Show from which depots the goods of a sales order come, and what is set aside for it."""
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored

    database = call_of(context).database
    with database.read() as connection:
        number = as_stored(connection, number, SalesOrder.number)
    _show(database, number, as_json=as_json)


def read_choices(texts: Sequence[str] | None, mark: Mark | None) -> dict[str, tuple[TypedShare, ...]]:
    """What `--from` says, by line; BadParameter for what cannot be read, or a line that stands twice."""
    from intergestan_erp.inputs.unreadable import Unreadable
    from intergestan_erp.stock.typed_shares import read_line_shares

    found: dict[str, tuple[TypedShare, ...]] = {}
    for text in texts or ():
        try:
            line, shares = read_line_shares(text, mark)
        except Unreadable as bad:
            raise typer.BadParameter(sentence(bad)) from bad
        if line in found:
            raise typer.BadParameter(_("The line {line} stands twice: name all its depots at once.").format(line=line))
        found[line] = shares
    return found


def ask_shares(
    proposals: Sequence[LineProposal], mark: Mark | None, *, as_json: bool
) -> dict[str, tuple[TypedShare, ...]]:
    """Ask at the terminal from which depots these lines come; Enter takes the proposal. Elsewhere nobody is asked.

    Nothing is locked while the person thinks: what was shown may be gone, and is refused then.
    """
    if as_json or not may_ask():
        return {}
    chosen = {}
    for proposal in proposals:
        _show_window(proposal)
        shares = _typed_shares(proposal, mark)
        if shares is not None:
            chosen[proposal.line] = shares
    return chosen


def show(database: Database, found: Allocated, *, as_json: bool) -> None:
    """Show what became of an order."""
    _show(database, found.number, as_json=as_json)
    if found.short and not as_json:
        text = _("{number}: of {count} lines something remains, which is served as goods come.")
        say(text.format(number=found.number, count=found.short))


def remainder_said(found: Allocated) -> str:
    """What is said of an order whose goods were set aside as it was entered."""
    if found.short:
        text = _("Goods are set aside for it; of {count} lines something remains, which is served as goods come.")
        return text.format(count=found.short)
    return _("All its goods are set aside.")


def _typed_shares(proposal: LineProposal, mark: Mark | None) -> tuple[TypedShare, ...] | None:
    """What the person types until it can be read; None for Enter."""
    from intergestan_erp.inputs.unreadable import Unreadable
    from intergestan_erp.stock.typed_shares import read_shares

    while True:
        text = asked(_("From which depots, such as AB=1 RD=2:indirect"), default=proposal.typed)
        if text == proposal.typed:
            return None
        try:
            return read_shares(text, mark)
        except Unreadable as bad:
            say(sentence(bad))


def _show_window(proposal: LineProposal) -> None:
    text = _("Line {line}: {need} of {product}.")
    say(text.format(line=proposal.line, need=cell(proposal.need), product=proposal.product))
    titles = [_("Depot"), _("On hand"), _("Reserved"), _("Available"), _("Proposed"), _("Delivery")]
    rows = [
        [each.depot, each.on_hand, each.reserved, each.available, each.proposed, _(ROUTES[each.route])]
        for each in proposal.depots
    ]
    print_table(titles, rows)


def _show_proposals(proposals: Sequence[LineProposal], *, as_json: bool) -> None:
    if as_json:
        print_json([_proposal(each) for each in proposals])
        return
    for proposal in proposals:
        _show_window(proposal)
        if proposal.remainder:
            say(_("{quantity} remain.").format(quantity=cell(proposal.remainder)))
    if not proposals:
        say(_("There is nothing to set aside."))


def _proposal(proposal: LineProposal) -> dict[str, Any]:
    depots = [
        {
            "depot": each.depot,
            "on_hand": each.on_hand,
            "reserved": each.reserved,
            "available": each.available,
            "proposed": each.proposed,
            "route": each.route,
        }
        for each in proposal.depots
    ]
    own = {"line": proposal.line, "product": proposal.product, "need": proposal.need, "remainder": proposal.remainder}
    return {**own, "proposal": proposal.typed, "depots": depots}


def _show(database: Database, number: str, *, as_json: bool) -> None:
    from intergestan_erp.stock.allocations import show_allocations

    with database.read() as connection:
        order = show_allocations(connection, number)
    if as_json:
        print_json({"order": order.order, "lines": [_line(line) for line in order.lines]})
        return
    titles = [_("Line"), _("Product"), _("Quantity"), _("Delivered"), _("Depot"), _("Delivery"), _("From there")]
    titles += [_("Reserved"), _("Where it is"), _("Remainder")]
    print_table(titles, [row for line in order.lines for row in _rows(line)])


def _line(line: ShownLine) -> dict[str, Any]:
    parts = [
        {
            "depot": each.depot,
            "route": each.route,
            "quantity": each.quantity,
            "reserved": each.reserved,
            "kind": each.kind,
        }
        for each in line.allocations
    ]
    own = {"line": line.line, "product": line.product, "quantity": line.quantity, "delivered": line.delivered}
    return {**own, "allocations": parts, "remainder": line.remainder}


def _rows(line: ShownLine) -> list[list[Any]]:
    own = [line.line, line.product, line.quantity, line.delivered]
    if not line.allocations:
        return [[*own, None, None, None, None, None, line.remainder]]
    rows: list[list[Any]] = []
    for each in line.allocations:
        first = not rows
        kind = None if each.kind is None else _(KINDS[each.kind])
        part = [each.depot, _(ROUTES[each.route]), each.quantity, each.reserved, kind]
        rows.append([*(own if first else [None] * len(own)), *part, line.remainder if first else None])
    return rows


def foreseen(
    database: Database, foresee: Callable[[Connection], Sequence[LineProposal]], mark: Mark | None, *, as_json: bool
) -> Choices:
    """What a person chooses for an order before it is entered."""
    if as_json or not may_ask():
        return {}
    with database.read() as connection:
        proposals = foresee(connection)
    return ask_shares(proposals, mark, as_json=as_json)
