"""A purchase order that is there, as a person would have entered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, exists, select

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.tables import (
    Event,
    Party,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    User,
)
from intergestan_erp.order_files.order_values import FROM_FILE
from intergestan_erp.ordering.typed_order import DeliveryPlace, TypedCharge, TypedLine, TypedOrder
from intergestan_erp.purchasing.purchase_orders import WRITTEN, find_orders

_PLACE = tuple(DeliveryPlace.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An order that is there.

    :ivar carried: what its document says beside the columns, `kept`: what has no column and stands in its history.
    :ivar sources: what the price of each line is from, as far as that is known.
    """

    id: int
    number: str
    version: int
    state: str
    establishment_id: int
    typed: TypedOrder
    carried: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def read_stored(connection: Connection, number: str) -> StoredOrder:
    """An order by its number, in whatever state: in a number of statements that does not depend on its lines.

    :raises Problem: there is none.
    """
    (order_id,) = find_orders(connection, [number]).values()
    order = PurchaseOrder
    change = PurchaseOrderChange
    changed = exists().where(change.purchase_order_id == order.id, change.revision <= order.revision)
    head = connection.execute(
        select(order.__table__, Party.code.label("supplier"), User.login, changed.label("is_changed"))
        .join(Party, Party.id == order.supplier_id)
        .outerjoin(User, User.id == order.followed_by_id)
        .where(order.id == order_id)
    ).one()
    line, charge = PurchaseOrderLine, PurchaseOrderCharge
    lines = connection.execute(
        select(line.__table__).where(line.purchase_order_id == order_id).order_by(line.position)
    ).all()
    charges = connection.execute(
        select(charge.__table__).where(charge.purchase_order_id == order_id).order_by(charge.id)
    ).all()
    detail = connection.execute(
        select(Event.detail)
        .where(Event.subject == states.PURCHASE_ORDER.name, Event.subject_id == order_id, Event.name.in_(WRITTEN))
        .order_by(Event.id.desc())
        .limit(1)
    ).scalar()
    kept: dict[str, Any] = dict(detail or {})
    sources = kept.pop("prices", {})
    place = DeliveryPlace(**{name: getattr(head, f"delivery_{name}") for name in _PLACE})
    return StoredOrder(
        id=order_id,
        number=head.number,
        version=head.version,
        state=head.state,
        establishment_id=head.establishment_id,
        typed=TypedOrder(
            supplier=head.supplier,
            lines=tuple(map(_line, lines)),
            charges=tuple(map(_charge, charges)),
            issue_date=head.issue_date,
            followed_by=head.login,
            note=head.note,
            wanted_date=head.wanted_date,
            currency=head.currency,
            delivery=None if place == DeliveryPlace() else place,
        ),
        carried=head.carried or {},
        kept=kept,
        sources={} if head.is_changed else {row.line_id: sources.get(row.line_id, FROM_FILE) for row in lines},
    )


def _line(row: AnyRow) -> TypedLine:
    return TypedLine(
        line_id=row.line_id,
        product=row.product_code or row.name,
        quantity=row.quantity,
        price=row.price,
        base_quantity=row.base_quantity,
        name=row.name,
        unit=row.unit,
        allowance=row.allowance,
        vat_category=row.vat_category,
        vat_rate=row.vat_rate,
        note=row.note,
        gtin=row.gtin,
        supplier_code=row.supplier_code,
        wanted_date=row.wanted_date,
    )


def _charge(row: AnyRow) -> TypedCharge:
    return TypedCharge(reason=row.reason, amount=row.amount, vat_category=row.vat_category, vat_rate=row.vat_rate)
