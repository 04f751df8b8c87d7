"""What a person sees of an order before choosing depots for it, once or anew: what it holds, what is there (A32, A33).

`arbitration.py` says what is proposed for what an order still lacks; this is about all that has not left and stands on
no picking slip, and leaves alone each line that nobody altered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.enums import ReservationKind, Route
from intergestan_db.tables import Establishment, Party, SalesOrder, SalesOrderLine, Stock
from intergestan_erp.stock.allocate import (
    Allocated,
    Choices,
    allocate_order,
    freed_by,
    needs_of,
    read_accepted,
    reserving,
)
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_erp.stock.plan import plan
from intergestan_erp.stock.propose import Proposal, must_be_bought, usual_route
from intergestan_erp.stock.sourcing import Available, Source, Sourcing
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_msg.money import ZERO

_STOCK: Final = select(Stock.product_id, Stock.depot_id, Stock.on_hand, Stock.reserved).where(
    Stock.product_id.in_(bindparam("products", expanding=True))
)
_WHOSE: Final = (
    select(SalesOrder.number, Party.code, Party.name, Establishment.number.label("establishment"))
    .join(Party, Party.id == SalesOrder.customer_id)
    .join(Establishment, Establishment.id == SalesOrder.establishment_id)
    .where(SalesOrder.id == bindparam("order"))
)
_NAMES: Final = select(SalesOrderLine.id, SalesOrderLine.name).where(
    SalesOrderLine.sales_order_id == bindparam("order")
)

Ways = Mapping[tuple[str, Route], Decimal]
"""How much comes from which depot, by which way."""


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A depot that may give some of a line.

    :ivar reserved: what is set aside there for others. `proposed`: what would be taken if nothing was chosen yet.
    :ivar taken: what is chosen, or proposed for what is not; by `route`.
    :ivar is_bought: it is another company's, so that goods come by way of the order's own depot alone (D46).
    """

    depot: str
    establishment: int
    on_hand: Decimal
    reserved: Decimal
    proposed: Decimal
    taken: Decimal
    route: Route
    is_own: bool
    is_bought: bool

    @property
    def available(self) -> Decimal:
        """What this line may have."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A line for which depots may be chosen. :ivar need: what has not left and stands on no picking slip.

    :ivar held: what is set aside for that already; `inbound`: how much of it another agency is to send.
    :ivar is_settled: what nothing is set aside for is known to be a remainder, and served as goods come.
    """

    line: str
    product: str
    name: str
    unit: str
    need: Decimal
    rows: tuple[ChoiceRow, ...]
    held: Ways
    inbound: Decimal
    is_settled: bool
    proposal: Ways

    @property
    def is_asked(self) -> bool:
        """Whether something of it is neither set aside nor known to be a remainder, or is a remainder."""
        return not self.is_settled or self._lacks

    @property
    def _lacks(self) -> bool:
        return sum(self.held.values(), ZERO) < self.need

    def is_other(self, typed: Choices) -> bool:
        """Whether what was typed is to be chosen: it is not what stands, or leaves a remainder that stays one.

        Who chooses anew gives up what another agency was to send: what nobody altered of such a line is left alone.
        """
        wanted: dict[tuple[str, Route | None], Decimal] = {}
        for share in typed[self.line]:
            if share.quantity:
                way = (share.depot, share.route)
                wanted[way] = wanted.get(way, ZERO) + share.quantity
        shown = {(row.depot, row.route): row.taken for row in self.rows if row.taken}
        if self.inbound:
            return wanted not in (dict(self.held), shown)
        return not self.is_settled or self._lacks or wanted != dict(self.held)


@dataclass(frozen=True, slots=True)
class OrderToChoose:
    """An order with its lines. :ivar place: the establishment and the depot that it is of, such as `1/AB`."""

    number: str
    customer: str
    customer_name: str
    place: str
    lines: tuple[ChoiceLine, ...]

    @property
    def state(self) -> dict[str, Any]:
        """What somebody else may have chosen meanwhile: of two people who choose for one order the second is told."""
        return {
            each.line: (each.need, sorted((depot, route, taken) for (depot, route), taken in each.held.items()))
            for each in self.lines
        }

    def changed_by(self, typed: Choices) -> Choices:
        """Of what was typed the lines for which it is another choice than stands."""
        return {each.line: typed[each.line] for each in self.lines if each.line in typed and each.is_other(typed)}


def arbitrate_order(connection: Connection, number: str, *, lock: bool = False) -> OrderToChoose:
    """An order with the depots that its lines may come from; it writes nothing.

    :param lock: nobody else changes it until the transaction ends.
    :raises Problem: there is no such order, it is not accepted, or its dossier sets nothing aside (A10).
    """
    order = read_accepted(connection, number, lock=lock)
    sourcing = reserving(connection, order)
    goods = [line for line in read_order_lines(connection, order.id) if line.is_goods]
    kept = [line.without_free() for line in goods]
    lines = [(line, after) for line, after in zip(goods, kept, strict=True) if after.remainder > 0]
    names = {row.id: row.name for row in connection.execute(_NAMES, {"order": order.id})}
    whose = connection.execute(_WHOSE, {"order": order.id}).one()
    shown = tuple(_lines(connection, sourcing, lines, names))
    own = sourcing.own.code
    return OrderToChoose(order.number, whose.code, whose.name, f"{whose.establishment}/{own}", shown)


