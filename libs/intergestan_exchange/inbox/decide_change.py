"""Decides what becomes of a change or a cancellation. Pure, like `decide`, whose rules and policies it uses.

A change is a full document: before any of it is applied, what it states of the other lines, and its totals, are
compared with what we have (`starting_point`). Where they start from an order that is not ours a person looks; once
that person releases it, the document counts as a whole. A price or VAT rate that the order has already was agreed to,
by a person or by the partner's policy: it is not looked at again, and not exchanged for today's.

Changes of an order are applied in the order of their revision; one that came early waits. Lines are matched by
the buyer's line id, never by product. A line of which goods have left keeps all but its quantity, and at least what
left; where more is asked, that line alone is refused (code 42). What we changed ourselves and the buyer has not
agreed to is not overwritten before a person has looked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from intergestan_db.enums import Acceptance, HoldReason, LedgerOutcome, PricePolicy, SalesState
from intergestan_erp.catalogue.unit_conversion import converted
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine, sums_of
from intergestan_erp.selling.current_order import StandingLine, StandingOrder
from intergestan_erp.selling.minimum import below
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.decide import (
    RULES,
    Pair,
    Weight,
    answer_line,
    book_charge,
    book_line,
    have_room,
    weigh,
)
from intergestan_exchange.inbox.decisions import (
    Amended,
    Cancelled,
    Conflict,
    Decision,
    Duplicate,
    Held,
    NothingToCancel,
    Refused,
    Waiting,
)
from intergestan_exchange.inbox.facts import DocumentKey, Facts, Known, ProductFacts
from intergestan_exchange.inbox.heads import head_values
from intergestan_exchange.inbox.rules import credit, totals
from intergestan_exchange.inbox.starting_point import (
    FIGURES,
    OPEN,
    QUANTITY_ONLY,
    Stated,
    beside_booked,
    booked_figures,
    is_one_of,
    open_words,
    stated_before,
    stated_figures,
)
from intergestan_msg.answer import ANSWER_LINE, AnswerCode, AnswerLine, LineCode
from intergestan_msg.change import ChangeCode, OrderCancellation, OrderChange
from intergestan_msg.money import ROUNDED, Price, TaxCategory, line_total, plain
from intergestan_msg.order import Item, OrderLine

SEQUENCE = ("order", "change", "cancel")
"""The types of the documents that share the revisions of an order."""
_LATER = SEQUENCE[1:]


def settle_change(
    key: DocumentKey, business_hash: str, change: OrderChange | OrderCancellation, facts: Facts
) -> Decision:
    """What becomes of a change or a cancellation, given what the ledger and the sales order say."""
    known = facts.same(key, business_hash)
    is_other = known is not None and known.business_hash != business_hash
    if known is not None and known.is_settled and not is_other:
        return Duplicate(known.ledger_id)  # also where a later series has another document in its place since
    other = known if is_other else _twin(key, facts)
    if other is not None:
        return Conflict(other.ledger_id, Finding(HoldReason.CONFLICT, {"number": key[1], "revision": str(key[2])}))
    missing = missing_before(key, facts.known)
    if missing is not None:
        values = {"number": key[1], "revision": str(key[2]), "missing": missing.name}
        return Waiting((Finding(HoldReason.GAP, values, variant="held" if missing.is_held else None),))
    standing = facts.standing.get(key[1])
    if standing is not None and standing.is_cancelled and isinstance(change, OrderCancellation):
        return Cancelled(standing)  # a restored buyer asks for it again, and would wait for ever if it were refused
    if standing is None and isinstance(change, OrderCancellation):
        return NothingToCancel()  # a restored seller may refuse what was cancelled before, and both are agreed
    if standing is None or standing.is_cancelled:
        return Refused((Finding(HoldReason.ORDER_CLOSED, {"number": key[1]}),))
    waived = known.waived if known is not None else frozenset()
    if _is_of_an_earlier_series(key, facts) and HoldReason.OTHER_START not in waived:
        return Held((Finding(HoldReason.OTHER_START, {"number": key[1], "revision": str(key[2])}, variant="earlier"),))
    is_looked_at = _needs_review(standing, facts, waived)
    if isinstance(change, OrderCancellation):
        return Held((Finding(HoldReason.CHANGE_REVIEW),)) if is_looked_at else _cancel(key, standing, facts)
    amended = _amend(_Work(change, standing, facts, stated_before(key, facts)), waived)
    return (
        Held((Finding(HoldReason.CHANGE_REVIEW),)) if is_looked_at and not _is_so_already(amended, change) else amended
    )


def stated_beside(change: OrderChange, decision: Decision, standing: StandingOrder | None) -> Stated:
    """What a change states of the lines that stay, and that we do not have once it is settled."""
    ours = {line.booked.line_id: (line.booked, line.promised) for line in standing.lines} if standing else {}
    if isinstance(decision, Amended):
        ours |= {line.line_id: (line, decision.promised[line.line_id]) for line in decision.lines}
        ours = {line_id: its for line_id, its in ours.items() if line_id not in decision.deleted}
    beside = beside_booked(_staying(change), ours)
    if isinstance(decision, Amended):
        return beside
    deleted = (line.id for code, line in change.lines() if code is ChangeCode.DELETED)
    return {**dict.fromkeys(deleted), **beside}  # also where the order did not come yet


def _staying(change: OrderChange) -> tuple[OrderLine, ...]:
    return tuple(line for _, line in _staying_with_codes(change))


def _staying_with_codes(change: OrderChange) -> Iterator[tuple[ChangeCode, OrderLine]]:
    return ((code, line) for code, line in change.lines() if code is not ChangeCode.DELETED)


@dataclass(frozen=True, slots=True)
class Missing:
    """A document that comes before another one and is not settled. `is_held`: it is here and waits for a person."""

    name: str
    is_held: bool


def missing_before(key: DocumentKey, known: Mapping[DocumentKey, Known]) -> Missing | None:
    """The first document before this one that is not settled; None when all are.

    The sequence begins with the order: one that its buyer composed anew with another content before any of it left has
    a later place than 0.
    """
    _, number, revision = key
    before = {its[2]: row for its, row in known.items() if its[1] == number and its[0] in SEQUENCE}
    orders = (its[2] for its in known if its[:2] == ("order", number) and its[2] < revision)
    gap = next(
        (
            place
            for place in range(max(orders, default=0), revision)
            if place not in before or not before[place].is_settled
        ),
        None,
    )
    if gap is None:
        return None
    name = f"{number}/{gap}" if gap else number
    return Missing(name, is_held=gap in before and before[gap].outcome == LedgerOutcome.HELD)


def _is_of_an_earlier_series(key: DocumentKey, facts: Facts) -> bool:
    """Whether a change before it was stated in a later series: a buyer that was restored since may not know this one.

    It waited for that, or was late; what it says may have been given up, for whoever gave it up knew of no mail of it.
    The order itself is often sent anew after a restore, with what was asked for since on its way as it was.
    """
    _, number, revision = key
    return any(
        row.epoch > facts.epoch
        for (kind, its_number, its_revision), row in facts.rows()
        if kind in _LATER and its_number == number and its_revision < revision
    )


def _twin(key: DocumentKey, facts: Facts) -> Known | None:
    """Another kind of document that has the same place in the sequence, of this series or a later one."""
    kind, number, revision = key
    others = ((its, number, revision) for its in SEQUENCE if its != kind)
    twins = (facts.known[other] for other in others if other in facts.known)
    return next((twin for twin in twins if twin.epoch >= facts.epoch), None)


def _needs_review(standing: StandingOrder, facts: Facts, waived: frozenset[str]) -> bool:
    """Whether the partner's policy wants a person to look; an order that is in review is looked at anyway."""
    wanted = facts.partner.acceptance is Acceptance.REVIEW and standing.state == SalesState.ACCEPTED
    return wanted and HoldReason.CHANGE_REVIEW not in waived


