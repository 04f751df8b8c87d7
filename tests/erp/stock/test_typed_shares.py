"""What a person types into the arbitration window, or behind `--from` (A32, A33)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.enums import Route
from intergestan_erp.inputs.figure import Mark
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.stock.typed_shares import TypedShare, read_line_shares, read_shares


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AB=1", [("AB", "1", None)]),
        ("AB=1 RD=2 ABL=3", [("AB", "1", None), ("RD", "2", None), ("ABL", "3", None)]),
        ("AB=1,RD=2:indirect", [("AB", "1", None), ("RD", "2", Route.INDIRECT)]),
        ("AB=1,5,RD=2,25:Indirecte", [("AB", "1.5", None), ("RD", "2.25", Route.INDIRECT)]),
        (" AB = 1 ;  RD= 2:directe ", [("AB", "1", None), ("RD", "2", Route.DIRECT)]),
        ("AB=0 RD=2", [("RD", "2", None)]),
        ("RD=1:direct RD=2:indirect", [("RD", "1", Route.DIRECT), ("RD", "2", Route.INDIRECT)]),
        ("AB=1 234,5 RD=2", [("AB", "1234.5", None), ("RD", "2", None)]),
    ],
)
def test_shares_as_people_type_them(text: str, expected: list[tuple[str, str, Route | None]]) -> None:
    assert read_shares(text) == tuple(TypedShare(code, Decimal(number), route) for code, number, route in expected)


@pytest.mark.parametrize(
    "text",
    ["", "AB", "=1", "AB=", "AB=x", "AB=-1", "AB=1:north", "AB=1 AB=2", "AB=1 ab=2", "AB=1,,RD=2", "A B=1", "AB=1:"],
)
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_shares(text)


def test_what_stands_before_decimals_may_be_said() -> None:
    assert read_shares("AB=1.234", Mark.POINT)[0].quantity == Decimal("1.234")
    assert read_shares("AB=1.234", Mark.COMMA)[0].quantity == Decimal(1234)
    with pytest.raises(Unreadable):
        read_shares("AB=1.234")


def test_shares_of_a_line() -> None:
    assert read_line_shares("L1:AB=1,RD=2:indirect") == ("L1", read_shares("AB=1 RD=2:indirect"))
    assert read_line_shares("10:1:AB=1") == ("10:1", read_shares("AB=1"))
    for text in ("AB=1", ":AB=1", "L1", ""):
        with pytest.raises(Unreadable):
            read_line_shares(text)


@given(st.text(max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever is typed is read or refused."""
    for read in (read_shares, read_line_shares):
        try:
            read(text)
        except Unreadable:
            continue
