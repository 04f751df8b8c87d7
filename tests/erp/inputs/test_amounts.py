"""Amounts and VAT categories as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.inputs.vat import StatedVat, read_vat


@pytest.mark.parametrize(("text", "amount"), [("7,50", "7.50"), ("1 234,5", "1234.5"), ("0", "0"), (" 15.00 ", "15")])
def test_an_amount(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "-1", "0,001", "7,50 €", "1,234", "12 %", "99999999999999999"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(Unreadable):
        read_amount(text)


@pytest.mark.parametrize(
    ("text", "category", "rate"),
    [("S:20", "S", "20"), ("s : 5,5 %", "S", "5.5"), ("E", "E", "0"), ("O:0", "O", "0"), ("Z:", "Z", "0")],
)
def test_a_category_with_its_rate(text: str, category: str, rate: str) -> None:
    """T17, D33."""
    assert read_vat(text) == StatedVat(category, Decimal(rate))


@pytest.mark.parametrize("text", ["", "S", "20", "X:20", "E:20", "S:0", "S:101", "S:20:1", "S:x"])
def test_what_is_no_category(text: str) -> None:
    """T17, D33: a category bears its rate, or none."""
    with pytest.raises(Unreadable):
        read_vat(text)
