"""What goods cost between agencies where they are invoiced (A07, D42)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from intergestan_db.enums import PriceSide
from intergestan_erp.pairs.pairing import Pair
from intergestan_erp.selling.prices import Decided, Wanted, decide_price, read_listed


def prices_of(connection: Connection, pair: Pair, day: date) -> dict[int, Decimal]:
    """The price of each allocation of a billable pair, without VAT, per unit; nothing for another pair.

    It is what the requesting side pays as a customer of the supplying establishment on this day. Where no list of what
    that sells says it, a list of what the requesting side buys there may.
    """
    if not pair.billable:
        return {}
    sold = _decided(connection, pair, day, PriceSide.SALE)
    if all(each.list_code is not None for each in sold.values()):
        return {allocation_id: each.price for allocation_id, each in sold.items()}
    bought = _decided(connection, pair, day, PriceSide.PURCHASE)
    return {
        allocation_id: (bought[allocation_id] if each.list_code is None else each).price
        for allocation_id, each in sold.items()
    }


def _decided(connection: Connection, pair: Pair, day: date, side: PriceSide) -> dict[int, Decided]:
    """What the lists of a side say, by allocation: of the party and the establishment of who sells, or of who buys."""
    sells = side is PriceSide.SALE
    listed = read_listed(
        *(connection, side),
        party_id=pair.customer_id if sells else pair.supplier_id,
        establishment_id=pair.supplying.id if sells else pair.requesting.id,
        day=day,
        products=[(each.goods.product_id, each.goods.family_id) for each in pair.pending],
    )
    wanted = (
        (each.allocation_id, Wanted(each.goods.product_id, each.goods.family_id, each.quantity, each.goods.sale_price))
        for each in pair.pending
    )
    return {allocation_id: decide_price(listed, each) for allocation_id, each in wanted}