def _is_so_already(decision: Decision, change: OrderChange) -> bool:
    """Whether the order is what the document says: a buyer agrees to our own word, or states again what a backup lost.

    There is nothing to look at; whoever refused it would tell the buyer that the order is otherwise.
    """
    if not isinstance(decision, Amended) or decision.code is not AnswerCode.ACCEPTED:
        return False
    ours = {line.booked.line_id: (line.booked, line.promised) for line in decision.standing.lines}
    return (
        all((line, decision.promised[line.line_id]) == ours.get(line.line_id) for line in decision.lines)
        and not decision.deleted
        and decision.charges is None
        and head_values(change.order) == decision.standing.head
    )


def _cancel(key: DocumentKey, standing: StandingOrder, facts: Facts) -> Cancelled | Refused:
    if not standing.goods_left:
        return Cancelled(standing)
    told = open_words(_told_last(facts, key[1]).values(), stated_before(key, facts))
    lines = tuple(_standing_line(line, told) for line in standing.lines)
    return Refused((Finding(HoldReason.DELIVERED, {"number": key[1]}, variant="cancel"),), lines)


def _standing_line(line: StandingLine, told: Mapping[str, AnswerLine]) -> AnswerLine:
    """A line that stays what it is: that we changed, of which goods have left, or as ordered.

    Our own word comes first: code 42 closes a line, and the buyer would never be asked about it.
    """
    if line.said is not None:
        return ANSWER_LINE.convert(line.said)
    if line.booked.line_id in told:
        return told[line.booked.line_id]
    return plain_line(line.booked, LineCode.ALREADY_DELIVERED if line.delivered else LineCode.ACCEPTED)


