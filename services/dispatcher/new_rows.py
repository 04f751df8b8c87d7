"""Settlements, invoices and pairs of orders as people enter them.

They do so in processes without metrics, so that the database is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from intergestan_db.enums import InvoiceKind
from intergestan_db.tables import AgencyOrder, Invoice, Settlement
from intergestan_runtime.metrics import Metrics

LATE = 1000
"""So many rows back one may still come whose transaction began before that of a later row."""
_BIGGEST = 2**63 - 1


class NewRows:
    """Counts on from what is there when it looks first; every later row counts once.

    :param metric: a counter with one label; `row_id`: the column by which the rows are known.
    :param words: what is counted for each word of the label.
    """

    def __init__(self, metric: str, label: str, row_id: Any, words: Mapping[str, Any]) -> None:
        self._metric = metric
        self._label = label
        self._after: int | None = None
        self._counted = dict.fromkeys(words, 0)
        self._newest = select(func.coalesce(func.max(row_id), 0))
        self._count_between = select(*words.values()).where(row_id > bindparam("after"), row_id <= bindparam("until"))

    def look(self, connection: Connection, metrics: Metrics) -> None:
        """Count what was entered since it last looked; a look reads a few thousand rows of an index at most."""
        newest = connection.execute(self._newest).scalar_one()
        if self._after is None:
            self._after = max(0, newest - LATE)
            self._counted = self._count(connection, self._after)
            return
        found = self._count(connection, self._after)
        for word, count in found.items():
            metrics.inc(self._metric, count - self._counted[word], **{self._label: word})
        self._counted = found
        if newest > self._after + 2 * LATE:
            settled = self._count(connection, self._after, newest - LATE)
            self._counted = {word: count - settled[word] for word, count in found.items()}
            self._after = newest - LATE

    def _count(self, connection: Connection, after: int, until: int = _BIGGEST) -> dict[str, int]:
        counts = connection.execute(self._count_between, {"after": after, "until": until}).one()
        return dict(zip(self._counted, counts, strict=True))


def settlements() -> NewRows:
    """Instalments that are settled, by what settles them."""
    words = {
        "payment": func.count(Settlement.payment_id),
        "credit_note": func.count(Settlement.credit_note_id),
    }
    return NewRows("settlements_total", "by", Settlement.id, words)


def invoices() -> NewRows:
    """Invoices, by to whom they are."""
    words = {str(kind): func.count(case((Invoice.kind == kind, 1))) for kind in InvoiceKind}
    return NewRows("invoices_total", "kind", Invoice.id, words)


def agency_orders() -> NewRows:
    """Pairs of orders between agencies; one of which the sales order is elsewhere goes by mail."""
    local = func.count(AgencyOrder.sales_order_id)
    return NewRows("agency_orders_total", "kind", AgencyOrder.id, {"local": local, "mail": func.count() - local})
