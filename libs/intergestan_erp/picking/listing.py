"""Picking slips as people see them, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, func, select, type_coerce

from intergestan_db.database import AnyRow
from intergestan_db.enums import SlipFault, SlipState
from intergestan_db.problem import Problem
from intergestan_db.tables import DeliveryNote, Depot, Establishment, Party, PickingSlip, PickingSlipLine, SalesOrder
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.depots import depot_called
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.picking.counts import IS_OPEN, PLANNED
from intergestan_erp.picking.faults import Fault, as_problem
from intergestan_erp.picking.slips import no_slip, slip_lines


@dataclass(frozen=True, slots=True)
class ListedSlip:
    """A slip. :ivar delivery_note: what it became; `problem`: why it could not become one.

    :ivar customer: the code, `customer_name` what the card says; `destination`: where the goods go, in short.
    :ivar establishment: the number of the depot's; `quantity`: of all its lines, what was prepared once it is ready.
    """

    number: str
    state: SlipState
    depot: str
    order: str
    customer: str
    created_at: datetime
    delivery_note: str | None
    version: int
    problem: Problem | None
    establishment: int
    customer_name: str
    destination: str
    lines: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a slip; what it was of is None when that is ordered no more."""

    position: int
    line: str | None
    product: str | None
    name: str | None
    unit: str | None
    proposed: Decimal
    prepared: Decimal | None
    gtin: str | None


@dataclass(frozen=True, slots=True)
class ShownSlip:
    """A slip with its lines and where the goods go."""

    slip: ListedSlip
    place: tuple[str, ...]
    lines: tuple[ShownLine, ...]


_OF_SLIP: Final = PickingSlipLine.slip_id == PickingSlip.id
_SLIPS: Final = (
    select(
        *(PickingSlip.__table__, Depot.code.label("depot"), SalesOrder.number.label("order")),
        *(Party.code.label("customer"), Party.name.label("customer_name"), DeliveryNote.number.label("note")),
        Establishment.number.label("establishment"),
        select(func.count()).where(_OF_SLIP).correlate(PickingSlip.__table__).scalar_subquery().label("lines"),
        type_coerce(
            select(func.coalesce(func.sum(PLANNED), 0))
            .where(_OF_SLIP)
            .correlate(PickingSlip.__table__)
            .scalar_subquery(),
            Scaled(6),
        ).label("quantity"),
    )
    .join(Depot, Depot.id == PickingSlip.depot_id)
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(SalesOrder, SalesOrder.id == PickingSlip.sales_order_id)
    .join(Party, Party.id == PickingSlip.customer_id)
    .outerjoin(DeliveryNote, DeliveryNote.id == PickingSlip.delivery_note_id)
)
_PLACE: Final = ("name", "line1", "line2", "postcode", "city", "country")


def list_slips(
    connection: Connection,
    *,
    order: str | None = None,
    depot: str | None = None,
    states: Sequence[SlipState] = (),
    everything: bool = False,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedSlip]:
    """A page of slips, the oldest first: those that are still to become delivery notes.

    :param order: the number of a sales order, as a person types it; `depot`: the code of a depot.
    :param states: only slips in these; `everything`: also those that are delivered or cancelled.
    :raises Problem: there is no such depot, or `after` or `before` is of no such page.
    """
    query = _SLIPS
    if states:
        query = query.where(PickingSlip.state.in_(states))
    elif not everything and order is None:
        query = query.where(IS_OPEN)
    if order is not None:
        query = query.where(SalesOrder.number == as_stored(connection, order, SalesOrder.number))
    if depot is not None:
        query = query.where(PickingSlip.depot_id == depot_called(connection, depot).id)
    return read_page(connection, query, [PickingSlip.id], _listed, size=size, after=after, before=before)


def show_slip(connection: Connection, number: str) -> ShownSlip:
    """A slip with its lines.

    :raises Problem: there is none of this number.
    """
    row = connection.execute(_SLIPS.where(PickingSlip.number == number)).one_or_none()
    if row is None:
        raise no_slip(number)
    lines = tuple(
        ShownLine(
            *(line.position, line.line_id, line.product_code, line.name, line.unit),
            *(line.proposed, line.prepared, line.gtin),
        )
        for line in slip_lines(connection, [row.id])
    )
    place = tuple(text for part in _PLACE if (text := getattr(row, f"delivery_{part}")))
    return ShownSlip(_listed(row), place, lines)


def _listed(row: AnyRow) -> ListedSlip:
    problem = None if row.fault is None else as_problem(Fault(SlipFault(row.fault), row.fault_values or {}))
    return ListedSlip(
        *(row.number, SlipState(row.state), row.depot, row.order, row.customer, row.created_at, row.note),
        *(row.version, problem),
        establishment=row.establishment,
        customer_name=row.customer_name,
        destination=", ".join(text for text in (row.delivery_name or row.customer_name, row.delivery_city) if text),
        lines=row.lines,
        quantity=row.quantity,
    )