@dataclass(slots=True)
class _Work:
    """A change under decision: what each of its lines leads to.

    :ivar stated: what the buyer stated before and we did not book; None when nobody kept it.
    :ivar others: lines that differ where the buyer starts from, and are taken as the document has them.
    :ivar otherwise: lines that stay and are not what the document states of them, as we told or shall tell the buyer.
    """

    change: OrderChange
    standing: StandingOrder
    facts: Facts
    stated: Stated | None
    others: list[tuple[ChangeCode, OrderLine]] = field(default_factory=list)
    otherwise: set[str] = field(default_factory=set)
    lines: dict[str, BookedLine] = field(default_factory=dict)
    promised: dict[str, date | None] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    refused: dict[str, Finding] = field(default_factory=dict)
    overwritten: list[Finding] = field(default_factory=list)

    @property
    def before(self) -> dict[str, StandingLine]:
        return {line.booked.line_id: line for line in self.standing.lines}

    @property
    def named(self) -> set[str]:
        return {line.id for _, line in self.change.lines()}

    @property
    def after(self) -> dict[str, BookedLine]:
        deleted = set(self.deleted)
        stay = {line_id: line.booked for line_id, line in self.before.items() if line_id not in deleted}
        return stay | self.lines

    def asked(self) -> Iterator[tuple[ChangeCode, OrderLine]]:
        """The lines that are to be touched."""
        yield from ((code, line) for code, line in self.change.lines() if code is not ChangeCode.UNCHANGED)
        yield from self.others

    def left_alone(self) -> Iterator[OrderLine]:
        """The lines that stay as they are."""
        return (line for code, line in self.change.lines() if code is ChangeCode.UNCHANGED)


def _amend(work: _Work, waived: frozenset[str]) -> Amended | Held | Refused:
    change, standing, facts = work.change, work.standing, work.facts
    differing = list(_other_start(work))
    if differing and HoldReason.OTHER_START not in waived:
        return Held(tuple(differing))
    work.others = list(_as_the_document_has_them(work, {finding.line_id for finding in differing}))
    charges = _charges(change, standing)
    if charges != standing.charges and standing.goods_left:
        return Refused((Finding(HoldReason.DELIVERED, {"number": change.order.id}, variant="charges"),))
    _refuse_what_left(work)
    findings = _look(work)
    stopped = _stopped(findings, facts, waived)
    if stopped is not None:
        return stopped
    _book(work)
    findings += work.overwritten
    return _stopped(work.overwritten, facts, waived) or _within_credit(_amended(work, charges, findings), facts, waived)


def _within_credit(
    decision: Amended | Held | Refused, facts: Facts, waived: frozenset[str]
) -> Amended | Held | Refused:
    """A change that adds to what the customer owes must fit under their maximum, like an order (T20)."""
    if not isinstance(decision, Amended) or decision.standing.state != SalesState.ACCEPTED:
        return decision
    delta = decision.total_ttc - decision.standing.total_ttc
    return credit.check(facts.credit, decision.standing.customer_id, delta, decision.total_ttc, waived) or decision


