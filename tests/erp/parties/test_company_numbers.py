"""SIRET and VAT numbers as people write them."""

from __future__ import annotations

import pytest

from intergestan_db.problem import Problem
from intergestan_erp.parties.company_numbers import doubts, read_siret, read_vat


@pytest.mark.parametrize(
    "text", ["73282932000074", "732 829 320 00074", "732.829.320.00074", "732\u202f829\u202f320-00074"]
)
def test_a_siret(text: str) -> None:
    assert read_siret(text) == "73282932000074"


@pytest.mark.parametrize("text", ["", "123", "732829320", "7328293200007X", "٧٣٢٨٢٩٣٢٠٠٠٠٧٤"])
def test_what_is_no_siret(text: str) -> None:
    with pytest.raises(Problem, match="SIRET"):
        read_siret(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("fr 44 732 829 320", "FR44732829320"), ("BE 0403.170.701", "BE0403170701"), ("CHE-123.456.788", "CHE123456788")],
)
def test_a_vat_number(text: str, number: str) -> None:
    assert read_vat(text) == number


@pytest.mark.parametrize("text", ["", "1", "44732829320", "F", "FR1", "FR44_32829320"])
def test_what_is_no_vat_number(text: str) -> None:
    with pytest.raises(Problem, match="VAT"):
        read_vat(text)


@pytest.mark.parametrize(
    ("siret", "vat", "count"),
    [
        (None, None, 0),
        ("73282932000074", "FR44732829320", 0),
        ("73282932000075", None, 1),
        ("35600000000048", None, 0),  # La Poste's establishments have a rule of their own
        (None, "FR44732829321", 1),
        (None, "BE0403170701", 0),
        (None, "BE0403170702", 1),
        (None, "EL094259216", 0),
        (None, "CHE123456788", 0),  # not of the Union: no rule of ours
        ("73282932000074", "FR12802954785", 1),  # another firm's
    ],
)
def test_what_looks_like_a_typing_error(siret: str | None, vat: str | None, count: int) -> None:
    assert len(list(doubts(siret, vat))) == count
