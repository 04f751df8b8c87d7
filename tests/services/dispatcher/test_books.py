"""What entered the books is counted by the numbers of the journals, and what waits for the bank is shown."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod
from intergestan_db.tables import Establishment
from intergestan_erp.paying import banking
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.deferred import in_batches
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_runtime.metrics import Metrics
from services.dispatcher.books import BooksCounter
from tests.clock import Clock
from tests.databases import as_service
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


@pytest.mark.mainly_on("postgresql")
def test_how_long_the_last_run_took(base: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A36: from its begin until it wrote its last invoices; 0 before the first run."""
    till, metrics = Till(base), Metrics(CollectorRegistry())
    monkeypatch.setattr(invoice_runs, "in_batches", lambda groups: in_batches(groups, most_invoices=1))
    numbers = [till.order(("4", "10", "20"), unit="C62") for _ in range(2)]

    def look() -> float | None:
        with as_service(base, "dispatcher").read() as connection:
            BooksCounter().look(connection, metrics)
        return metrics.registry.get_sample_value("intergestan_invoice_run_seconds")

    assert look() == 0
    for number in numbers:
        till.act(deliver, number, None)
    with base.read() as connection:
        place = connection.execute(select(Establishment.id)).scalar_one()
    for _made in invoice_runs.run(base, place, NotesWanted(), by="m", at=base.now()):
        clock.move(seconds=30)
    assert look() == 30