def _other_start(work: _Work) -> Iterator[Finding]:
    """Where the order that the buyer starts from is not ours: lines that stay as they are, and the totals."""
    before, named = work.before, work.named
    for line in work.left_alone():
        standing = before.get(line.id)
        if standing is None and not _is_known_to_be_refused(line, work.stated):
            yield Finding(HoldReason.OTHER_START, {"theirs": _stated_text(line, None)}, line.id, "unknown_line")
        elif standing is not None and not _starts_from(line, standing, work):
            ours = str(booked_figures(standing.booked, standing.promised))
            values = {
                "theirs": f"{_name(line)}: {_stated_text(line, standing)}",
                "ours": f"{standing.booked.product_code or standing.booked.name}: {ours}",
            }
            yield Finding(HoldReason.OTHER_START, values, line.id)
    for line_id, standing in before.items():
        if line_id not in named and not _is_known_to_stay(line_id, work.stated):
            ours = str(booked_figures(standing.booked, standing.promised))
            yield Finding(HoldReason.OTHER_START, {"ours": ours}, line_id, "missing_line")
    counted = {line.id for line in work.change.as_it_shall_be.lines}
    lines = (each for each in work.change.lines() if each[1].id in counted)
    whole = tuple(_told_in_full(line, code, before.get(line.id)) for code, line in lines)
    for found in totals.check(replace(work.change.order, lines=whole), work.facts):
        if found.line_id is None:
            yield Finding(HoldReason.OTHER_START, found.values, variant="totals")


def _told_in_full(line: OrderLine, code: ChangeCode, standing: StandingLine | None) -> OrderLine:
    """A line that stays with what the document leaves out of it, as we have it: the totals count it, too."""
    if code is not ChangeCode.UNCHANGED or standing is None:
        return line
    booked = standing.booked
    if line.quantity is None or line.price is None or line.line_total is None:
        line = replace(
            line,
            quantity=booked.quantity,
            unit=booked.unit,
            price=Price(booked.price, booked.base_quantity),
            line_total=booked.total if line.line_total is None else line.line_total,
        )
    if line.item.tax is None or line.item.tax.percent is None:
        line = replace(line, item=replace(line.item, tax=TaxCategory(booked.vat_category, booked.vat_rate)))
    return line


def _is_known_to_be_refused(line: OrderLine, stated: Stated | None) -> bool:
    """Whether they added a line before, and we did not take it."""
    before = (stated or {}).get(line.id)
    return before is not None and is_one_of(stated_figures(line, None), [FIGURES.convert(before)])


def _is_known_to_stay(line_id: str, stated: Stated | None) -> bool:
    """Whether they deleted a line of ours before that stays, of which goods had left say."""
    return stated is not None and line_id in stated and stated[line_id] is None


def _name(line: OrderLine) -> str:
    return line.item.sellers_id or line.item.buyers_id or line.item.name


def _stated_text(line: OrderLine, standing: StandingLine | None) -> str:
    return str(stated_figures(line, standing.booked.unit if standing else None))


def _starts_from(line: OrderLine, standing: StandingLine, work: _Work) -> bool:
    """Whether a line that stays as it is, is as we have it, or as the buyer stated it before."""
    return _is_same_product(line, standing, work.facts) and _has_known_figures(line, standing, work.stated)


def _is_same_product(line: OrderLine, standing: StandingLine, facts: Facts) -> bool:
    """A product of ours that took the place of theirs, and that they have not agreed to, is told by `said`."""
    product, booked = facts.product_of(line), standing.booked
    if product is None or booked.product_id is None or standing.said is not None:
        return True
    return product.id == booked.product_id or booked.product_code in {line.item.sellers_id, line.item.buyers_id}


def _has_known_figures(line: OrderLine, standing: StandingLine, stated: Stated | None) -> bool:
    figures, ours = stated_figures(line, standing.booked.unit), booked_figures(standing.booked, standing.promised)
    if stated is None:
        return standing.said is not None or is_one_of(figures, [ours], QUANTITY_ONLY)
    before = stated.get(line.id)
    return is_one_of(figures, [ours] if before is None else [ours, FIGURES.convert(before)])


def _is_as_booked(line: OrderLine, standing: StandingLine) -> bool:
    stated = stated_figures(line, standing.booked.unit)
    return is_one_of(stated, [booked_figures(standing.booked, standing.promised)])


