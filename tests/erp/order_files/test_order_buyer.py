"""Whether the buyer that a document names is us, however its numbers are written."""

from __future__ import annotations

import pytest

from intergestan_erp.order_files.order_buyer import Us, buyer_of, is_named, is_of
from intergestan_msg.order import Identifier, Party

US = Us("Stauber", "73282932000074", "FR44732829320")
IRISH = Us("Murphy", None, "IE1234567+")


@pytest.mark.parametrize(
    ("party", "us", "is_us"),
    [
        (Party(name="x", legal_id=Identifier("732 829 320 00074", "0009")), US, True),
        (Party(name="x", legal_id=Identifier("732.829.320-00074")), US, True),
        (Party(name="x", legal_id=Identifier("732\u202f829\u202f320\u00a000074", "0009")), US, True),
        (Party(name="Stauber", legal_id=Identifier("732 829 320 00082", "0009")), US, False),
        (Party(name="x", legal_id=Identifier("732 829 320", "0002")), US, True),
        (Party(name="x", vat_id="fr 44 732.829.320"), US, True),
        (Party(name="x", endpoint=Identifier("fr44-732829320", "9957")), US, True),
        (Party(name="Stauber", vat_id="FR 12 802 954 785"), US, False),
        (Party(name="x", vat_id="ie 1234567+"), IRISH, True),
        (Party(name="Murphy", vat_id="IE 1234567*"), IRISH, False),  # signs of a VAT number are no separators
        (Party(name="STAUBER"), US, True),
    ],
)
def test_a_buyer_is_us_by_the_surest_number(party: Party, us: Us, is_us: bool) -> None:  # noqa: FBT001 - a column
    assert is_of(buyer_of(party), us) is is_us


@pytest.mark.parametrize("text", ["732.829.320 00074", "732-829-320", "fr44 732 829 320", "Stàuber"])
def test_a_buyer_is_named_as_a_person_writes_numbers(text: str) -> None:
    party = Party(
        name="Stauber",
        legal_id=Identifier("73282932000074", "0009"),
        identifiers=(Identifier("732829320", "0002"),),
        vat_id="FR44732829320",
    )
    assert is_named(buyer_of(party), text)
    assert not is_named(buyer_of(party), text + "1")
