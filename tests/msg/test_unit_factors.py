"""Units of one dimension are converted exactly, or not at all (UN/ECE Rec 20)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.unit_factors import SIZES, convert, exact, factor

UNITS = st.sampled_from(sorted(SIZES))
FINE = st.integers(0, 10**17).map(lambda digits: Decimal(digits).scaleb(-6))


@pytest.mark.parametrize(
    ("value", "unit", "into", "result"),
    [
        ("2", "DZN", "C62", "24"),
        ("6", "C62", "DZN", "0.5"),
        ("5", "C62", "DZN", None),
        ("7", "EA", "NAR", "7"),
        ("1.5", "TNE", "KGM", "1500"),
        ("250", "GRM", "KGM", "0.25"),
        ("33", "CLT", "LTR", "0.33"),
        ("1", "MTQ", "LTR", "1000"),
        ("0.000001", "MMT", "MTR", None),
        ("1", "KGM", "LTR", None),
        ("1", "XBX", "C62", None),
        ("3", "XBX", "XBX", "3"),
        ("999999999999", "TNE", "MGM", None),
    ],
)
def test_known_conversions(value: str, unit: str, into: str, result: str | None) -> None:
    assert convert(Decimal(value), unit, into) == (None if result is None else Decimal(result))


@given(FINE, UNITS, UNITS)
def test_there_and_back_is_where_it_began(value: Decimal, unit: str, into: str) -> None:
    there = convert(value, unit, into)
    if there is not None:
        assert convert(there, into, unit) == value


@given(UNITS, UNITS, UNITS)
def test_factors_agree_with_each_other(one: str, two: str, three: str) -> None:
    first, second, whole = factor(one, two), factor(two, three), factor(one, three)
    assert (first is None) == (factor(two, one) is None)
    if first is not None and second is not None:
        assert first * second == whole


@given(st.fractions())
def test_exact_means_exact(value: Fraction) -> None:
    decimal = exact(value)
    assert decimal is None or Fraction(decimal) == value
