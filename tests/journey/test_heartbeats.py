"""Heartbeats between real processes, through a real relay and real mailboxes, both ways."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import update

from intergestan_db.tables import InboundMail, Ledger, Partner
from intergestan_exchange.heartbeats.heartbeat_routes import read_routes
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite
from tests.patience import eventually

pytestmark = pytest.mark.mainly_on("sqlite")


def wait_counted(site: JourneySite, service: str, name: str, least: float, **labels: str) -> None:
    """Until /metrics of a service says so."""
    series = (f"intergestan_{name}", tuple(sorted(labels.items())))
    process = site.processes[service]
    eventually(lambda: process.metrics().get(series, 0.0) >= least, what=f"{name} {labels} of {service}")


def check_route(site: JourneySite, other: JourneySite, began: float) -> None:
    wait_counted(site, "importer", "heartbeats_total", 3, outcome="on_time")
    for service, stage in (("dispatcher", "sent"), ("importer", "echoed"), ("importer", "returned")):
        wait_counted(site, service, "heartbeat_last_seen_timestamp_seconds", 1, stage=stage, route=other.code)
    with site.database.read() as connection:
        (route,) = read_routes(connection, site.database.now())
    assert route.seconds is not None
    assert 0 < route.seconds < time.monotonic() - began
    assert site.rows(Ledger) == []
    assert {row.state for row in site.rows(InboundMail)} <= {"done", "archived"}


def test_they_go_round_both_routes(base: str, make_pair: MakePair) -> None:
    """Issue 4: through every step and both mail servers, never an order; the metrics say how they fare."""
    began = time.monotonic()
    pair = make_pair(base, {**QUICK, "heartbeats": {"every_seconds": 1}})
    try:
        for site in pair.sites:
            with site.database.transaction() as connection:
                connection.execute(update(Partner).values(heartbeat="on"))
        check_route(*pair.sites, began)
        check_route(*pair.sites[::-1], began)
    finally:
        pair.stop()
