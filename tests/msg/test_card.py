"""A site's card."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg import seal
from intergestan_msg.card import Card, read_card, write_card
from intergestan_msg.errors import BadSignature, MessageError, NewerRelease, Unreadable
from intergestan_msg.strict_json import read_object, write_object
from tests.msg.letters import BUYER_KEY, STRANGER_KEY

CARD = Card(
    code="73282932000074",
    name="Logistique Été & Fils",
    orders_address="commandes@logistique.example",
    answers_address="reponses@logistique.example",
    key=BUYER_KEY.public,
    iat=1605432600,
    siret="73282932000074",
    vat="FR44732829320",
)
TEXT = write_card(CARD, BUYER_KEY)


def signed(by: seal.SigningKey = BUYER_KEY, /, **changes: object) -> str:
    payload = write_object(read_object(seal.unverified_payload(TEXT)) | changes)
    return seal.sign(payload, by, seal.CARD_TYPE)


def test_a_card_is_read_back() -> None:
    assert read_card(TEXT) == CARD
    bare = replace(CARD, siret=None, vat=None)
    assert read_card(write_card(bare, BUYER_KEY)) == bare


def test_a_card_survives_a_mail_program() -> None:
    folded = "\r\n".join(TEXT[i : i + 70] for i in range(0, len(TEXT), 70))
    assert read_card(f"\n  {folded}\t\r\n\n") == CARD


def test_the_key_inside_must_have_signed_it() -> None:
    header, payload, _ = TEXT.split(".")
    signature = signed(STRANGER_KEY).rpartition(".")[2]
    for text in (f"{header}.{payload}.{signature}", signed(STRANGER_KEY), TEXT[:-4] + "AAAA"):
        with pytest.raises(BadSignature):
            read_card(text)


def test_a_manifest_is_no_card() -> None:
    with pytest.raises(BadSignature):
        read_card(seal.sign(seal.unverified_payload(TEXT), BUYER_KEY))


def test_a_later_card_is_told_apart() -> None:
    with pytest.raises(NewerRelease):
        read_card(signed(v=2))


@pytest.mark.parametrize(
    "text",
    [
        signed(code="a/b"),
        signed(name="Site\u202e"),
        signed(name=""),
        signed(orders_address="a@b\r\nBcc: c@d"),
        signed(answers_address="nobody"),
        signed(siret="123"),
        signed(vat="fr44"),
        signed(iat="now"),
        signed(v=None),
        signed(v=0),
        signed(key={}),
        signed(key="key"),
        signed(key=BUYER_KEY.public.jwk() | {"d": "x"}),
        signed(name="x" * 9000),
    ],
)
def test_a_wrong_card_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_card(text)


@given(st.text())
def test_any_text_gives_a_verdict(text: str) -> None:
    with pytest.raises(MessageError):
        read_card(text)


def test_a_card_shows_the_key_that_signs_it() -> None:
    with pytest.raises(ValueError, match="refuse this card"):
        write_card(CARD, STRANGER_KEY)
