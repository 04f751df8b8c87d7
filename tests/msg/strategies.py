"""Any order and any answer that the message library lets us make."""

from datetime import UTC, date, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.money import (
    CENT,
    AllowanceCharge,
    Price,
    TaxCategory,
    line_total,
    round_half_up,
    totals_of,
)
from intergestan_msg.order import (
    Address,
    Contact,
    Delivery,
    Identifier,
    Item,
    Order,
    OrderLine,
    Party,
    Period,
)

# What XML can carry, without the white space at the ends that reading takes away.
_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
texts = st.text(_CHARACTERS | st.sampled_from("\n\r\t<>&\"']é€"), min_size=1, max_size=12).map(str.strip).filter(bool)
references = (
    st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")), min_size=1, max_size=8)
    .map(str.strip)
    .filter(bool)
)
maybe_text, maybe_reference = st.none() | texts, st.none() | references
identifiers = st.builds(Identifier, references, st.none() | st.sampled_from(["0009", "0088", "9957", "0160"]))
dates = st.dates(date(1990, 1, 1), date(2100, 1, 1))
periods = st.builds(
    lambda start, days, open_end: Period(start, None if open_end else start + timedelta(days)),
    dates,
    st.integers(0, 60),
    st.booleans(),
)
_ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=5, minutes=30))])
times = st.times(timezones=_ZONES)


def decimals(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(0, most, places=places)


quantities = decimals(100_000, 3) | decimals(100, 6)
amounts = decimals(10_000, 2)
taxes = st.builds(TaxCategory, st.sampled_from("SZEO"), st.none() | decimals(100, 2), st.sampled_from(["VAT", "GST"]))
addresses = st.builds(
    Address,
    texts,
    *[maybe_text] * 4,
    st.none() | st.just("FR"),
    line3=maybe_text,
    building=maybe_text,
    postbox=maybe_text,
)
contacts = st.builds(Contact, texts, maybe_text, maybe_text)
parties = st.builds(
    Party,
    texts,
    maybe_text,
    st.none() | identifiers,
    st.lists(identifiers, max_size=2).map(tuple),
    st.none() | identifiers,
    maybe_reference,
    st.none() | addresses,
    st.none() | contacts,
)
items = st.builds(
    Item,
    texts,
    maybe_text,
    maybe_reference,
    maybe_reference,
    st.none() | identifiers,
    st.lists(identifiers, max_size=2).map(tuple),
    st.none() | taxes,
    st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
)
allowances = st.lists(
    st.builds(AllowanceCharge, st.booleans(), decimals(10, 2), maybe_text, maybe_reference, tax=st.none() | taxes),
    max_size=2,
).map(tuple)
deliveries = st.builds(Delivery, addresses, st.none() | identifiers, st.none() | parties, st.none() | periods)


@st.composite
def order_lines(draw: st.DrawFn, line_id: str) -> OrderLine:
    quantity, amount = draw(quantities), draw(quantities)
    price = Price(amount, draw(st.sampled_from([Decimal(1), Decimal(100), Decimal("0.5")])), draw(maybe_reference))
    extras = draw(allowances)
    total = line_total(quantity, price.amount, price.base_quantity, extras)
    return OrderLine(
        id=line_id,
        item=draw(items),
        quantity=quantity,
        unit=draw(maybe_reference),
        price=price,
        line_total=total,
        allowances=extras,
        note=draw(maybe_text),
        partial_delivery=draw(st.none() | st.booleans()),
        wanted=draw(st.none() | periods),
        tax_amount=draw(st.none() | amounts),
        accounting_cost=draw(maybe_text),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    # A first line that outweighs every allowance, so that no total is negative.
    base = OrderLine("base", draw(items), Decimal(1), "C62", Price(Decimal(1000)), Decimal("1000.00"))
    ids = draw(st.lists(references.filter(lambda each: each != "base"), unique=True, max_size=4))
    lines = (base, *(draw(order_lines(line_id)) for line_id in ids))
    extras = draw(allowances)
    sums = totals_of([(line.line_total or Decimal(0), line.item.tax) for line in lines], extras)
    return Order(
        id=draw(references),
        issue_date=draw(dates),
        currency=draw(st.sampled_from(["EUR", "CHF"])),
        buyer=draw(parties),
        seller=draw(parties),
        lines=lines,
        issue_time=draw(st.none() | times),
        type_code=draw(st.sampled_from(["220", "105", "402"])),
        note=draw(maybe_text),
        customer_reference=draw(maybe_reference),
        quotation_id=draw(maybe_reference),
        originator_order_id=draw(maybe_reference),
        originator=draw(st.none() | parties),
        invoice_to=draw(st.none() | parties),
        delivery=draw(st.none() | deliveries),
        delivery_terms=draw(maybe_text),
        payment_terms=draw(maybe_text),
        accounting_cost=draw(maybe_text),
        valid_until=draw(st.none() | dates),
        allowances=extras,
        tax_amount=round_half_up(sums.tax_amount).quantize(CENT),
        totals=draw(st.none() | st.just(sums.totals)),
        incoterm=draw(maybe_reference),
    )


answer_lines = st.builds(
    AnswerLine,
    id=references,
    code=st.sampled_from(LineCode),
    item=st.none() | items,
    quantity=quantities,
    unit=maybe_reference,
    price=quantities,
    promised=st.none() | periods,
    backorder=st.none() | quantities,
    substitute=st.none() | items,
    note=maybe_text,
    base_quantity=st.sampled_from([Decimal(1), Decimal(100)]),
)


@st.composite
def answers(draw: st.DrawFn) -> OrderAnswer:
    code = draw(st.sampled_from(AnswerCode))
    lines: list[AnswerLine] = []
    if code is AnswerCode.CHANGED:
        lines = draw(st.lists(answer_lines, unique_by=lambda line: line.id, min_size=1, max_size=4))
    return OrderAnswer(
        id=draw(references),
        issue_date=draw(dates),
        order_id=draw(references),
        code=code,
        buyer=draw(parties),
        seller=draw(parties),
        currency=draw(st.sampled_from(["EUR", "CHF"])),
        issue_time=draw(st.none() | times),
        sales_order_id=draw(maybe_reference),
        note=draw(maybe_text),
        lines=tuple(lines),
        promised=draw(st.none() | periods),
    )
