"""A customer's order gives up what another agency was to send: the pair of orders shrinks on both sides (A45, D50).

It happens in the act itself, whatever lets the customer's order need less. What has left already comes in as free
stock. The orders of a pair are younger than those of the customers behind it, so that their rows are locked behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from intergestan_db import states
from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import ReservationKind
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import Scaled, UtcDateTime
from intergestan_erp.stock.holdings import Holding, may_go
from intergestan_erp.stock.locking import lock_purchases, lock_sales
from intergestan_erp.stock.order_lines import HeldLine, read_held_lines
from intergestan_msg.money import ZERO, TaxCategory, line_total, totals_of

_PAIRS: Final = (
    select(
        *(AgencyOrderLine.id, AgencyOrderLine.allocation_id, AgencyOrderLine.agency_order_id),
        *(AgencyOrderLine.purchase_order_line_id, AgencyOrderLine.sales_order_line_id),
        *(AgencyOrder.purchase_order_id, AgencyOrder.sales_order_id),
    )
    .join(AgencyOrder, AgencyOrder.id == AgencyOrderLine.agency_order_id)
    .where(among(AgencyOrderLine.allocation_id, "allocations"))
)
_UNTIE: Final = (
    update(AgencyOrderLine).where(among(AgencyOrderLine.allocation_id, "allocations")).values(allocation_id=None)
)
_LINES: Final = (
    select(SalesOrderLine.__table__, AgencyOrderLine.agency_order_id, AgencyOrderLine.purchase_order_line_id)
    .join(AgencyOrderLine, AgencyOrderLine.sales_order_line_id == SalesOrderLine.id)
    .where(among(AgencyOrderLine.agency_order_id, "pairs"))
    .order_by(SalesOrderLine.position)
)
_FORGET_LINES: Final = delete(AgencyOrderLine).where(among(AgencyOrderLine.sales_order_line_id, "lines"))
_FORGET_INBOUND: Final = delete(Reservation).where(among(Reservation.purchase_order_line_id, "lines"))
_DROP_SOLD: Final = delete(SalesOrderLine).where(among(SalesOrderLine.id, "lines"))
_DROP_BOUGHT: Final = delete(PurchaseOrderLine).where(among(PurchaseOrderLine.id, "lines"))
_NEW: Final = {"quantity": bindparam("left", type_=Scaled(6)), "total": bindparam("amount", type_=Scaled(2))}
_TOTALS: Final = {
    "total_ht": bindparam("ht", type_=Scaled(2)),
    "total_vat": bindparam("vat", type_=Scaled(2)),
    "total_ttc": bindparam("ttc", type_=Scaled(2)),
}
_TOTALS_SOLD: Final = update(SalesOrder).where(SalesOrder.id == bindparam("order")).values(**_TOTALS)
_TOTALS_BOUGHT: Final = (
    update(PurchaseOrder)
    .where(PurchaseOrder.id == bindparam("order"))
    .values(**_TOTALS, version=PurchaseOrder.version + 1, updated_at=bindparam("now", type_=UtcDateTime()))
)
_ALTER_SOLD: Final = update(SalesOrderLine).where(SalesOrderLine.id == bindparam("line")).values(**_NEW)
_ALTER_BOUGHT: Final = update(PurchaseOrderLine).where(PurchaseOrderLine.id == bindparam("line")).values(**_NEW)


@dataclass(frozen=True, slots=True)
class ShrunkPairs:
    """What lines of customers' orders give up of pairs, the rows of which are locked.

    :ivar before: lines of the pairs' sales orders with what they hold; `after`: with what they keep, each in its place.
    :ivar untied: allocations of which nothing is left; `pairs`: the pairs by id.
    """

    before: tuple[HeldLine, ...] = ()
    after: tuple[HeldLine, ...] = ()
    untied: Sequence[int] = ()
    pairs: Mapping[int, AnyRow] = field(default_factory=dict)


def shrink_pairs(connection: Connection, before: Sequence[HeldLine], after: Sequence[HeldLine]) -> ShrunkPairs:
    """What pairs lose when these lines keep less of what they hold; their rows are locked, before those of stock."""
    given = given_up(before, after)
    untied = sorted(held.id for line in after for held in line.holdings if not held.quantity)
    rows = connection.execute(_PAIRS, {"allocations": sorted(given)}).all() if given else []
    if not rows:
        return ShrunkPairs(untied=untied)
    lock_sales(connection, (row.sales_order_id for row in rows))
    lock_purchases(connection, (row.purchase_order_id for row in rows))
    by_line = {row.sales_order_line_id: given[row.allocation_id] for row in rows}
    sold = read_held_lines(connection, by_line)
    kept = [_less(line, by_line[line.id]) for line in sold]
    return ShrunkPairs(tuple(sold), tuple(kept), untied, {row.agency_order_id: row for row in rows})


def untie(connection: Connection, pairs: ShrunkPairs) -> None:
    """Let allocations go of which nothing is left: what was sent for them comes in as free stock."""
    if pairs.untied:
        connection.execute(_UNTIE, {"allocations": pairs.untied})


def write_shrunk(connection: Connection, pairs: ShrunkPairs, *, by: str, at: datetime) -> None:
    """Give both orders of each pair the lines that are left, what these come to; an empty pair is cancelled."""
    quantities = {
        new.id: new.quantity for old, new in zip(pairs.before, pairs.after, strict=True) if new.quantity != old.quantity
    }
    if not quantities:
        return
    lines = connection.execute(_LINES, {"pairs": sorted(pairs.pairs)}).all()
    by_pair: dict[int, list[AnyRow]] = {}
    for line in lines:
        by_pair.setdefault(line.agency_order_id, []).append(line)
    for pair_id, own in sorted(by_pair.items()):
        changed = {line.id: quantities[line.id] for line in own if line.id in quantities}
        if changed:
            _write_pair(connection, pairs.pairs[pair_id], own, changed, by=by, at=at)


def given_up(before: Sequence[HeldLine], after: Sequence[HeldLine]) -> dict[int, Decimal]:
    """How much less is on its way for each allocation, by id. Pure."""
    left = {held.id: _inbound(held) for line in after for held in line.holdings}
    found = {held.id: _inbound(held) - left.get(held.id, ZERO) for line in before for held in line.holdings}
    return {allocation: quantity for allocation, quantity in found.items() if quantity > 0}


def _inbound(held: Holding) -> Decimal:
    return sum((each.quantity for each in held.set_aside if each.kind is ReservationKind.INBOUND), ZERO)


def _less(line: HeldLine, quantity: Decimal) -> HeldLine:
    """The line without so much of what has not left yet and is not ready to."""
    return replace(line, quantity=line.quantity - min(quantity, may_go(line.holdings))).fitted()


def _write_pair(
    connection: Connection,
    pair: AnyRow,
    lines: Sequence[AnyRow],
    quantities: Mapping[int, Decimal],
    *,
    by: str,
    at: datetime,
) -> None:
    gone = [line for line in lines if quantities.get(line.id) == ZERO]
    kept = [line for line in lines if line not in gone]
    connection.execute(_FORGET_LINES, {"lines": [line.id for line in gone]})
    if not kept:
        who: Any = {"by": by, "at": at}
        states.move(connection, states.PURCHASE_ORDER, [pair.purchase_order_id], "pair_cancel", **who, updated_at=at)
        states.move(connection, states.SALES_ORDER, [pair.sales_order_id], "pair_cancel", **who)
        return
    bought = [line.purchase_order_line_id for line in gone]
    connection.execute(_FORGET_INBOUND, {"lines": bought})
    connection.execute(_DROP_SOLD, {"lines": [line.id for line in gone]})
    connection.execute(_DROP_BOUGHT, {"lines": bought})
    taxed = []
    for line in kept:
        left = quantities.get(line.id, line.quantity)
        amount = line_total(left, line.price, line.base_quantity)
        taxed.append((amount, TaxCategory(line.vat_category, line.vat_rate)))
        if line.id in quantities:
            connection.execute(_ALTER_SOLD, {"line": line.id, "left": left, "amount": amount})
            connection.execute(_ALTER_BOUGHT, {"line": line.purchase_order_line_id, "left": left, "amount": amount})
    sums = totals_of(taxed)
    totals = {"ht": sums.totals.tax_exclusive, "vat": sums.tax_amount, "ttc": sums.totals.payable}
    connection.execute(_TOTALS_SOLD, {"order": pair.sales_order_id, **totals})
    connection.execute(_TOTALS_BOUGHT, {"order": pair.purchase_order_id, **totals, "now": at})
    born = {states.PURCHASE_ORDER.name: pair.purchase_order_id, states.SALES_ORDER.name: pair.sales_order_id}
    for name, order_id in born.items():
        states.record(connection, name, [(order_id, None, None)], "pair_shrink", by=by, at=at)