def _as_the_document_has_them(work: _Work, differing: set[str | None]) -> Iterator[tuple[ChangeCode, OrderLine]]:
    """What becomes of the lines that differ once a person said that the buyer's document counts."""
    before, named = work.before, work.named
    for line in work.left_alone():
        if line.id in differing and line.id not in work.lines:
            yield (ChangeCode.CHANGED if line.id in before else ChangeCode.ADDED), line
    for line_id, standing in before.items():
        if line_id in differing and line_id not in named:
            yield ChangeCode.DELETED, OrderLine(line_id, Item(standing.booked.name), None, None)


def _stopped(findings: list[Finding], facts: Facts, waived: frozenset[str]) -> Held | Refused | None:
    weights = [(finding, _weigh(finding, facts, waived)) for finding in findings]
    for weight, outcome in ((Weight.REJECT, Refused), (Weight.HOLD, Held)):
        if chosen := tuple(finding for finding, its in weights if its is weight):
            return outcome(chosen)
    return None


def _weigh(finding: Finding, facts: Facts, waived: frozenset[str]) -> Weight:
    """An order that was accepted does not go back to review, so a line of it is not parked: it waits."""
    weight = weigh(finding, facts.partner, waived)
    return Weight.HOLD if finding.reason is HoldReason.UNKNOWN_PRODUCT and weight is Weight.TELL else weight


def _look(work: _Work) -> list[Finding]:
    """What the rules find about the head and about the lines that are to be booked anew."""
    touched = {line.id for code, line in work.asked() if code is not ChangeCode.DELETED}
    looked_at = {None, *(touched - work.refused.keys())}
    found = (finding for rule in RULES for finding in rule(work.change.order, work.facts))
    agreed = {
        (reason, line.id) for _, line in work.asked() for reason in _agreed(line, work.before.get(line.id), work.facts)
    }
    return [
        finding
        for finding in found
        if finding.line_id in looked_at
        and (finding.reason, finding.line_id) not in agreed
        and not _is_of_the_whole(finding)
    ]


def _is_of_the_whole(finding: Finding) -> bool:
    """The totals of a change are those of the order as it shall be, and its lines are not all of that order's."""
    return finding.reason is HoldReason.TOTAL_DIFFERENCE and finding.line_id is None


def _agreed(line: OrderLine, standing: StandingLine | None, facts: Facts) -> frozenset[HoldReason]:
    """What the buyer asks for as the order has it for the same product: its price, its VAT rate, both or neither.

    It is in the order because a person agreed to it, or the policy, or because we changed the line to it.
    """
    product = facts.product_of(line)
    if standing is None or product is None or product.id != standing.booked.product_id:
        return frozenset()
    if line.quantity is None or converted(line, product.unit) is None:
        return frozenset()  # other rules tell
    asked, ours = _theirs(line, standing, product), standing.booked
    price = {HoldReason.PRICE_DIFFERENCE} if _costs_the_same(asked, ours) else set()
    vat = {HoldReason.VAT_DIFFERENCE} if _has_the_same_vat(asked, ours) else set()
    return frozenset(price | vat)


def _theirs(line: OrderLine, standing: StandingLine | None, product: ProductFacts | None) -> BookedLine:
    """The line as the buyer states it; a price that it does not name stays what it is in the order."""
    asked = book_line(line, product, take_ours=False)
    if line.price is not None or standing is None or standing.booked.product_id != asked.product_id:
        return asked
    price, base_quantity = standing.booked.price, standing.booked.base_quantity
    total = line_total(asked.quantity, price, base_quantity, line.allowances)
    return replace(asked, price=price, base_quantity=base_quantity, total=total)


def _has_the_same_vat(one: BookedLine, other: BookedLine) -> bool:
    return (one.vat_category, one.vat_rate) == (other.vat_category, other.vat_rate)


def _costs_the_same(one: BookedLine, other: BookedLine) -> bool:
    return one.price * other.base_quantity == other.price * one.base_quantity


def _refuse_what_left(work: _Work) -> None:
    before = work.before
    for code, line in work.asked():
        standing = before.get(line.id)
        if standing is not None and standing.delivered and not _is_possible(code, line, standing, work.facts):
            values = {"delivered": plain(standing.delivered), "unit": standing.booked.unit}
            work.refused[line.id] = Finding(HoldReason.DELIVERED, values, line.id)


