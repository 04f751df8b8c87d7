"""The composer alone: from a request to the frozen, signed bytes of its mail, in this process, one after another."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry

from intergestan_db.tables import OutboundMail
from intergestan_runtime.metrics import Metrics
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer
from tests.journey.pair_of_sites import PairOfSites

MAX_BYTES = 15_000_000


def request(sites: PairOfSites, mails: int, orders_per_mail: int, lines: int) -> list[int]:
    """Enter orders and request their mails; the rows of the mails."""
    sites.send(sites.enter(mails * orders_per_mail, lines), mails=mails, ring=False)
    return [row.id for row in sites.buyer.rows(OutboundMail, state="requested")]


def compose(sites: PairOfSites, mail_ids: list[int]) -> float:
    """Seconds to compose these mails."""
    buyer = sites.buyer
    composer = Composer(
        buyer.database, buyer.broker, Metrics(CollectorRegistry()), KeyRing(lambda _kid: buyer.key), MAX_BYTES
    )
    started = time.perf_counter()
    for mail_id in mail_ids:
        composer.compose(mail_id)
    return time.perf_counter() - started
