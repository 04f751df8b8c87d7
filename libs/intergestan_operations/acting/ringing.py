"""Rings for what an act made due, after its commit.

A lost bell costs seconds: the dispatcher rings for every due row.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from intergestan_db.bells import Bells
from intergestan_db.database import Database
from intergestan_db.site_rows import read_site
from intergestan_operations.opening.opening import redis_url
from intergestan_runtime.broker import BellBroker, make_broker
from intergestan_runtime.redis_client import REDIS_FAILURES
from intergestan_runtime.settings import SiteSettings
from intergestan_runtime.steps import ALLOCATE, COMPOSE, GEOCODE, IMPORT, SEND, SERVE, Step, poll_step


def ring(site: SiteSettings, database: Database, step: Step, *row_ids: int) -> bool:
    """Ring for these rows; False where the bell is lost."""
    if not row_ids:
        return True
    with database.read() as connection:
        code = read_site(connection).code
    try:
        broker = make_broker(redis_url(site), code)
        with closing(broker.client):
            broker.client.ping()  # that Redis is away is no news for who acts
            return step.ring(broker, *row_ids)
    except REDIS_FAILURES:
        return False


def ring_all(site: SiteSettings, database: Database, bells: Bells) -> None:
    """Ring for the rows of every step, from a program that has no broker open."""
    for step, row_ids in _by_step(bells):
        ring(site, database, step, *row_ids)


def ring_with(broker: BellBroker, bells: Bells) -> None:
    """Ring for the rows of every step, in a service."""
    for step, row_ids in _by_step(bells):
        if row_ids:
            step.ring(broker, *row_ids)


def _by_step(bells: Bells) -> Iterable[tuple[Step, tuple[int, ...]]]:
    return (
        *((COMPOSE, bells.compose), (SEND, bells.send), (IMPORT, bells.take_in)),
        *((ALLOCATE, bells.allocate), (SERVE, bells.serve), (GEOCODE, bells.locate)),
        *((poll_step(worker), runs) for worker, runs in bells.poll.items()),
    )
