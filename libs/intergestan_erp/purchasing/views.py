"""Purchase orders as they are shown: on the sending screen, and one as a whole; `PurchaseOrder` says what each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from intergestan_db.views import INSIDE, ChargeView, EventView


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedOrder:
    """An order on the sending screen (G10): `contact` is its *Nom*, `supplier` its *Raison sociale*."""

    id: int = field(metadata=INSIDE)
    version: int
    number: str
    issue_date: date
    note: str | None
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    state: str
    contact: str | None
    supplier_id: int = field(metadata=INSIDE)
    supplier_code: str
    supplier: str
    line1: str | None
    postcode: str | None
    city: str | None
    followed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLineView:
    """A line. `price_from`: `hand`, `file`, `amount`, `list` or `catalogue`; None: not known, or it was changed since.

    :ivar accounting_cost: what the file said of it.
    """

    gtin: str | None
    supplier_code: str | None
    answer_code: str | None
    answer: Mapping[str, object] | None
    settled_epoch: int
    settled_n: int
    promised_date: date | None
    line_id: str
    position: int
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    allowance: Decimal
    total: Decimal
    vat_category: str
    vat_rate: Decimal
    note: str | None
    wanted_date: date | None
    price_from: str | None
    accounting_cost: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseChangeView:
    """A change or a cancellation of an order that was sent, and what became of it."""

    revision: int
    type: str
    state: str
    requested_at: datetime
    requested_by: str
    answer_code: str | None
    answer_note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderView:
    """One order, its parts and all that happened to it, oldest first.

    :ivar mail: the one that carries it, as `outbox show` takes it.
    :ivar taken: what its file said that has no column: its `type` and `references`.
    """

    id: int = field(metadata=INSIDE)
    establishment: int | None
    depot: str | None
    operation: str | None
    category: str | None
    mail: str | None
    state: str
    version: int
    answer_epoch: int
    answer_n: int
    answer_code: str | None
    answer_note: str | None
    lines_epoch: int
    lines_n: int
    supplier_order_number: str | None
    supplier_number_epoch: int
    spelled: dict[str, str] | None
    number_key: str | None
    carried: dict[str, str] | None
    created_at: datetime
    exported_at: datetime | None
    updated_at: datetime
    number: str
    revision: int
    issue_date: date
    note: str | None
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    wanted_date: date | None
    delivery_name: str | None
    delivery_line1: str | None
    delivery_line2: str | None
    delivery_postcode: str | None
    delivery_city: str | None
    delivery_country: str | None
    contact: str | None
    supplier_code: str
    supplier: str
    line1: str | None
    postcode: str | None
    city: str | None
    followed_by: str | None
    taken: Mapping[str, Any]
    lines: Sequence[PurchaseLineView]
    charges: Sequence[ChargeView]
    changes: Sequence[PurchaseChangeView]
    events: Sequence[EventView]
