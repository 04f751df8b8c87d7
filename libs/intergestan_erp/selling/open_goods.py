"""What was delivered, kept and is on no invoice: delivery notes, their lines, and the charges of their orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, literal_column, or_, select

from intergestan_db.among import among
from intergestan_db.enums import Route
from intergestan_db.tables import (
    Allocation,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Dossier,
    Establishment,
    InvoiceCharge,
    InvoiceLine,
    OperationCode,
    Party,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_erp.agencies.belonging import keep_books
from intergestan_erp.selling.deferred import OpenNote, Place, Scope, scope_of
from intergestan_erp.selling.invoice_draft import OpenCharge, OpenLine
from intergestan_erp.selling.issuer import Issuer
from intergestan_erp.selling.returned import KEPT
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class NotesWanted:
    """Which delivery notes a run takes: both days are included (A28); all customers, or these.

    :ivar without: numbers of those that a person took out. :ivar newest: the highest id; what came later is left out.
    """

    first: date | None = None
    last: date | None = None
    customer_id: int | None = None
    category_id: int | None = None
    without: tuple[str, ...] = ()
    newest: int | None = None


class InvoicedOrder(NamedTuple):
    """An order while it is invoiced; nobody else delivers, invoices or changes it once it is locked. A run reads very
    many.
    """

    id: int
    number: str
    customer_id: int
    establishment_id: int
    currency: str
    payment_term_id: int | None
    customer_order_number: str | None
    total_ttc: Decimal


def read_scope(connection: Connection, establishment_id: int, *, keep: bool = False) -> Scope:
    """Whose delivery notes are invoiced from this establishment.

    :param keep: nobody changes in which books they are until the transaction ends (D41).
    :raises Problem: another one invoices for the dossier (A25).
    """
    row = connection.execute(_KEPT_SCOPE if keep else _SCOPE, {"establishment": establishment_id}).one()
    invoicing = None
    if row.invoicing_establishment_id is not None:
        invoicing = Place(row.invoicing_establishment_id, row.invoicing_number, row.invoicing_name)
    return scope_of(row.dossier_id, row.dossier_number, Place(row.id, row.number, row.name), invoicing)


def read_notes(connection: Connection, scope: Scope, wanted: NotesWanted) -> list[OpenNote]:
    """The delivery notes that a run takes, by one statement."""
    query = _NOTES.where(
        Establishment.dossier_id == scope.dossier_id if scope.of_all else DeliveryNote.establishment_id == scope.here.id
    )
    return [OpenNote._make(row) for row in connection.execute(query.where(*limits_of(wanted))).all()]


def limits_of(wanted: NotesWanted) -> list[ColumnElement[bool]]:
    """What is asked of delivery notes, as conditions of a statement that joins their customer."""
    limits = (
        DeliveryNote.issue_date >= wanted.first if wanted.first else None,
        DeliveryNote.issue_date <= wanted.last if wanted.last else None,
        DeliveryNote.customer_id == wanted.customer_id if wanted.customer_id else None,
        Party.category_id == wanted.category_id if wanted.category_id else None,
        DeliveryNote.number.not_in(wanted.without) if wanted.without else None,
        DeliveryNote.id <= wanted.newest if wanted.newest is not None else None,
    )
    return [limit for limit in limits if limit is not None]


def read_lines(connection: Connection, note_ids: Collection[int]) -> list[OpenLine]:
    """The lines of these notes that are on no invoice, note by note."""
    return [OpenLine._make(row) for row in connection.execute(_LINES, {"ids": sorted(note_ids)}).all()]


def read_orders(connection: Connection, note_ids: Collection[int], *, lock: bool = False) -> dict[int, InvoicedOrder]:
    """The orders of these notes, by id.

    :param lock: in the order of their ids, so that nobody else invoices the same goods meanwhile.
    """
    order_ids = {row.sales_order_id for row in connection.execute(_ORDER_IDS, {"ids": sorted(note_ids)})}
    rows = connection.execute(_LOCKED_ORDERS if lock else _ORDERS, {"ids": sorted(order_ids)})
    return {row[0]: InvoicedOrder._make(row) for row in rows}


def read_charges(connection: Connection, issuer: Issuer, orders: Mapping[int, InvoicedOrder]) -> list[OpenCharge]:
    """The charges of these orders that are on no invoice, and that an invoice of this issuer takes (D53).

    A charge goes on the first invoice of its order's own establishment, or of the one that invoices for it; where
    nothing of the order leaves from there, on the first at all.
    """
    charges = [OpenCharge(*row) for row in connection.execute(_CHARGES, {"ids": sorted(orders)})]
    of_others = {
        charge.sales_order_id
        for charge in charges
        if not issuer.issues_for(orders[charge.sales_order_id].establishment_id)
    }
    ship = {row.id for row in connection.execute(_SHIPPING_THEMSELVES, {"ids": sorted(of_others)})}
    return [charge for charge in charges if charge.sales_order_id not in ship]


def _invoiced() -> Any:
    """How much of an order's line is invoiced: of this line alone, however many others there are.

    What came back before it was invoiced is on no invoice (D44).
    """
    earlier = DeliveryNoteLine.__table__.alias("earlier").c
    of_line = select(func.coalesce(func.sum(InvoiceLine.quantity), ZERO)).select_from(earlier.id.table)
    return (
        of_line.join(InvoiceLine, InvoiceLine.delivery_note_line_id == earlier.id)
        .where(earlier.sales_order_line_id == SalesOrderLine.id)
        .correlate(SalesOrderLine.__table__)
        .scalar_subquery()
    )


def _delivered() -> Any:
    left = DeliveryNoteLine.__table__.alias("earlier").c
    of_line = select(func.coalesce(func.sum(left.quantity), ZERO)).where(left.sales_order_line_id == SalesOrderLine.id)
    return of_line.correlate(SalesOrderLine.__table__).scalar_subquery()


def _shipping_themselves() -> Any:
    """Orders of which something left, or may still leave, from their own establishment.

    Of a line that was allocated, what is to leave from there is what its depots say: those of the establishment, and
    all that goes by way of the order's own depot.
    """
    own = (
        exists()
        .where(DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .where(SalesOrderLine.sales_order_id == SalesOrder.id)
        .where(DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .where(DeliveryNote.establishment_id == SalesOrder.establishment_id)
    )
    of_line = exists().where(Allocation.sales_order_line_id == SalesOrderLine.id)
    from_here = of_line.where(
        Depot.id == Allocation.depot_id,
        or_(Allocation.route == Route.INDIRECT, Depot.establishment_id == SalesOrder.establishment_id),
    )
    rest = exists().where(
        SalesOrderLine.sales_order_id == SalesOrder.id,
        SalesOrderLine.quantity > _delivered(),
        or_(~of_line, from_here),
    )
    return select(SalesOrder.id).where(among(SalesOrder.id, "ids"), or_(own, rest))


_INVOICING: Final = Establishment.__table__.alias("invoicing")
_SCOPE: Final = (
    select(
        *(Establishment.id, Establishment.number, Establishment.name),
        *(Dossier.id.label("dossier_id"), Dossier.number.label("dossier_number"), Dossier.invoicing_establishment_id),
        *(_INVOICING.c.number.label("invoicing_number"), _INVOICING.c.name.label("invoicing_name")),
    )
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .outerjoin(_INVOICING, _INVOICING.c.id == Dossier.invoicing_establishment_id)
    .where(Establishment.id == bindparam("establishment"))
)
_KEPT_SCOPE: Final = keep_books(_SCOPE)
_TERM: Final = func.coalesce(func.min(SalesOrder.payment_term_id), Party.payment_term_id)
"""All orders of a delivery note have the same term and currency."""
_NOTES: Final = (
    select(
        *(
            DeliveryNote.id,
            DeliveryNote.number,
            DeliveryNote.issue_date,
            Establishment.number,
            DeliveryNote.customer_id,
        ),
        *(Party.code, Party.invoice_grouping, func.min(SalesOrder.currency), _TERM, func.count(literal_column("1"))),
    )
    .select_from(DeliveryNote.__table__)
    .join(Party, Party.id == DeliveryNote.customer_id)
    .join(Establishment, Establishment.id == DeliveryNote.establishment_id)
    .join(OperationCode, OperationCode.id == DeliveryNote.operation_code_id)
    .join(DeliveryNoteLine, DeliveryNoteLine.delivery_note_id == DeliveryNote.id)
    .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
    .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
    .outerjoin(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    .where(OperationCode.billable, InvoiceLine.id.is_(None), KEPT > ZERO)
    .group_by(DeliveryNote.id, Establishment.id, Party.id)
)
_LINES: Final[Select[*tuple[Any, ...]]] = (
    select(
        *(DeliveryNoteLine.id, DeliveryNoteLine.delivery_note_id, SalesOrderLine.sales_order_id),
        *(DeliveryNoteLine.sales_order_line_id, DeliveryNoteLine.product_code, DeliveryNoteLine.name),
        *(KEPT.label("quantity"), DeliveryNoteLine.unit, SalesOrderLine.price, SalesOrderLine.base_quantity),
        *(SalesOrderLine.allowance, SalesOrderLine.vat_category, SalesOrderLine.vat_rate, SalesOrderLine.quantity),
        _invoiced(),
    )
    .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
    .outerjoin(InvoiceLine, InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
    .where(among(DeliveryNoteLine.delivery_note_id, "ids"), InvoiceLine.id.is_(None), KEPT > ZERO)
    .order_by(DeliveryNoteLine.delivery_note_id, DeliveryNoteLine.position)
)
_ORDER_IDS: Final = (
    select(SalesOrderLine.sales_order_id)
    .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
    .where(among(DeliveryNoteLine.delivery_note_id, "ids"))
    .distinct()
)
_ORDERS: Final = (
    select(
        *(SalesOrder.id, SalesOrder.number, SalesOrder.customer_id, SalesOrder.establishment_id, SalesOrder.currency),
        *(SalesOrder.payment_term_id, SalesOrder.customer_order_number, SalesOrder.total_ttc),
    )
    .where(among(SalesOrder.id, "ids"))
    .order_by(SalesOrder.id)
)
_LOCKED_ORDERS: Final = _ORDERS.with_for_update()
_CHARGES: Final = (
    select(
        *(SalesOrderCharge.id, SalesOrderCharge.sales_order_id, SalesOrder.number, SalesOrderCharge.reason),
        *(SalesOrderCharge.amount, SalesOrderCharge.vat_category, SalesOrderCharge.vat_rate),
    )
    .join(SalesOrder, SalesOrder.id == SalesOrderCharge.sales_order_id)
    .outerjoin(InvoiceCharge, InvoiceCharge.sales_order_charge_id == SalesOrderCharge.id)
    .where(among(SalesOrderCharge.sales_order_id, "ids"), InvoiceCharge.id.is_(None))
    .order_by(SalesOrderCharge.id)
)
_SHIPPING_THEMSELVES: Final = _shipping_themselves()


def by_note(lines: Sequence[OpenLine]) -> dict[int, list[OpenLine]]:
    """Lines by the id of their delivery note."""
    found: dict[int, list[OpenLine]] = {}
    for line in lines:
        found.setdefault(line.delivery_note_id, []).append(line)
    return found
