"""*Arbitrage multi-dépôt*: from which depots the goods of a sales order come (A05, A32, A33, A37)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Route
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.stock.allocate import Choices
from intergestan_erp.stock.arbitrated import ChoiceLine, ChoiceRow, OrderToChoose, arbitrate_order, choose
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_msg.money import ZERO
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.acting import Done, done_before, once
from services.console.pages.changed_by_others import SEEN, digest_of, refuse_if_changed
from services.console.pages.selling import sale_path
from services.console.typed_figures import typed_figure
from services.console.visit import Visit

ROUTES: Final[Mapping[str, str]] = {Route.DIRECT: marked("direct"), Route.INDIRECT: marked("indirect")}
TAKEN, WAY, SHOWN = "pris|", "voie|", "vu|"
"""Before a line, a depot and its number among the rows of that depot: how much, by which way, what was available."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A row of the form. :ivar was: what was available when the form was made, where that is another figure now.

    :ivar held: what is set aside for the line from there.
    """

    row: ChoiceRow
    key: str
    typed: str
    route: str
    most: Decimal
    held: Decimal
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the form with its rows. :ivar taken: what they add up to, None: they cannot be read."""

    line: ChoiceLine
    cells: Sequence[Cell]
    taken: Decimal | None


@dataclass(slots=True)
class Typed:
    """What a form says. :ivar wrong: what cannot be read, by the name of its field."""

    choices: dict[str, tuple[TypedShare, ...]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def show(visit: Visit) -> Response:
    """The lines with their depots, as they are set aside, and as it is proposed for the rest."""
    return _page(visit)


def reserve(visit: Visit) -> Response:
    """*Valider*, *Ne rien réserver*; or the same page again, as it is proposed or with its sums."""
    does = visit.form.get("faire", "")
    if does in {"calculer", "proposition"}:
        return _page(visit)
    before = done_before(visit)
    if before is not None:
        return before
    number = visit.params["number"]

    def do(connection: Connection) -> Done:
        order = arbitrate_order(connection, number, lock=True)
        refuse_if_changed(visit, order.state)
        found = choose(connection, number, _choices(order, typed, does), by=visit.who.login, at=visit.now)
        return Done(
            to=sale_path(number), said=_told(found.number, found.short), bells=Bells(serve=found.freed.products)
        )

    try:
        with visit.database.read() as connection:
            typed = read_typed(visit, arbitrate_order(connection, number))
        if typed.wrong and does != "rien":
            return _page(visit, wrong=typed.wrong)
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem=problem)


def _choices(order: OrderToChoose, typed: Typed, does: str) -> Choices:
    """What is to be taken for each line; nothing at all, where a person wants it so."""
    return {each.line: () for each in order.lines} if does == "rien" else typed.choices


def _told(number: str, short: int) -> Said | Counted:
    if not short:
        return Said("{number}: its goods are set aside.", number=number)
    return Counted(
        "{number}: of {count} line something remains, which is served as goods come.",
        "{number}: of {count} lines something remains, which is served as goods come.",
        short,
        number=number,
    )


def count(visit: Visit) -> Response:
    """What is asked, taken and left of each line, while it is typed. Nothing is written."""
    try:
        return _page(visit, block="totaux")
    except Problem as problem:
        return faults.of_problem(visit, problem)


def _keys(line: ChoiceLine) -> Iterator[tuple[str, ChoiceRow]]:
    """The rows of a line, each with the end of the names of its fields."""
    of_depot: dict[str, int] = {}
    for row in line.rows:
        of_depot[row.depot] = of_depot.get(row.depot, 0) + 1
        yield f"{line.line}|{row.depot}|{of_depot[row.depot]}", row


def read_typed(visit: Visit, order: OrderToChoose) -> Typed:
    """What the fields of a form say of the lines of an order; of a line without fields nothing."""
    found = Typed()
    for line in order.lines:
        shares = []
        is_there = False
        for key, row in _keys(line):
            text = visit.form.get(f"{TAKEN}{key}")
            if text is None:
                continue
            is_there = True
            quantity = _quantity(visit, text, f"{TAKEN}{key}", found.wrong)
            way = visit.form.get(f"{WAY}{key}", "")
            if quantity:
                shares.append(TypedShare(row.depot, quantity, Route(way) if way in set(Route) else row.route))
        if is_there:
            found.choices[line.line] = tuple(shares)
    return found


def _quantity(visit: Visit, text: str, name: str, wrong: dict[str, str]) -> Decimal:
    if not text.strip():
        return ZERO
    try:
        quantity = typed_figure(text, Figure.QUANTITY, visit.language)
    except Unreadable as bad:
        wrong[name] = sentence(bad, visit.language)
        return ZERO
    if quantity < 0:
        wrong[name] = sentence(Said("A quantity is not below 0."), visit.language)
    return quantity


def _parts(visit: Visit, order: OrderToChoose) -> list[Part]:
    """The lines as the form shows them: what was typed, where anything was, or what is proposed for all of it."""
    proposed = visit.form.get("faire") == "proposition"
    fields = visit.form or visit.kept
    found = []
    for line in order.lines:
        cells = []
        for key, row in _keys(line):
            usual = row.proposed if proposed else row.taken
            typed = visit.figure(usual) if usual else "0"
            route: str = row.route
            if not proposed:
                typed = fields.get(f"{TAKEN}{key}", typed)
                route = fields.get(f"{WAY}{key}", route)
            seen, now = fields.get(f"{SHOWN}{key}"), visit.figure(row.available)
            was = seen if seen is not None and seen != now else None
            most, held = max(ZERO, min(row.available, line.need)), line.held.get((row.depot, row.route), ZERO)
            cells.append(Cell(row, key, typed, route, most, held, was))
        found.append(Part(line, cells, _sum(visit, cells)))
    return found


def _sum(visit: Visit, cells: Sequence[Cell]) -> Decimal | None:
    wrong: dict[str, str] = {}
    total = sum((_quantity(visit, each.typed, each.key, wrong) for each in cells), ZERO)
    return None if wrong else total


_FIELDS: Final = (ProblemCode.NO_ORDER, ProblemCode.OTHER_STATE, ProblemCode.NO_RESERVATIONS)
"""Faults of the order itself: there is nothing to choose then."""


def _status(problem: Problem | None, wrong: Mapping[str, str] | None) -> int:
    """Here it is somebody else who was quicker, where less is left than was chosen."""
    if problem is None:
        return 422 if wrong else 200
    return 409 if problem.code is ProblemCode.NOT_LEFT else faults.status_of(problem)


def _page(
    visit: Visit, *, wrong: Mapping[str, str] | None = None, problem: Problem | None = None, block: str | None = None
) -> Response:
    number = visit.params["number"]
    order: OrderToChoose | None = None
    try:
        with visit.database.read() as connection:
            order = arbitrate_order(connection, number)
    except Problem as why:
        if why.code is ProblemCode.NO_ORDER:
            return faults.page(visit, 404)
        if why.code not in _FIELDS:
            raise
        problem = problem or why
    parts = [] if order is None else _parts(visit, order)
    values: dict[str, Any] = {} if block is None else {"block": block, "titled": False}
    return visit.html(
        "sales/allocate.html",
        status=_status(problem, wrong),
        number=number,
        order=order,
        parts=parts,
        seen=None if order is None else digest_of(order.state),
        seen_field=SEEN,
        wrong=dict(wrong or {}),
        others=problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE,
        routes=ROUTES,
        said=None if problem is None else sentence(problem, visit.language),
        **values,
    )
