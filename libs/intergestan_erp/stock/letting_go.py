"""An order lets go of what is not found on a picking slip, and gathers what is to leave a depot at once (A35, D38).

The order is locked, and so is its slip; each row of stock is locked once, in the one order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, and_, bindparam, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import Route
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Depot, Dossier, Establishment
from intergestan_erp.parties.freed import Freed
from intergestan_erp.stock.allocate import freed_by, write_held
from intergestan_erp.stock.holdings import taken_off_slips
from intergestan_erp.stock.levels import Level, lock_levels
from intergestan_erp.stock.on_slips import shrink_slips, write_slips
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_erp.stock.ordered_elsewhere import shrink_pairs, untie, write_shrunk
from intergestan_erp.stock.propose import Proposal, Share
from intergestan_erp.stock.reserve import change_reserved
from intergestan_msg.money import ZERO, plain

_RESERVES: Final = (
    select(Depot.code, and_(Depot.manage_reservations, Dossier.manage_reservations).label("reserves"))
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .where(Depot.id == bindparam("depot"))
)


def let_go(
    connection: Connection,
    order: AnyRow,
    lines: Sequence[HeldLine],
    missing: Mapping[int, Decimal],
    *,
    by: str,
    at: datetime,
) -> Freed:
    """Set aside no more what was not found: it is a remainder of the order, and free for whoever waits longest.

    :param lines: of the order, with what they hold; `missing`: by line of a slip.
    """
    if not missing:
        return Freed()
    after, plans = {}, {}
    for line in lines:
        own = {
            each.slip_line_id: missing[each.slip_line_id]
            for held in line.holdings
            for each in held.set_aside
            if each.slip_line_id is not None and each.slip_line_id in missing
        }
        after[line.id] = replace(line, holdings=tuple(taken_off_slips(line.holdings, own)))
        if own:
            plans[line.id] = Proposal((), sum(own.values(), ZERO))
    pairs = shrink_pairs(connection, lines, list(after.values()))
    freed = freed_by(lines, after.values())
    change_reserved(connection, freed)
    untie(connection, pairs)
    write_held(connection, lines, after, plans, order.depot_id, at)
    write_shrunk(connection, pairs, by=by, at=at)
    return Freed(products=tuple(sorted({product for product, _depot in freed})))


def gather(
    connection: Connection, order: AnyRow, depot_id: int, wanted: Mapping[int, Decimal], *, by: str, at: datetime
) -> list[HeldLine]:
    """Set aside in a depot what leaves it now, as far as it sets goods aside, and give up what the order holds for that
    elsewhere; all that leaves is locked.

    :param wanted: by line of the order.
    :returns: the lines that are meant, with what they hold then.
    :raises Problem: less is there that is set aside for nobody else; nothing may be written then.
    """
    depot = connection.execute(_RESERVES, {"depot": depot_id}).one()
    before = [line for line in read_order_lines(connection, order.id) if line.id in wanted and line.is_goods]
    after: dict[int, HeldLine] = {}
    missing: dict[int, Decimal] = {}
    for line in before:
        after[line.id], missing[line.id] = line.gathered_in(depot_id, wanted[line.id])
    pairs = shrink_pairs(connection, before, list(after.values()))
    slips = shrink_slips(connection, pairs.before, pairs.after)
    held = [*before, *pairs.before]
    after |= {line.id: line for line in pairs.after}
    freed = freed_by(held, after.values())
    keys = {(depot_id, line.product_id) for line in before}
    levels = lock_levels(connection, [*keys, *((place, product) for product, place in freed)])
    there = {product: levels[depot_id, product] for _depot, product in keys}
    _check(order.number, depot.code, before, missing, wanted, there, freed)
    changes, plans = dict(freed), {}
    if depot.reserves:
        for line in before:
            if missing[line.id]:
                plans[line.id] = Proposal((Share(depot_id, Route.DIRECT, missing[line.id]),))
                key = (line.product_id, depot_id)
                changes[key] = changes.get(key, ZERO) + missing[line.id]
    short = change_reserved(connection, changes)
    assert not short, "it was locked and is there"
    untie(connection, pairs)
    write_held(connection, held, after, plans, None, at)
    write_slips(connection, slips, by=by, at=at)
    write_shrunk(connection, pairs, by=by, at=at)
    return [line for line in read_order_lines(connection, order.id) if line.id in wanted]


def _check(
    number: str,
    depot: str,
    lines: Sequence[HeldLine],
    missing: Mapping[int, Decimal],
    wanted: Mapping[int, Decimal],
    levels: Mapping[int, Level],
    freed: Mapping[tuple[int, int], Decimal],
) -> None:
    """Refuse that more leaves than is there."""
    asked: dict[int, tuple[str, Decimal, Decimal]] = {}
    for line in lines:
        product, more, all_of_it = asked.get(line.product_id, (line.product, ZERO, ZERO))
        asked[line.product_id] = product, more + missing[line.id], all_of_it + wanted[line.id]
    for product_id, (product, more, all_of_it) in asked.items():
        level = levels[product_id]
        there = level.available - freed.get((product_id, level.depot_id), ZERO)
        if more > there and not level.negative_ok:
            raise Problem(
                "Only {left} of {product} are left in {depot} for {number}, and {wanted} were to leave. Nothing was "
                "delivered.",
                ProblemCode.NOT_IN_STOCK,
                (Act.SHOW_STOCK, Act.ALLOCATE_AGAIN),
                left=plain(there + all_of_it - more),
                product=product,
                depot=depot,
                number=number,
                wanted=plain(all_of_it),
            )
