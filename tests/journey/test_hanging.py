"""A service whose thread hangs: it gives no sign of life, ends itself, and what it had in hand is done by the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from intergestan_exchange.health.vitals import read_vitals
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite
from tests.journey.oracles import check_everything
from tests.patience import eventually, patient

HASTY = {**QUICK, "importer": {"hang_seconds": 1.0, "live_seconds": patient(2)}}


@contextmanager
def blocked(site: JourneySite, table: str) -> Iterator[None]:
    """Whoever reads this table waits for ever: as behind a session that somebody forgot, or a network that swallows."""
    with site.database.transaction() as connection:
        connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


def services(site: JourneySite) -> frozenset[str]:
    """Those that live, as `watch` and the metrics see it."""
    with site.database.read() as connection:
        return read_vitals(connection, site.database.now(), 4).services


def test_an_importer_that_hangs_ends_itself(make_pair: MakePair) -> None:
    """`design.md` §16: the thread that gives the sign of life is well, the one that books is not."""
    pair = make_pair("postgresql", HASTY)
    try:
        importer = pair.seller.processes["importer"]
        numbers = pair.enter(3)
        with blocked(pair.seller, "ledger"):
            pair.send(numbers)
            eventually(lambda: not importer.runs, what="the importer ended itself")
            assert importer.exit_code == 1, importer.log()[-3000:]
        log = importer.log()
        assert log.index("No sign of life: this process hangs.") < log.index("This process hangs, so it ends itself.")
        eventually(lambda: "importer" not in services(pair.seller), what="watch sees it")
        pair.seller.expire_lease("importer")
        importer.start()
        pair.wait_answered(numbers)
        pair.wait_at_rest()
        check_everything(pair, numbers)
        assert "importer" in services(pair.seller)
        assert all(process.runs for process in pair.processes())
    finally:
        pair.stop()
