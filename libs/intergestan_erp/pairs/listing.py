"""The pairs of orders between agencies, in pages, newest first (A43)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, func, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import SalesState
from intergestan_db.tables import AgencyOrder, AgencyOrderLine, Establishment, PurchaseOrder, SalesOrder
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedPair:
    """A pair. Establishments by number; `total_ht` is that of either order.

    :ivar lines: how many allocations of customers' orders it is for.
    """

    purchase_order: str
    sales_order: str
    day: date
    requesting: int
    supplying: int
    billable: bool
    lines: int
    total_ht: Decimal
    state: SalesState


_REQUESTING: Final = Establishment.__table__.alias("requesting")
_SUPPLYING: Final = Establishment.__table__.alias("supplying")
_LINES: Final = (
    select(func.count(AgencyOrderLine.id)).where(AgencyOrderLine.agency_order_id == AgencyOrder.id).scalar_subquery()
)
_PAIRS: Final = (
    select(
        *(PurchaseOrder.number.label("purchase_order"), SalesOrder.number.label("sales_order")),
        *(SalesOrder.issue_date, SalesOrder.total_ht, SalesOrder.state, AgencyOrder.billable),
        *(_REQUESTING.c.number.label("requesting"), _SUPPLYING.c.number.label("supplying"), _LINES.label("lines")),
    )
    .select_from(AgencyOrder)
    .join(PurchaseOrder, PurchaseOrder.id == AgencyOrder.purchase_order_id)
    .join(SalesOrder, SalesOrder.id == AgencyOrder.sales_order_id)
    .join(_REQUESTING, _REQUESTING.c.id == AgencyOrder.requesting_id)
    .join(_SUPPLYING, _SUPPLYING.c.id == AgencyOrder.supplying_id)
)


def list_pairs(connection: Connection, *, size: int = USUAL, after: str | None = None) -> Page[ListedPair]:
    """A page of the pairs, newest first.

    :raises Problem: `after` is of no such page.
    """
    return read_page(connection, _PAIRS, [AgencyOrder.id], _listed, size=size, after=after, descending=True)


def _listed(row: AnyRow) -> ListedPair:
    return ListedPair(
        *(row.purchase_order, row.sales_order, row.issue_date, row.requesting, row.supplying, row.billable),
        *(row.lines, row.total_ht, SalesState(row.state)),
    )
