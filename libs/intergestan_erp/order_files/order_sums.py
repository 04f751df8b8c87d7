"""Whether rows of totals state what the orders above them come to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

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
    """
    said = []
    for place, order in enumerate(orders):
        for stated in order.sums:
            spans = [values for values in _spans(orders, settled, place, stated) if values is not None]
            if not spans:
                continue
            wrong = list(_wrong(stated, spans))
            faults += wrong
            if not wrong:
                said.append(_remark(stated))
    return said


def _spans(
    orders: Sequence[FileOrder], settled: Sequence[OrderValues | None], place: int, stated: FileSum
) -> Iterator[list[OrderValues] | None]:
    above = [each for each, order in enumerate(orders) if order.row is not None and order.row < stated.row]
    for places in ([place], [each for each in above if (orders[each].row or 0) > stated.since], above):
        values = [settled[each] for each in places]
        yield None if None in values else [each for each in values if each is not None]


def _wrong(stated: FileSum, spans: Sequence[Sequence[OrderValues]]) -> Iterator[Fault]:
    for what, amount in stated.amounts:
        sums = {
            (name, sum((order.head[name] for order in span), ZERO), _slack(span))
            for span in spans
            for name in _COLUMNS[what]
        }
        if not any(abs(amount - due) <= slack for _, due, slack in sums):
            ours = sum((order.head[_COLUMNS[what][0]] for order in spans[-1]), ZERO)
            yield Fault(
                stated.row,
                stated.title,
                "The row says {stated} in all, the lines above it add up to {ours}: check prices, quantities and VAT "
                "rates, or remove the row.",
                stated=f"{amount:.2f}",
                ours=f"{ours:.2f}",
            )
    if stated.quantity is not None:
        counts = {count for span in spans for count in _counts(span)}
        if stated.quantity not in counts:
            yield Fault(
                stated.row,
                stated.title,
                "The row says {stated} pieces in all, the lines above it add up to {ours}: is one missing? Correct the "
                "quantities, or remove the row.",
                stated=plain(stated.quantity),
                ours=plain(_counts(spans[-1])[0]),
            )


def _slack(span: Sequence[OrderValues]) -> Decimal:
    """What other software's roundings may come to: a cent for each line and charge."""
    return CENT * sum(len(order.lines) + len(order.charges) for order in span)


def _counts(span: Sequence[OrderValues]) -> tuple[Decimal, Decimal]:
    """How many pieces, and how many lines."""
    lines = [line for order in span for line in order.lines]
    return sum((line["quantity"] for line in lines), ZERO), Decimal(len(lines))


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
