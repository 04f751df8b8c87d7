"""Figures for lines, as people type them for any face."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.typed_figures import (
    prices_by_line,
    quantities_by_line,
    read_figure,
    read_key,
    values_by_line,
)
from intergestan_erp.inputs.unreadable import Unreadable


def test_values_stand_behind_their_lines() -> None:
    assert quantities_by_line(["L1=2", "a=b=0,5"]) == {"L1": Decimal(2), "a=b": Decimal("0.5")}
    assert prices_by_line(["L1=1.234"], Mark.POINT) == {"L1": Decimal("1.234")}
    assert values_by_line(["L1=x", "E\u0301=y"], str.upper) == {"L1": "X", "\u00c9": "Y"}
    assert quantities_by_line([]) == {}
    assert read_key(" E\u0301 ") == "\u00c9"


@pytest.mark.parametrize(
    ("read", "part"),
    [
        (lambda: quantities_by_line(["=2"]), "is no line with a quantity"),
        (lambda: quantities_by_line(["L1"]), "is no line with a quantity"),
        (lambda: quantities_by_line(["L1="]), "is no line with a quantity"),
        (lambda: quantities_by_line(["L1=2", "L1=3"]), "stands twice"),
        (lambda: quantities_by_line(["L1=1.234"]), "may be"),
        (lambda: prices_by_line(["L1=2 EUR"]), "has a currency"),
        (lambda: read_figure("x", Figure.AMOUNT), "is not a number"),
        (lambda: read_key(" "), "is no line with its product"),
    ],
)
def test_what_cannot_be_read(read: Callable[[], object], part: str) -> None:
    with pytest.raises(Unreadable, match=part):
        read()
