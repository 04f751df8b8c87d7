"""How many settlements were entered: each is counted once, whatever its transaction's place in the order of ids."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert

from intergestan_db.database import Database
from intergestan_db.tables import Settlement
from intergestan_runtime.metrics import Metrics
from services.dispatcher import settlements
from services.dispatcher.settlements import SettlementCounter
from tests.erp.paying.till import Till


def counted(metrics: Metrics) -> dict[str, float]:
    registry = metrics.registry
    found = {
        by: registry.get_sample_value("intergestan_settlements_total", {"by": by}) for by in ("payment", "credit_note")
    }
    return {by: value or 0 for by, value in found.items()}


@pytest.mark.mainly_on("postgresql")
def test_each_is_counted_once(base: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """D32: those that were there before are not, and one that comes late still is."""
    monkeypatch.setattr(settlements, "LATE", 3)
    till, metrics, counter = Till(base), Metrics(CollectorRegistry()), SettlementCounter()
    till.owe("100")
    till.pay("1")

    def look() -> dict[str, float]:
        with base.read() as connection:
            counter.look(connection, metrics)
        return counted(metrics)

    assert look() == {"payment": 0, "credit_note": 0}
    for n in range(1, 12):
        till.pay("1")
        assert look() == {"payment": n, "credit_note": 0}
    till.credit("FA1")
    assert look() == look() == {"payment": 11, "credit_note": 1}
    (newest, *_others) = till.rows(Settlement)[::-1]
    row = {**newest._mapping, "id": newest.id + 2}
    with base.transaction() as connection:
        connection.execute(insert(Settlement).values(**row))
    assert look() == {"payment": 11, "credit_note": 2}
    with base.transaction() as connection:
        connection.execute(insert(Settlement).values(**row | {"id": newest.id + 1}))
    assert look() == {"payment": 11, "credit_note": 3}
