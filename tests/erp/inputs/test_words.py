"""Units, currencies, countries, categories of VAT, identifiers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.currencies import currency_code
from intergestan_erp.inputs.identifiers import (
    guarded,
    in_workbook,
    is_gtin,
    number_as_identifier,
    plain_text,
    read_identifier,
    same_gtins,
)
from intergestan_erp.inputs.units import can_be, same_unit, unit_code
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.inputs.vat import rate_fits, vat_category


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *((word, "C62") for word in ("pièce", "Pièces", "pce", "PCE", "pcs", "U", "unité", "C62")),
        *(
            ("H87", "H87"),
            ("kg", "KGM"),
            ("KG", "KGM"),
            ("kgm", "KGM"),
            ("m²", "MTK"),
            ("XBX", "XBX"),
            ("boîte", "XBX"),
        ),
        *((word, None) for word in ("ml", "XYZQ", "BX", "?", "", "lot", "KILO")),
    ],
)
def test_a_unit(written: str, code: str | None) -> None:
    assert unit_code(written) == code


def test_pieces_are_one_unit_and_whole() -> None:
    assert same_unit("C62", "H87")
    assert not same_unit("C62", "KGM")
    assert [can_be(Decimal("0.5"), unit) for unit in ("C62", "H87", "SET", "KGM", "MTR")] == [False] * 3 + [True] * 2
    assert can_be(Decimal("3.000"), "C62")


def test_a_currency_has_one_meaning() -> None:
    assert [currency_code(text) for text in ("EUR", "eur", "€", "CHF", "$", "£", "FRF", "XYZ", "")] == [
        *("EUR", "EUR", "EUR", "CHF"),
        *[None] * 5,
    ]


def test_a_country_by_code_or_name() -> None:
    named = ("fr", "FRA", "France", "ALLEMAGNE", "Germany", "Côte d’Ivoire", "etats-unis", "UK")
    assert [country_code(text) for text in named] == ["FR", "FR", "FR", "DE", "DE", "CI", "US", "GB"]
    assert [country_code(text) for text in ("ZZ", "EU", "XK", "Bretagne", "", "F")] == [None] * 6


def test_categories_and_their_rates() -> None:
    assert [vat_category(text) for text in ("s", "AE", "XYZ", "")] == ["S", "AE", None, None]
    assert rate_fits("S", Decimal(20))
    assert not rate_fits("S", Decimal(0))
    assert not rate_fits("S", Decimal(2000))
    assert rate_fits("Z", Decimal(0))
    assert not rate_fits("E", Decimal(20))


@pytest.mark.parametrize(
    ("digits", "form", "shown"),
    [
        ("7", "0000", "0007"),
        ("12345", "0000", "12345"),
        ("4500012345678901", "0", "4500012345678901"),
        ("9007199254740991", "General", "9007199254740991"),
        ("3250390000013", "0.00E+00", "3250390000013"),
        ("100045", "#,##0", "100045"),
        ("123456", '"CF-"000-000', "CF-123-456"),
        ("80295478500028", "000 000 000 00000", "802 954 785 00028"),
        ("7", "00\\-00;-0", "00-07"),
    ],
)
def test_a_number_as_an_identifier(digits: str, form: str, shown: str) -> None:
    assert number_as_identifier(digits, form) == shown


@pytest.mark.parametrize("digits", ["9007199254740992", "45000123456789012", "12.5", "0.1"])
def test_a_number_that_lost_digits_is_no_identifier(digits: str) -> None:
    with pytest.raises(Unreadable, match="format the column as text"):
        number_as_identifier(digits, "General")


def test_what_spreadsheets_make_of_texts() -> None:
    assert [read_identifier(text) for text in ('="0081"', "'T35", "0081", "1E5", "'=A1", "=A1")] == [
        *("0081", "T35", "0081", "1E5", "=A1", "=A1"),
    ]
    for text in ("3,25039E+12", "3.25039E+12", "4,5e+15", '="3E+12"'):
        with pytest.raises(Unreadable, match="lost digits"):
            read_identifier(text)
    assert plain_text("'s-Hertogenbosch") == "'s-Hertogenbosch"
    for text in ("=1+1", "+33 1", "-x", "@cmd", "'s", "''", "plain", "1'5"):
        assert plain_text(guarded(text)) == text
        assert read_identifier(guarded(text)) == text
    for sign in "=+-@＝＋－＠﹢﹣﹦﹫":
        for before in ("", " ", "\u00a0", "\t", "\r", "\n", '"', " \"'", "\u200b", "\ufeff", "\x9b", "\x00 "):
            text = f"{before}{sign}1+1"
            assert guarded(text) == f"'{text}"
            assert plain_text(guarded(text)) == text
    for text in ("", "a=1", "3 - 5", " plain", '"x"', "100 %"):
        assert guarded(text) == text
    for text in ("=1+1", "'s", '="x"', "''", "plain"):
        assert plain_text(in_workbook(text)) == text
        assert read_identifier(in_workbook(text)) == text


def test_gtins() -> None:
    assert is_gtin("3250390000013")
    assert not any(map(is_gtin, ("3250390000014", "325039000001", "", "３250390000013", "12345")))
    assert same_gtins("036000291452") == ["036000291452", "0036000291452", "00036000291452"]
