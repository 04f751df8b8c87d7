"""What a workbook's number format writes beside a number: `0.00 "$"` and `[$£-809]0` say a currency, `0 "kg"` a unit.

Whoever looks at the sheet reads `4.50 $`; the cell holds 4.5. What is shown counts as if it stood in the cell. The
grammar is that of ECMA-376 (part 1, §18.8.31): texts in quotes or behind a backslash, `[$sign-locale]`, digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby

from intergestan_erp.inputs.currencies import SIGNS_OF_SEVERAL, currency_code, territory_currency
from intergestan_erp.inputs.units import unit_code

_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[(?P<bracket>[^]]*)\]?|[_*].|(?P<bare>.)', re.DOTALL)
_PLACES = frozenset("0123456789#?.,%eE")
"""What stands for digits and their marks, in the bare text of a format."""
_GENERAL = re.compile("general", re.IGNORECASE)
_PER = re.compile(r"/\s*(?P<count>[0-9]*)\s*(?P<unit>[^\W\d_][^\W_]*)?")
_LETTERS = re.compile(r"[^\W\d_]+\.?")
_THOUSANDS = re.compile(r"\s*[kK]\s*|(.*[\W\d_])?[kKM](€|EUR|euros?)(\W.*)?", re.DOTALL)
"""A text beside a number that makes it thousands or millions: 4.50 k€."""
_GOES_ON = re.compile(r"[0-9]|[.,][0-9]|[ \u00a0\u202f'’][0-9]{3}(?!\w)")
"""A text behind a number that reads as more digits of it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A currency that a format shows.

    :ivar code: the one that it is; None where the sign is that of several.
    """

    sign: str
    code: str | None


def currency_shown(form: str, value: Decimal) -> Shown | None:
    """The currency beside a number in this format; None where there is none."""
    for text, locale in _texts(_section(form, value)):
        sign = _sign(text)
        if sign is not None:
            return Shown(sign, currency_code(sign) or territory_currency(sign, locale))
    return None


def unit_shown(form: str, value: Decimal) -> str | None:
    """The code of the unit beside a number in this format; None where there is none."""
    texts = (text.strip() for text, _ in _texts(_section(form, value)))
    return next((code for text in texts if text and (code := unit_code(text)) is not None), None)


@dataclass(frozen=True, slots=True)
class Per:
    """What a price is for: so many, of a unit if the format names one."""

    count: Decimal
    unit: str | None


def price_for(form: str, value: Decimal) -> Per | None:
    """What a price is for by its format: one KGM for 4.5 shown as 4.50 €/kg, 100 for 4.50 €/100."""
    for text, _ in _texts(_section(form, value)):
        for found in _PER.finditer(text):
            unit = unit_code(found["unit"]) if found["unit"] else None
            count = Decimal(found["count"] or 1)
            if count > 0 and (unit is not None or count != 1):
                return Per(count, unit)
    return None


def is_resized(form: str, value: Decimal) -> bool:
    """Whether the sheet shows another number than the cell holds: 4 for 4000, 4.50 k€ for 4.5, 200 for 2.

    A comma behind the last digit divides by a thousand; digits of a text beside those of the number read as its own.
    """
    return _resizes(_section(form, value))


@cache
def _resizes(section: str) -> bool:
    if any(_THOUSANDS.fullmatch(text) for text, _ in _texts(section)):
        return True
    divides, before = False, ""
    for found in _TOKEN.finditer(section):
        bare = found["bare"]
        text = found["quoted"] or found["escaped"] or ""
        if bare is not None and bare in "0#?":
            if before.isdigit():
                return True
            divides, before = False, "#"
        elif bare is not None and bare in ",.":
            if bare == "." and divides:
                return True
            divides, before = bare == "," and before in {"#", ","}, bare
        elif text:
            if before in {"#", ".", ","} and _GOES_ON.match(text):
                return True
            before = text[-1]
        elif found["bracket"] is None:
            before = " "
    return divides


def _section(form: str, value: Decimal) -> str:
    """The part of a format that is for a number of this sign: the second is for those below zero."""
    first, *others = _sections(_GENERAL.sub("0", form))
    return others[0] if value < 0 and others and others[0] else first


@cache
def _sections(form: str) -> tuple[str, ...]:
    """The parts of a format, which semicolons outside of texts separate."""
    marks = [each.start() for each in _TOKEN.finditer(form) if each["bare"] == ";"]
    starts = (0, *(mark + 1 for mark in marks))
    return tuple(form[start:end] for start, end in zip(starts, (*marks, len(form)), strict=True))


def _texts(section: str) -> Iterator[tuple[str, str]]:
    """The texts that a part shows, in its order, each with the locale that it names; characters in a row are one."""
    tokens = [*_tokens(section)]
    for (locale, is_text), group in groupby(tokens, key=lambda each: (each[1], bool(each[0]))):
        if is_text:
            yield "".join(text for text, _ in group), locale


def _tokens(section: str) -> Iterator[tuple[str, str]]:
    """Each text with its locale; an empty one for a place of digits, which ends a text."""
    for found in _TOKEN.finditer(section):
        bracket, bare = found["bracket"], found["bare"]
        if bracket is not None:
            if bracket.startswith("$"):
                sign, _, locale = bracket[1:].rpartition("-") if "-" in bracket else (bracket[1:], "", "")
                yield sign, locale
        elif bare is not None:
            yield ("" if bare in _PLACES else bare), ""
        else:
            yield found["quoted"] or found["escaped"] or "", ""


def _sign(text: str) -> str | None:
    """The currency in a text that a format shows: a sign, an ISO code in capitals, a word."""
    signs = "".join(each for each in text if unicodedata.category(each) == "Sc")
    if signs:
        return signs
    words = _LETTERS.findall(text)
    return next((word for word in words if _is_currency(word)), None)


def _is_currency(word: str) -> bool:
    if word.casefold().rstrip(".") in SIGNS_OF_SEVERAL:
        return True
    code = currency_code(word)
    return code is not None and (word == code or len(word) != len(code))
