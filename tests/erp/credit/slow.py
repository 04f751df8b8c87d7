"""What customers have ordered and nobody invoiced, added up row by row from all that there ever was."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.tables import (
    DeliveryNoteLine,
    InvoiceCharge,
    InvoiceLine,
    OperationCode,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_msg.money import ZERO, round_half_up


def not_invoiced(connection: Connection, customer_id: int) -> Decimal:
    """The rest of every order of a customer, with the VAT on that by category and rate."""
    query = select(SalesOrder.id).join(OperationCode, OperationCode.id == SalesOrder.operation_code_id)
    orders = connection.execute(
        query.where(SalesOrder.customer_id == customer_id, SalesOrder.state == "accepted", OperationCode.billable)
    )
    return sum((left_of(connection, order_id) for order_id in orders.scalars().all()), ZERO)


def left_of(connection: Connection, order_id: int) -> Decimal:
    """The rest of one order."""
    bases: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    lines = select(SalesOrderLine.__table__).where(SalesOrderLine.sales_order_id == order_id)
    for line in connection.execute(lines).all():
        bases[line.vat_category, line.vat_rate] += line.total
        invoiced = (
            select(InvoiceLine.total)
            .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
            .where(DeliveryNoteLine.sales_order_line_id == line.id)
        )
        for amount in connection.execute(invoiced).scalars():
            bases[line.vat_category, line.vat_rate] -= amount
    charges = select(SalesOrderCharge.__table__).where(SalesOrderCharge.sales_order_id == order_id)
    for charge in connection.execute(charges).all():
        key = (charge.vat_category or "", charge.vat_rate or ZERO)
        bases[key] += charge.amount
        of_charge = select(InvoiceCharge.amount).where(InvoiceCharge.sales_order_charge_id == charge.id)
        for amount in connection.execute(of_charge).scalars():
            bases[key] -= amount
    return sum((base + round_half_up(base * rate / 100) for (_category, rate), base in bases.items()), ZERO)
