"""Days as people type them into a form."""

from __future__ import annotations

from datetime import date

import pytest

from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("01/11/2020", date(2020, 11, 1)),
        ("1/11/20", date(2020, 11, 1)),
        (" 1.11. ", date(2026, 11, 1)),
        ("1.11.2020", date(2020, 11, 1)),
        ("0111", date(2026, 11, 1)),
        ("011120", date(2020, 11, 1)),
        ("2020-11-01", date(2020, 11, 1)),
        ("Hier", date(2026, 11, 29)),
        ("aujourd'hui", TODAY),
        ("demain", date(2026, 12, 1)),
        ("-7", date(2026, 11, 23)),
        ("+14", date(2026, 12, 14)),
    ],
)
def test_a_day_is_read_as_it_is_meant(typed: str, meant: date) -> None:
    assert read_near_day(typed, TODAY) == meant


@pytest.mark.parametrize("typed", ["32/13/2020", "29/2/2026", "3113", "x", "", "1/11/2020/3", "+99999", "1/1/0"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_near_day(typed, TODAY)


def test_too_far_is_no_day() -> None:
    with pytest.raises(Unreadable):
        read_near_day("-9999", date(1, 1, 2))
