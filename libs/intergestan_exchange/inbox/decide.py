"""Decides what becomes of an order. Pure: the same order and facts give the same decision, for ever.

The ledger is asked first (`settle`), then the rules, in the order of `RULES`. What a finding means is the
partner's policy: it holds the order, refuses it, or is only told to the buyer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from intergestan_db.enums import (
    Acceptance,
    HoldReason,
    MinimumOrderAction,
    PriceAction,
    PricePolicy,
    SalesState,
    UnknownProduct,
)
from intergestan_erp.catalogue.unit_conversion import Converted, converted, costs_the_same, is_in, rescaled
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine
from intergestan_erp.selling.minimum import below
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.findings.findings import vat_note
from intergestan_exchange.inbox.decisions import Accepted, Conflict, Decision, Duplicate, Held, Refused, Reply
from intergestan_exchange.inbox.facts import DocumentKey, Facts, ProductFacts
from intergestan_exchange.inbox.rules import (
    buyer,
    complete,
    credit,
    currency,
    customer,
    known_product,
    meaning,
    price,
    totals,
    unit,
    vat,
    widths,
)
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode
from intergestan_msg.as_peppol import UNNAMED
from intergestan_msg.money import CENT, AllowanceCharge, Price, TaxCategory, fits, line_total, plain, totals_of
from intergestan_msg.order import Item, Order, OrderLine, one_day

Rule = Callable[[Order, Facts], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    buyer.check,
    customer.check,
    currency.check,
    complete.check,
    widths.check,
    meaning.check,
    known_product.check,
    unit.check,
    price.check,
    vat.check,
    totals.check,
)


DIFFERENCES = frozenset({HoldReason.PRICE_DIFFERENCE, HoldReason.VAT_DIFFERENCE, HoldReason.TOTAL_DIFFERENCE})
"""What the partner's price policy decides about."""

WAIVABLE = DIFFERENCES | {HoldReason.OWN_CHANGE, HoldReason.CHANGE_REVIEW, HoldReason.OTHER_START}
"""What a person may wave through. The other reasons are facts, which must be gone before the order is booked."""

OVERRIDABLE = frozenset({HoldReason.CREDIT})
"""What a person lets pass who has that right and says why, for one amount."""


class Weight(Enum):
    """What a finding does to the order."""

    TELL = 0
    HOLD = 1
    REJECT = 2


def settle(key: DocumentKey, business_hash: str, order: Order, facts: Facts) -> Decision:
    """What becomes of a document, given what the ledger knows of it (`design.md` §9, the table)."""
    known = facts.same(key, business_hash)
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
    weights = [(finding, weigh(finding, facts.partner, waived)) for finding in findings]
    named = tuple(finding for finding in findings if finding.variant == meaning.LEFT_OUT)
    for weight, outcome in ((Weight.REJECT, Refused), (Weight.HOLD, Held)):
        chosen = tuple(finding for finding, its in weights if its is weight)
        if chosen:
            return outcome((*chosen, *named))
    accepted = _accept(order, facts, tuple(findings))
    totals = (accepted.total_ht, accepted.total_vat, accepted.total_ttc)
    if not have_room(accepted.lines, totals):
        return Held((Finding(HoldReason.BAD_DOCUMENT, variant="too_large"),))
    if accepted.state != SalesState.ACCEPTED:
        return accepted
    total = accepted.total_ttc
    return credit.check(facts.credit, facts.debtor_of(order), total, total, waived) or accepted


def have_room(lines: Iterable[BookedLine], totals: Iterable[Decimal]) -> bool:
    """Whether the columns hold what follows from a document's figures: the document itself vouches for those alone."""
    sums = (amount for line in lines for amount in (line.allowance, line.total))
    return all(fits(amount, CENT) for amount in (*totals, *sums))


def _conflict(key: DocumentKey) -> Finding:
    """An order of this number is there already, with other content or as another revision."""
    return Finding(HoldReason.CONFLICT, {"number": key[1], "revision": str(key[2])})


