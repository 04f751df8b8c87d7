"""Currencies as people write them: ISO 4217 codes, or a sign that has one meaning."""

from __future__ import annotations

from functools import cache

_SIGNS = {"€": "EUR", "EURO": "EUR", "EUROS": "EUR"}
"""`$`, `£` and `¥` are the signs of several currencies each."""


def currency_code(text: str) -> str | None:
    """The ISO code that is meant, in capitals; None for what is none, or may be several."""
    plain = text.strip().upper()
    code = _SIGNS.get(plain, plain)
    return code if code in _current() else None


@cache
def _current() -> frozenset[str]:
    """The currencies that are money somewhere today."""
    from babel.core import get_global

    return frozenset(
        code
        for currencies in get_global("territory_currencies").values()
        for code, _start, end, is_tender in currencies
        if end is None and is_tender
    )
