from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from intergestan_msg.answer import AnswerCode, AnswerLine, AnswerPart, LineCode, OrderAnswer, joined
from intergestan_msg.errors import BadDocument
from intergestan_msg.order import Item, Period
from intergestan_msg.ubl import read_order, read_order_response, write_order, write_order_response
from intergestan_msg.ubl.names import CAC, CBC
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


def split(*parts: AnswerLine) -> AnswerLine:
    """What parts of one line, each with a number of its own, come to."""
    numbered = tuple(replace(part, number=f"n{place}") for place, part in enumerate(parts))
    (line,) = joined(an_answer(AnswerCode.CHANGED, *numbered).lines)
    return line


def test_parts_of_a_line_are_put_together() -> None:
    """The quantity is what will come of it, the day the last one, the price comes to the same; each part is kept."""
    first = AnswerLine("L1", LineCode.ACCEPTED, Item("A"), Decimal(18), "C62", promised=Period(None, date(2026, 12, 1)))
    later = replace(first, code=LineCode.ADDED, quantity=Decimal(12), promised=Period(date(2026, 12, 20)), note="Reste")
    line = split(first, later)
    assert (line.id, line.number, line.code, line.unit) == ("L1", None, LineCode.CHANGED, "C62")
    assert line.quantity == 30
    assert (line.promised, line.note, line.price) == (Period(date(2026, 12, 1), date(2026, 12, 20)), "Reste", None)
    assert line.parts == (
        AnswerPart(Decimal(18), "C62", date(2026, 12, 1)),
        AnswerPart(Decimal(12), "C62", date(2026, 12, 20)),
    )
    dear = replace(later, price=Decimal(8), base_quantity=Decimal(2))
    both = split(replace(first, price=Decimal(5)), dear)
    assert (both.price, both.base_quantity) == (Decimal(138), Decimal(30))
    half = split(first, replace(later, code=LineCode.NOT_ACCEPTED))
    assert (half.code, half.quantity) == (LineCode.CHANGED, Decimal(18))
    assert half.promised == Period(None, date(2026, 12, 1))
    assert split(first, replace(first, promised=None)).code is LineCode.ACCEPTED


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit": "KGM"}, "several units or products"),
        ({"substitute": Item("B")}, "several units or products"),
        ({"quantity": None}, "how much"),
        ({"price": Decimal(4)}, "no price"),
    ],
)
def test_parts_that_nobody_can_put_together_are_refused(change: dict[str, Any], words: str) -> None:
    first = AnswerLine("L1", LineCode.CHANGED, Item("A"), Decimal(18), "C62")
    with pytest.raises(BadDocument, match=words) as refused:
        split(first, replace(first, **change))
    assert refused.value.line == "L1"


SIMPLE = """<OrderResponseSimple xmlns="urn:oasis:names:specification:ubl:schema:xsd:OrderResponseSimple-2"
 xmlns:cac="{cac}" xmlns:cbc="{cbc}"><cbc:ID>R1</cbc:ID>
<cbc:IssueDate>2026-11-21</cbc:IssueDate><cbc:Note>Bonjour</cbc:Note>
<cbc:AcceptedIndicator>{accepted}</cbc:AcceptedIndicator><cbc:RejectionNote>Épuisé</cbc:RejectionNote>
<cac:OrderReference><cbc:ID>CFR1</cbc:ID></cac:OrderReference><cac:SellerSupplierParty/><cac:BuyerCustomerParty/>
</OrderResponseSimple>"""


@pytest.mark.parametrize(("accepted", "code"), [("true", AnswerCode.ACCEPTED), ("false", AnswerCode.REJECTED)])
def test_a_simple_answer_says_yes_or_no(accepted: str, code: AnswerCode) -> None:
    xml = SIMPLE.format(cac=CAC, cbc=CBC, accepted=accepted).encode()
    assert_valid(xml, "OrderResponseSimple")
    answer = read_order_response(xml)
    assert (answer.order_id, answer.code, answer.note, answer.lines) == ("CFR1", code, "Bonjour\nÉpuisé", ())
    with pytest.raises(BadDocument, match="no cbc:AcceptedIndicator"):
        read_order_response(xml.replace(b"<cbc:AcceptedIndicator>" + accepted.encode(), b"<cbc:AcceptedIndicator>"))


def test_an_order_agreement_is_no_answer() -> None:
    xml = write_order_response(an_answer()).replace(b"trns:order_response:3", b"trns:order_agreement:3")
    with pytest.raises(BadDocument, match="order agreement"):
        read_order_response(xml)


def test_an_answer_to_a_change_breaks_the_rules_of_its_own_transaction() -> None:
    xml = write_order_response(an_answer(AnswerCode.CHANGED, SHORT))
    advanced = xml.replace(b"order_response:3", b"order_response_advanced:3")
    for document, rule in ((xml, "PEPPOL-T76-R007"), (advanced, "PEPPOL-T116-R007")):
        begin, end = document.index(b"<cac:OrderLine>"), document.index(b"</OrderResponse>")
        with pytest.raises(BadDocument) as refused:
            read_order_response(document[:begin] + document[end:])
        assert refused.value.rule == rule
    of_others = advanced.replace(b"urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3", b"urn:other")
    with pytest.raises(BadDocument) as told:
        read_order_response(of_others.replace(b">2020-12-04<", b">2020-11-04<"))
    assert told.value.rule == "UBL"


def test_an_order_is_no_answer_and_an_answer_no_order() -> None:
    with pytest.raises(BadDocument, match=r"not .*OrderResponse\."):
        read_order_response(write_order(an_order()))
    with pytest.raises(BadDocument, match=r"not .*}Order\."):
        read_order(write_order_response(an_answer()))
