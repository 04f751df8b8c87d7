"""Figures, days and instants are written as Babel would write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from intergestan_operations.language.formats import amount, clock, day, figure, price

AMOUNTS = st.decimals(min_value=Decimal(-99999999999), max_value=Decimal(99999999999), places=2)


@given(AMOUNTS, st.sampled_from(["fr", "en"]))
def test_an_amount_is_babels(value: Decimal, language: str) -> None:
    locale = {"fr": "fr_FR", "en": "en_GB"}[language]
    assert amount(value + 0, language) == format_decimal(value + 0, "#,##0.00", locale=locale)


def test_a_figure_has_the_decimals_that_it_has() -> None:
    assert [figure(Decimal(each), "fr") for each in ("1234.500000", "10.000000", "0.333333", "100")] == [
        "1\u202f234,5",
        "10",
        "0,333333",
        "100",
    ]


def test_a_price_has_two_decimals_and_all_that_it_has() -> None:
    prices = [price(Decimal(each), "fr") for each in ("6.900000", "14", "0.333333", "1234.5")]
    assert prices == ["6,90", "14,00", "0,333333", "1\u202f234,50"]


def test_days_and_times() -> None:
    assert (day(date(2020, 11, 1), "fr"), day(date(2020, 11, 1), "en")) == ("01/11/2020", "2020-11-01")
    at, paris = datetime(2026, 6, 1, 22, 30, 5, tzinfo=UTC), ZoneInfo("Europe/Paris")
    assert clock(at, paris, at, "fr") == "00:30:05"
    assert clock(at, paris, datetime(2026, 6, 1, 12, 0, tzinfo=UTC), "fr") == "02/06/2026 00:30:05"
    assert clock(at, ZoneInfo("UTC"), datetime(2026, 6, 2, 1, tzinfo=UTC), "en") == "2026-06-01 22:30:05"
