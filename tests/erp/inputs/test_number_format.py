"""Currencies and units that only a cell's number format shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue_file import read_file
from intergestan_erp.catalogue.whole_catalogue import KnownCodes
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.inputs.number_format import Per, currency_shown, is_resized, price_for, unit_shown
from tests.erp.inputs.test_workbook_cells import TITLES, fault, number, read

PLAIN = [
    "General",
    "0",
    "0.00",
    "# ##0.00",
    "#,##0.00;[Red]-#,##0.00",
    "0.00E+00",
    "[Blue][>100]0.0;0",
    "0000",
    '"CF-"000',
    '0.00 "HT"',
    "# ?/?",
    "_-* #,##0.00_-",
    "@",
]


@pytest.mark.parametrize("form", PLAIN)
def test_formats_without_a_currency(form: str) -> None:
    assert currency_shown(form, Decimal(5)) is None
    assert unit_shown(form, Decimal(5)) is None
    assert price_for(form, Decimal(5)) is None
    assert not is_resized(form, Decimal(5))


@pytest.mark.parametrize(
    ("form", "sign", "code"),
    [
        ("#,##0.00 €", "€", "EUR"),
        ('_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-', "€", "EUR"),
        ("[$€-40C] #,##0.00", "€", "EUR"),
        ("[$€-2]\\ 0.00", "€", "EUR"),
        ("[$CHF-807] 0.00", "CHF", "CHF"),
        ("[$USD] #,##0.00", "USD", "USD"),
        ('"CHF" 0.00', "CHF", "CHF"),
        ("0.00\\ \\C\\H\\F", "CHF", "CHF"),
        ("[$£-809]#,##0.00", "£", "GBP"),
        ("[$$-409]#,##0.00", "$", "USD"),
        ("[$$-1009]#,##0.00", "$", "CAD"),
        ("[$zł-415] 0.00", "zł", "PLN"),
        ("[$kr-41D] 0.00", "kr", "SEK"),
        ('# ##0.00 "$"', "$", None),
        ("$#,##0.00", "$", None),
        ("[$£-40C] 0.00", "£", None),
        ("[$£] 0.00", "£", None),
        ("[$£-xx] 0.00", "£", None),
        ('0.00 "zł"', "zł", None),
        ('0.00 "Fr."', "Fr.", None),
        ('0.00 "€ HT"', "€", "EUR"),
        ('0.00 "€/kg"', "€", "EUR"),
        ('0,"k€"', "€", "EUR"),
    ],
)
def test_formats_with_a_currency(form: str, sign: str, code: str | None) -> None:
    found = currency_shown(form, Decimal(5))
    assert found is not None
    assert (found.sign, found.code) == (sign, code)


def test_the_part_for_numbers_below_zero() -> None:
    form = '0.00 "€";-0.00 "$"'
    shown = [found.sign for value in (5, 0, -5) if (found := currency_shown(form, Decimal(value)))]
    assert shown == ["€", "€", "$"]


def test_units() -> None:
    assert unit_shown('0 "kg"', Decimal(2)) == "KGM"
    assert unit_shown("0\\ \\k\\g", Decimal(2)) == "KGM"
    assert unit_shown('0 "pièces"', Decimal(2)) == "C62"
    for form in ('0.00 "€/kg"', "0.00 €/kg", '0.00 "€ / 1 kg"'):
        assert price_for(form, Decimal(2)) == Per(Decimal(1), "KGM")
    assert price_for('0.00 "€/100"', Decimal(2)) == Per(Decimal(100), None)
    assert price_for('0.00 "/ 100 g"', Decimal(2)) == Per(Decimal(100), "GRM")
    assert price_for("0.00 €", Decimal(2)) is None


@given(st.text('0#?.,;[]$€£"\\-_*@ %EeGral/kgCHF409', max_size=30), st.integers(-9, 9))
def test_any_text_is_a_format(form: str, value: int) -> None:
    """Nothing that stands there stops the reader."""
    for look in (currency_shown, unit_shown, price_for, is_resized):
        look(form, Decimal(value))


@pytest.mark.parametrize(
    "form",
    [
        *("0,", "#,##0,", "0.00,,", "0,.00", '0,"k€"', "0.0;0,"),
        *('0"00"', "0\\0\\0", '"1"0', '0" 000"', '0".50"', '0.00 "k€"', '0 "M€"', "0\\ \\k", "[$k€-40C] 0"),
    ],
)
def test_a_number_shown_in_another_size(form: str) -> None:
    """4000 shown as 4 was 4000, and 2 shown as 200 was 2: nobody knows which is meant."""
    assert is_resized(form, Decimal(-5))
    for column in (4, 5):
        assert "in another size" in fault(number(column, 5, form.rpartition(";")[2]))


@pytest.mark.parametrize("form", ['0 "1er choix"', '0.00 "€/100"', '"T2 "0', '0.00 "MEURO"', '0 "K2"', "0.0;0,"])
def test_a_number_shown_with_a_text(form: str) -> None:
    assert not is_resized(form, Decimal(5))


def test_an_order_in_euros_has_no_price_in_pounds() -> None:
    def both(book: Any, sheet: Any) -> None:
        sheet.write_string(0, 9, "Devise")
        sheet.write_string(1, 9, "EUR")
        number(5, 4.5, "[$£-809]#,##0.00")(book, sheet)

    assert "GBP" in fault(both)
    assert "EUR" in fault(both)


def test_a_sign_of_several_currencies() -> None:
    assert "«$»" in fault(number(5, 4.5, '# ##0.00 "$"'))
    assert "F2" in fault(number(5, 4.5, "$#,##0.00"))


def test_the_currency_of_an_order_that_names_none() -> None:
    ((order,), _) = read(number(5, 4.5, "#,##0.00 [$CHF-807]"))
    assert (order.currency, order.lines[0].price) == ("CHF", Decimal("4.5"))
    ((order,), _) = read(number(5, 4.5, '#,##0.00 "€"'))
    assert order.currency == "EUR"


def test_a_unit_beside_a_quantity() -> None:
    ((order,), _) = read(number(4, 2, '0.0 "kg"'))
    assert (order.lines[0].quantity, order.lines[0].unit) == (Decimal(2), "KGM")

    def both(book: Any, sheet: Any) -> None:
        sheet.write_string(0, 9, "Unité")
        sheet.write_string(1, 9, "pièce")
        number(4, 2, '0 "kg"')(book, sheet)

    assert "KGM" in fault(both)


def test_a_price_by_the_kilogram() -> None:
    ((order,), _) = read(number(5, 4.5, '0.00 "€/kg"'))
    assert (order.lines[0].base_unit, order.currency) == ("KGM", "EUR")


def test_a_price_by_the_hundred() -> None:
    """It was a hundred times the price."""
    ((order,), _) = read(number(5, 4.5, '0.00 "€/100"'))
    assert order.lines[0].base_quantity == 100

    def both(book: Any, sheet: Any) -> None:
        sheet.write_string(0, 9, "Prix pour")
        sheet.write_number(1, 9, 10)
        number(5, 4.5, '0.00 "€/100"')(book, sheet)

    assert "100" in fault(both)


def test_a_quantity_has_no_currency() -> None:
    assert "mixed up" in fault(number(4, 2, '0.00 "€"'))


def test_orders_in_two_sheets() -> None:
    """Those of the second were lost without a word."""

    def second(book: Any, _sheet: Any) -> None:
        other = book.add_worksheet("Suite")
        for column, title in enumerate(TITLES):
            other.write_string(0, column, title)
        other.write_string(1, 0, "X2")

    assert "«Commandes», «Suite»" in fault(second)

    def notes(book: Any, _sheet: Any) -> None:
        book.add_worksheet("Notes").write_string(0, 0, "Merci")

    ((order,), said) = read(notes)
    assert (order.number, said) == ("X1", ["The sheet «Commandes» was read, and no other."])


@pytest.mark.parametrize(
    ("price", "words"), [("4,50 USD", "USD"), ("$ 4,50", "does not name one currency"), ("4,50 GBP", "GBP")]
)
def test_a_catalogue_is_in_the_site_s_currency(price: str, words: str) -> None:
    """The price was taken as euros."""
    data = f"Code;Désignation;Prix de vente;TVA\nA;a;{price};20\n".encode()
    with pytest.raises(FileProblems, match=words.replace("$", r"\$")):
        read_file("p.csv", data, KnownCodes(), Findings(currency="EUR"))
    (product,) = read_file(
        "p.csv", data.replace(price.encode(), "4,50 €".encode()), KnownCodes(), Findings(currency="EUR")
    ).products
    assert product.sale_price == Decimal("4.5")
