"""OrderChange and OrderCancellation as UBL 2.1: valid, read back equal, refused by name."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.business_hash import cancellation_hash, change_hash
from intergestan_msg.change import ChangeCode, OrderCancellation, OrderChange
from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import totals_of
from intergestan_msg.order import Order
from intergestan_msg.peppol import PEPPOL_ADVANCED_ORDERING, PEPPOL_ORDER_CHANGE, rules_of
from intergestan_msg.ubl import (
    read_order_cancellation,
    read_order_change,
    write_order,
    write_order_cancellation,
    write_order_change,
)
from tests.factories import BUYER, STAUBER, an_order
from tests.msg.documents import SCHEMAS, assert_valid
from tests.msg.strategies import dates, maybe_text, orders, parties, references, texts, times


def a_change(*codes: ChangeCode, order: Order | None = None, sequence: int = 1) -> OrderChange:
    """A change of an order with a line for each code; the totals are those of the lines that stay."""
    order = order or an_order("CFR1", len(codes))
    stay = tuple(line for code, line in zip(codes, order.lines, strict=True) if code is not ChangeCode.DELETED)
    shall_be = an_order(order.id, stay) if stay else order
    whole = replace(
        shall_be, lines=order.lines, customization_id=PEPPOL_ORDER_CHANGE, profile_id=PEPPOL_ADVANCED_ORDERING
    )
    return OrderChange(f"{order.id}-{sequence}", sequence, date(2020, 11, 17), whole, codes)


@st.composite
def changes(draw: st.DrawFn) -> OrderChange:
    order = replace(draw(orders()), type_code="220", issue_time=None, customization_id="urn:x", profile_id=None)
    codes = [draw(st.sampled_from(ChangeCode)) for _ in order.lines]
    codes[0] = ChangeCode.CHANGED
    return OrderChange(
        id=draw(references),
        sequence=draw(st.integers(1, 10**6)),
        issue_date=draw(dates),
        order=order,
        codes=tuple(codes),
        issue_time=draw(st.none() | times),
    )


cancellations = st.builds(
    OrderCancellation,
    id=references,
    issue_date=dates,
    order_id=references,
    reason=texts,
    buyer=parties,
    seller=parties,
    issue_time=st.none() | times,
    note=maybe_text,
)
CANCELLATION = OrderCancellation("CFR1-2", date(2020, 11, 18), "CFR1", "Client parti", BUYER, STAUBER)


@given(changes())
def test_a_change_is_read_back_as_it_was_written(change: OrderChange) -> None:
    xml = write_order_change(change)
    assert read_order_change(xml) == change
    assert_valid(xml, "OrderChange")
    assert change_hash(read_order_change(xml)) == change_hash(change)


@given(cancellations)
def test_a_cancellation_is_read_back_as_it_was_written(cancellation: OrderCancellation) -> None:
    xml = write_order_cancellation(cancellation)
    assert read_order_cancellation(xml) == cancellation
    assert_valid(xml, "OrderCancellation")


@pytest.mark.parametrize("wheel", SCHEMAS)
def test_both_copies_of_the_schemas_accept_them(wheel: str) -> None:
    assert_valid(write_order_change(a_change(ChangeCode.CHANGED, ChangeCode.DELETED)), "OrderChange", wheel)
    assert_valid(write_order_cancellation(CANCELLATION), "OrderCancellation", wheel)


def test_what_peppol_wants_stands_in_it() -> None:
    xml = write_order_change(a_change(ChangeCode.ADDED, ChangeCode.DELETED, ChangeCode.UNCHANGED, sequence=3)).decode()
    assert "<cbc:SequenceNumberID>3</cbc:SequenceNumberID>" in xml
    assert "<cac:OrderReference><cbc:ID>CFR1</cbc:ID>" in xml
    assert [xml.count(f"<cbc:LineStatusCode>{code}</") for code in ("1", "2", "3", "4")] == [1, 1, 0, 1]
    assert PEPPOL_ORDER_CHANGE in xml
    assert (
        "<cbc:CancellationNote>Client parti</cbc:CancellationNote>" in write_order_cancellation(CANCELLATION).decode()
    )


def test_the_totals_are_those_of_the_lines_that_stay() -> None:
    change = a_change(ChangeCode.CHANGED, ChangeCode.DELETED)
    order = change.order
    assert order.totals is not None
    assert order.totals.lines == order.lines[0].line_total
    with pytest.raises(BadDocument) as refused:
        replace(change, codes=(ChangeCode.CHANGED, ChangeCode.UNCHANGED))
    assert refused.value.rule == "PEPPOL-T114-R008"


def test_totals_that_count_what_is_deleted_are_no_fault() -> None:
    """Peppol's sum has the lines to delete (T114-R008, a warning); ours has not. Either is what the change says."""
    change = a_change(ChangeCode.CHANGED, ChangeCode.DELETED)
    order = change.order
    assert order.totals is not None
    sums = totals_of(((line.line_total or Decimal(0), line.item.tax) for line in order.lines), order.allowances)
    whole = replace(order, tax_amount=sums.tax_amount, totals=sums.totals)
    assert whole.totals != order.totals
    counted = replace(change, order=whole)
    assert counted.as_it_shall_be == whole
    assert len(change.as_it_shall_be.lines) == 1
    assert whole.totals is not None
    with pytest.raises(BadDocument, match="sum of the lines"):
        replace(change, order=replace(whole, totals=replace(whole.totals, lines=whole.totals.lines + 1)))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b'<cbc:PriceAmount currencyID="EUR">', b'<cbc:PriceAmount currencyID="USD">', "PEPPOL-T114-R003"),
        (b"<cac:LineItem><cbc:ID>L2</cbc:ID>", b"<cac:LineItem><cbc:ID>L1</cbc:ID>", "PEPPOL-T114-R001"),
        (PEPPOL_ORDER_CHANGE.encode(), b"urn:www.cenbii.eu:transaction:biitrns:ver2.0", None),
    ],
)
def test_a_rule_is_told_with_the_id_of_its_transaction(old: bytes, new: bytes, rule: str | None) -> None:
    xml = write_order_change(a_change(ChangeCode.CHANGED, ChangeCode.UNCHANGED))
    assert old in xml
    if rule is None:  # a document of another specification breaks no rule of Peppol's
        old, new, xml = b"<cbc:ID>L2</cbc:ID>", b"<cbc:ID>L1</cbc:ID>", xml.replace(old, new)
    with pytest.raises(BadDocument) as refused:
        read_order_change(xml.replace(old, new, 1))
    assert refused.value.rule == (rule or "UBL")


