"""What a buyer says about an order that was sent: a change (UBL 2.1 OrderChange, Peppol transaction T114) or its
end (OrderCancellation, T115).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.money import ZERO
from intergestan_msg.order import Order, OrderLine, Party, check_figures
from intergestan_msg.order_rules import check_references
from intergestan_msg.peppol import (
    PEPPOL_ADVANCED_ORDERING,
    PEPPOL_ORDER_CANCELLATION,
    PEPPOL_ORDER_CHANGE,
    rules_of,
)


class ChangeCode(StrEnum):
    """UBL `cbc:LineStatusCode` of a line of a change (UNCL 1229)."""

    ADDED = "1"
    DELETED = "2"
    CHANGED = "3"
    UNCHANGED = "4"
    REOPENED = "74"


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order as it shall be from now on, and per line what of that is new.

    :ivar sequence: 1 for the first change of an order, then one more for each change or cancellation; a receiver
        applies them in this order.
    :ivar order: number, parties, places, charges and totals as they shall be. Its lines are those that stay and
        those to delete; its `customization_id` and `profile_id` are the change's own.
    :ivar codes: one for each line of `order`. What is `UNCHANGED` is stated for people and is not to be applied.
    :raises BadDocument: when the codes do not fit the lines, no line is left (that is a cancellation), or the
        figures of what stays contradict each other.
    """

    id: str
    sequence: int
    issue_date: date
    order: Order
    codes: tuple[ChangeCode, ...]
    issue_time: time | None = None
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_references((self.id,))
        if not self.id or self.sequence < 1:
            raise BadDocument(Wrong.CHANGE_NUMBERS)
        if len(self.codes) != len(self.order.lines):
            raise BadDocument(Wrong.CHANGE_SILENT)
        if not self._staying:
            raise BadDocument(Wrong.NOTHING_LEFT)
        if (self.order.customization_id or "").startswith(PEPPOL_ORDER_CHANGE):
            with rules_of("T114"):
                check_figures(self.as_it_shall_be)

    @property
    def as_it_shall_be(self) -> Order:
        """The order with the lines that its totals count: those that stay, as ours have it, or else those to delete,
        too. Peppol's sum has them (T114-R008, a warning).
        """
        order, totals = self.order, self.order.totals
        if totals is not None and any(code is ChangeCode.DELETED for code in self.codes):
            of_all = sum((line.line_total or ZERO for line in order.lines), ZERO)
            of_staying = sum((line.line_total or ZERO for line in self._staying), ZERO)
            if totals.lines == of_all != of_staying:
                return order
        return replace(order, lines=self._staying)

    @property
    def _staying(self) -> tuple[OrderLine, ...]:
        return tuple(line for code, line in self.lines() if code is not ChangeCode.DELETED)

    def lines(self) -> Iterator[tuple[ChangeCode, OrderLine]]:
        """Each line with what becomes of it."""
        return zip(self.codes, self.order.lines, strict=True)


@dataclass(frozen=True, slots=True)
class OrderCancellation:
    """An order shall not be. Its place in the sequence stands in the manifest only: UBL has no element for it.

    :ivar reason: UBL `cbc:CancellationNote`, which there must be.
    :raises BadDocument: when the numbers or the reason are missing.
    """

    id: str
    issue_date: date
    order_id: str
    reason: str
    buyer: Party
    seller: Party
    issue_time: time | None = None
    note: str | None = None
    customization_id: str | None = PEPPOL_ORDER_CANCELLATION
    profile_id: str | None = PEPPOL_ADVANCED_ORDERING
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_references((self.id, self.order_id))
        if not (self.id and self.order_id and self.reason):
            raise BadDocument(Wrong.CANCELLATION_LACKS)
