"""What counts in the end: did every order arrive exactly once, with equal content, and was it answered?

Pure: `watch` reads the bases, this compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str]
"""The buying site's code and its order number."""


@dataclass(frozen=True, slots=True)
class Document:
    """An order as one base has it: the columns that both sides have of its head, its lines and its charges."""

    key: Key
    head: Row
    lines: Sequence[Row]
    charges: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase order, whether a mail with it left, and the code of the answer that was applied to it."""

    document: Document
    sent: bool
    answer: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The orders, by key, with which something is wrong."""

    orders_sent: int
    sales_orders: int
    answers_applied: int
    unsent: tuple[Key, ...]
    lost: tuple[Key, ...]
    duplicates: tuple[Key, ...]
    altered: tuple[Key, ...]
    unanswered: tuple[Key, ...]

    @property
    def good(self) -> bool:
        """Every order arrived exactly once with equal content, and has its answer."""
        return not (self.unsent or self.lost or self.duplicates or self.altered or self.unanswered)


def judge(bought: Sequence[Bought], sold: Sequence[Document]) -> Verdict:
    """Compare the purchase orders of the buyers with the sales orders of the seller.

    A sales order that nobody asked for counts as a duplicate.
    """
    ordered = {each.document.key: each.document for each in bought}
    arrived = Counter(document.key for document in sold)
    too_many = arrived - Counter(dict.fromkeys(ordered, 1))
    return Verdict(
        orders_sent=sum(each.sent for each in bought),
        sales_orders=len(sold),
        answers_applied=sum(each.answer is not None for each in bought),
        unsent=tuple(sorted(each.document.key for each in bought if not each.sent)),
        lost=tuple(sorted(ordered.keys() - arrived.keys())),
        duplicates=tuple(sorted(too_many.elements())),
        altered=tuple(sorted(each.key for each in sold if each.key in ordered and differs(each, ordered[each.key]))),
        unanswered=tuple(sorted(each.document.key for each in bought if each.answer is None)),
    )


def differs(one: Document, other: Document) -> bool:
    """Whether head, lines (by their ids) or charges are not the same to the cent and the letter."""
    return _content(one) != _content(other)


def _content(document: Document) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    lines = sorted(document.lines, key=lambda line: str(line["line_id"]))
    charges = sorted(map(repr, map(dict, document.charges)))
    return dict(document.head), list(map(dict, lines)), charges
