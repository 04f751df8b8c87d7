"""Currencies as people write them: ISO 4217 codes, or a sign that has one meaning."""

from __future__ import annotations

import locale as system_locale
import unicodedata
from functools import cache
from typing import Final

_SIGNS = {"€": "EUR", "EURO": "EUR", "EUROS": "EUR"}
"""`$`, `£` and `¥` are the signs of several currencies each."""
SIGNS_OF_SEVERAL: Final = frozenset({"kr", "fr", "sfr", "zł", "kč", "ft", "lei", "лв", "din", "dh", "da", "dt"})
"""Short words for currencies, none of which is a code."""


def currency_code(text: str) -> str | None:
    """The ISO code that is meant, in capitals; None for what is none, or may be several."""
    plain = text.strip().upper()
    code = _SIGNS.get(plain, plain)
    return code if code in _current() else None


@cache
def territory_currency(sign: str, locale: str) -> str | None:
    """The currency that a sign is where Windows speaks a language: `£` and `809` are GBP, `$` and `409` are USD.

    :param locale: its number there, in hexadecimal digits; perhaps none at all.
    """
    try:
        name = system_locale.windows_locale.get(int(locale, 16) & 0xFFFF)
    except ValueError:
        return None
    if name is None or "_" not in name:
        return None
    from babel.core import UnknownLocaleError
    from babel.numbers import get_currency_symbol, get_territory_currencies

    territory = name.rpartition("_")[2]
    for code in get_territory_currencies(territory):
        try:
            symbol = get_currency_symbol(code, name)
        except (UnknownLocaleError, ValueError):
            return None
        if _plain(symbol) == _plain(sign):
            return str(code)
    return None


def _plain(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign).casefold().rstrip(".")


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