def weigh(finding: Finding, partner: PartnerFacts, waived: frozenset[str]) -> Weight:
    """What the partner's policy makes of a finding."""
    reason = finding.reason
    if (reason in waived and reason in WAIVABLE) or finding.variant in {unit.CONVERTED, meaning.LEFT_OUT}:
        return Weight.TELL
    if reason is HoldReason.UNKNOWN_PRODUCT:
        return _UNKNOWN_PRODUCT[partner.unknown_product]
    if reason in DIFFERENCES:
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
    lines = tuple(book_line(line, facts.product_of(line), take_ours=ours) for line in order.lines)
    charges = tuple(book_charge(each) for each in order.allowances)
    taxed = ((line.total, TaxCategory(line.vat_category, line.vat_rate)) for line in lines)
    sums = totals_of(taxed, order.allowances)
    assert sums.totals.tax_exclusive is not None
    parked = any(line.product_id is None for line in lines)
    small = below(facts.minimum_of(order), sums.totals.lines)
    looked_at = small is not None and facts.partner.minimum_order_action is MinimumOrderAction.REVIEW
    review = parked or looked_at or facts.partner.acceptance is Acceptance.REVIEW
    pairs = [Pair(line, booked, facts.product_of(line)) for line, booked in zip(order.lines, lines, strict=True)]
    reply = _answer(pairs, facts.partner.language, findings)
    return Accepted(
        state=SalesState.REVIEW if review else SalesState.ACCEPTED,
        lines=lines,
        charges=charges,
        total_ht=sums.totals.tax_exclusive,
        total_vat=sums.tax_amount,
        total_ttc=sums.totals.tax_exclusive + sums.tax_amount,
        code=AnswerCode.RECEIVED if review else reply.code,
        answer_lines=() if review else reply.lines,
        after_review=reply if review else None,
        findings=findings,
        customer_id=facts.customer_of(order),
        below=small,
    )


def book_charge(asked: AllowanceCharge) -> BookedCharge:
    """A charge of the document as it is booked."""
    tax = asked.tax
    reason = None if asked.reason in UNNAMED else asked.reason
    return BookedCharge(reason, asked.signed, tax.code if tax else None, tax.percent if tax else None)


def book_line(line: OrderLine, product: ProductFacts | None, *, take_ours: bool) -> BookedLine:
    """A line as it is booked, in our product's unit; for a line that the rules let pass."""
    assert line.quantity is not None  # rule `complete`
    ours = converted(line, product.unit) if product else Converted(line.quantity, line.price, Fraction(1))
    assert ours is not None  # rule `unit`
    booked_price = Price(product.price) if product and (take_ours or ours.price is None) else ours.price
    assert booked_price is not None  # rule `complete`
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
        quantity=ours.quantity,
        unit=product.unit if product else line.unit or "C62",
        price=booked_price.amount,
        base_quantity=booked_price.base_quantity,
        allowance=sum((each.signed for each in line.allowances), Decimal(0)),
        total=line_total(ours.quantity, booked_price.amount, booked_price.base_quantity, line.allowances),
        vat_category=category,
        vat_rate=rate,
        note=line.described,
        wanted_date=one_day(line.wanted),
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A line as it was asked, and as it is booked, in our product's unit if we know the product."""

    asked: OrderLine
    booked: BookedLine
    product: ProductFacts | None

    @property
    def price(self) -> Price:
        """What is booked, for the unit in which the buyer gave the price."""
        booked = Price(self.booked.price, self.booked.base_quantity)
        if self.product is None or is_in(self.asked, self.booked.unit):
            return booked
        ours = converted(self.asked, self.booked.unit)
        theirs = rescaled(booked, 1 / ours.price_factor) if ours else None
        return theirs or booked

    @property
    def has_other_price(self) -> bool:
        """Whether the booked price is not the one asked."""
        return self.asked.price is not None and not costs_the_same(self.price, self.asked.price)

    @property
    def has_other_vat(self) -> bool:
        """Whether the booked VAT rate is not the one asked."""
        tax = self.asked.item.tax
        return tax is not None and tax.percent is not None and tax.percent != self.booked.vat_rate


def _answer(pairs: list[Pair], language: str, findings: Iterable[Finding]) -> Reply:
    """AP when all is as asked, else CA with every line."""
    other_totals = {finding.line_id for finding in findings if finding.reason is HoldReason.TOTAL_DIFFERENCE}
    if not other_totals and not any(pair.has_other_price or pair.has_other_vat for pair in pairs):
        return Reply(AnswerCode.ACCEPTED)
    lines = (answer_line(pair, language, other_total=pair.asked.id in other_totals) for pair in pairs)
    return Reply(AnswerCode.CHANGED, tuple(lines))


def _item(pair: Pair) -> Item:
    """The item as asked; with the VAT that is booked, where that is another one."""
    if not pair.has_other_vat:
        return replace(pair.asked.item, tax=None)
    return replace(pair.asked.item, tax=TaxCategory(pair.booked.vat_category, pair.booked.vat_rate))


def answer_line(pair: Pair, language: str, *, other_total: bool = False) -> AnswerLine:
    """A line in the buyer's own units; what it is booked as is told in the note of the answer."""
    changed = pair.has_other_vat or pair.has_other_price or other_total
    return AnswerLine(
        id=pair.asked.id,
        code=LineCode.CHANGED if changed else LineCode.ACCEPTED,
        item=_item(pair),
        quantity=pair.asked.quantity,
        unit=pair.asked.unit or pair.booked.unit,
        price=pair.price.amount if changed else None,
        base_quantity=pair.price.base_quantity if changed else Decimal(1),
        note=vat_note(plain(pair.booked.vat_rate), language) if pair.has_other_vat else None,
    )