def _is_possible(code: ChangeCode, line: OrderLine, standing: StandingLine, facts: Facts) -> bool:
    """Whether a line of which goods have left can become what is asked."""
    product = facts.product_of(line)
    if code is ChangeCode.DELETED or product is None or line.quantity is None:
        return False
    if converted(line, product.unit) is None:
        return False
    asked, now = _booked(line, standing, facts), standing.booked
    if now.allowance and asked.quantity != now.quantity:
        return False  # what was invoiced had its share of it
    same = replace(
        asked, quantity=now.quantity, total=now.total, name=now.name, note=now.note, wanted_date=now.wanted_date
    )
    return asked.quantity >= standing.delivered and same == replace(now, product_code=asked.product_code)


def _booked(line: OrderLine, standing: StandingLine | None, facts: Facts) -> BookedLine:
    """The line as it will be: where ours count, with our price and VAT rate except those that are agreed already."""
    product = facts.product_of(line)
    theirs = _theirs(line, standing, product)
    if facts.partner.price_policy is not PricePolicy.TAKE_OURS:
        return theirs
    ours, agreed = book_line(line, product, take_ours=True), _agreed(line, standing, facts)
    if HoldReason.PRICE_DIFFERENCE in agreed:
        ours = replace(ours, price=theirs.price, base_quantity=theirs.base_quantity, total=theirs.total)
    if HoldReason.VAT_DIFFERENCE in agreed:
        ours = replace(ours, vat_category=theirs.vat_category, vat_rate=theirs.vat_rate)
    return ours


def _book(work: _Work) -> None:
    before = work.before
    for code, line in work.asked():
        standing = before.get(line.id)
        if line.id in work.refused:
            continue
        if code is ChangeCode.DELETED:
            work.deleted += [line.id] if standing is not None else []
            continue
        booked, wanted = _booked(line, standing, work.facts), line.wanted.end if line.wanted else None
        work.lines[line.id] = booked
        work.promised[line.id] = wanted
        if standing is not None and standing.said is None:
            work.promised[line.id] = wanted or standing.promised
        elif standing is not None and not _agrees(booked, wanted, standing):
            values = {"ours": _shown(standing.booked, standing.promised), "theirs": _shown(booked, wanted)}
            work.overwritten.append(Finding(HoldReason.OWN_CHANGE, values, line.id))


def _agrees(booked: BookedLine, wanted: date | None, standing: StandingLine) -> bool:
    """Whether the buyer asks for what we said ourselves."""
    ours = standing.booked
    same = booked.product_id == ours.product_id and booked.quantity == ours.quantity
    return same and _costs_the_same(booked, ours) and wanted == standing.promised


def _shown(line: BookedLine, promised: date | None) -> str:
    figures = f"{line.product_code or line.name}: {plain(line.quantity)} {line.unit} × {plain(line.price)}"
    return f"{figures} ({promised.isoformat()})" if promised else figures


def _amended(work: _Work, charges: tuple[BookedCharge, ...], findings: list[Finding]) -> Amended | Held | Refused:
    after = work.after
    if not after:
        return Refused((Finding(HoldReason.BAD_DOCUMENT, variant="no_lines"),))
    sums = sums_of(after.values(), charges)
    exclusive = sums.totals.tax_exclusive
    assert exclusive is not None
    amounts = (exclusive, sums.tax_amount, exclusive + sums.tax_amount)
    if not have_room(work.lines.values(), amounts):
        return Held((Finding(HoldReason.BAD_DOCUMENT, variant="too_large"),))
    untouched = [line for line in work.left_alone() if line.id not in work.lines.keys() | work.refused.keys()]
    before, named = work.before, work.named
    work.otherwise = {
        line.id for line in untouched if line.id not in before or not _is_as_booked(line, before[line.id])
    }
    work.otherwise |= {line_id for line_id in after if line_id not in named}
    lines = tuple(_answer_lines(work, after))
    touched = {line.id for _, line in work.asked()}
    differs = (
        work.refused
        or work.otherwise
        or any(line.id in touched and line.code is not LineCode.ACCEPTED for line in lines)
    )
    return Amended(
        standing=work.standing,
        lines=tuple(work.lines.values()),
        promised=work.promised,
        deleted=tuple(work.deleted),
        charges=None if charges == work.standing.charges else charges,
        total_ht=amounts[0],
        total_vat=amounts[1],
        total_ttc=amounts[2],
        code=AnswerCode.CHANGED if differs else AnswerCode.ACCEPTED,
        answer_lines=lines if differs else (),
        findings=(*findings, *work.refused.values()),
        below=below(work.facts.minimum_of(work.change.order), sums.totals.lines),
    )


