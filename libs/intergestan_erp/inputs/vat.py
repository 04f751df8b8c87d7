"""VAT categories (UNCL 5305, as EN 16931 uses them), and the rates that fit them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.numbers import read_number
from intergestan_erp.inputs.unreadable import Unreadable, shown
from intergestan_msg.money import plain

_WITHOUT = {"Z", "E", "AE", "K", "G", "O"}
_WITH = {"S", "B"}
_EITHER = {"L", "M"}
CATEGORIES = tuple(sorted(_WITH | _WITHOUT | _EITHER))
_MOST = 100


def vat_category(text: str) -> str | None:
    """The category that is meant, in capitals; None for what is none."""
    code = text.strip().upper()
    return code if code in CATEGORIES else None


def written_rate(rate: Decimal) -> Decimal | str:
    """A rate as a file says it: one below 1 with its sign, because 0.2 alone may mean 20 %."""
    return f"{plain(rate)} %" if 0 < rate < 1 else rate


def rate_fits(category: str, rate: Decimal) -> bool:
    """Whether a category bears that rate: S more than nothing, Z, E, AE, K, G and O nothing."""
    if category in _WITHOUT:
        return rate == 0
    return 0 < rate <= _MOST if category in _WITH else 0 <= rate <= _MOST


@dataclass(frozen=True, slots=True)
class StatedVat:
    """A VAT category with its rate in percent."""

    category: str
    rate: Decimal


def read_vat(text: str) -> StatedVat:
    """`S:20`, `S:5,5`, `E`: a category and its rate, which those without VAT may leave out.

    :raises Unreadable: for everything else, and for a rate that the category does not bear.
    """
    written, _colon, rate_text = text.partition(":")
    category = vat_category(written)
    rate = read_number(rate_text, Figure.RATE).value if rate_text.strip() else Decimal(0)
    if category is None or not rate_fits(category, rate):
        raise Unreadable(
            "«{value}» is not a VAT category with its rate: write S:20 or S:5,5, or E, Z, AE, K, G or O, which bear "
            "none.",
            value=shown(text.strip()),
        )
    return StatedVat(category, rate)
