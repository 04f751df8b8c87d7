"""Decides what becomes of an order. Pure: the same order and facts give the same decision, for ever.

The ledger is asked first (`settle`), then the rules, in the order of `RULES`. What a finding means is the
partner's policy: it holds the order, refuses it, or is only told to the buyer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum

from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode
from intergestan_msg.money import CENT, AllowanceCharge, TaxCategory, fits, line_total, totals_of
from intergestan_msg.order import Order, OrderLine
from intergestan_site.decisions import (
    Accepted,
    BookedCharge,
    BookedLine,
    Conflict,
    Decision,
    Duplicate,
    Finding,
    Held,
    Refused,
)
from intergestan_site.explain import vat_note
from intergestan_site.facts import DocumentKey, Facts, PartnerFacts, ProductFacts
from intergestan_site.rules import buyer, complete, currency, known_product, price, vat, widths
from intergestan_site.words import (
    Acceptance,
    HoldReason,
    PriceAction,
    PricePolicy,
    SalesState,
    UnknownProduct,
)

Rule = Callable[[Order, Facts], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    buyer.check,
    currency.check,
    complete.check,
    widths.check,
    known_product.check,
    price.check,
    vat.check,
)


WAIVABLE = frozenset({HoldReason.PRICE_DIFFERENCE, HoldReason.VAT_DIFFERENCE})
"""What a person may wave through. The other reasons are facts, which must be gone before the order is booked."""


class Weight(Enum):
    """What a finding does to the order."""

    TELL = 0
    HOLD = 1
    REJECT = 2


def settle(key: DocumentKey, business_hash: str, order: Order, facts: Facts) -> Decision:
    """What becomes of a document, given what the ledger knows of it (`design.md` §9, the table)."""
    known = facts.known.get(key)
    if known is not None and known.business_hash != business_hash:
        return Conflict(known.ledger_id, _conflict(key))
    if known is not None and known.is_settled:
        return Duplicate(known.ledger_id)
    booked = facts.booked_before(key)
    if booked is not None:
        return Conflict(booked.ledger_id, _conflict(key))
    return decide(order, facts, known.waived if known else frozenset())


def decide(order: Order, facts: Facts, waived: frozenset[str] = frozenset()) -> Accepted | Held | Refused:
    """Look at a new order with every rule.

    :param waived: reasons that a person has already looked at and released for this order.
    """
    findings = [finding for rule in RULES for finding in rule(order, facts)]
    weights = [(finding, _weight(finding.reason, facts.partner, waived)) for finding in findings]
    for weight, outcome in ((Weight.REJECT, Refused), (Weight.HOLD, Held)):
        chosen = tuple(finding for finding, its in weights if its is weight)
        if chosen:
            return outcome(chosen)
    accepted = _accept(order, facts, tuple(findings))
    amounts = (accepted.total_ht, accepted.total_vat, accepted.total_ttc, *(line.total for line in accepted.lines))
    if not all(fits(amount, CENT) for amount in amounts):
        return Held((Finding(HoldReason.BAD_DOCUMENT, variant="too_large"),))
    return accepted


def _conflict(key: DocumentKey) -> Finding:
    """An order of this number is there already, with other content or as another revision."""
    return Finding(HoldReason.CONFLICT, {"number": key[1], "revision": str(key[2])})


def _weight(reason: HoldReason, partner: PartnerFacts, waived: frozenset[str]) -> Weight:
    if reason in waived and reason in WAIVABLE:
        return Weight.TELL
    if reason is HoldReason.UNKNOWN_PRODUCT:
        return _UNKNOWN_PRODUCT[partner.unknown_product]
    if reason in {HoldReason.PRICE_DIFFERENCE, HoldReason.VAT_DIFFERENCE}:
        compare = partner.price_policy is PricePolicy.COMPARE
        return _DIFFERENCE[partner.price_action] if compare else Weight.TELL
    return Weight.HOLD


_UNKNOWN_PRODUCT = {
    UnknownProduct.HOLD: Weight.HOLD,
    UnknownProduct.PARK_LINE: Weight.TELL,
    UnknownProduct.REJECT: Weight.REJECT,
}
_DIFFERENCE = {
    PriceAction.ACCEPT: Weight.TELL,
    PriceAction.HOLD: Weight.HOLD,
    PriceAction.REJECT: Weight.REJECT,
}


def _accept(order: Order, facts: Facts, findings: tuple[Finding, ...]) -> Accepted:
    ours = facts.partner.price_policy is PricePolicy.TAKE_OURS
    lines = tuple(_book_line(line, facts.product_of(line), take_ours=ours) for line in order.lines)
    charges = tuple(_book_charge(each) for each in order.allowances)
    taxed = ((line.total, TaxCategory(line.vat_category, line.vat_rate)) for line in lines)
    sums = totals_of(taxed, order.allowances)
    assert sums.totals.tax_exclusive is not None
    parked = any(line.product_id is None for line in lines)
    review = parked or facts.partner.acceptance is Acceptance.REVIEW
    code, answer_lines = _answer(order, lines, facts.partner.language, review=review)
    return Accepted(
        state=SalesState.REVIEW if review else SalesState.ACCEPTED,
        lines=lines,
        charges=charges,
        total_ht=sums.totals.tax_exclusive,
        total_vat=sums.tax_amount,
        total_ttc=sums.totals.tax_exclusive + sums.tax_amount,
        code=code,
        answer_lines=answer_lines,
        findings=findings,
    )


def _book_charge(asked: AllowanceCharge) -> BookedCharge:
    tax = asked.tax
    return BookedCharge(asked.reason, asked.signed, tax.code if tax else None, tax.percent if tax else None)


def _book_line(line: OrderLine, product: ProductFacts | None, *, take_ours: bool) -> BookedLine:
    assert line.quantity is not None  # rule `complete`
    theirs = line.price
    if product is not None and (take_ours or theirs is None):
        amount, base = product.price, Decimal(1)
    else:
        assert theirs is not None  # rule `complete`
        amount, base = theirs.amount, theirs.base_quantity
    tax = line.item.tax
    if product is not None and (take_ours or tax is None or tax.percent is None):
        category, rate = product.vat_category, product.vat_rate
    else:
        category, rate = (tax.code, tax.percent or Decimal(0)) if tax else ("", Decimal(0))
    return BookedLine(
        line_id=line.id,
        product_id=None if product is None else product.id,
        product_code=product.code if product else line.item.sellers_id or line.item.buyers_id,
        name=line.item.name,
        quantity=line.quantity,
        unit=line.unit or (product.unit if product else "C62"),
        price=amount,
        base_quantity=base,
        allowance=sum((each.signed for each in line.allowances), Decimal(0)),
        total=line_total(line.quantity, amount, base, line.allowances),
        vat_category=category,
        vat_rate=rate,
        note=line.note,
    )


def _answer(
    order: Order, lines: tuple[BookedLine, ...], language: str, *, review: bool
) -> tuple[AnswerCode, tuple[AnswerLine, ...]]:
    """AB while a clerk has to look, AP when all is as asked, else CA with every line."""
    if review:
        return AnswerCode.RECEIVED, ()
    pairs = list(zip(order.lines, lines, strict=True))
    if not any(_other_price(*pair) or _other_vat(*pair) for pair in pairs):
        return AnswerCode.ACCEPTED, ()
    return AnswerCode.CHANGED, tuple(_answer_line(asked, booked, language) for asked, booked in pairs)


def _other_price(asked: OrderLine, booked: BookedLine) -> bool:
    return asked.price is not None and asked.price.amount * booked.base_quantity != (
        booked.price * asked.price.base_quantity
    )


def _other_vat(asked: OrderLine, booked: BookedLine) -> bool:
    tax = asked.item.tax
    return tax is not None and tax.percent is not None and tax.percent != booked.vat_rate


def _answer_line(asked: OrderLine, booked: BookedLine, language: str) -> AnswerLine:
    other_vat = _other_vat(asked, booked)
    changed = other_vat or _other_price(asked, booked)
    return AnswerLine(
        id=asked.id,
        code=LineCode.CHANGED if changed else LineCode.ACCEPTED,
        item=asked.item,
        quantity=booked.quantity,
        unit=booked.unit,
        price=booked.price if changed else None,
        base_quantity=booked.base_quantity if changed else Decimal(1),
        note=vat_note(price.plain(booked.vat_rate), language) if other_vat else None,
    )
