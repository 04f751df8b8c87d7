"""A person ends what remains of a sales order: what has left, is set aside or on a slip stays ordered (A54).

A partner who sent the order is told as of any change of ours: nothing more of it will follow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.credit.gate import open_gate
from intergestan_erp.picking.making import on_slips_of
from intergestan_erp.picking.offers import unreserved
from intergestan_erp.selling.deliveries import customer_of, lock_order
from intergestan_erp.stock.order_lines import read_order_lines
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order, check_accepted
from intergestan_exchange.credit_holds.look_again import lock_waiting
from intergestan_msg.money import plain


@dataclass(frozen=True, slots=True)
class Closed:
    """What was ended of an order. :ivar lines: how much of each line, by its id; `bells`: what to ring for."""

    number: str
    lines: Mapping[str, Decimal]
    bells: Bells


def close_order(
    connection: Connection, number: str, wanted: Collection[str] | None = None, *, by: str, at: datetime
) -> Closed:
    """End what remains of an order's lines: nothing is set aside for it, and nobody waits for it any more.

    :param wanted: ids of lines; None: all of which something remains.
    :raises Problem: the order is not accepted, a line is none of its own, or nothing remains; nothing is changed.
    """
    gate = open_gate(connection, customer_of(connection, number), at)
    if gate.customer is not None:
        lock_waiting(connection, [gate.customer.id])
    head = lock_order(connection, number)
    check_accepted(head)
    lines = {line.line_id: line for line in read_order_lines(connection, head.id)}
    strange = [line for line in wanted or () if line not in lines]
    if strange:
        raise Problem(
            "{number} has no line {lines}; it has {known}. Nothing was changed.",
            ProblemCode.NO_LINE,
            (Act.SHOW_SALES_ORDER,),
            number=number,
            lines=", ".join(strange),
            known=", ".join(lines),
        )
    on_slips = on_slips_of(connection, head.id)
    rest = {
        line_id: line.remainder - unreserved(line, on_slips)
        for line_id, line in lines.items()
        if wanted is None or line_id in wanted
    }
    ended = {line_id: quantity for line_id, quantity in rest.items() if quantity > 0}
    if not ended:
        raise Problem(
            "Nothing remains of {number} that could be ended.",
            ProblemCode.NOTHING_REMAINS,
            (Act.SHOW_SALES_ORDER,),
            number=number,
        )
    quantities = {line_id: lines[line_id].quantity - quantity for line_id, quantity in ended.items()}
    bells = change_sales_order(connection, number, OwnChanges(quantities=quantities), by=by, at=at)
    detail = {"lines": {line_id: plain(quantity) for line_id, quantity in ended.items()}}
    states.record(connection, states.SALES_ORDER.name, [(head.id, None, None)], "close", by=by, at=at, detail=detail)
    return Closed(number, ended, bells)
