"""What entered the books is counted by the numbers of the journals, and what waits for the bank is shown."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod
from intergestan_erp.paying import banking
from intergestan_runtime.metrics import Metrics
from services.dispatcher.books import BooksCounter
from tests.erp.paying.till import Till


@pytest.mark.mainly_on("postgresql")
def test_entries_and_what_waits_for_the_bank(base: Database) -> None:
    """D60: those that were there before are not counted."""
    till, metrics, counter = Till(base), Metrics(CollectorRegistry()), BooksCounter()
    till.pay("1")

    def look() -> list[float | None]:
        with base.read() as connection:
            counter.look(connection, metrics)
        found = metrics.registry.get_sample_value
        of_journals = [found("intergestan_entries_total", {"journal": journal}) for journal in ("VE", "BQ", "OD")]
        return [*(count or 0 for count in of_journals), found("intergestan_payments_to_bank")]

    assert look() == [0, 0, 0, 0]
    till.bill(("1", "10", "20"))
    till.pay("1")
    till.pay("1", method=PaymentMethod.CHEQUE)
    assert look() == look() == [1, 1, 1, 1]
    till.act(banking.bank_due)
    assert look() == [1, 2, 1, 0]
