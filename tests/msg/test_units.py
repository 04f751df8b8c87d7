from re import fullmatch

import pytest

from intergestan_msg.units import UNITS, unit_label


def test_a_known_unit_has_its_words_in_both_languages() -> None:
    assert (unit_label("C62", "fr"), unit_label("C62", "en")) == ("pièce", "piece")
    assert (unit_label("MTR", "fr"), unit_label("MTR", "en")) == ("m", "m")


@pytest.mark.parametrize("code", ["ZZZ", "KG", "pièces"])
def test_a_unit_that_nobody_knows_is_shown_as_it_came(code: str) -> None:
    assert unit_label(code, "fr") == code


def test_a_quantity_without_a_unit_has_no_label() -> None:
    assert unit_label(None, "fr") == ""


@pytest.mark.parametrize("code", UNITS)
def test_codes_look_like_recommendation_20(code: str) -> None:
    assert fullmatch("[A-Z0-9]{2,3}", code)