def choose(connection: Connection, number: str, typed: Choices, *, by: str, at: datetime) -> Allocated:
    """Take what a person chose for lines of an order, as far as it is another choice than stands.

    :raises Problem: as `allocate_order` does.
    """
    order = arbitrate_order(connection, number, lock=True)
    return allocate_order(connection, number, order.changed_by(typed), by=by, at=at)


def _lines(
    connection: Connection,
    sourcing: Sourcing,
    lines: Sequence[tuple[HeldLine, HeldLine]],
    names: Mapping[int, str],
) -> list[ChoiceLine]:
    products = sorted({line.product_id for line, _after in lines})
    stock = {
        (row.product_id, row.depot_id): (row.on_hand, row.reserved)
        for row in (connection.execute(_STOCK, {"products": products}) if products else ())
    }
    free: Available = {key: on_hand - reserved for key, (on_hand, reserved) in stock.items()}
    given = dict(free)
    for key, delta in freed_by([line for line, _after in lines], [after for _line, after in lines]).items():
        given[key] = given.get(key, ZERO) - delta
    anew = plan(sourcing, needs_of([after for _line, after in lines], {}), given)
    rests = [line.fitted().without_remainders() for line, _after in lines]
    needed = {line.line_id: line for line in rests if line.remainder > 0}
    added = dict(zip(needed, plan(sourcing, needs_of(needed.values(), {}), free), strict=True))
    return [
        _line(sourcing, line, after, proposal, added.get(line.line_id), stock, names.get(line.id, ""))
        for (line, after), proposal in zip(lines, anew, strict=True)
    ]


def _line(
    sourcing: Sourcing,
    line: HeldLine,
    after: HeldLine,
    proposal: Proposal,
    added: Proposal | None,
    stock: Mapping[tuple[int, int], tuple[Decimal, Decimal]],
    name: str,
) -> ChoiceLine:
    held: dict[tuple[str, Route], Decimal] = {}
    own_of: dict[int, Decimal] = {}
    inbound = ZERO
    for each in line.holdings:
        for part in each.set_aside:
            if part.slip_line_id is None:
                way = (sourcing.depots[each.depot_id].code, each.route)
                held[way] = held.get(way, ZERO) + part.quantity
                if part.kind is ReservationKind.INBOUND:
                    inbound += part.quantity
                else:
                    own_of[part.depot_id] = own_of.get(part.depot_id, ZERO) + part.quantity
    wanted = dict(held)
    for way, quantity in _ways(sourcing, added).items():
        wanted[way] = wanted.get(way, ZERO) + quantity
    anew = _ways(sourcing, proposal)
    known = sum((each.remainder for each in line.holdings), ZERO)
    rows = []
    for source in sorted(sourcing.depots.values(), key=lambda each: (each.id != sourcing.own.id, each.rank, each.code)):
        on_hand, reserved = stock.get((line.product_id, source.id), (ZERO, ZERO))
        figures = (on_hand, reserved - own_of.get(source.id, ZERO))
        rows += _rows(sourcing, source, figures, anew, wanted) if source.reserves else []
    return ChoiceLine(
        *(line.line_id, line.product, name, line.unit, after.remainder, tuple(rows), held, inbound),
        is_settled=line.remainder == known,
        proposal=anew,
    )


def _rows(
    sourcing: Sourcing, source: Source, figures: tuple[Decimal, Decimal], anew: Ways, wanted: Ways
) -> list[ChoiceRow]:
    """The row of a depot; two where goods of it take both ways."""
    shelf, own = sourcing.shelf(source, ZERO), sourcing.shelf(sourcing.own, ZERO)
    usual = usual_route(shelf, own, sourcing.invoicer)
    ways = [route for route in Route if (source.code, route) in wanted] or [usual]
    bought = must_be_bought(shelf, own, sourcing.invoicer)
    return [
        ChoiceRow(
            *(source.code, source.establishment, *figures, anew.get((source.code, route), ZERO)),
            *(wanted.get((source.code, route), ZERO), route),
            is_own=source.id == sourcing.own.id,
            is_bought=bought,
        )
        for route in ways
    ]


def _ways(sourcing: Sourcing, proposal: Proposal | None) -> dict[tuple[str, Route], Decimal]:
    shares = () if proposal is None else proposal.shares
    return {(sourcing.depots[share.depot_id].code, share.route): share.quantity for share in shares}


def as_shares(ways: Ways) -> tuple[TypedShare, ...]:
    """Ways as a person would choose them."""
    return tuple(TypedShare(depot, quantity, route) for (depot, route), quantity in ways.items() if quantity)
