"""Backup and restore as docs/operations.md says it: what came after the backup comes back, and nothing is doubled."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from intergestan_db.tables import Event, InboundMail, Partner, PurchaseOrder, SalesOrder
from tests import warm
from tests.journey.conftest import MakePair
from tests.journey.journey_site import JourneySite
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import PATIENCE, eventually
from tests.servers.process import find_program


def back_up(site: JourneySite, file: Path) -> None:
    """The base first, while everything runs."""
    if site.database.is_sqlite:
        with sqlite3.connect(str(make_url(site.database.url).database)) as live, sqlite3.connect(file) as copy:
            live.backup(copy)
        live.close()
        copy.close()
    else:
        postgres("pg_dump", site, "--format=custom", f"--file={file}")


def restore(site: JourneySite, file: Path) -> None:
    """The base of the backup in place of what is left of the base."""
    site.database.dispose()
    if site.database.is_sqlite:
        live = Path(str(make_url(site.database.url).database))
        for left in live.parent.glob(f"{live.name}*"):
            left.unlink()
        shutil.copy(file, live)
    else:
        with site.database.transaction() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        postgres("pg_restore", site, "--exit-on-error", "--no-acl", str(file))


def postgres(program: str, site: JourneySite, *arguments: str) -> None:
    at = make_url(site.database.url)
    where = [f"--host={at.host}", f"--port={at.port}", f"--username={at.username}", f"--dbname={at.database}"]
    done = subprocess.run(
        [find_program(program, "postgresql-client"), *where, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def command(site: JourneySite, *arguments: str) -> str:
    argv = [sys.executable, "-m", "services.cli", "--lang", "en", *arguments]
    done = warm.run(argv, cwd=site.folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def exchange(pair: PairOfSites, orders: int) -> list[str]:
    numbers = pair.enter(orders)
    pair.send(numbers)
    pair.wait_answered(numbers)
    pair.wait_at_rest()
    return numbers


def booked(site: JourneySite) -> dict[str, Any]:
    return {row.customer_order_number: row for row in site.rows(SalesOrder)}


TODAY, OLD = "the archive of today", "an archive as old as the base"
WAYS = [pytest.param("sqlite", TODAY, marks=pytest.mark.campaign), ("postgresql", OLD)]


@pytest.mark.parametrize(("base", "archive"), WAYS)
def test_the_seller_loses_its_base(base: str, archive: str, make_pair: MakePair, tmp_path: Path) -> None:
    """What was booked after the backup is booked again, from the archive or from the mailbox, once.

    Booking rests until the buyer's statement shows that all is here (`design.md` §11).
    """
    pair = make_pair(base)
    try:
        before = exchange(pair, 3)
        backup = tmp_path / "backup"
        back_up(pair.seller, backup)
        shutil.copytree(pair.seller.folder / "archive", tmp_path / "archive")
        after = exchange(pair, 4)
        for process in pair.seller.processes.values():
            process.stop()
        restore(pair.seller, backup)
        if archive == OLD:
            shutil.rmtree(pair.seller.folder / "archive")
            shutil.copytree(tmp_path / "archive", pair.seller.folder / "archive")
        assert set(booked(pair.seller)) == set(before), "the backup is older than these"
        command(pair.seller, "restored")
        pair.start()
        command(pair.seller, "replay", "--all")
        eventually(lambda: set(booked(pair.seller)) == {*before, *after}, what="all orders booked again")
        assert len(pair.seller.rows(SalesOrder)) == len(before) + len(after), "none twice"
        pair.wait_at_rest()
        more = exchange(pair, 2)
        assert set(booked(pair.seller)) == {*before, *after, *more}
        held = [(site.code, row.reason) for site in pair.sites for row in site.rows(InboundMail) if row.state == "held"]
        assert held == [(pair.seller.code, "statement")], "the answers that were sent after the backup are not known"
        (pause,) = pair.seller.rows(Partner)
        assert pause.paused_at is None
        assert [row.who for row in pair.seller.rows(Event, name="resume")] == ["dispatcher"], "their statement agreed"
        assert {row.state for row in pair.buyer.rows(PurchaseOrder)} == {"accepted"}
    finally:
        pair.stop()
