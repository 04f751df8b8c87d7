"""The demo's verdict: what is lost, doubled, altered or unanswered is seen."""

from decimal import Decimal
from string import Formatter
from typing import Any

import pytest

from services.demo.texts import TEXTS
from services.demo.verdict import Bought, Document, Verdict, judge

SHOP, OTHER = "shop-a1", "shop-b2"


def document(number: str, site: str = SHOP, **line: Any) -> Document:
    head = {"currency": "EUR", "total_ttc": Decimal("216.00")}
    first = {"line_id": "1", "quantity": Decimal(2), "price": Decimal("23.4")} | line
    return Document((site, number), head, [first, first | {"line_id": "2"}], [{"reason": "Port", "amount": Decimal(9)}])


def bought(number: str, site: str = SHOP, *, sent: bool = True, answer: str | None = "AP") -> Bought:
    return Bought(document(number, site), sent, answer)


def faults(verdict: Verdict) -> dict[str, tuple[tuple[str, str], ...]]:
    names = ("unsent", "lost", "duplicates", "altered", "unanswered")
    found = {name: getattr(verdict, name) for name in names}
    return {name: keys for name, keys in found.items() if keys}


def test_all_is_well() -> None:
    """The same number from two sites is two orders; quantities are equal whatever their zeros."""
    verdict = judge([bought("1"), bought("1", OTHER)], [document("1", quantity=Decimal("2.000")), document("1", OTHER)])
    assert verdict.good
    assert (verdict.orders_sent, verdict.sales_orders, verdict.answers_applied) == (2, 2, 2)


def test_lost() -> None:
    verdict = judge([bought("1"), bought("2")], [document("1")])
    assert faults(verdict) == {"lost": ((SHOP, "2"),)}
    assert not verdict.good


def test_arrived_twice() -> None:
    verdict = judge([bought("1")], [document("1"), document("1"), document("1")])
    assert faults(verdict) == {"duplicates": ((SHOP, "1"), (SHOP, "1"))}
    assert not verdict.good


def test_nobody_ordered_it() -> None:
    verdict = judge([bought("1")], [document("1"), document("1", OTHER)])
    assert faults(verdict) == {"duplicates": ((OTHER, "1"),)}


@pytest.mark.parametrize(
    "change", [{"quantity": Decimal(3)}, {"price": Decimal("23.41")}, {"line_id": "9"}, {"name": "else"}]
)
def test_altered_line(change: dict[str, Any]) -> None:
    assert faults(judge([bought("1")], [document("1", **change)])) == {"altered": ((SHOP, "1"),)}


def test_altered_otherwise() -> None:
    whole = document("1")
    other_total = Document(whole.key, {**whole.head, "total_ttc": Decimal("216.01")}, whole.lines, whole.charges)
    line_missing = Document(whole.key, whole.head, whole.lines[:1], whole.charges)
    charge_missing = Document(whole.key, whole.head, whole.lines, [])
    for sold in (other_total, line_missing, charge_missing):
        assert faults(judge([bought("1")], [sold])) == {"altered": ((SHOP, "1"),)}


def test_the_order_of_the_lines_does_not_matter() -> None:
    whole = document("1")
    turned = Document(whole.key, whole.head, whole.lines[::-1], whole.charges)
    assert judge([bought("1")], [turned]).good


def test_unsent_and_unanswered() -> None:
    verdict = judge([bought("1", sent=False), bought("2", answer=None)], [document("1"), document("2")])
    assert faults(verdict) == {"unsent": ((SHOP, "1"),), "unanswered": ((SHOP, "2"),)}
    assert (verdict.orders_sent, verdict.answers_applied) == (1, 1)


@pytest.mark.parametrize("name", TEXTS)
def test_both_languages_say_the_same(name: str) -> None:
    english, french = ({field for _, field, _, _ in Formatter().parse(text) if field} for text in TEXTS[name])
    assert english == french
