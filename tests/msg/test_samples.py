"""The mails under `samples/` must stay readable for ever: they lie in archives, and are replayed from them.

A failure here means that the reader has to be mended, never that the samples are to be made again.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from intergestan_msg.answer import AnswerCode
from intergestan_msg.kinds import DocumentType, Kind
from intergestan_msg.mail.incoming import Received, read_mail
from intergestan_msg.manifest import AnswerNumber
from intergestan_msg.seal import PublicKey
from intergestan_msg.ubl import read_order, read_order_response

V1 = Path(__file__).parent / "samples" / "v1"


def read(name: str) -> Received:
    raws = (bytes.fromhex(line) for line in (V1 / "keys.txt").read_text(encoding="ascii").split())
    keys = {key.kid: key for key in map(PublicKey, raws)}
    return read_mail((V1 / name).read_bytes(), keys)


@pytest.mark.parametrize("name", ["orders-fr.eml", "orders-en.eml"])
def test_a_batch_of_version_1_is_read(name: str) -> None:
    received = read(name)
    manifest = received.manifest
    assert (manifest.v, manifest.kind, manifest.epoch, manifest.seq) == (1, Kind.ORDERS, 1, 7)
    assert (manifest.iss, manifest.aud) == ("73282932000074", "35600000000048")
    assert manifest.jti == "0190f8a0-1b2c-7d3e-8f40-5162738495a6"
    assert manifest.iat == 1605432600
    orders = [read_order(content) for _, content in received.documents]
    assert [order.id for order in orders] == [document.id for document, _ in received.documents] == ["CFR1", "CFR2"]
    for order in orders:
        assert order.totals is not None
        assert order.totals.tax_inclusive == Decimal("372.00")
        assert [line.item.sellers_id for line in order.lines] == ["VIS-001", "VIS-002"]


def test_answers_of_version_1_are_read() -> None:
    received = read("answers-fr.eml")
    manifest = received.manifest
    assert manifest.kind is Kind.ANSWERS
    assert manifest.in_reply_to is not None
    assert manifest.in_reply_to.jti == "0190f8a0-1b2c-7d3e-8f40-5162738495a6"
    assert manifest.answers[0] == AnswerNumber("CFR1", 1)
    assert {document.type for document, _ in received.documents} == {DocumentType.RESPONSE}
    answers = [read_order_response(content) for _, content in received.documents]
    assert [answer.code for answer in answers] == list(AnswerCode)
    assert [answer.order_id for answer in answers] == ["CFR1", "CFR2", "CFR3", "CFR4"]
    assert [line.code for line in answers[2].lines] == ["5", "3", "7"]
