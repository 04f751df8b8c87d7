"""Lines and charges as a sales order will have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line as the sales order will have it; without a product it is parked."""

    line_id: str
    product_id: int | None
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
    wanted_date: date | None = None


@dataclass(frozen=True, slots=True)
class BookedCharge:
    """A charge (> 0) or allowance (< 0) of the whole sales order."""

    reason: str | None
    amount: Decimal
    vat_category: str | None
    vat_rate: Decimal | None
