"""Rings for what an act made due, after its commit.

A lost bell costs seconds: the dispatcher rings for every due row.
"""

from __future__ import annotations

from contextlib import closing

from intergestan_db.bells import Bells
from intergestan_db.database import Database
from intergestan_db.site_rows import read_site
from intergestan_operations.opening.opening import redis_url
from intergestan_runtime.broker import make_broker
from intergestan_runtime.redis_client import REDIS_FAILURES
from intergestan_runtime.settings import SiteSettings
from intergestan_runtime.steps import ALLOCATE, COMPOSE, IMPORT, SEND, SERVE, Step


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
    """Ring for the rows of every step."""
    ring(site, database, COMPOSE, *bells.compose)
    ring(site, database, SEND, *bells.send)
    ring(site, database, IMPORT, *bells.take_in)
    ring(site, database, ALLOCATE, *bells.allocate)
    ring(site, database, SERVE, *bells.serve)
