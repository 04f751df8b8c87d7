"""The block (T20): the table of stages, the edges of D26, and what is never refused."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from intergestan_db.enums import Stage
from intergestan_erp.credit.block import is_blocked
from intergestan_erp.site.credit_rules import CreditRules

MAXIMUM = Decimal(1000)
TABLE = {
    None: (),
    Stage.QUOTE: (Stage.QUOTE, Stage.ORDER, Stage.DELIVERY, Stage.INVOICE),
    Stage.ORDER: (Stage.ORDER, Stage.DELIVERY, Stage.INVOICE),
    Stage.DELIVERY: (Stage.DELIVERY, Stage.INVOICE),
    Stage.INVOICE: (Stage.INVOICE,),
}
"""Which documents are looked at from which stage on."""
EXPOSURES = {"below": Decimal("999.98"), "at": Decimal("1000.00"), "above": Decimal("1000.01")}
DELTAS = (Decimal(0), Decimal("0.01"))
REFUSED = {("at", DELTAS[1]), ("above", DELTAS[0]), ("above", DELTAS[1])}
"""Reached, and the document adds; or exceeded."""


@pytest.mark.parametrize("block_from", TABLE)
def test_the_table_of_stages(block_from: Stage | None) -> None:
    """T20: 120 cases: where the block begins, the document, what is owed, what the document adds."""
    for stage, (name, exposure), delta in product(Stage, EXPOSURES.items(), DELTAS):
        wanted = stage in TABLE[block_from] and (name, delta) in REFUSED
        rules = CreditRules(block_from=block_from)
        assert is_blocked(rules, stage, exposure, MAXIMUM, delta) is wanted, (stage, name, delta)
        assert not is_blocked(rules, stage, exposure, None, delta), "no ceiling, no block"


@pytest.mark.parametrize(
    ("exposure", "maximum", "delta", "refused"),
    [
        ("999.99", "1000", "0.01", False),
        ("1000", "1000", "0.01", True),
        ("1000", "1000", "0", False),
        ("1000.01", "1000", "0", True),
        ("999.99", "1000", "0.02", True),
        ("-500", "0", "500", False),
        ("-500", "0", "500.01", True),
        ("0", "0", "0.01", True),
        ("2000", "1000", "-1", False),
    ],
)
def test_the_edges(exposure: str, maximum: str, delta: str, *, refused: bool) -> None:
    """T20, D26: reached is enough for what adds; prepaid money may be ordered for; what takes away always passes."""
    rules = CreditRules(block_from=Stage.ORDER)
    assert is_blocked(rules, Stage.ORDER, Decimal(exposure), Decimal(maximum), Decimal(delta)) is refused


def test_goods_that_left_may_always_be_invoiced() -> None:
    """T20: where the site chose so; the delivery of more goods is refused all the same."""
    rules = CreditRules(block_from=Stage.QUOTE, always_invoice=True)
    assert not is_blocked(rules, Stage.INVOICE, Decimal(5000), MAXIMUM, Decimal(0))
    assert is_blocked(rules, Stage.DELIVERY, Decimal(5000), MAXIMUM, Decimal(0))
