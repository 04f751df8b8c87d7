from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.errors import BadDocument
from intergestan_msg.order import Item, Period
from intergestan_msg.ubl import read_order, read_order_response, write_order, write_order_response
from tests.factories import BUYER, STAUBER, an_order
from tests.msg.documents import assert_valid
from tests.msg.strategies import answers


def an_answer(code: AnswerCode = AnswerCode.ACCEPTED, *lines: AnswerLine) -> OrderAnswer:
    return OrderAnswer("R1", date(2020, 11, 16), "CFR1", code, BUYER, STAUBER, lines=lines, sales_order_id="CCL7")


SHORT = AnswerLine(
    id="L1",
    code=LineCode.CHANGED,
    item=Item("Faitout"),
    quantity=Decimal(5),
    unit="C62",
    price=Decimal("12.50"),
    promised=Period(date(2020, 12, 1), date(2020, 12, 4)),
    backorder=Decimal(0),
    substitute=Item("Faitout bis", sellers_id="FAI02"),
    note="Le reste ne viendra pas.",
    base_quantity=Decimal(100),
)


@given(answers())
def test_an_answer_is_read_back_as_it_was_written(answer: OrderAnswer) -> None:
    xml = write_order_response(answer)
    assert read_order_response(xml) == answer
    assert_valid(xml, "OrderResponse")


@pytest.mark.parametrize("code", [AnswerCode.RECEIVED, AnswerCode.ACCEPTED, AnswerCode.REJECTED])
def test_answers_without_lines(code: AnswerCode) -> None:
    answer = replace(an_answer(code), note="Fonds insuffisants")
    xml = write_order_response(answer)
    assert_valid(xml, "OrderResponse")
    assert read_order_response(xml) == answer


def test_an_answer_tells_what_became_of_each_line() -> None:
    refused = AnswerLine("L2", LineCode.NOT_ACCEPTED)
    answer = an_answer(AnswerCode.CHANGED, SHORT, refused)
    xml = write_order_response(answer)
    assert_valid(xml, "OrderResponse")
    assert read_order_response(xml) == answer


def test_a_line_is_named_by_the_id_that_the_buyer_gave_it() -> None:
    xml = write_order_response(an_answer(AnswerCode.CHANGED, SHORT))
    renumbered = xml.replace(b"<cac:LineItem><cbc:ID>L1</cbc:ID>", b"<cac:LineItem><cbc:ID>9</cbc:ID>")
    assert renumbered != xml
    assert [line.id for line in read_order_response(renumbered).lines] == ["L1"]


@pytest.mark.parametrize(
    ("code", "lines", "rule"),
    [
        (AnswerCode.CHANGED, (), "PEPPOL-T76-R007"),
        (AnswerCode.ACCEPTED, (SHORT,), "PEPPOL-T76-R008"),
        (AnswerCode.REJECTED, (SHORT,), "PEPPOL-T76-R009"),
        (AnswerCode.RECEIVED, (SHORT,), "PEPPOL-T76-R010"),
        (AnswerCode.CHANGED, (SHORT, SHORT), "PEPPOL-T76-R003"),
    ],
)
def test_lines_fit_the_code(code: AnswerCode, lines: tuple[AnswerLine, ...], rule: str) -> None:
    with pytest.raises(BadDocument) as refused:
        an_answer(code, *lines)
    assert refused.value.rule == rule


def test_a_promise_does_not_end_before_it_starts() -> None:
    with pytest.raises(BadDocument) as refused:
        replace(SHORT, promised=Period(date(2020, 12, 4), date(2020, 12, 1)))
    assert (refused.value.rule, refused.value.line) == ("PEPPOL-T76-R004", "L1")


@pytest.mark.parametrize("field", ["quantity", "price", "backorder", "base_quantity"])
def test_figures_of_a_line_are_not_negative(field: str) -> None:
    change: dict[str, Any] = {field: Decimal(-1)}
    with pytest.raises(BadDocument, match="negative") as refused:
        replace(SHORT, **change)
    assert refused.value.line == "L1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b">CA<", b">ZZ<", "OrderResponseCode.*'ZZ', not one of AB, AP, CA, RE"),
        (b">3</cbc:LineStatusCode>", b">9</cbc:LineStatusCode>", "LineStatusCode.*line L1"),
        (b"<cbc:LineStatusCode>3</cbc:LineStatusCode>", b"", "no cbc:LineStatusCode"),
        (b"<cac:OrderReference><cbc:ID>CFR1</cbc:ID></cac:OrderReference>", b"", "no cac:OrderReference"),
        (b'currencyID="EUR"', b'currencyID="USD"', "PEPPOL-T76-R005"),
    ],
)
def test_a_bad_answer_is_refused_by_name(old: bytes, new: bytes, message: str) -> None:
    xml = write_order_response(an_answer(AnswerCode.CHANGED, SHORT))
    assert old in xml
    with pytest.raises(BadDocument, match=message):
        read_order_response(xml.replace(old, new))


def test_what_an_answer_has_no_field_for_is_named() -> None:
    xml = write_order_response(an_answer()).replace(
        b"<cac:OrderReference>", b"<cbc:CustomerReference>ABC</cbc:CustomerReference><cac:OrderReference>"
    )
    assert read_order_response(xml).left_out == ("cbc:CustomerReference",)


def test_an_order_is_no_answer_and_an_answer_no_order() -> None:
    with pytest.raises(BadDocument, match=r"not .*OrderResponse\."):
        read_order_response(write_order(an_order()))
    with pytest.raises(BadDocument, match=r"not .*}Order\."):
        read_order(write_order_response(an_answer()))
