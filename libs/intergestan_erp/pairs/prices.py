"""What goods cost between agencies where they are invoiced (A07, D42)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from intergestan_db.enums import PriceSide
from intergestan_erp.pairs.pairing import Pair
from intergestan_erp.selling.prices import Wanted, decide_price, read_listed


def prices_of(connection: Connection, pair: Pair, day: date) -> dict[int, Decimal]:
    """The price of each allocation of a billable pair, without VAT, per unit; nothing for another pair.

    It is what the requesting side pays as a customer of the supplying establishment on this day.
    """
    if not pair.billable:
        return {}
    listed = read_listed(
        *(connection, PriceSide.SALE),
        party_id=pair.customer_id,
        establishment_id=pair.supplying.id,
        day=day,
        products=[(each.goods.product_id, each.goods.family_id) for each in pair.pending],
    )
    wanted = (
        (each.allocation_id, Wanted(each.goods.product_id, each.goods.family_id, each.quantity, each.goods.sale_price))
        for each in pair.pending
    )
    return {allocation_id: decide_price(listed, each).price for allocation_id, each in wanted}
