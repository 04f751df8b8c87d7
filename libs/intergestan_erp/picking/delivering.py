"""`sales deliver`: goods leave where it is done. Where stock is managed that is a slip, made, finished and validated at
once (D38); elsewhere it is a delivery note as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, update

from intergestan_db.tables import PickingSlipLine
from intergestan_erp.agencies.places import Place
from intergestan_erp.picking.entering import move
from intergestan_erp.picking.faults import as_problem
from intergestan_erp.picking.making import on_slips_of
from intergestan_erp.picking.offers import Part
from intergestan_erp.picking.ready import deliver_locked
from intergestan_erp.picking.slips import lock_slips
from intergestan_erp.picking.writing import write_slips
from intergestan_erp.selling import deliveries
from intergestan_erp.selling.deliveries import OpenLine, open_delivery, see
from intergestan_erp.stock.holdings import SetAside
from intergestan_erp.stock.letting_go import gather
from intergestan_erp.stock.order_lines import HeldLine
from intergestan_msg.money import ZERO

_ACCEPT: Final = (
    update(PickingSlipLine)
    .where(PickingSlipLine.slip_id == bindparam("slip"))
    .values(prepared=PickingSlipLine.proposed)
)


def deliver(
    connection: Connection,
    number: str,
    wanted: Mapping[str, Decimal] | None,
    *,
    by: str,
    at: datetime,
    note: str | None = None,
    override: str | None = None,
    place: Place | None = None,
) -> str:
    """Book that goods of a sales order left, under the next delivery note's number.

    Where stock is managed they leave the depot in the same transaction: what is set aside there for the order first,
    then what is available; what the order holds for that elsewhere is free.

    :param wanted: quantities by line id; None for all that remains and is on no slip.
    :param override: why goods leave although the customer owes too much.
    :param place: where they left (D62); None: where the order is.
    :returns: the number of the delivery note.
    :raises Problem: when the order is not accepted, a line is none of its own, or more would leave than remains or lies
        there; or the customer owes too much (T20). Nothing may be written then.
    """
    seen = see(connection, number, place)
    if not seen.manages_stock:
        how = {"by": by, "at": at, "note": note, "override": override, "place": place}
        return deliveries.deliver(connection, number, wanted, **how, seen=seen)  # type: ignore[arg-type]
    asked = partial(on_slips_of, connection)
    leaving = open_delivery(
        connection, number, wanted, seen, override=override, place=place, by=by, at=at, on_slips=asked
    )
    order, depot_id = leaving.order, leaving.left["depot_id"]
    quantities = {line.row.id: quantity for line, quantity in leaving.lines}
    held = gather(connection, order, depot_id, quantities, by=by, at=at)
    parts = _parts(leaving.lines, {line.id: line for line in held}, depot_id)
    (slip,) = write_slips(connection, order, parts, by=by, at=at)
    connection.execute(_ACCEPT, {"slip": slip.id})
    move(connection, [slip.id], "enter", old={slip.id: "generated"}, by=by, at=at)
    move(connection, [slip.id], "finish", by=by, at=at)
    done = deliver_locked(
        *(connection, leaving.gate, {order.id: order}, lock_slips(connection, [slip.id])),
        passed={order.id: leaving.passing},
        note=note,
        by=by,
        at=at,
    )
    for fault in done.faults.values():
        raise as_problem(fault)
    return done.notes[slip.number]


def _parts(lines: Sequence[tuple[OpenLine, Decimal]], held: Mapping[int, HeldLine], depot_id: int) -> list[Part]:
    """What of each line leaves: what is set aside for it in the depot, by its allocations, and the rest."""
    parts: list[Part] = []
    for line, quantity in lines:
        rest = quantity
        own = held.get(line.row.id)
        for allocation in () if own is None else own.holdings:
            taken: list[tuple[SetAside, Decimal]] = []
            for each in allocation.set_aside:
                share = min(rest, each.quantity) if each.is_free and each.depot_id == depot_id else ZERO
                rest -= share
                taken += [(each, share)] if share else []
            if taken:
                total = sum((share for _each, share in taken), ZERO)
                parts.append(Part(depot_id, line.row.id, allocation.id, total, tuple(taken)))
        parts += [Part(depot_id, line.row.id, None, rest)] if rest else []
    return parts
