"""What a seller answers to an order (UBL 2.1 OrderResponse, Peppol transactions T76 and T116)."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from intergestan_msg.diagnosis import Term, Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.order import PEPPOL_ORDERING, Item, Party, Period
from intergestan_msg.order_rules import check_fine, check_line_ids, check_references
from intergestan_msg.shapes import Shape

PEPPOL_ORDER_RESPONSE = "urn:fdc:peppol.eu:poacc:trns:order_response:3"


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
class AnswerLine:
    """What became of one line, named by the buyer's line id; `price` is for `base_quantity` units."""

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

    def __post_init__(self) -> None:
        if not self.id:
            raise BadDocument(Wrong.NO_LINE_ID, rule="PEPPOL-T76-R003")
        check_references((self.id, self.unit), self.id)
        _check_figure(self.quantity, Term.QUANTITY, self.id)
        _check_figure(self.backorder, Term.BACKORDER, self.id)
        _check_figure(self.price, Term.PRICE, self.id)
        _check_figure(self.base_quantity, Term.BASE_QUANTITY, self.id)
        _check_period(self.promised, self.id)


ANSWER_LINE = Shape(AnswerLine)
ANSWER_LINES = Shape(tuple[AnswerLine, ...])


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """The answer to one order, or to the change or cancellation of it that has the id `change_id`.

    AB, AP and RE carry no lines; CA carries all of them.

    :raises BadDocument: naming the rule, when the lines do not fit the code, or a line id comes twice.
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
        if not (self.id and self.order_id):
            raise BadDocument(Wrong.ANSWER_NUMBERS)
        check_references((self.id, self.order_id, self.sales_order_id, self.currency, self.change_id))
        check_line_ids([line.id for line in self.lines], "PEPPOL-T76-R003")
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


def _check_figure(value: Decimal | None, what: Term, line: str) -> None:
    if value is None:
        return
    check_fine(value, what, line)
    if value < 0:
        raise BadDocument(Wrong.FIGURE_NEGATIVE, what=what, value=value, line=line)


def _check_period(period: Period | None, line: str | None = None) -> None:
    if period is not None and period.start and period.end and period.end < period.start:
        raise BadDocument(Wrong.PERIOD_BACKWARDS, rule="PEPPOL-T76-R004", line=line)
