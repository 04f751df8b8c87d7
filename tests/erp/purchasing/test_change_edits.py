"""An order as it shall be: what a person types is measured with what follows from it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from intergestan_db.problem import Problem
from intergestan_erp.purchasing.change_edits import Edits, as_change, edited
from tests.factories import a_line, an_order

ORDER = as_change(an_order("CFR1", (a_line(1, "3", "10"), a_line(2, "1", "500000000000"))))


def change(**edits: Any) -> Decimal:
    changed = edited(ORDER, Edits(**edits))
    assert changed.totals is not None
    return changed.totals.payable


def test_the_totals_follow() -> None:
    assert change(quantities={"L1": Decimal(5)}) == Decimal(600000000060)
    assert change(prices={"L1": Decimal(111111111110)}) == Decimal(999999999996)


@pytest.mark.parametrize(
    ("edits", "figure"),
    [
        ({"prices": {"L2": Decimal(900000000000)}}, "CFR1 would be 1080000000036"),
        ({"quantities": {"L2": Decimal(3)}}, "line L2 would come to 1500000000000"),
        ({"prices": {"L1": Decimal(999999999999)}}, "line L1 would come to 2999999999997"),
        ({"prices": {"L1": Decimal(10) ** 12}}, "1000000000000 is too large"),
    ],
)
def test_figures_that_no_file_could_state_again(edits: dict[str, Any], figure: str) -> None:
    with pytest.raises(Problem, match=figure):
        change(**edits)
