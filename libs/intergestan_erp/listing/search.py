"""What a person may mean by what they typed into the one search box: orders by number, ours or the customer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, select

from intergestan_db.tables import Partner, Party, PurchaseOrder, SalesOrder
from intergestan_erp.listing.beginning import begins
from intergestan_msg.identity import nfc

MOST = 8
"""So many of each kind."""
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order. :ivar of: the supplier, or the customer; `theirs`: its number there."""

    number: str
    theirs: str | None
    of: str
    issue_date: date
    note: str | None
    total_ht: Decimal
    currency: str
    state: str


@dataclass(frozen=True, slots=True)
class FoundOrders:
    """Those whose number begins so, or is so at the customer's; at most `MOST` of each kind."""

    purchases: tuple[FoundOrder, ...]
    sales: tuple[FoundOrder, ...]

    def exactly(self, typed: str) -> tuple[str, str] | None:
        """`purchase` or `sale` and the number, where exactly one of ours is called so."""
        wanted = nfc(typed.strip()).casefold()
        hits = [
            (kind, each.number)
            for kind, orders in (("purchase", self.purchases), ("sale", self.sales))
            for each in orders
            if each.number.casefold() == wanted
        ]
        return hits[0] if len(hits) == 1 else None


def find_orders(connection: Connection, typed: str, most: int = MOST) -> FoundOrders:
    """Orders by the beginning of their number: four statements, each by an index."""
    wanted = nfc(typed.strip())
    if not wanted or len(wanted) > _LONGEST or not wanted.isprintable():
        return FoundOrders((), ())
    bought = _query(PurchaseOrder, PurchaseOrder.supplier_order_number, PurchaseOrder.supplier_id)
    bought = bought.where(begins(PurchaseOrder.number, wanted)).order_by(PurchaseOrder.number)
    ours = select(SalesOrder.id).where(begins(SalesOrder.number, wanted)).order_by(SalesOrder.number).limit(most)
    theirs = (
        select(SalesOrder.id)
        .join(Partner, Partner.id == SalesOrder.partner_id)
        .where(begins(SalesOrder.customer_order_number, wanted))
        .limit(most)
    )
    of_ours = list(connection.scalars(ours))
    ids = [*of_ours, *connection.scalars(theirs)]
    sold = _query(SalesOrder, SalesOrder.customer_order_number, SalesOrder.customer_id)
    sold = sold.where(SalesOrder.id.in_(ids)).order_by(SalesOrder.id.in_(of_ours).desc(), SalesOrder.number)
    return FoundOrders(
        tuple(FoundOrder(*row) for row in connection.execute(bought.limit(most))),
        tuple(FoundOrder(*row) for row in connection.execute(sold.limit(most))) if ids else (),
    )


def _query(order: Any, theirs: Any, party_id: Any) -> Select[*tuple[Any, ...]]:
    columns = (order.number, theirs, Party.name, order.issue_date, order.note, order.total_ht, order.currency)
    return select(*columns, order.state).join(Party, Party.id == party_id)
