"""Sets goods aside in depots and frees them: the one place that changes `stock.reserved` for orders.

All rows of an act are locked in the order of (product, depot), each before any is changed, so that no two acts wait for
each other. Nothing is set aside that is not there: the condition is part of the UPDATE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Connection, bindparam, or_, select, text, update

from intergestan_db.database import AnyRow
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Stock
from intergestan_db.tables.types import Scaled
from intergestan_erp.stock.plan import Need, as_typed, plan, wanted_of
from intergestan_erp.stock.propose import Proposal
from intergestan_erp.stock.sourcing import AVAILABLE, Available, Sourcing, read_available
from intergestan_msg.money import ZERO, plain

ROUNDS: Final = 3
"""So often what somebody else took meanwhile is proposed anew; then what is not there is a remainder."""

Changes = Mapping[tuple[int, int], Decimal]
"""How much more is set aside, by product and depot; below 0: how much is freed."""

_KEYS: Final = (bindparam("products", type_=ARRAY(BigInteger())), bindparam("depots", type_=ARRAY(BigInteger())))
_QUANTITIES: Final = bindparam("quantities", type_=ARRAY(Scaled(6)))
_LOCK: Final = (
    text(
        "SELECT s.product_id, s.depot_id, s.negative_ok, s.on_hand - s.reserved AS available FROM stock s"
        " JOIN unnest(CAST(:products AS bigint[]), CAST(:depots AS bigint[])) AS w (product_id, depot_id)"
        " ON w.product_id = s.product_id AND w.depot_id = s.depot_id"
        " ORDER BY s.product_id, s.depot_id FOR UPDATE OF s"
    )
    .bindparams(*_KEYS)
    .columns(Stock.product_id, Stock.depot_id, Stock.negative_ok, AVAILABLE)
)
_CHANGE: Final = text(
    "UPDATE stock SET reserved = stock.reserved + w.quantity"
    " FROM unnest(CAST(:products AS bigint[]), CAST(:depots AS bigint[]), CAST(:quantities AS bigint[]))"
    " AS w (product_id, depot_id, quantity)"
    " WHERE stock.product_id = w.product_id AND stock.depot_id = w.depot_id AND"
    " (w.quantity <= 0 OR stock.negative_ok OR stock.on_hand - stock.reserved >= w.quantity) RETURNING 1"
).bindparams(*_KEYS, _QUANTITIES)
_ADD: Final = text(
    "INSERT INTO stock (depot_id, product_id, on_hand, reserved, average_cost, negative_ok)"
    " VALUES (:depot, :product, 0, 0, 0, true) ON CONFLICT DO NOTHING"
)
_LOOK: Final = select(
    *(Stock.product_id, Stock.depot_id, Stock.negative_ok),
    AVAILABLE,
).where(Stock.product_id == bindparam("product"), Stock.depot_id == bindparam("depot"))
_DELTA = bindparam("delta", type_=Scaled(6))
_CHANGE_ONE: Final = (
    update(Stock)
    .where(
        Stock.product_id == bindparam("product"),
        Stock.depot_id == bindparam("depot"),
        or_(_DELTA <= ZERO, Stock.negative_ok, Stock.on_hand - Stock.reserved >= _DELTA),
    )
    .values(reserved=Stock.reserved + _DELTA)
)


@dataclass(frozen=True, slots=True)
class Short:
    """Somebody was faster: less of a product can be set aside in a depot than is wanted."""

    product_id: int
    depot_id: int
    left: Decimal


def change_reserved(connection: Connection, changes: Changes) -> list[Short]:
    """Set aside and free these goods, all of them; or else nothing, and what is short.

    The rows stay locked only if all went well: who tries again with others must not hold these.
    """
    rows = [(*key, delta) for key, delta in sorted(changes.items()) if delta]
    if all(delta < 0 for _product, _depot, delta in rows):
        _change(connection, rows)
        return []
    with connection.begin_nested() as savepoint:
        short = _change(connection, rows)
        if short:
            savepoint.rollback()
    return short


def secure(
    connection: Connection, sourcing: Sourcing, needs: Sequence[Need], freed: Changes | None = None
) -> list[Proposal]:
    """Set aside what these need; where each comes from, in the order of the needs.

    What somebody else takes meanwhile is proposed anew, and is a remainder in the end. A person's choice is not
    replaced by another one.

    :param freed: what is given back in the same act, below 0 each.
    :raises Problem: what a person chose is not there any more, or cannot be chosen. Nothing may be written then.
    """
    given = {key: -delta for key, delta in (freed or {}).items()}
    goods = {need.product_id for need in needs if need.is_goods}
    for _round in range(ROUNDS):
        available = read_available(connection, sourcing, goods)
        plans = plan(sourcing, needs, _with(available, given))
        _add_rows(connection, sourcing, wanted_of(needs, plans), available)
        short = change_reserved(connection, _with(wanted_of(needs, plans), freed or {}))
        if not short:
            return plans
        _refuse_choice(connection, sourcing, needs, plans, short, given)
    while short:
        for each in short:
            plans = _cut(plans, needs, each, each.left + given.get((each.product_id, each.depot_id), ZERO))
        short = change_reserved(connection, _with(wanted_of(needs, plans), freed or {}))
    return plans


def _change(connection: Connection, rows: Sequence[tuple[int, int, Decimal]]) -> list[Short]:
    if not rows:
        return []
    if connection.dialect.name != "postgresql":
        each = [{"product": product, "depot": depot, "delta": delta} for product, depot, delta in rows]
        if connection.execute(_CHANGE_ONE, each).rowcount == len(rows):
            return []
        return _short(rows, (connection.execute(_LOOK, one).one_or_none() for one in each))
    products, depots, quantities = (list(column) for column in zip(*rows, strict=True))
    locked = connection.execute(_LOCK, {"products": products, "depots": depots}).all()
    short = _short(rows, locked)
    if not short:
        arrays = {"products": products, "depots": depots, "quantities": quantities}
        changed = connection.execute(_CHANGE, arrays).rowcount
        assert changed == len(rows), "a locked row is as it was read"
    return short


def _short(rows: Sequence[tuple[int, int, Decimal]], found: Iterable[AnyRow | None]) -> list[Short]:
    there = {(row.product_id, row.depot_id): row for row in found if row is not None}
    short = []
    for product, depot, delta in rows:
        row = there.get((product, depot))
        left = ZERO if row is None else row.available
        if delta > max(left, ZERO) and not (row is not None and row.negative_ok):
            short.append(Short(product, depot, max(left, ZERO)))
    return short


def _add_rows(connection: Connection, sourcing: Sourcing, wanted: Changes, available: Available) -> None:
    """A depot where more may be promised than lies there may never have had the product."""
    new = [key for key in wanted if key not in available and sourcing.depots[key[1]].allows_negative]
    if new:
        connection.execute(_ADD, [{"product": product, "depot": depot} for product, depot in sorted(new)])


def _refuse_choice(
    connection: Connection,
    sourcing: Sourcing,
    needs: Sequence[Need],
    plans: Sequence[Proposal],
    short: Sequence[Short],
    given: Changes,
) -> None:
    for place, (need, chosen) in enumerate(zip(needs, plans, strict=True)):
        if need.chosen is None:
            continue
        for share in chosen.shares:
            key = (need.product_id, share.depot_id)
            found = next((each for each in short if (each.product_id, each.depot_id) == key), None)
            if found is not None:
                goods = {each.product_id for each in needs if each.is_goods}
                free = [replace(each, chosen=None) for each in needs]
                now = plan(sourcing, free, _with(read_available(connection, sourcing, goods), given))
                raise Problem(
                    "Only {left} of {product} are left in {depot}, {wanted} were asked; nothing was reserved. Proposal "
                    "now: {proposal}.",
                    ProblemCode.NOT_LEFT,
                    (Act.TAKE_PROPOSAL,),
                    left=plain(found.left + given.get(key, ZERO)),
                    product=need.product,
                    depot=sourcing.depots[share.depot_id].code,
                    wanted=plain(share.quantity),
                    proposal=as_typed(now[place], sourcing.depots),
                )


def _cut(plans: Sequence[Proposal], needs: Sequence[Need], short: Short, left: Decimal) -> list[Proposal]:
    """The same with no more from a depot than is left there: the first lines get it."""
    cut = []
    for need, proposal in zip(needs, plans, strict=True):
        shares, remainder = [], proposal.remainder
        for share in proposal.shares:
            quantity = share.quantity
            if need.is_goods and (need.product_id, share.depot_id) == (short.product_id, short.depot_id):
                quantity = min(quantity, left)
                left -= quantity
            remainder += share.quantity - quantity
            shares += [replace(share, quantity=quantity)] if quantity else []
        cut.append(Proposal(tuple(shares), remainder))
    return cut


def _with(one: Changes, other: Changes) -> dict[tuple[int, int], Decimal]:
    return {key: one.get(key, ZERO) + other.get(key, ZERO) for key in {**one, **other}}
