"""Countries as people write them: ISO 3166 codes, or names in French and English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from intergestan_erp.parties.folding import fold

_NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
"""Codes of the Unicode consortium that are no country of ISO 3166."""
_NAMES = {
    "angleterre": "GB",
    "grandebretagne": "GB",
    "england": "GB",
    "greatbritain": "GB",
    "hollande": "NL",
    "holland": "NL",
    "uk": "GB",
    "usa": "US",
    "francemetropolitaine": "FR",
}


def country_code(text: str) -> str | None:
    """The ISO code of two letters that is meant; None for what is none."""
    plain = text.strip()
    if plain.upper() in _codes():
        return plain.upper()
    return _by_name().get(_letters(plain))


@cache
def _codes() -> frozenset[str]:
    from babel import Locale

    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha() and code not in _NOT_ISO)


@cache
def _by_name() -> Mapping[str, str]:
    """Names and codes of three letters, folded, with the code of two."""
    from babel import Locale
    from babel.core import get_global

    names = {
        _letters(name): code
        for language in ("en", "fr")
        for code, name in Locale(language).territories.items()
        if code in _codes()
    }
    threes = {
        str(three).lower(): codes[0]
        for three, codes in get_global("territory_aliases").items()
        if len(three) == 3 and three.isalpha() and len(codes) == 1 and codes[0] in _codes()
    }
    return threes | names | _NAMES


def _letters(text: str) -> str:
    return "".join(each for each in fold(text).lower() if each.isalnum())
