"""What so much of an order's line costs, so that any split of it adds up to the whole. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from intergestan_msg.money import round_half_up

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


def cost_of(line: Any, quantity: Decimal) -> Decimal:
    """What so much of a line costs without VAT, with its share of the line's allowance; `line.ordered` is all of it."""
    goods = _WIDE.divide(_WIDE.multiply(quantity, line.price), line.base_quantity)
    share = _WIDE.divide(_WIDE.multiply(line.allowance, quantity), line.ordered)
    return round_half_up(_WIDE.add(goods, share))
