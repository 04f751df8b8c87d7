"""Sales orders get their goods from depots, and give them back (A05, A11, A32, A33, A37).

Whatever an act does to an order, its allocations follow in the same transaction, by one function: what is too much is
given up, what is needed is set aside, and each row of `stock` is locked once, in the one order. The order is locked
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import Arbitrate, ReservationKind, ReservationState, Route, SalesState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import Allocation, Reservation, SalesOrder
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.agencies.paired import is_sold
from intergestan_erp.parties.freed import Freed
from intergestan_erp.stock.arbitration import LineProposal, foresee
from intergestan_erp.stock.on_slips import shrink_slips, write_slips
from intergestan_erp.stock.order_lines import HeldLine, read_held_lines, read_order_lines
from intergestan_erp.stock.ordered_elsewhere import shrink_pairs, untie, write_shrunk
from intergestan_erp.stock.plan import Need
from intergestan_erp.stock.propose import Proposal, Share
from intergestan_erp.stock.reserve import change_reserved, secure
from intergestan_erp.stock.sourcing import Sourcing, read_sourcing
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_msg.money import ZERO

Choices = Mapping[str, tuple[TypedShare, ...]]
"""What a person chose, by line id."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ORDER: Final = select(
    *(SalesOrder.id, SalesOrder.number, SalesOrder.state, SalesOrder.allocated_at),
    *(SalesOrder.establishment_id, SalesOrder.depot_id),
)
_RELEASE: Final = (
    update(Reservation)
    .where(Reservation.id.in_(_IDS))
    .values(state=ReservationState.RELEASED, ended_at=bindparam("now", type_=UtcDateTime()))
)
_SHRINK: Final = (
    update(Reservation)
    .where(Reservation.id == bindparam("reservation"))
    .values(quantity=bindparam("left", type_=Scaled(6)))
)
_ALTER: Final = (
    update(Allocation)
    .where(Allocation.id == bindparam("allocation"))
    .values(quantity=bindparam("whole", type_=Scaled(6)), remainder=bindparam("open", type_=Scaled(6)))
)
_FORGET: Final = delete(Reservation).where(Reservation.allocation_id.in_(_IDS))
_DROP: Final = delete(Allocation).where(Allocation.id.in_(_IDS))
_MADE: Final = select(Allocation.id, Allocation.sales_order_line_id, Allocation.depot_id, Allocation.route).where(
    Allocation.sales_order_line_id.in_(bindparam("lines", expanding=True))
)
_ALLOCATED: Final = (
    update(SalesOrder)
    .where(SalesOrder.id == bindparam("order"))
    .values(allocated_at=bindparam("now", type_=UtcDateTime()))
)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as a change will make it; nothing of one that goes."""

    product_id: int | None = None
    quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Allocated:
    """What became of an order. :ivar short: how many of its lines have a remainder.

    :ivar freed: goods that others may have now.
    :ivar changed: whether anything is another way than before.
    """

    order_id: int
    number: str
    lines: int
    short: int
    freed: Freed
    changed: bool


def allocate_order(
    connection: Connection, number: str, choices: Choices | None = None, *, by: str, at: datetime
) -> Allocated:
    """Allocate what an order still needs, its remainders too; of lines that a person chose for, all that is to leave.

    Once more it changes nothing but what came meanwhile.

    :raises Problem: there is no such order, or it is not accepted; its dossier sets nothing aside (A10); or what was
        chosen cannot be had. Nothing may be written then.
    """
    order = read_accepted(connection, number, lock=True)
    return follow(connection, order, reserving(connection, order), choices or {}, by=by, at=at)


def foresee_order(
    connection: Connection, number: str, choices: Choices | None = None
) -> tuple[Arbitrate, list[LineProposal]]:
    """When a person is asked, and where the lines of an order would come from now; it locks and writes nothing.

    :raises Problem: as `allocate_order` would.
    """
    order = read_accepted(connection, number)
    sourcing = reserving(connection, order)
    lines = read_order_lines(connection, order.id)
    after = _kept(order.number, lines, choices or {})
    return sourcing.rules.arbitrate, foresee(connection, sourcing, needs_of(after.values(), choices or {}))


def follow(
    connection: Connection, order: AnyRow, sourcing: Sourcing, choices: Choices, *, by: str, at: datetime
) -> Allocated:
    """Let the allocations of a locked order follow its lines as they are now, up and down.

    :raises Problem: a choice is for no line of it, or cannot be had.
    """
    lines = read_order_lines(connection, order.id)
    after = _kept(order.number, lines, choices)
    needed = [(line, _need(after[line.id], choices)) for line in lines]
    wanted = [(line, need) for line, need in needed if is_wanted(need)]
    needs = [need for _line, need in wanted]
    if order.allocated_at is None:
        connection.execute(_ALLOCATED, {"order": order.id, "now": at})
    pairs = shrink_pairs(connection, lines, list(after.values()))
    lines += pairs.before
    after |= {line.id: line for line in pairs.after}
    slips = shrink_slips(connection, lines, list(after.values()))
    plans = secure(connection, sourcing, needs, freed_by(lines, after.values()))
    untie(connection, pairs)
    of_lines = dict(zip((line.id for line, _need in wanted), plans, strict=True))
    made = write_allocations(connection, order.id, order.number, sourcing, lines, after, of_lines, by=by, at=at)
    write_slips(connection, slips, by=by, at=at)
    write_shrunk(connection, pairs, by=by, at=at)
    return made


def release_order(connection: Connection, order_id: int, *, by: str, at: datetime) -> Freed:
    """Give back all that a locked order holds and that has not left: it is cancelled in the same transaction."""
    lines = read_order_lines(connection, order_id)
    return give_back(connection, lines, [line.released() for line in lines], by, at)


def release_lines(connection: Connection, lines: Mapping[int, NewLine], *, by: str, at: datetime) -> Freed:
    """Give back what lines of locked orders will not need once they are changed, before they are; nothing is set aside.

    :param lines: as they will be, by id. All of an act at once: the rows of `stock` are locked in their order.
    """
    before = read_held_lines(connection, lines)
    after = [_as(line, lines[line.id]).fitted() for line in before]
    return give_back(connection, before, after, by, at)


def let_remain(connection: Connection, order_id: int, depot_id: int, *, at: datetime) -> bool:
    """Whether a locked order needs more than is allocated, which is a remainder of its own depot from now on.

    It locks no stock: the allocator serves it.
    """
    lines = read_order_lines(connection, order_id)
    plans = {}
    for line in lines:
        more = line.remainder - sum((each.remainder for each in line.holdings), ZERO)
        if more > 0 and line.is_goods:
            plans[line.id] = Proposal((), more)
        elif more > 0:
            plans[line.id] = Proposal((Share(depot_id, Route.DIRECT, more),))
    write_held(connection, lines, {line.id: line for line in lines}, plans, depot_id, at)
    return any(plan.remainder for plan in plans.values())


def needs_of(lines: Iterable[HeldLine], choices: Choices) -> list[Need]:
    """What these lines need still, each."""
    return [need for line in lines if is_wanted(need := _need(line, choices))]


def is_wanted(need: Need) -> bool:
    """Whether anything is to be planned: something is needed, or a person chose for a line that needs nothing."""
    return bool(need.quantity or need.chosen)


def _kept(number: str, lines: Sequence[HeldLine], choices: Choices) -> dict[int, HeldLine]:
    """What lines keep of what they hold: of those that a person chose for what stands on picking slips alone."""
    strange = [line_id for line_id in choices if line_id not in {line.line_id for line in lines}]
    if strange:
        raise Problem(
            "{number} has no line {lines} that could be allocated. Nothing was reserved.",
            ProblemCode.NO_LINE,
            (Act.SHOW_SALES_ORDER,),
            number=number,
            lines=", ".join(strange),
        )
    return {
        line.id: line.without_free() if line.line_id in choices else line.fitted().without_remainders()
        for line in lines
    }


def reserving(connection: Connection, order: AnyRow) -> Sourcing:
    """From where an order may be served; one of another agency from this agency's own depots alone.

    :raises Problem: its dossier sets nothing aside (A10).
    """
    sourcing = read_sourcing(connection, order.establishment_id, order.depot_id)
    if not sourcing.rules.reserves:
        raise Problem(
            "Dossier {dossier} does not manage reservations. Nothing was reserved.",
            ProblemCode.NO_RESERVATIONS,
            (Act.SET_DOSSIER,),
            dossier=sourcing.rules.dossier,
        )
    return sourcing.within() if is_sold(connection, order.id) else sourcing


def read_accepted(connection: Connection, number: str, *, lock: bool = False) -> AnyRow:
    """An accepted order; locked, nobody else changes it until the transaction ends.

    :raises Problem: there is none, or it is not accepted.
    """
    query = _ORDER.where(SalesOrder.number == number)
    order = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if order is None:
        raise Problem(
            "There is no sales order {number}. Nothing was reserved.",
            ProblemCode.NO_ORDER,
            (Act.LIST_SALES,),
            number=number,
        )
    if order.state != SalesState.ACCEPTED:
        raise Problem(
            "{number} is in the state {state}, and only accepted orders are allocated. Nothing was reserved.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_SALES,),
            number=number,
            state=Word(order.state),
        )
    return order


def _need(line: HeldLine, choices: Choices) -> Need:
    chosen = choices.get(line.line_id)
    return Need(line.line_id, line.product_id, line.product, line.unit, line.remainder, line.is_goods, chosen)


def give_back(
    connection: Connection, before: Sequence[HeldLine], after: Sequence[HeldLine], by: str, at: datetime
) -> Freed:
    """Give back what lines of locked orders hold before and not after; nothing is set aside."""
    pairs = shrink_pairs(connection, before, after)
    before, after = [*before, *pairs.before], [*after, *pairs.after]
    slips = shrink_slips(connection, before, after)
    changes = freed_by(before, after)
    change_reserved(connection, changes)
    untie(connection, pairs)
    write_held(connection, before, {line.id: line for line in after}, {}, None, at)
    write_slips(connection, slips, by=by, at=at)
    write_shrunk(connection, pairs, by=by, at=at)
    altered = sorted({line.order_id for line, old in zip(after, before, strict=True) if line != old})
    states.record(
        connection, states.SALES_ORDER.name, [(each, None, None) for each in altered], "release", by=by, at=at
    )
    return Freed(products=tuple(sorted({product for product, _depot in changes})))


def write_allocations(
    connection: Connection,
    order_id: int,
    number: str,
    sourcing: Sourcing,
    before: Sequence[HeldLine],
    after: Mapping[int, HeldLine],
    plans: Mapping[int, Proposal],
    *,
    by: str,
    at: datetime,
) -> Allocated:
    """Write what was decided for the lines of an order, whose goods are set aside already.

    :param before: the lines with what they hold; `after`: with what they keep of that; `plans`: with what is new.
    """
    taken = {(line.product_id, share.depot_id) for line in before for share in _shares(plans.get(line.id))}
    freed = {product for product, depot in freed_by(before, after.values()) if (product, depot) not in taken}
    changed = write_held(connection, before, after, plans, sourcing.own.id, at)
    short = sum(1 for plan in plans.values() if plan.remainder)
    if changed:
        detail = {"lines": len(plans), "remainders": short}
        own = [(order_id, None, None)]
        states.record(connection, states.SALES_ORDER.name, own, "allocate", by=by, at=at, detail=detail)
    return Allocated(order_id, number, len(plans), short, Freed(products=tuple(sorted(freed))), changed)


def _as(line: HeldLine, new: NewLine) -> HeldLine:
    return replace(
        line, product_id=line.product_id if new.product_id is None else new.product_id, quantity=new.quantity
    )


def _shares(plan: Proposal | None) -> Iterable[Any]:
    return () if plan is None else plan.shares


def freed_by(before: Iterable[HeldLine], after: Iterable[HeldLine]) -> dict[tuple[int, int], Decimal]:
    """What lies in depots and is held no more: below 0, by product and depot."""
    found: dict[tuple[int, int], Decimal] = {}
    for sign, lines in ((-1, before), (1, after)):
        for line in lines:
            for held in line.holdings:
                for each in held.set_aside:
                    if each.kind is ReservationKind.STOCK:
                        key = (each.product_id, each.depot_id)
                        found[key] = found.get(key, ZERO) + sign * each.quantity
    return {key: delta for key, delta in found.items() if delta}


def write_held(
    connection: Connection,
    before: Sequence[HeldLine],
    after: Mapping[int, HeldLine],
    plans: Mapping[int, Proposal],
    own_depot: int | None,
    at: datetime,
) -> bool:
    """Write what became of the allocations of these lines, if anything did; `stock` is changed already."""
    wanted = {line.id: dict(_ways(after[line.id], plans.get(line.id), own_depot)) for line in before}
    there = {line.id: {(each.depot_id, each.route): each for each in line.holdings} for line in before}
    gone = [each.id for line_id, ways in there.items() for way, each in ways.items() if not wanted[line_id][way][0]]
    changed = _write_reservations(connection, before, after, at)
    if gone:
        connection.execute(_FORGET, {"ids": gone})
        connection.execute(_DROP, {"ids": gone})
    altered = [
        {"allocation": each.id, "whole": wanted[line_id][way][0], "open": wanted[line_id][way][1]}
        for line_id, ways in there.items()
        for way, each in ways.items()
        if wanted[line_id][way][0] and wanted[line_id][way] != (each.quantity, each.remainder)
    ]
    if altered:
        connection.execute(_ALTER, altered)
    new = [
        {
            "sales_order_line_id": line_id,
            "depot_id": depot,
            "route": route,
            "quantity": quantity,
            "remainder": remainder,
        }
        for line_id, ways in wanted.items()
        for (depot, route), (quantity, remainder) in ways.items()
        if (depot, route) not in there[line_id] and quantity
    ]
    insert_rows(connection, Allocation, new)
    added = _set_aside(connection, [line for line in before if line.is_goods and plans.get(line.id)], plans, at)
    return bool(changed or gone or altered or new or added)


def _write_reservations(
    connection: Connection, before: Sequence[HeldLine], after: Mapping[int, HeldLine], at: datetime
) -> bool:
    left = {each.id: each.quantity for line in after.values() for held in line.holdings for each in held.set_aside}
    old = {each.id: each.quantity for line in before for held in line.holdings for each in held.set_aside}
    released = [each for each in old if each not in left]
    if released:
        connection.execute(_RELEASE, {"ids": released, "now": at})
    shrunk = [{"reservation": each, "left": left[each]} for each in old if each in left and left[each] != old[each]]
    if shrunk:
        connection.execute(_SHRINK, shrunk)
    return bool(released or shrunk)


def _set_aside(connection: Connection, lines: Sequence[HeldLine], plans: Mapping[int, Proposal], at: datetime) -> bool:
    """The reservations of what was set aside, each of its allocation; whether there were any."""
    if not any(plans[line.id].shares for line in lines):
        return False
    rows = connection.execute(_MADE, {"lines": [line.id for line in lines]})
    ids = {(row.sales_order_line_id, row.depot_id, row.route): row.id for row in rows}
    reserved = [
        {
            "allocation_id": ids[line.id, share.depot_id, share.route],
            "depot_id": share.depot_id,
            "product_id": line.product_id,
            "kind": ReservationKind.STOCK,
            "quantity": share.quantity,
            "state": ReservationState.ACTIVE,
            "created_at": at,
        }
        for line in lines
        for share in plans[line.id].shares
    ]
    insert_rows(connection, Reservation, reserved)
    return True


def _ways(
    line: HeldLine, plan: Proposal | None, own_depot: int | None
) -> Iterator[tuple[tuple[int, Route], tuple[Decimal, Decimal]]]:
    """By depot and route what comes from there, and how much of it remains: what is held, and what was added."""
    found = {(each.depot_id, each.route): (each.quantity, each.remainder) for each in line.holdings}
    if plan is not None:
        for share in plan.shares:
            quantity, remainder = found.get((share.depot_id, share.route), (ZERO, ZERO))
            found[share.depot_id, share.route] = (quantity + share.quantity, remainder)
        if plan.remainder:
            assert own_depot is not None
            quantity, remainder = found.get((own_depot, Route.DIRECT), (ZERO, ZERO))
            found[own_depot, Route.DIRECT] = (quantity + plan.remainder, remainder + plan.remainder)
    yield from found.items()
