"""Units of measure as people write them: codes of UN/ECE Recommendation 20 (and 21 after an X), or our words for them.

`rec20.txt` and `rec21.txt` have the codes that are in force, as UN/CEFACT publishes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

from intergestan_erp.parties.folding import fold
from intergestan_msg.unit_factors import SIZES
from intergestan_msg.units import UNITS

_ONE = ("C62", "H87")
"""Recommendation 20 calls them "one" and "piece"; for us they are one unit, each written as it came."""
_COUNTED: Final = frozenset({*_ONE, "EA", "NAR", "PCE", "NMB", "PR", "SET", "KT"})
_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("piece", "pieces", "pce", "pces", "pcs", "pc", "u", "un", "unite", "unites", "unit", "units"), "C62"
    ),
    **dict.fromkeys(("stk", "stuck", "stueck"), "C62"),
    **dict.fromkeys(("each",), "EA"),
    **dict.fromkeys(("article", "articles"), "NAR"),
    **dict.fromkeys(("paire", "paires", "pair", "pairs"), "PR"),
    **dict.fromkeys(("jeu", "jeux", "set", "sets"), "SET"),
    **dict.fromkeys(("kit", "kits"), "KT"),
    **dict.fromkeys(("douzaine", "douzaines", "dozen", "dozens", "dz"), "DZN"),
    **dict.fromkeys(("mg",), "MGM"),
    **dict.fromkeys(("g", "gr", "gramme", "grammes", "gram", "grams"), "GRM"),
    **dict.fromkeys(("kg", "kgs", "kilogramme", "kilogrammes", "kilogram", "kilograms"), "KGM"),
    **dict.fromkeys(("t", "tonne", "tonnes"), "TNE"),
    **dict.fromkeys(("mm",), "MMT"),
    **dict.fromkeys(("cm",), "CMT"),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), "MTR"),
    **dict.fromkeys(("km",), "KMT"),
    **dict.fromkeys(("cm2",), "CMK"),
    **dict.fromkeys(("m2",), "MTK"),
    **dict.fromkeys(("m3",), "MTQ"),
    **dict.fromkeys(("cl",), "CLT"),
    **dict.fromkeys(("l", "litre", "litres", "liter", "liters"), "LTR"),
    **dict.fromkeys(("hl",), "HLT"),
    **dict.fromkeys(("heure", "heures", "hour", "hours", "h"), "HUR"),
    **dict.fromkeys(("jour", "jours", "day", "days"), "DAY"),
    **dict.fromkeys(("semaine", "semaines", "week", "weeks"), "WEE"),
    **dict.fromkeys(("mois", "month", "months"), "MON"),
    **dict.fromkeys(("kwh",), "KWH"),
    **dict.fromkeys(("boite", "boites", "box", "boxes"), "XBX"),
    **dict.fromkeys(("sac", "sacs", "bag", "bags"), "XBG"),
    **dict.fromkeys(("bouteille", "bouteilles", "bottle", "bottles"), "XBO"),
    **dict.fromkeys(("caisse", "caisses", "crate", "crates"), "XCR"),
    **dict.fromkeys(("carton", "cartons"), "XCT"),
    **dict.fromkeys(("paquet", "paquets"), "XPA"),
    **dict.fromkeys(("colis", "package", "packages"), "XPK"),
    **dict.fromkeys(("palette", "palettes", "pallet", "pallets"), "XPX"),
    **dict.fromkeys(("rouleau", "rouleaux", "roll", "rolls"), "RO"),
    **dict.fromkeys(("forfait", "forfaits"), "LS"),
}
"""Folded words. `ml` is left out: a millilitre, and for the trades a running metre."""


def unit_code(text: str) -> str | None:
    """The code that is meant; None for what is none, or may be several."""
    plain = text.strip()
    word = _WORDS.get(fold(plain).lower().rstrip("."))
    if plain in _codes() and (word is None or plain not in _DELETED):
        return plain
    if word is not None:
        return word
    capitals = plain.upper()
    return capitals if capitals in _codes_in_small() else None


def same_unit(one: str, other: str) -> bool:
    """Whether two codes are one unit for us."""
    return one == other or (one in _ONE and other in _ONE)


def is_counted(code: str) -> bool:
    """Whether there is no fraction of a unit: pieces, pairs, sets."""
    return code in _COUNTED


def can_be(quantity: Decimal, code: str) -> bool:
    """Whether there can be so much of a unit."""
    return not is_counted(code) or quantity == quantity.to_integral_value()


_DELETED: Final = frozenset({"PCE"})
"""Codes that are deleted from the list, and a word of ours besides."""


@cache
def _codes_in_small() -> frozenset[str]:
    """The codes that small letters may mean: those with a digit, and those that we know by a word.

    Others are abbreviations of other things: `Pal` is a pallet to whoever writes it, and PAL is the pascal; `Stk` is a
    piece, and STK a stick; `St` is one too, and ST a sheet.
    """
    with_digits = (code for code in _codes() if any(map(str.isdigit, code)))
    return frozenset((*with_digits, *UNITS, *SIZES, *_WORDS.values())) - {"ST"}


@cache
def _codes() -> frozenset[str]:
    """The codes of the lists, packages after an X, and those that stand in documents of ours."""
    packages = (f"X{code}" for code in _listed("rec21.txt"))
    return frozenset((*_listed("rec20.txt"), *packages, *UNITS, *SIZES))


def _listed(name: str) -> list[str]:
    return files("intergestan_erp.inputs").joinpath(name).read_text(encoding="ascii").split()