def _charges(change: OrderChange, standing: StandingOrder) -> tuple[BookedCharge, ...]:
    """The charges of the document; and ours, which it does not know: a fee that we added, a VAT category that we gave.

    Of a charge of theirs that they state as before we keep what we said of it; a fee of ours stays until they state one
    of its amount, which is that fee.
    """
    left, charges = list(standing.charges), []
    for asked in map(book_charge, change.order.allowances):
        ours = next((own for own in left if _is_same(asked, own)), None)
        if ours is not None:
            left.remove(ours)
        charges.append(ours or asked)
    return (*charges, *(own for own in left if own.fee_id is not None))


def _is_same(asked: BookedCharge, own: BookedCharge) -> bool:
    of_vat = (asked.vat_category, asked.vat_rate) == (own.vat_category, own.vat_rate)
    called = own.fee_id is not None or asked.reason == own.reason
    return asked.amount == own.amount and called and (of_vat or asked.vat_category is None)


def _answer_lines(work: _Work, after: Mapping[str, BookedLine]) -> Iterator[AnswerLine]:
    """Every line of the sales order as it is now: what the buyer asked for, refused, changed by us, or as it was."""
    asked = {line.id: line for _, line in work.change.lines()}
    before, language = work.before, work.facts.partner.language
    told = _told_last(work.facts, work.change.order.id) if work.otherwise else {}
    for line_id, booked in after.items():
        if line_id not in work.lines and before[line_id].said is not None:
            yield ANSWER_LINE.convert(before[line_id].said)
        elif line_id in work.refused:
            yield plain_line(booked, LineCode.ALREADY_DELIVERED)
        elif line_id in work.otherwise:
            yield _line_as_it_is(asked.get(line_id), before[line_id], work.facts, told.get(line_id))
        elif line_id in asked:
            line = asked[line_id]
            yield answer_line(Pair(line, booked, work.facts.product_of(line)), language)
        else:
            yield plain_line(booked, LineCode.ACCEPTED)


def _line_as_it_is(
    line: OrderLine | None, standing: StandingLine, facts: Facts, told: Mapping[str, Any] | None
) -> AnswerLine:
    """A line that stays, and is not what the buyer states of it: of which goods have left, or as we told it last.

    :param told: what we told last of it, or shall tell once the order is reviewed.
    """
    booked = standing.booked
    if line is None or not is_one_of(stated_figures(line, booked.unit), [booked_figures(booked, None)], QUANTITY_ONLY):
        return plain_line(booked, LineCode.ALREADY_DELIVERED if standing.delivered else LineCode.ACCEPTED)
    if told is not None and told["code"] in OPEN:
        other_total = line.line_total is not None and abs(line.line_total - booked.total) > ROUNDED
        pair = Pair(line, booked, facts.product_of(line))
        return answer_line(pair, facts.partner.language, other_total=other_total)
    return plain_line(booked, LineCode.ACCEPTED)


def _told_last(facts: Facts, number: str) -> dict[str, Mapping[str, Any]]:
    """Each line in the newest answer to the order that says anything of its lines, or shall say it."""
    if to_tell := facts.to_tell.get(number):
        return {line["id"]: line for line in to_tell}
    last = facts.told_last(number)
    return {line["id"]: line for line in (last.lines if last else None) or ()}


def plain_line(line: BookedLine, code: LineCode) -> AnswerLine:
    """A line as we have it, in our unit; with its VAT where it stays although the buyer wanted it otherwise."""
    stays = code is LineCode.ALREADY_DELIVERED and line.vat_category is not None
    tax = TaxCategory(line.vat_category, line.vat_rate) if stays else None
    item = Item(line.name, sellers_id=line.product_code, tax=tax)
    return AnswerLine(line.line_id, code, item, line.quantity, line.unit, line.price, base_quantity=line.base_quantity)
