"""One variant of the way of an order, measured on demand; `benchmarks/credit_cost.py` runs several beside each other.

It is run as a file, and uses only what older checkouts have, too: so it measures the code of that checkout whose
folders stand in PYTHONPATH. Each line that it gets is a round, of which it prints the CPU seconds of this process and
of its database, from the bytes of the mails to the bytes of their answers.
"""

from __future__ import annotations

import gc
import sys

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select, text

from benchmarks import composer, importer
from benchmarks.machine import Servers, cpu_seconds, servers
from benchmarks.sites import pair_of_sites
from intergestan_db.tables import OutboundMail, Partner, Setting
from intergestan_runtime import logs
from intergestan_runtime.metrics import Metrics
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer
from tests.journey.pair_of_sites import PairOfSites

MAILS, ORDERS_PER_MAIL, LINES = 20, 10, 8


def main(base: str, rules: str) -> None:
    """Answer until standard input ends.

    :param rules: `none`, or the stage from which on customers are stopped who owe too much; there is a ceiling then.
    """
    logs.configure("benchmarks", form="console", level="WARNING")
    with servers() as machine, pair_of_sites(machine, base) as sites:
        if rules != "none":
            _use_credit(sites, rules)
        _round(machine, sites, base)  # warms up
        gc.collect()
        gc.freeze()  # as a service does: how much a checkout has imported is not what is measured
        print("ready", flush=True)
        for _ in sys.stdin:
            print(_round(machine, sites, base), flush=True)


def _use_credit(sites: PairOfSites, stage: str) -> None:
    with sites.seller.database.transaction() as connection:
        connection.execute(insert(Setting).values(name="credit.block_from", value=stage))
        party = connection.execute(select(Partner.party_id)).scalar_one()
        connection.execute(text("UPDATE party SET credit_max = 100000000000 WHERE id = :party"), {"party": party})


def _round(machine: Servers, sites: PairOfSites, base: str) -> float:
    mails = composer.request(sites, MAILS, ORDERS_PER_MAIL, LINES)
    composer.compose(sites, mails)
    work = importer.batches(sites, mails)
    roots = [machine.postgres.pid] if base == "postgresql" else []
    before = cpu_seconds(roots)
    importer.import_batches(sites.seller.database, work)
    _answer(sites)
    used = cpu_seconds(roots) - before
    with sites.seller.database.transaction() as connection:  # what is owed does not grow from round to round
        connection.execute(text("UPDATE sales_order SET state = 'cancelled' WHERE state = 'accepted'"))
    return used


def _answer(sites: PairOfSites) -> None:
    seller = sites.seller
    key_ring = KeyRing(lambda _kid: seller.key)
    answering = Composer(seller.database, seller.broker, Metrics(CollectorRegistry()), key_ring, composer.MAX_BYTES)
    answers = [row.id for row in seller.rows(OutboundMail, state="requested")]
    assert len(answers) == MAILS
    for mail_id in answers:
        answering.compose(mail_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
