"""Whether rows of totals state what the orders above them come to. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from operator import add, sub
from typing import NamedTuple

from intergestan_db.problem import Fault, Remark
from intergestan_erp.order_files.file_order import FileOrder, FileSum, SumOf
from intergestan_erp.order_files.order_values import OrderValues
from intergestan_msg.money import CENT, ZERO, plain

_COLUMNS = {
    SumOf.EXCLUSIVE: ("total_ht",),
    SumOf.TAX: ("total_vat",),
    SumOf.INCLUSIVE: ("total_ttc",),
    SumOf.ANY: ("total_ht", "total_ttc"),
}


def compare_sums(
    orders: Sequence[FileOrder], settled: Sequence[OrderValues | None], faults: list[Fault]
) -> list[Remark]:
    """What is said of each row of totals; a fault, with both figures, where nothing above it comes to that.

    A total may be that of one order, of those since the total before, or of all of them. Totals of orders that do not
    stand are not looked at.

    :param orders: in the order of their rows.
    """
    rows = [order.row or 0 for order in orders]
    down_to = list(accumulate(map(_values_of, settled), _plus, initial=_NOTHING))
    said = []
    for place, order in enumerate(orders):
        for stated in order.sums:
            end = bisect_left(rows, stated.row)
            spans = [
                span
                for first, behind in ((place, place + 1), (bisect_right(rows, stated.since), end), (0, end))
                if not (span := _between(down_to[first], down_to[behind])).unsettled
            ]
            if not spans:
                continue
            wrong = list(_wrong(stated, spans))
            faults += wrong
            if not wrong:
                said.append(_remark(stated))
    return said


class _Span(NamedTuple):
    """What orders in a row come to. Sums down to each order make those of any of them, however many there are.

    :ivar unsettled: how many of them do not stand.
    :ivar parts: how many lines and charges they have.
    """

    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    pieces: Decimal
    lines: int
    parts: int
    unsettled: int

    @property
    def slack(self) -> Decimal:
        """What other software's roundings may come to: a cent for each line and charge."""
        return CENT * self.parts


_NOTHING = _Span(ZERO, ZERO, ZERO, ZERO, 0, 0, 0)


def _values_of(order: OrderValues | None) -> _Span:
    if order is None:
        return _NOTHING._replace(unsettled=1)
    head, lines = order.head, len(order.lines)
    pieces = sum((line["quantity"] for line in order.lines), ZERO)
    totals = (head["total_ht"], head["total_vat"], head["total_ttc"])
    return _Span(*totals, pieces, lines, lines + len(order.charges), 0)


def _plus(one: _Span, other: _Span) -> _Span:
    return _Span(*map(add, one, other))


def _between(above: _Span, below: _Span) -> _Span:
    return _Span(*map(sub, below, above))


def _wrong(stated: FileSum, spans: Sequence[_Span]) -> Iterator[Fault]:
    for what, amount in stated.amounts:
        columns = _COLUMNS[what]
        if not any(abs(amount - getattr(span, column)) <= span.slack for span in spans for column in columns):
            yield Fault(
                stated.row,
                stated.title,
                "The row says {stated} in all, the lines above it add up to {ours}: check prices, quantities and VAT "
                "rates, or remove the row.",
                stated=f"{amount:.2f}",
                ours=f"{getattr(spans[-1], columns[0]):.2f}",
            )
    if stated.quantity is not None and not any(stated.quantity in {span.pieces, span.lines} for span in spans):
        yield Fault(
            stated.row,
            stated.title,
            "The row says {stated} pieces in all, the lines above it add up to {ours}: is one missing? Correct the "
            "quantities, or remove the row.",
            stated=plain(stated.quantity),
            ours=plain(spans[-1].pieces),
        )


def _remark(stated: FileSum) -> Remark:
    figures = [f"{amount:.2f}" for _, amount in stated.amounts]
    figures += [] if stated.quantity is None else [plain(stated.quantity)]
    if not figures:
        return Remark(stated.row, stated.title, "This is no line of an order, and was not taken.")
    return Remark(
        stated.row,
        stated.title,
        "This is a total ({figures}): it was compared with the lines above, and is no line itself.",
        figures=", ".join(figures),
    )
