"""Numbers, dates and units as a clerk writes them: `1 234,56` and 15/11/2020, or `1,234.56` and 2020-11-15.

By hand and not with Babel, which costs ten times as much: a mail of 10 orders shows some 300 numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown
from intergestan_msg.units import unit_label

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from intergestan_msg.order import Period

_FRENCH = str.maketrans({",": "\u00a0", ".": ","})


def money(value: Decimal, currency: str, language: Language) -> str:
    """An amount with 2 decimals and its currency."""
    return f"{_localized(f'{value:,.2f}', language)}\u00a0{shown(currency, 10)}"


def unit_price(value: Decimal, language: Language) -> str:
    """A price with at least 2 decimals and all that it has."""
    whole, _, cents = f"{value:,f}".partition(".")
    return _localized(f"{whole}.{cents.rstrip('0').ljust(2, '0')}", language)


def price_per(value: Decimal, base: Decimal, unit: str | None, language: Language) -> str:
    """A price, and for how many units it is when that is not one."""
    amount = unit_price(value, language)
    return amount if base == 1 else f"{amount} / {quantity(base, unit, language)}"


def quantity(value: Decimal, unit: str | None, language: Language) -> str:
    """A quantity without trailing zeros, and its unit (UN/ECE Rec 20 code, or its everyday name)."""
    number = f"{value:,f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    label = shown(unit_label(unit, language), 20)
    return f"{_localized(number, language)}\u00a0{label}".rstrip()


def day(value: date, language: Language) -> str:
    """A date: day/month/year in French; in English as in ISO 8601, which nobody misreads."""
    if language is Language.FRENCH:
        return f"{value.day:02}/{value.month:02}/{value.year:04}"
    return value.isoformat()


def period(value: Period, language: Language) -> str:
    """A span of days in words; empty when both ends are open."""
    if value.start is None and value.end is None:
        return ""
    start = "" if value.start is None else day(value.start, language)
    end = "" if value.end is None else day(value.end, language)
    return WORDS[language][_form(start, end)].format(start=start, end=end)


def _form(start: str, end: str) -> str:
    if start == end:
        return "on"
    if start and end:
        return "between"
    return "from" if start else "until"


def _localized(number: str, language: Language) -> str:
    return number.translate(_FRENCH) if language is Language.FRENCH else number
