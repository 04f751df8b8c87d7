"""Keys of documents in NFC, and back as their writer spelled them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Literal
from unicodedata import is_normalized, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.business_hash import business_hash
from intergestan_msg.change import ChangeCode, OrderCancellation, OrderChange
from intergestan_msg.errors import BadDocument
from intergestan_msg.identity import case_key, nfc
from intergestan_msg.kinds import DocumentType, Kind
from intergestan_msg.manifest import AnswerNumber, Document, InReplyTo, Manifest
from intergestan_msg.order import Item, Order
from intergestan_msg.spelling import normalised, respelled
from tests.factories import BUYER, STAUBER, a_line, an_order

Form = Literal["NFC", "NFD"]
FORMS: tuple[Form, ...] = ("NFC", "NFD")


def order(form: Form, number: str = "Réappro-7") -> Order:
    lines = tuple(replace(a_line(n, code=normalize(form, f"CAFÉ-{n}")), id=normalize(form, f"Lé{n}")) for n in (1, 2))
    return an_order(normalize(form, number), lines)


def change(form: Form) -> OrderChange:
    of = order(form)
    number = normalize(form, "Réappro-7")
    return OrderChange(f"{number}/1", 1, date(2026, 11, 20), of, (ChangeCode.CHANGED, ChangeCode.UNCHANGED))


def cancellation(form: Form) -> OrderCancellation:
    number = normalize(form, "Réappro-7")
    return OrderCancellation(f"{number}/2", date(2026, 11, 20), number, "Annulée", BUYER, STAUBER)


def answer(form: Form) -> OrderAnswer:
    number = normalize(form, "Réappro-7")
    item = Item("Café moulu", sellers_id=normalize(form, "CAFÉ-1"))
    line = AnswerLine(normalize(form, "Lé1"), LineCode.CHANGED, item, substitute=replace(item, name="Thé"))
    return OrderAnswer(
        id=f"{number}-2",
        issue_date=date(2026, 11, 20),
        order_id=number,
        code=AnswerCode.CHANGED,
        buyer=BUYER,
        seller=STAUBER,
        sales_order_id=normalize(form, "ÉTÉ1"),
        lines=(line,),
        change_id=f"{number}/1",
    )


def manifest(form: Form) -> Manifest:
    number, jti = normalize(form, "Réappro-7"), "01a22826-b286-7191-94ef-832ce06b88a1"
    return Manifest(
        iss="a",
        aud="b",
        jti=jti,
        seq=1,
        iat=0,
        kind=Kind.ANSWERS,
        documents=(Document(DocumentType.RESPONSE, number, 0, "0" * 64, "a.xml"),),
        in_reply_to=InReplyTo(jti, "0" * 64),
        answers=(AnswerNumber(number, 1),),
    )


@pytest.mark.parametrize("make", [order, change, cancellation, answer, manifest])
def test_there_and_back(make: Callable[[Form], Any]) -> None:
    spelled: dict[str, str] = {}
    assert normalised(make("NFD"), spelled) == make("NFC")
    assert respelled(make("NFC"), spelled) == make("NFD")
    assert all(is_normalized("NFC", kept) and nfc(theirs) == kept for kept, theirs in spelled.items())
    none: dict[str, str] = {}
    assert normalised(make("NFC"), none) == make("NFC")
    assert none == {}
    assert respelled(make("NFD"), None) == make("NFD")


def test_the_business_hash_is_the_same() -> None:
    assert business_hash(order("NFD")) == business_hash(order("NFC"))


def test_two_lines_with_one_id_are_one_too_many() -> None:
    lines = tuple(replace(a_line(n), id=normalize(form, "é")) for n, form in enumerate(FORMS))
    with pytest.raises(BadDocument, match="same identifier"):
        normalised(an_order("CFR1", lines), {})


@given(st.text())
def test_keys(text: str) -> None:
    assert nfc(text) == normalize("NFC", text)
    assert nfc(nfc(text)) == nfc(text) == nfc(normalize("NFD", text))
    assert case_key(case_key(text)) == case_key(text)
    assert case_key("K") == case_key("\u212a")  # the sign for kelvin is a K
