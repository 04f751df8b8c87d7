"""What a seller answers to an order (UBL 2.1 OrderResponse, Peppol transactions T76 and T116)."""

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from intergestan_msg.diagnosis import Term, Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import MILLIONTH, ZERO, fits
from intergestan_msg.order import Item, Party, Period, one_day
from intergestan_msg.order_rules import check_fine, check_line_ids, check_references
from intergestan_msg.peppol import PEPPOL_ORDER_RESPONSE, PEPPOL_ORDERING, rules_of, transaction
from intergestan_msg.shapes import Shape


class AnswerCode(StrEnum):
    """UBL `cbc:OrderResponseCode` (UNCL 4343). AB leaves the order waiting; the other three end the wait."""

    RECEIVED = "AB"
    ACCEPTED = "AP"
    CHANGED = "CA"
    REJECTED = "RE"


class LineCode(StrEnum):
    """UBL `cbc:LineStatusCode` of a line of an answer (UNCL 1229)."""

    ADDED = "1"
    CHANGED = "3"
    ACCEPTED = "5"
    NOT_ACCEPTED = "7"
    ALREADY_DELIVERED = "42"


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """So much of a line, and by when it is promised."""

    quantity: Decimal
    unit: str | None = None
    promised: date | None = None


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What became of one line, named by the buyer's line id; `price` is for `base_quantity` units.

    :ivar number: what the answer itself calls its line (UBL `cac:LineItem/cbc:ID`), where that is not the buyer's id:
        an answer may say several things of one line of the order.
    :ivar parts: what it said of each, once `joined` has put them together.
    """

    id: str
    code: LineCode
    item: Item | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    price: Decimal | None = None
    promised: Period | None = None
    backorder: Decimal | None = None
    substitute: Item | None = None
    note: str | None = None
    base_quantity: Decimal = Decimal(1)
    number: str | None = None
    parts: tuple[AnswerPart, ...] = ()

    def __post_init__(self) -> None:
        if not self.id:
            raise BadDocument(Wrong.NO_LINE_ID, rule="PEPPOL-T76-R003")
        check_references((self.id, self.unit, self.number), self.id)
        _check_figure(self.quantity, Term.QUANTITY, self.id)
        _check_figure(self.backorder, Term.BACKORDER, self.id)
        _check_figure(self.price, Term.PRICE, self.id)
        _check_figure(self.base_quantity, Term.BASE_QUANTITY, self.id)
        _check_period(self.promised, self.id)


def with_tax_apart(thing: Item) -> tuple[Item, Item]:
    """A thing without its tax, and the same thing with it, as what takes its place.

    Peppol's answers have no other element for the tax of a line; `response_in` undoes it.
    """
    same = Item(thing.name, sellers_id=thing.sellers_id, standard_id=thing.standard_id, tax=thing.tax)
    return replace(thing, tax=None), same


ANSWER_LINE = Shape(AnswerLine)
ANSWER_LINES = Shape(tuple[AnswerLine, ...])


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """The answer to one order, or to the change or cancellation of it that has the id `change_id`.

    AB, AP and RE carry no lines; CA carries all of them. It may have several lines for one of the order (`joined`).

    :raises BadDocument: naming the rule, when the lines do not fit the code, or two of its own have one identifier.
    """

    id: str
    issue_date: date
    order_id: str
    code: AnswerCode
    buyer: Party
    seller: Party
    currency: str = "EUR"
    issue_time: time | None = None
    sales_order_id: str | None = None
    note: str | None = None
    lines: tuple[AnswerLine, ...] = ()
    customization_id: str | None = PEPPOL_ORDER_RESPONSE
    profile_id: str | None = PEPPOL_ORDERING
    left_out: tuple[str, ...] = ()
    promised: Period | None = None
    change_id: str | None = None

    def __post_init__(self) -> None:
        with rules_of(transaction(self.customization_id, "T76")):
            self._check()

    def _check(self) -> None:
        if not (self.id and self.order_id):
            raise BadDocument(Wrong.ANSWER_NUMBERS)
        check_references((self.id, self.order_id, self.sales_order_id, self.currency, self.change_id))
        check_line_ids([line.number or line.id for line in self.lines], "PEPPOL-T76-R003")
        _check_period(self.promised)
        rule = _RULE_ON_LINES[self.code]
        if bool(self.lines) is not (self.code is AnswerCode.CHANGED):
            lacks = self.code is AnswerCode.CHANGED
            raise BadDocument(Wrong.ANSWER_NEEDS_LINES if lacks else Wrong.ANSWER_HAS_LINES, code=self.code, rule=rule)


_RULE_ON_LINES = {
    AnswerCode.CHANGED: "PEPPOL-T76-R007",
    AnswerCode.ACCEPTED: "PEPPOL-T76-R008",
    AnswerCode.REJECTED: "PEPPOL-T76-R009",
    AnswerCode.RECEIVED: "PEPPOL-T76-R010",
}


def joined(lines: tuple[AnswerLine, ...]) -> tuple[AnswerLine, ...]:
    """The same with one line for each of the order: what an answer says of a line in parts, put together.

    The quantity is the sum of what will come, the day the last one on which some of it does, and the price comes to
    the same amount; `AnswerLine.parts` has each.

    :raises BadDocument: when nobody can say what became of a line: its parts are of several products or units.
    """
    by_id: dict[str, list[AnswerLine]] = {}
    for line in lines:
        by_id.setdefault(line.id, []).append(line)
    if len(by_id) == len(lines):
        return lines
    return tuple(_joined(parts) for parts in by_id.values())


def _joined(parts: list[AnswerLine]) -> AnswerLine:
    first = parts[0]
    if len(parts) == 1:
        return first
    coming = [part for part in parts if part.code is not LineCode.NOT_ACCEPTED] or parts
    if len({part.unit for part in coming}) > 1 or len({part.substitute for part in coming}) > 1:
        raise BadDocument(Wrong.PARTS_UNLIKE, line=first.id)
    if any(part.quantity is None for part in coming):
        raise BadDocument(Wrong.PARTS_UNCOUNTED, line=first.id)
    days = sorted({day for part in coming if (day := one_day(part.promised)) is not None})
    codes = {part.code for part in parts}
    price, base = _price_of(coming, first.id)
    backorders = [part.backorder for part in parts if part.backorder is not None]
    return AnswerLine(
        id=first.id,
        code=codes.pop() if len(codes) == 1 else LineCode.CHANGED,
        item=next((part.item for part in parts if part.item is not None), None),
        quantity=sum((part.quantity or ZERO for part in coming), ZERO),
        unit=coming[0].unit,
        price=price,
        base_quantity=base,
        promised=Period(days[0] if len(days) > 1 else None, days[-1]) if days else None,
        backorder=sum(backorders, ZERO) if backorders else None,
        substitute=coming[0].substitute,
        note="\n".join(dict.fromkeys(part.note for part in parts if part.note)) or None,
        parts=tuple(AnswerPart(part.quantity or ZERO, part.unit, one_day(part.promised)) for part in coming),
    )


def _price_of(parts: list[AnswerLine], line_id: str) -> tuple[Decimal | None, Decimal]:
    """What all parts cost: their one price, or for all of their units what they come to together."""
    prices = {(part.price, part.base_quantity) for part in parts}
    if len(prices) == 1:
        return prices.pop()
    whole, amount = ZERO, ZERO
    for part in parts:
        if part.price is None or part.quantity is None:
            raise BadDocument(Wrong.PARTS_UNPRICED, line=line_id)
        whole, amount = whole + part.quantity, amount + part.quantity * part.price / part.base_quantity
    if not (whole and fits(amount, MILLIONTH)):
        raise BadDocument(Wrong.PARTS_PRICES, line=line_id)
    return amount, whole


def _check_figure(value: Decimal | None, what: Term, line: str) -> None:
    if value is None:
        return
    check_fine(value, what, line)
    if value < 0:
        raise BadDocument(Wrong.FIGURE_NEGATIVE, what=what, value=value, line=line)


def _check_period(period: Period | None, line: str | None = None) -> None:
    if period is not None and period.start and period.end and period.end < period.start:
        raise BadDocument(Wrong.PERIOD_BACKWARDS, rule="PEPPOL-T76-R004", line=line)
