"""Days as people and programs write them."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from intergestan_erp.inputs.days import read_day
from intergestan_erp.inputs.unreadable import Unreadable

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    "written",
    [
        *("20/11/2026", "2026-11-20", "20/11/2026 00:00:00", "20/11/2026 14:05", "2026-11-20T00:00:00", " 2026-11-20 "),
        *(
            "2026-11-20 00:00:00.000",
            "2026-11-20T08:15:00Z",
            "2026-11-20T08:15:00+01:00",
            "2026-11-20 08:15:00.1234567 +0100",
        ),
    ],
)
def test_a_day(written: str) -> None:
    assert read_day(written, PARIS) == date(2026, 11, 20)


def test_single_digits() -> None:
    assert read_day("5/1/2027") == date(2027, 1, 5)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("20/11/26", "century"),
        ("11/20/2026", "no month 20"),
        ("31/02/2026", "no such day"),
        ("29/02/2027", "no such day"),
        ("20.11.2026", "not a date"),
        ("20-11-2026", "not a date"),
        ("2026/11/20", "not a date"),
        ("2026-11-20T25:00:00", "no such day"),
        ("20 novembre 2026", "not a date"),
        ("S49", "not a date"),
        ("46346", "not a date"),
        ("２０/11/2026", "not a date"),
        ("", "not a date"),
        ("2026-11-19T23:30:00Z", "2026-11-20"),
        ("2026-11-20T00:30:00+03:00", "2026-11-19"),
    ],
)
def test_no_day(written: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_day(written, PARIS)
