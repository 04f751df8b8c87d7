"""VAT categories (UNCL 5305, as EN 16931 uses them), and the rates that fit them."""

from __future__ import annotations

from decimal import Decimal

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
