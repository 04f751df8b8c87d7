"""How many of one unit another is (UN/ECE Recommendation 20), exactly, between units of one dimension.

Only what is the same everywhere stands here: a box has no fixed content, and a day of work is no 24 hours.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from intergestan_msg.money import MILLIONTH, fits

_DIMENSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "pieces": {
        **dict.fromkeys(("C62", "H87", "EA", "NAR", "PCE", "NMB"), "1"),
        "PR": "2",
        "TPR": "20",
        "DZN": "12",
        "DPC": "12",
        "GRO": "144",
        "GGR": "1728",
        "CEN": "100",
        "MIL": "1000",
    },
    "mass": {
        "MGM": "0.001",
        "CGM": "0.01",
        "DG": "0.1",
        "GRM": "1",
        "DJ": "10",
        "HGM": "100",
        "KGM": "1000",
        "DTN": "100000",
        "TNE": "1000000",
        "LBR": "453.59237",
        "ONZ": "28.349523125",
    },
    "length": {
        "MMT": "0.001",
        "CMT": "0.01",
        "DMT": "0.1",
        "MTR": "1",
        "HMT": "100",
        "KMT": "1000",
        "INH": "0.0254",
        "FOT": "0.3048",
        "YRD": "0.9144",
    },
    "area": {
        "MMK": "0.000001",
        "CMK": "0.0001",
        "DMK": "0.01",
        "MTK": "1",
        "ARE": "100",
        "HAR": "10000",
        "KMK": "1000000",
    },
    "volume": {
        "MLT": "0.001",
        "CLT": "0.01",
        "DLT": "0.1",
        "LTR": "1",
        "HLT": "100",
        "CMQ": "0.001",
        "DMQ": "1",
        "MTQ": "1000",
    },
    "time": {"SEC": "1", "MIN": "60", "HUR": "3600"},
    "energy": {"WHR": "1", "KWH": "1000", "MWH": "1000000"},
}

SIZES: Final[Mapping[str, tuple[str, Fraction]]] = {
    unit: (dimension, Fraction(size)) for dimension, units in _DIMENSIONS.items() for unit, size in units.items()
}
"""Unit → its dimension, and its size in the unit of that dimension that is 1."""


def factor(unit: str, into: str) -> Fraction | None:
    """How many `into` one `unit` is: 12 for DZN into C62; None when nobody can say."""
    if unit == into:
        return Fraction(1)
    if unit not in SIZES or into not in SIZES or SIZES[unit][0] != SIZES[into][0]:
        return None
    return SIZES[unit][1] / SIZES[into][1]


def exact(value: Fraction) -> Decimal | None:
    """The same as a decimal of at most 6 decimals and 18 digits in all, None where that would round."""
    millionths = value * 1_000_000
    if millionths.denominator != 1:
        return None
    decimal = Decimal(millionths.numerator).scaleb(-6)
    return decimal if fits(decimal, MILLIONTH) else None


def convert(value: Decimal, unit: str, into: str) -> Decimal | None:
    """A quantity in another unit, None where nobody can say or it would have to be rounded."""
    times = factor(unit, into)
    return None if times is None else exact(Fraction(value) * times)
