"""Fees as charges of an order or a quote (T16, T24). Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

from intergestan_erp.parties.fees import Borne
from intergestan_erp.selling.booked_lines import BookedCharge
from intergestan_msg.money import round_half_up

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_HUNDRED = Decimal(100)


def charge_of(fee: Borne, goods: Decimal) -> BookedCharge:
    """A fee as the charge of a document whose lines come to `goods` without VAT: its amount, or its share of these."""
    amount = fee.amount
    if amount is None:
        amount = round_half_up(_WIDE.divide(_WIDE.multiply(goods, fee.percent), _HUNDRED))
    return BookedCharge(fee.name, amount, fee.vat_category, fee.vat_rate, fee.fee_id)
