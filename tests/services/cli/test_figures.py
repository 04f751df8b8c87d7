"""Figures and days that are typed are read as those in files."""

from datetime import date
from decimal import Decimal

import pytest
import typer

from services.cli.figures import a_day, a_rate, by_line, prices_by_line


def test_typed_figures() -> None:
    assert by_line(["1=5", "L2=0,5", "a=b=1 234,5", "3=−1"]) == {
        "1": Decimal(5),
        "L2": Decimal("0.5"),
        "a=b": Decimal("1234.5"),
        "3": Decimal(-1),
    }
    assert prices_by_line(["1=4,50"]) == {"1": Decimal("4.50")}
    assert a_rate("5,5 %") == Decimal("5.5")


@pytest.mark.parametrize(
    "text", ["1=1.234", "1=1,234", "1=1E3", "1=12 50", "1=4€50", "1=2 pcs", "1=(1)", "1=NaN", "1=", "=5"]
)
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        by_line([text])


def test_what_may_be_two_figures_says_both() -> None:
    with pytest.raises(typer.BadParameter, match=r"«1\.234» may be 1\.2340 or 1234"):
        by_line(["1=1.234"])


@pytest.mark.parametrize("text", ["1=4,50 €", "1=4,50 USD", "1=50%"])
def test_a_typed_price_is_in_the_currency_of_its_order(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        prices_by_line([text])


def test_typed_days() -> None:
    assert a_day("5/1/2027") == a_day("2027-01-05") == date(2027, 1, 5)
    for text in ("20/11/26", "11/20/2026", "20.11.2026", "demain"):
        with pytest.raises(typer.BadParameter):
            a_day(text)