def test_peppol_has_no_rule_about_the_currency_of_a_cancellation() -> None:
    with rules_of("T115"), pytest.raises(BadDocument) as refused:
        raise BadDocument(Wrong.DOCTYPE, rule="PEPPOL-T115-R003", line="L1")
    assert refused.value.rule == "PEPPOL-T115-R003"
    with pytest.raises(BadDocument) as told, rules_of("T115"):
        raise refused.value
    assert (told.value.rule, told.value.line) == ("UBL", "L1")
    assert f"{told.value}" == f"{refused.value}".replace("PEPPOL-T115-R003", "UBL")


def test_what_is_no_change() -> None:
    change = a_change(ChangeCode.CHANGED, ChangeCode.UNCHANGED)
    for wrong, words in (
        ({"codes": (ChangeCode.DELETED, ChangeCode.DELETED)}, "is a cancellation"),
        ({"codes": (ChangeCode.CHANGED,)}, "of each line"),
        ({"sequence": 0}, "above zero"),
        ({"id": ""}, "no identifier"),
    ):
        with pytest.raises(BadDocument, match=words):
            replace(change, **wrong)
    with pytest.raises(BadDocument, match="lacks"):
        replace(CANCELLATION, order_id="")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b">3</cbc:LineStatusCode>", b">9</cbc:LineStatusCode>", "LineStatusCode.*line L1"),
        (b"<cbc:LineStatusCode>3</cbc:LineStatusCode>", b"", "no cbc:LineStatusCode"),
        (b">1</cbc:SequenceNumberID>", b">I</cbc:SequenceNumberID>", "a sequence number"),
        (b"<cbc:SequenceNumberID>1</cbc:SequenceNumberID>", b"", "no cbc:SequenceNumberID"),
        (b"<cac:OrderReference><cbc:ID>CFR1</cbc:ID>", b"<cac:OrderReference>", "no cbc:ID"),
    ],
)
def test_a_bad_change_is_refused_by_name(old: bytes, new: bytes, message: str) -> None:
    xml = write_order_change(a_change(ChangeCode.CHANGED, ChangeCode.UNCHANGED))
    assert old in xml
    with pytest.raises(BadDocument, match=message):
        read_order_change(xml.replace(old, new))


def test_a_bad_cancellation_is_refused_by_name() -> None:
    xml = write_order_cancellation(CANCELLATION)
    reference = b"<cac:OrderReference><cbc:ID>CFR1</cbc:ID></cac:OrderReference>"
    for old, new, message in (
        (reference, b"", "no cac:OrderReference"),
        (reference, reference + reference.replace(b"CFR1", b"CFR2"), "several orders"),
        (b"<cbc:CancellationNote>Client parti</cbc:CancellationNote>", b"", "no cbc:CancellationNote"),
    ):
        assert old in xml
        with pytest.raises(BadDocument, match=message):
            read_order_cancellation(xml.replace(old, new))
    with pytest.raises(BadDocument, match=r"not .*OrderChange\."):
        read_order_change(write_order(an_order()))


def test_the_hash_tells_changes_apart() -> None:
    change = a_change(ChangeCode.CHANGED, ChangeCode.UNCHANGED)
    others = {
        change_hash(change),
        change_hash(replace(change, sequence=2)),
        change_hash(replace(change, codes=(ChangeCode.CHANGED, ChangeCode.CHANGED))),
        change_hash(replace(change, order=replace(change.order, note="Autre chose"))),
        cancellation_hash(CANCELLATION),
        cancellation_hash(replace(CANCELLATION, reason="Erreur")),
    }
    assert len(others) == 6
    backwards = replace(change.order, lines=change.order.lines[::-1])
    assert change_hash(replace(change, order=backwards, codes=change.codes[::-1])) == change_hash(change)
    assert change.order.lines[0].quantity == Decimal(1)
