"""How figures are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_msg.money import plain


@pytest.mark.parametrize(
    ("figure", "text"),
    [("12.500000", "12.5"), ("10", "10"), ("1E+1", "10"), ("0.000001", "0.000001"), ("0.00", "0"), ("-3.10", "-3.1")],
)
def test_a_figure_without_zeros_at_its_end(figure: str, text: str) -> None:
    assert plain(Decimal(figure)) == text
