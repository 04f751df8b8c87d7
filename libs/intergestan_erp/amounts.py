"""What so much of an order's line costs, so that any split of it adds up to the whole. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from intergestan_msg.money import ONE, round_half_up

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


def cost_of(line: Any, quantity: Decimal) -> Decimal:
    """What so much of a line costs without VAT, with its share of the line's allowance; `line.ordered` is all of it."""
    cost = _WIDE.multiply(quantity, line.price)
    if line.base_quantity != ONE:
        cost = _WIDE.divide(cost, line.base_quantity)
    if line.allowance:
        cost = _WIDE.add(cost, _WIDE.divide(_WIDE.multiply(line.allowance, quantity), line.ordered))
    return round_half_up(cost)
