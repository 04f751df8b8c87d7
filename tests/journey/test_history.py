"""A database that goes back, with and without a word, of either side: what the buyer believes is what the seller has.

Two sites as real processes. The oracle compares the buyer's belief with the seller's truth, never one side alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.tables import (
    Event,
    HighWater,
    InboundMail,
    Partner,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.health.alarms import Machine, judge
from intergestan_exchange.health.vitals import read_vitals
from intergestan_exchange.outbox import changes
from intergestan_operations.starting.startup import CONFIGURATION, NOT_YET
from intergestan_runtime.steps import COMPOSE
from tests import warm
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite, Tables
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.test_backup import back_up, exchange, restore
from tests.patience import PATIENCE, eventually

BEATING: Tables = {**QUICK, "heartbeats": {"every_seconds": 1, "late_seconds": 60, "lost_seconds": 120}}
TOLD = {"OwnDatabaseOlder", "PartnerDatabaseOlder", "TransferConflict"}
"""Which of them depends on who was faster: a number is given again before or after the next heartbeat."""
MATRIX = [
    pytest.param(base, who, archive, marks=pytest.mark.campaign)
    for base in ("sqlite", "postgresql")
    for who in ("seller", "buyer")
    for archive in ("kept", "gone")
    if (base, who, archive) != ("sqlite", "seller", "kept")
]


def refused(site: JourneySite, *arguments: str) -> str:
    """A command that must not start anything; what it says."""
    done = run(site, *arguments)
    assert done.returncode == CONFIGURATION, (done.returncode, done.stdout, done.stderr)
    return done.stderr


def mark_of(site: JourneySite) -> dict[str, Any]:
    file = site.folder / "history" / "high-water.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"n": 0, "event": 0}
    return found


def wait_marked(site: JourneySite) -> None:
    """Until the file has seen all that happened."""
    newest = max(row.id for row in site.rows(Event))
    eventually(lambda: mark_of(site)["event"] >= newest, what="the high-water file is up to date")


def stop(site: JourneySite) -> None:
    for process in site.processes.values():
        process.stop()


def quantities(site: JourneySite, table: type[PurchaseOrderLine | SalesOrderLine], column: str, row_id: int) -> Any:
    return {row.line_id: row for row in site.rows(table, **{column: row_id})}


def difference(pair: PairOfSites) -> str | None:
    """Where the buyer's belief is not the seller's truth; None when it is."""
    sales = {row.customer_order_number: row for row in pair.seller.rows(SalesOrder)}
    for order in pair.buyer.rows(PurchaseOrder):
        sale = sales.get(order.number)
        if sale is None:
            return f"{order.number} is {order.state} and not booked"
        if (order.supplier_order_number, order.revision) != (sale.number, sale.revision):
            return f"{order.number}: {order.supplier_order_number}/{order.revision} is {sale.number}/{sale.revision}"
        ours = quantities(pair.buyer, PurchaseOrderLine, "purchase_order_id", order.id)
        theirs = quantities(pair.seller, SalesOrderLine, "sales_order_id", sale.id)
        for line_id, line in theirs.items():
            mine = ours[line_id]
            believed = mine.quantity if mine.answer is None else Decimal(mine.answer["quantity"])
            if believed != line.quantity:
                return f"{order.number}, {line_id}: {believed} is {line.quantity}"
    numbers = [row.number for row in pair.seller.rows(SalesOrder)]
    return None if len(set(numbers)) == len(numbers) else f"a number was given twice: {numbers}"


def wait_agreed(pair: PairOfSites) -> None:
    try:
        eventually(lambda: difference(pair) is None, what="the buyer believes what the seller has")
    except AssertionError as late:
        late.add_note(str(difference(pair)))
        late.add_note(pair.picture())
        raise


def seller_changes(pair: PairOfSites, number: str, quantity: int) -> None:
    """The seller will deliver so many of the last line; the buyer reads it."""
    (sale,) = pair.seller.rows(SalesOrder, customer_order_number=number)
    with pair.seller.database.transaction() as connection:
        wanted = OwnChanges(quantities={"L8": Decimal(quantity)})
        (mail_id,) = change_sales_order(
            connection, sale.number, wanted, by="jean", at=pair.seller.database.now()
        ).compose
    COMPOSE.ring(pair.seller.broker, mail_id)
    wait_agreed(pair)


def buyer_changes(pair: PairOfSites, number: str, quantity: int) -> None:
    """The buyer asks for so many of the second line, and the seller books it."""
    buyer = pair.buyer
    with buyer.database.transaction() as connection:
        edits = Edits(quantities={"L2": Decimal(quantity)})
        asked = changes.request_edits(connection, number, edits, buyer.user_id, by="anne", at=buyer.database.now())
    COMPOSE.ring(buyer.broker, asked.mail_id)
    eventually(lambda: buyer.rows(PurchaseOrder, number=number)[0].revision == asked.sequence, what="it is agreed")
    wait_agreed(pair)


def go_back(pair: PairOfSites, site: JourneySite, archive: str, folder: Path) -> list[str]:
    """Orders and changes before and after a backup; the backup in place of the database. The orders before."""
    before = exchange(pair, 2)
    backup = folder / "backup"
    back_up(site, backup)
    exchange(pair, 1)
    seller_changes(pair, before[0], 1)
    buyer_changes(pair, before[1], 7)
    wait_marked(site)
    stop(site)
    restore(site, backup)
    if archive == "gone":
        shutil.rmtree(site.folder / "archive")
    return before


@pytest.mark.parametrize(("base", "who", "archive"), [("sqlite", "seller", "kept"), *MATRIX])
def test_a_database_that_goes_back(base: str, who: str, archive: str, make_pair: MakePair, tmp_path: Path) -> None:
    """Without a word it is refused; after `restored` both sides agree, and no number was given twice."""
    pair = make_pair(base)
    site = pair.seller if who == "seller" else pair.buyer
    try:
        before = go_back(pair, site, archive, tmp_path)
        for arguments in (("up",), ("run", "composer"), ("run", "importer")):
            assert "note the restore" in refused(site, *arguments)
        assert "are left out" in restored(site)
        pair.start()
        replay(site)
        eventually(lambda: not is_paused(pair), what="booking goes on")
        if who == "buyer":  # what its people entered after the backup they enter again
            buyer_changes(pair, before[1], 9)
        wait_agreed(pair)
        if who == "seller":
            seller_changes(pair, before[0], 2)
        exchange(pair, 2)
        wait_agreed(pair)
        reasons = {row.reason for each in pair.sites for row in each.rows(InboundMail, state="held")}
        assert reasons <= {"statement", "unmatched_answer"}, "what was lost is told, and nothing contradicts"
    finally:
        pair.stop()


@pytest.mark.campaign
@pytest.mark.parametrize("who", ["seller", "buyer"])
def test_a_machine_that_goes_back_with_its_files(who: str, make_pair: MakePair, tmp_path: Path) -> None:
    """A snapshot of the machine takes the high-water file back, too: the heartbeats tell both sides."""
    pair = make_pair("sqlite", BEATING)
    site, other = (pair.seller, pair.buyer) if who == "seller" else (pair.buyer, pair.seller)
    try:
        exchange(pair, 1)
        wait_marked(site)
        backup = tmp_path / "backup"
        back_up(site, backup)
        for name in ("history", "archive"):
            shutil.copytree(site.folder / name, tmp_path / name)
        exchange(pair, 2)
        stop(site)
        restore(site, backup)
        for name in ("history", "archive"):
            shutil.rmtree(site.folder / name)
            shutil.copytree(tmp_path / name, site.folder / name)
        pair.start()
        eventually(lambda: alarms(site) & TOLD or alarms(other) & TOLD, what="somebody is told")
        stop(site)
        restored(site)
        pair.start()
        replay(site)
        wait_agreed(pair)
        eventually(lambda: not (alarms(site) | alarms(other)) & TOLD - {"TransferConflict"}, what="all is well again")
    finally:
        pair.stop()


@pytest.mark.campaign
def test_a_crash_is_no_restore(make_pair: MakePair) -> None:
    """Killed wherever it is, a site starts again: the file is never ahead of what was committed."""
    pair = make_pair("sqlite", BEATING)
    try:
        for _ in range(8):
            numbers = pair.enter(2)
            pair.send(numbers)
            for site in pair.sites:
                for process in site.processes.values():
                    process.kill()
                (count,) = site.rows(HighWater)
                assert mark_of(site)["n"] <= count.n
            pair.start()
            pair.wait_answered(numbers)
    finally:
        pair.stop()


def restored(site: JourneySite) -> str:
    done = run(site, "restored")
    assert done.returncode == 0, done.stderr
    return done.stderr


def replay(site: JourneySite) -> None:
    """It names what the archive does not have any more; the mailbox and the partner bring that."""

    def tried() -> bool:
        done = run(site, "replay", "--all")
        expected = done.returncode in {0, NOT_YET} or "is not in the archive" in done.stderr
        assert expected, done.stderr
        return done.returncode != NOT_YET  # the importer has not given a sign of life yet

    eventually(tried, what="the archive was taken in again")


def run(site: JourneySite, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "services.cli", "--lang", "en", *arguments]
    done: subprocess.CompletedProcess[str] = warm.run(
        argv, cwd=site.folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done


def is_paused(pair: PairOfSites) -> bool:
    return any(row.paused_at is not None for site in pair.sites for row in site.rows(Partner))


def alarms(site: JourneySite) -> set[str]:
    with site.database.read() as connection:
        vitals = read_vitals(connection, site.database.now(), 4)
    return {alarm.name for alarm in judge(vitals, Machine(None, None, None, None))}
