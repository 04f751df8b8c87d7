"""Lines and charges as a sales order will have them, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from intergestan_msg.money import AllowanceCharge, Sums, TaxCategory, totals_of


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
    """A charge (> 0) or allowance (< 0) of the whole sales order; `fee_id`: the fee of our catalogue that it is."""

    reason: str | None
    amount: Decimal
    vat_category: str | None
    vat_rate: Decimal | None
    fee_id: int | None = None


def sums_of(lines: Iterable[BookedLine], charges: Iterable[BookedCharge]) -> Sums:
    """What an order of these comes to."""
    taxed = ((line.total, TaxCategory(line.vat_category, line.vat_rate)) for line in lines)
    allowances = [
        AllowanceCharge(
            is_charge=charge.amount > 0,
            amount=abs(charge.amount),
            tax=TaxCategory(charge.vat_category, charge.vat_rate) if charge.vat_category else None,
        )
        for charge in charges
    ]
    return totals_of(taxed, allowances)
