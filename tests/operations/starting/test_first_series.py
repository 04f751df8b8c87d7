"""How many series a whole site tells Prometheus, when it is as large as it gets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select

from intergestan_db.database import Database
from intergestan_db.enums import HoldReason, PurchaseState
from intergestan_db.tables import Mailbox, Partner, PartnerKey, Party, PurchaseOrder
from intergestan_exchange.health.vitals import read_vitals
from intergestan_operations.starting.first_series import RINGS, WORKS_ON, start_series
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.metric_table import METRICS, STEP_OF
from intergestan_runtime.metrics import Metrics
from services.dispatcher.gauges import tell_archive, tell_vitals
from services.poller.troubles import Kind
from tests.services.sender.outbox import Outbox

pytestmark = pytest.mark.mainly_on("postgresql")

BUDGET = 3000
ORDERS, PARTNERS, MAILBOXES = 10_000, 50, 20


def fill(base: Database) -> list[str]:
    """Put partners with ending keys, mailboxes and orders into the base; the partners' codes."""
    now = base.now()
    Outbox(base, 25)  # it is a site, with a partner
    codes = [f"PARTNER-{number}" for number in range(PARTNERS - 1)]
    with base.transaction() as connection:
        parties = [{"code": code, "name": code} for code in codes]
        ids = connection.scalars(insert(Party).returning(Party.id, sort_by_parameter_order=True), parties).all()
        rows = [
            {"party_id": party, "site_code": code, "name": code, "answer_address": "a@b.test", "created_at": now}
            for party, code in zip(ids, codes, strict=True)
        ]
        connection.execute(insert(Partner), rows)
        keys = [
            {"partner_id": row, "kid": f"k{row}", "public_key": bytes(32), "valid_until": now + timedelta(days=9)}
            for row in connection.scalars(select(Partner.id).where(Partner.site_code.in_(codes)))
        ]
        connection.execute(insert(PartnerKey), keys)
        boxes = [{"name": f"box-{number}", "host": "h", "port": 993, "security": "tls"} for number in range(MAILBOXES)]
        connection.execute(insert(Mailbox), boxes)
        connection.execute(insert(PurchaseOrder), list(orders(ids, now)))
    return codes


def orders(parties: Any, now: Any) -> Iterator[dict[str, Any]]:
    states = list(PurchaseState)
    for number in range(ORDERS):
        yield {
            "number": f"CFR{number}",
            "supplier_id": parties[number % len(parties)],
            "state": states[number % len(states)],
            "issue_date": now.date(),
            "currency": "EUR",
            "total_ht": Decimal(0),
            "total_vat": Decimal(0),
            "total_ttc": Decimal(0),
            "created_at": now,
            "updated_at": now,
        }


def work(service: str, metrics: Metrics, codes: list[str]) -> None:
    """Move every metric of a service for so many orders, with more partners and mailboxes than are counted singly."""
    labels: dict[str, list[str]] = {
        "queue": [*WORKS_ON.get(service, ()), *RINGS.get(service, ())],
        "reason": list(map(str, Kind)) if service == "poller" else list(map(str, HoldReason)),
        "route": [*codes, *(f"LATER-{number}" for number in range(100))],
        "mailbox": [f"box-{number}" for number in range(MAILBOXES + 10)],
        "name": [f"box-{number}" for number in range(MAILBOXES)],
    }
    for metric in METRICS:
        if service not in (metric.services or STEP_OF) or (service == "dispatcher" and metric.kind == "gauge"):
            continue
        for number in range(ORDERS // 100):
            free = (
                label for label in labels if isinstance(metric.labels.get(label), int)
            )  # closed words start at once
            values = {label: labels[label][number % len(labels[label])] for label in free}
            if not values:
                break
            metrics.start(metric.name, **{label: [value] for label, value in values.items()})


def series(metrics: Metrics) -> int:
    return sum(len(family.samples) for family in metrics.registry.collect())


def test_the_series_of_a_whole_site_are_few(base: Database, tmp_path: Path) -> None:
    """Issue 4: a site with 10 000 orders, 50 partners and 20 mailboxes stays under 3 000 series."""
    codes = fill(base)
    told = {}
    for service in STEP_OF:
        metrics = Metrics(CollectorRegistry(), service=service)
        with base.read() as connection:
            start_series(metrics, service, connection)
            if service == "dispatcher":
                tell_vitals(read_vitals(connection, base.now(), 4), metrics)
                tell_archive(FolderArchive(tmp_path / "archive"), metrics)
        work(service, metrics, codes)
        told[service] = series(metrics)
    assert sum(told.values()) < BUDGET, told
    assert told["dispatcher"] > 4 * PARTNERS, told
    assert told["importer"] > 14 * PARTNERS, told
