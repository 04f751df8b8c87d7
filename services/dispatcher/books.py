"""What enters the books, which payments wait for the bank, and how long an invoice run took: people do all of it in
processes without metrics.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from intergestan_db import numbers
from intergestan_db.enums import Journal
from intergestan_db.tables import Invoice, InvoiceRun, NumberSeries, Payment
from intergestan_runtime.metrics import Metrics

_SERIES = select(NumberSeries.code, NumberSeries.next_number).where(NumberSeries.code.like(f"{numbers.ENTRIES}%"))
_TO_BANK = select(func.count()).where(
    Payment.banked_on.is_(None), Payment.state == "entered", Payment.method.in_(("cheque", "bill"))
)
"""As `paying.banking.count_to_bank`, which brings along all that posts payments."""
_LAST_RUN = (
    select(
        InvoiceRun.at,
        select(Invoice.created_at)
        .where(Invoice.invoice_run_id == InvoiceRun.id)
        .order_by(Invoice.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("until"),
    )
    .order_by(InvoiceRun.id.desc())
    .limit(1)
)


class BooksCounter:
    """Counts on from what is there when it looks first: a journal's numbers have no gap, so they are its entries."""

    def __init__(self) -> None:
        self._counted: dict[str, int] | None = None

    def look(self, connection: Connection, metrics: Metrics) -> None:
        """Count what was entered since it last looked, and the cheques and bills that nobody handed in."""
        found = dict.fromkeys(map(str, Journal), 0)
        for code, following in connection.execute(_SERIES):
            found[code.rpartition(":")[2]] += following - 1
        for journal, count in found.items():
            if self._counted is not None:
                metrics.inc("entries_total", count - self._counted[journal], journal=journal)
        self._counted = found
        metrics.set("payments_to_bank", connection.execute(_TO_BANK).scalar_one())
        run = connection.execute(_LAST_RUN).one_or_none()
        if run is not None and run.until is not None:
            metrics.set("invoice_run_seconds", (run.until - run.at).total_seconds())
