"""Processes that settle what one customer owes at once: never more than is open, and nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from intergestan_db.database import Database
from intergestan_db.tables import CreditNote, InvoiceDue, Payment, Settlement
from intergestan_erp.paying.shares import Share
from tests.at_once import at_once
from tests.erp.paying.till import Till

COUNT = 8
WHATS = ("pay", "say", "settle", "credit")


@pytest.mark.race
def test_no_more_is_settled_than_is_open(base: Database) -> None:
    """D32: payments, what lay on account and credit notes meet on an invoice of 100 and another of 50."""
    till = Till(base)
    till.owe("40", "60")
    till.pay("100", Share("FA1", None, Decimal(1)))
    till.bill(("1", "50", "0"))
    said = at_once("tests.erp.paying.paying", *((base.url, COUNT, what) for what in WHATS))
    assert [len(lines) for lines in said] == [COUNT] * len(WHATS)
    open_of = {row.id: row.amount for row in till.rows(InvoiceDue)}
    settled: dict[int, Decimal] = defaultdict(Decimal)
    used: dict[tuple[int | None, int | None], Decimal] = defaultdict(Decimal)
    for row in till.rows(Settlement):
        settled[row.invoice_due_id] += row.amount
        used[row.payment_id, row.credit_note_id] += row.amount
    assert all(settled[due_id] <= amount for due_id, amount in open_of.items())
    there: dict[tuple[int | None, int | None], Decimal] = {(row.id, None): row.amount for row in till.rows(Payment)}
    there |= {(None, row.id): row.total_ttc for row in till.rows(CreditNote)}
    assert all(amount <= there[source] for source, amount in used.items())
    told = sum((Decimal(line) for lines in said for line in lines if line != "refused"), Decimal(0))
    assert told + 1 == sum(settled.values())
    left = [Decimal(amount) for instalment, amount in till.open().items() if instalment.startswith("FA1/")]
    assert sum(left, Decimal(0)) < 7  # there was more than enough for it, and nobody was refused without need
    numbers = [row.number for row in till.rows(Payment)]
    assert numbers == [f"RG{n}" for n in range(1, len(numbers) + 1)]
