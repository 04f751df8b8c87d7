"""What people see of clocks that were set back, and of partners whose clocks differ; and of services that hang."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from intergestan_db import leases
from intergestan_db.tables import Partner
from intergestan_exchange.health.clock import note_set_back
from tests.services.cli import exchange
from tests.services.cli.conftest import Run, services_alive
from tests.services.cli.test_heartbeats import put_heartbeat


def doctor(run: Run, site: Path) -> dict[str, Any]:
    return {each["subject"]: each for each in run("doctor", "--json", cwd=site).json}


def test_times_of_the_future_are_called_so(paired_shop: Path, run: Run) -> None:
    """`design.md` §16: in place of a plain time, and why."""
    code = exchange.rows(paired_shop, Partner)[0].site_code
    assert run("partner", "set", code, "--heartbeat", "on", cwd=paired_shop).code == 0
    put_heartbeat(paired_shop, sent_hours_ago=-2, took_seconds=5)
    with exchange.base(paired_shop) as base, base.transaction() as connection:
        note_set_back(connection, 7200, base.now(), by="dispatcher")
    shown = run("status", cwd=paired_shop).out
    assert "The clock of this machine was set back by 2 h; that was noticed on" in shown
    assert shown.count("in the future") >= 2
    assert "L'horloge de cette machine a reculé de 2 h" in run("--lang", "fr", "status", cwd=paired_shop).out
    found = doctor(run, paired_shop)["Clock"]
    assert (found["ok"], "2 h" in found["text"]) == (False, True)
    assert "ClockSetBack" in {each["name"] for each in run("watch", "--once", "--json", cwd=paired_shop).json}


def test_a_partner_whose_clock_differs(paired_shop: Path, run: Run) -> None:
    assert doctor(run, paired_shop)["Clock"]["ok"]
    with exchange.base(paired_shop) as base, base.transaction() as connection:
        measured = {"clock_ahead_least": 7199, "clock_ahead_most": 7205, "clock_noted_at": base.now()}
        connection.execute(update(Partner).values(measured))
    assert "The clock of STAUBER is ahead of ours by 2 h." in run("status", cwd=paired_shop).out
    assert doctor(run, paired_shop)["Clock"]["text"] == "that of STAUBER is ahead of ours by 2 h"
    (told,) = [
        each for each in run("watch", "--once", "--json", cwd=paired_shop).json if each["name"] == "PartnerClock"
    ]
    assert "is ahead of ours by 2 h" in told["what"]
    with exchange.base(paired_shop) as base, base.transaction() as connection:
        connection.execute(update(Partner).values(clock_ahead_least=-90_000, clock_ahead_most=-86_400))
    assert "L'horloge de STAUBER retarde sur la nôtre de 24 h." in run("--lang", "fr", "status", cwd=paired_shop).out


def test_a_service_that_gives_no_sign_of_life(shop: Path, run: Run) -> None:
    """One that was stopped took its leave; one that hangs, or was killed, did not."""
    assert doctor(run, shop)["Services"]["text"] == "none of them runs, so nothing is sent, fetched or booked"
    with exchange.base(shop) as base, base.transaction() as connection:
        leases.beat(connection, "importer-1", "importer", base.now() - timedelta(minutes=1))
    with services_alive(shop, ("composer", "sender", "poller", "dispatcher")):
        found = doctor(run, shop)["Services"]
        assert (found["ok"], found["text"]) == (False, "no sign of life from importer")
        with exchange.base(shop) as base, base.transaction() as connection:
            leases.beat(connection, "importer-1", "importer", base.now() + timedelta(hours=2))
        assert doctor(run, shop)["Services"]["text"] == "no sign of life from importer", "a sign of the future is none"
    with services_alive(shop):
        assert doctor(run, shop)["Services"]["ok"]
