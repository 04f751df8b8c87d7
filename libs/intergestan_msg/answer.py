"""What a seller answers to an order (UBL 2.1 OrderResponse, Peppol transactions T76 and T116)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from intergestan_msg.order import Item, Party, Period


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
    """What became of one line, named by the buyer's line id."""

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


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """The answer to one order. AB, AP and RE carry no lines; CA carries all of them."""

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
    customization_id: str | None = None
    profile_id: str | None = None
    left_out: tuple[str, ...] = ()
