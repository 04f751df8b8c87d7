"""`slips make`: picking slips of an order, for what of it can leave now (A21, A22, A34, A38, A54)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, or_, select, type_coerce

from intergestan_db.among import among
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import PickingMode, ReservationKind, SalesState, Stage
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import (
    Address,
    Depot,
    Dossier,
    Establishment,
    Party,
    PickingSlip,
    PickingSlipLine,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Stock,
)
from intergestan_db.tables.types import Scaled
from intergestan_erp.agencies.places import Place
from intergestan_erp.credit.gate import close_gate, let_pass, open_gate
from intergestan_erp.picking.cascade import Counting, what_counts
from intergestan_erp.picking.counts import IS_OPEN, PLANNED
from intergestan_erp.picking.offers import Offer, Shelf, Waiting, offer
from intergestan_erp.picking.writing import NewSlip, write_slips
from intergestan_erp.selling.deliveries import as_sold, customer_of, lock_order
from intergestan_erp.stock.left import LEFT
from intergestan_erp.stock.order_lines import HeldLine, read_order_lines
from intergestan_erp.stock.sourcing import AVAILABLE
from intergestan_msg.money import ZERO

_STREET: Final = Address.__table__.alias("street")
_SAME_PLACE: Final = (
    select(_STREET.c.incomplete)
    .where(
        _STREET.c.party_id == SalesOrder.customer_id,
        or_(
            _STREET.c.id == SalesOrder.address_id,
            and_(
                SalesOrder.address_id.is_(None),
                *(_STREET.c[part] == getattr(SalesOrder, f"delivery_{part}") for part in ("line1", "postcode", "city")),
            ),
        ),
    )
    .order_by(_STREET.c.id)
    .limit(1)
    .correlate(SalesOrder.__table__)
    .scalar_subquery()
)
"""What the address says to which an order goes: the one that it names, else the customer's that is written alike."""
_RULES: Final = (
    select(
        *(Party.name.label("customer"), Party.picking_mode, Party.incomplete.label("of_customer")),
        *(SalesOrder.incomplete.label("of_order"), _SAME_PLACE.label("of_address")),
        *(Dossier.number.label("dossier"), Dossier.incomplete.label("of_dossier"), Dossier.manage_stock),
        Dossier.picking_mode.label("dossier_mode"),
        and_(Dossier.manage_reservations, Depot.manage_reservations).label("reserves"),
        *(Establishment.number.label("establishment"), Depot.code.label("depot")),
    )
    .select_from(SalesOrder.__table__)
    .join(Party, Party.id == SalesOrder.customer_id)
    .join(Establishment, Establishment.id == SalesOrder.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .join(Depot, Depot.id == SalesOrder.depot_id)
    .where(SalesOrder.id == bindparam("order"))
)
_ON_SLIPS: Final = (
    select(PickingSlipLine.sales_order_line_id, type_coerce(func.sum(PLANNED), Scaled(6)).label("quantity"))
    .join(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .where(
        PickingSlip.sales_order_id == bindparam("order"),
        IS_OPEN,
    )
    .group_by(PickingSlipLine.sales_order_line_id)
)
_SHELF: Final = select(Stock.product_id, Stock.negative_ok, AVAILABLE).where(
    Stock.depot_id == bindparam("depot"), among(Stock.product_id, "products")
)
_PLANNED_THERE: Final = (
    select(SalesOrderLine.product_id, type_coerce(func.sum(PLANNED), Scaled(6)).label("quantity"))
    .join(PickingSlipLine, PickingSlipLine.sales_order_line_id == SalesOrderLine.id)
    .join(PickingSlip, PickingSlip.id == PickingSlipLine.slip_id)
    .where(
        PickingSlip.depot_id == bindparam("depot"),
        IS_OPEN,
        among(SalesOrderLine.product_id, "products"),
    )
    .group_by(SalesOrderLine.product_id)
)
_ALLOWS: Final = select(Depot.allow_negative).where(Depot.id == bindparam("depot"))
_BOUGHT_BY: Final = (
    select(Reservation.id, PurchaseOrder.number)
    .join(PurchaseOrderLine, PurchaseOrderLine.id == Reservation.purchase_order_line_id)
    .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
    .where(among(Reservation.id, "reservations"))
)
_CODES: Final = select(Depot.id, Depot.code).where(among(Depot.id, "depots"))


@dataclass(frozen=True, slots=True)
class Missing:
    """So much of a product is not where it is to leave. :ivar source: the order or the depot from which it comes."""

    order: str
    line: str
    product: str
    quantity: Decimal
    source: str | None


@dataclass(frozen=True, slots=True)
class MadeSlips:
    """The slips that were made of an order, and what of it waits. :ivar counting: whether all of it waits for that."""

    order: str
    slips: tuple[NewSlip, ...]
    waiting: tuple[Missing, ...]
    counting: Counting


@dataclass(frozen=True, slots=True)
class Refused:
    """An order of which no slips were made in a run of many, and why."""

    order: str
    problem: Problem


def make_slips(
    connection: Connection, number: str, place: Place, *, override: str | None = None, by: str, at: datetime
) -> MadeSlips:
    """Make the slips of an order, one for each depot from which something of it leaves now.

    Once more it makes none, until more of the order is there. That nothing can leave yet is no error.

    :param override: why its goods may leave although the customer owes too much.
    :raises Problem: there is no such order, it is not accepted, or of another establishment; its dossier counts no
        stock; the customer's card excludes slips (A22); or the customer owes too much (A21). Nothing may be written
        then.
    """
    gate = open_gate(connection, customer_of(connection, number), at)
    order = lock_order(connection, number)
    rules = connection.execute(_RULES, {"order": order.id}).one()
    _check(order, rules, place)
    lines = read_order_lines(connection, order.id)
    found = _offered(connection, order, rules, lines)
    counting = what_counts(rules.of_dossier, rules.of_customer, rules.of_address, rules.of_order)
    waiting = tuple(_missing(connection, number, found.waiting))
    if not found.parts or (counting.waits and waiting):
        return MadeSlips(number, (), waiting, counting)
    passing = let_pass(
        *(connection, gate, Stage.DELIVERY),
        total_ttc=order.total_ttc,
        establishment_id=order.establishment_id,
        comes_from=[as_sold(order)],
        reason=override,
        by=by,
    )
    made = write_slips(connection, order, found.parts, by=by, at=at)
    close_gate(connection, gate, passing, number, by=by, at=at)
    return MadeSlips(number, tuple(made), waiting, counting)


def make_all(
    database: Database, place: Place, *, first: date | None = None, last: date | None = None, by: str, at: datetime
) -> Iterator[MadeSlips | Refused]:
    """The same for all accepted orders of the place's establishment, the oldest first, each in its own transaction.

    :param first: only orders of this day or later; `last`: of this day or earlier.
    """
    with database.read() as connection:
        numbers = connection.execute(_open_orders(place.establishment_id, first, last)).scalars().all()
    for number in numbers:
        try:
            with database.transaction() as connection:
                made = make_slips(connection, number, place, by=by, at=at)
        except Problem as problem:
            yield Refused(number, problem)
        else:
            yield made


def what_waits(connection: Connection, number: str) -> tuple[Missing, ...]:
    """What of an order is not where it is to leave, read without a lock; nothing where no stock is managed.

    :raises Problem: there is no such order.
    """
    customer_of(connection, number)
    order = connection.execute(select(SalesOrder.__table__).where(SalesOrder.number == number)).one()
    rules = connection.execute(_RULES, {"order": order.id}).one()
    if not rules.manage_stock:
        return ()
    found = _offered(connection, order, rules, read_order_lines(connection, order.id))
    return tuple(_missing(connection, number, found.waiting))


def on_slips_of(connection: Connection, order_id: int) -> dict[int, Decimal]:
    """How much of an order's lines stands on slips that did not become delivery notes, by line."""
    rows = connection.execute(_ON_SLIPS, {"order": order_id})
    return {row.sales_order_line_id: row.quantity for row in rows if row.sales_order_line_id is not None}


def read_counting(connection: Connection, order_id: int) -> Counting | None:
    """What becomes of an order of which not all is there, and who says so (A39); None where no stock is managed."""
    rules = connection.execute(_RULES, {"order": order_id}).one()
    return (
        None
        if not rules.manage_stock
        else what_counts(rules.of_dossier, rules.of_customer, rules.of_address, rules.of_order)
    )


def _open_orders(establishment_id: int, first: date | None, last: date | None) -> Any:
    rest = and_(SalesOrderLine.sales_order_id == SalesOrder.id, SalesOrderLine.quantity > func.coalesce(LEFT, 0))
    query = select(SalesOrder.number).where(
        SalesOrder.establishment_id == establishment_id,
        SalesOrder.state == SalesState.ACCEPTED,
        select(SalesOrderLine.id).where(rest).exists(),
    )
    for limit in (
        SalesOrder.issue_date >= first if first else None,
        SalesOrder.issue_date <= last if last else None,
    ):
        if limit is not None:
            query = query.where(limit)
    return query.order_by(SalesOrder.issue_date, SalesOrder.id)


def _check(order: AnyRow, rules: AnyRow, place: Place) -> None:
    if place.establishment_id != order.establishment_id:
        raise Problem(
            "{order} is of establishment {own}, and this was done at {here}. Nothing was made.",
            ProblemCode.WRONG_PLACE,
            (Act.BE_THERE,),
            order=order.number,
            own=rules.establishment,
            here=str(place),
        )
    if order.state != SalesState.ACCEPTED:
        raise Problem(
            "{number} is in the state {state}, and only accepted orders are prepared. Nothing was made.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_SALES,),
            number=order.number,
            state=Word(order.state),
        )
    if not rules.manage_stock:
        raise Problem(
            "Dossier {number} does not manage stock. Nothing was made.",
            ProblemCode.STOCK_NOT_MANAGED,
            (Act.SET_DOSSIER,),
            number=rules.dossier,
        )
    if rules.picking_mode == PickingMode.NONE:
        raise Problem(
            "The card of {customer} says: no picking slips. Nothing was made.",
            ProblemCode.NO_SLIPS,
            (Act.SET_PARTY,),
            customer=rules.customer,
        )
    if rules.picking_mode is None and rules.dossier_mode == PickingMode.NONE:
        raise Problem(
            "Dossier {number} says: no picking slips. Nothing was made.",
            ProblemCode.NO_SLIPS,
            (Act.SET_DOSSIER,),
            number=rules.dossier,
        )


def _offered(connection: Connection, order: AnyRow, rules: AnyRow, lines: Sequence[HeldLine]) -> Offer:
    shelf = None if rules.reserves else _shelf(connection, order.depot_id, lines)
    on_slips: Mapping[int, Decimal] = {}
    if shelf is not None or not all(line.is_goods for line in lines):
        on_slips = on_slips_of(connection, order.id)
    return offer(lines, order.depot_id, on_slips, shelf)


def _shelf(connection: Connection, depot_id: int, lines: Sequence[HeldLine]) -> Shelf:
    """What lies free in a depot that sets nothing aside, and stands on no slip there."""
    products = sorted({line.product_id for line in lines if line.is_goods})
    if connection.execute(_ALLOWS, {"depot": depot_id}).scalar_one():
        return Shelf(dict.fromkeys(products))
    asked = {"depot": depot_id, "products": products}
    planned = {row.product_id: row.quantity for row in connection.execute(_PLANNED_THERE, asked)}
    rows = connection.execute(_SHELF, asked)
    return Shelf({row.product_id: row.available - planned.get(row.product_id, ZERO) for row in rows})


def _missing(connection: Connection, order: str, waiting: Sequence[Waiting]) -> Iterator[Missing]:
    on_way = [
        each.set_aside.id for each in waiting if each.set_aside and each.set_aside.kind is ReservationKind.INBOUND
    ]
    bought: dict[int, str] = {}
    if on_way:
        bought = {row.id: row.number for row in connection.execute(_BOUGHT_BY, {"reservations": sorted(on_way)})}
    elsewhere = {each.set_aside.depot_id for each in waiting if each.set_aside and each.set_aside.id not in bought}
    codes: dict[int, str] = {}
    if elsewhere:
        codes = {row.id: row.code for row in connection.execute(_CODES, {"depots": sorted(elsewhere)})}
    for each in waiting:
        source = None
        if each.set_aside is not None:
            source = bought.get(each.set_aside.id) or codes.get(each.set_aside.depot_id)
        yield Missing(order, each.line, each.product, each.quantity, source)
