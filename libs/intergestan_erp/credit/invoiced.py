"""What of sales orders is not invoiced yet, and the mark on each order that says whether anything is (D23).

An order of which nothing is invoiced comes to what its head says, and one of which all is comes to nothing: neither's
lines are read to know what a customer owes, however many years of them there are. Whoever writes invoices marks their
orders, and whoever alters an order unmarks it, each in a statement under the customer's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    type_coerce,
    union_all,
    update,
)

from intergestan_db.among import among
from intergestan_db.enums import Invoiced
from intergestan_db.tables import (
    DeliveryNoteLine,
    GoodsReturnLine,
    InvoiceCharge,
    InvoiceLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_msg.money import ZERO

ALTERED: Final = case((SalesOrder.invoiced == Invoiced.ALL, Invoiced.PART.value), else_=SalesOrder.invoiced)
"""The mark of an order whose lines or charges are altered: something of it may be left to invoice again."""


def rest_bases(*where: ColumnElement[bool]) -> Any:
    """What orders add to the base of each category and rate of VAT, and what their invoices take away from it."""
    line, charge = SalesOrderLine, SalesOrderCharge
    keys = (SalesOrder.customer_id, SalesOrder.establishment_id.label("place"), SalesOrder.id.label("order_id"))
    of_line = (line.vat_category.label("category"), line.vat_rate.label("rate"))
    of_charge = (
        func.coalesce(charge.vat_category, "").label("category"),
        func.coalesce(charge.vat_rate, ZERO).label("rate"),
    )
    from_lines = SalesOrder.__table__.join(line, line.sales_order_id == SalesOrder.id)
    from_charges = SalesOrder.__table__.join(charge, charge.sales_order_id == SalesOrder.id)
    parts: tuple[Any, ...] = (
        select(*keys, *of_line, line.total.label("base")).select_from(from_lines),
        select(*keys, *of_charge, charge.amount.label("base")).select_from(from_charges),
        select(*keys, *of_line, (-InvoiceLine.total).label("base"))
        .select_from(from_lines)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == line.id)
        .join(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id),
        select(*keys, *of_charge, (-InvoiceCharge.amount).label("base"))
        .select_from(from_charges)
        .join(InvoiceCharge, InvoiceCharge.sales_order_charge_id == charge.id),
    )
    return union_all(*(part.where(*where) for part in parts)).subquery("bases").c


def mark_invoiced(
    connection: Connection, order_ids: Iterable[int], note_line_ids: Iterable[int], charge_ids: Iterable[int]
) -> None:
    """Say of orders whether anything is left of them once these lines of delivery notes and charges are invoiced.

    It comes before that, for the orders are locked before number series are.
    """
    orders, lines, charges = (sorted(set(ids)) for ids in (order_ids, note_line_ids, charge_ids))
    connection.execute(_MARK, {"orders": orders, "lines": lines, "charges": charges})


def wrong_marks(connection: Connection) -> list[str]:
    """The numbers of some orders whose mark is not what their invoices say: for `doctor`."""
    return list(connection.execute(_WRONG).scalars())


_LINE_INVOICED: Final = exists().where(InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
_CHARGE_INVOICED: Final = exists().where(InvoiceCharge.sales_order_charge_id == SalesOrderCharge.id)
_KEPT: Final = type_coerce(
    DeliveryNoteLine.quantity
    - select(func.coalesce(func.sum(GoodsReturnLine.quantity), 0))
    .where(GoodsReturnLine.delivery_note_line_id == DeliveryNoteLine.id, GoodsReturnLine.invoice_line_id.is_(None))
    .correlate(DeliveryNoteLine.__table__)
    .scalar_subquery(),
    DeliveryNoteLine.quantity.type,
)
"""What came back before it was invoiced is on no invoice (D44): its order is never wholly invoiced."""
_LINES_LEFT: Final = (
    select(SalesOrderLine.sales_order_id)
    .outerjoin(
        DeliveryNoteLine,
        and_(
            DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id,
            or_(among(DeliveryNoteLine.id, "lines"), _LINE_INVOICED),
        ),
    )
    .where(among(SalesOrderLine.sales_order_id, "orders"))
    .group_by(SalesOrderLine.id)
    .having(func.coalesce(func.sum(_KEPT), ZERO) != SalesOrderLine.quantity)
)
_CHARGES_LEFT: Final = select(SalesOrderCharge.sales_order_id).where(
    among(SalesOrderCharge.sales_order_id, "orders"), not_(among(SalesOrderCharge.id, "charges")), ~_CHARGE_INVOICED
)
_MARK: Final = (
    update(SalesOrder)
    .where(among(SalesOrder.id, "orders"))
    .values(
        invoiced=case(
            (SalesOrder.id.in_(union_all(_LINES_LEFT, _CHARGES_LEFT)), Invoiced.PART.value), else_=Invoiced.ALL.value
        )
    )
)

_ALL: Final = SalesOrder.invoiced == Invoiced.ALL
_BASES_OF_ALL: Final = rest_bases(_ALL)
_LEFT_OF_ALL: Final = (
    select(_BASES_OF_ALL.order_id)
    .group_by(_BASES_OF_ALL.order_id, _BASES_OF_ALL.category, _BASES_OF_ALL.rate)
    .having(func.sum(_BASES_OF_ALL.base) != ZERO)
)
_BEGUN: Final = (
    select(SalesOrderLine.sales_order_id)
    .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
    .join(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    .union_all(
        select(SalesOrderCharge.sales_order_id).join(
            InvoiceCharge, InvoiceCharge.sales_order_charge_id == SalesOrderCharge.id
        )
    )
)
_FEW: Final = 10
_WRONG: Final = (
    select(SalesOrder.number)
    .where(
        or_(
            and_(SalesOrder.invoiced == Invoiced.NONE, SalesOrder.id.in_(_BEGUN)),
            and_(_ALL, SalesOrder.id.in_(_LEFT_OF_ALL)),
        )
    )
    .order_by(SalesOrder.id)
    .limit(_FEW)
)
