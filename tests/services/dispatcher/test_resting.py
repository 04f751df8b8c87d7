"""What rests is counted once an hour where it is old; what waits and what is new is counted with every look."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, update

from intergestan_db.tables import InboundMail
from intergestan_runtime.metrics import Metrics
from services.dispatcher.resting import NEW, RestingMails
from tests.clock import Clock
from tests.services.dispatcher.test_due import Site


def put(site: Site, mail_id: int, **values: Any) -> None:
    row = {"id": mail_id, "sha256": f"{mail_id:064}", "size": 10, "state": "done", "archived_at": site.base.now()}
    with site.base.transaction() as connection:
        connection.execute(insert(InboundMail).values(**row | values))


def change(site: Site, mail_id: int, **values: Any) -> None:
    with site.base.transaction() as connection:
        connection.execute(update(InboundMail).where(InboundMail.id == mail_id).values(**values))


def test_old_mails_at_rest_are_counted_once_an_hour(site: Site, clock: Clock) -> None:
    metrics, resting = Metrics(CollectorRegistry()), RestingMails()

    def told() -> tuple[float, ...]:
        with site.base.read() as connection:
            resting.look(connection, metrics, site.base.now())
        states = ("done", "alien", "held")
        of_states = (value(metrics, "mails_pending", direction="in", state=state) for state in states)
        return (*of_states, value(metrics, "archive_messages"), value(metrics, "archive_bytes"))

    put(site, 1)
    put(site, 2)
    put(site, 3, is_heartbeat=True)
    put(site, 3 * NEW)
    assert told() == (3, 0, 0, 4, 40)
    change(site, 1, state="held")
    change(site, 2, state="alien", size=0)
    change(site, 3 * NEW, state="alien", size=0)
    put(site, 3 * NEW + 1)
    assert told() == (3, 1, 1, 4, 40), "the old one that waits and all new ones, but no other old ones"
    clock.move(minutes=61)
    assert told() == (1, 2, 1, 3, 30)
    change(site, 1, state="done")
    clock.move(minutes=-120)
    assert told() == (2, 2, 0, 3, 30), "a clock that was set back"


def value(metrics: Metrics, name: str, **labels: str) -> float:
    found = metrics.registry.get_sample_value(f"intergestan_{name}", labels)
    assert found is not None
    return found
