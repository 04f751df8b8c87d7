"""Which series exist with 0 before anything happened, so that `increase()` sees the first event.

What is made of closed words starts by itself; here are the words that come from the site's own tables: queues,
reasons, mailboxes and partners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from intergestan_db.at_rest import is_polled
from intergestan_db.enums import HoldReason
from intergestan_db.tables import Mailbox, Partner, Setting
from intergestan_erp.geo.providers import PROVIDERS
from intergestan_runtime.metrics import POLL_QUEUE, Metrics
from intergestan_runtime.steps import ALLOCATE, COMPOSE, CREDIT, GEOCODE, IMPORT, NOTIFY, SEND, STEPS

WORKS_ON = {
    "composer": (COMPOSE.queue,),
    "sender": (SEND.queue, NOTIFY.queue),
    "poller": (POLL_QUEUE,),
    "importer": (IMPORT.queue, CREDIT.queue),
    "geocoder": (GEOCODE.queue,),
    "allocator": (ALLOCATE.queue,),
}
RINGS = {
    "composer": (SEND.queue,),
    "poller": (IMPORT.queue,),
    "importer": (COMPOSE.queue, IMPORT.queue, ALLOCATE.queue),
    "dispatcher": tuple(dict.fromkeys(step.queue for step in STEPS)),
}
REASONS = {"composer": (HoldReason.NOT_COMPOSED,), "importer": tuple(HoldReason)}
"""Why a service may hold or refuse an order."""

STAGES = {"dispatcher": ("sent",), "importer": ("echoed", "returned")}
"""Which stages of a heartbeat's way a service sees."""

Names = dict[str, Iterable[str]]


def start_series(metrics: Metrics, service: str, connection: Connection) -> None:
    """Let the series of a service's process exist."""
    for name, values in (*_of_queues(service), *_of_names(service, connection)):
        metrics.start(name, **values)


def _of_queues(service: str) -> Iterator[tuple[str, Names]]:
    if queues := WORKS_ON.get(service):
        for name in ("queue_wait_seconds", "message_duration_seconds", "messages_total", "messages_in_progress"):
            yield name, {"queue": queues}
    yield "rings_total", {"queue": RINGS.get(service, ())}
    if service in REASONS:
        yield "order_rejections_total", {"reason": REASONS[service]}


def _of_names(service: str, connection: Connection) -> Iterator[tuple[str, Names]]:
    if service in STAGES:  # the others may not even read the table of partners
        routes = connection.scalars(select(Partner.site_code).order_by(Partner.id)).all()
        if service == "importer":
            yield "order_transit_seconds", {"route": routes}
        yield "heartbeat_last_seen_timestamp_seconds", {"stage": STAGES[service], "route": routes}
    if service == "geocoder":
        yield "geocode_calls_total", {"provider": [provider] if (provider := _provider(connection)) else []}
    if service == "poller":
        names = connection.scalars(select(Mailbox.name).where(is_polled()).order_by(Mailbox.id))
        yield "mailbox_idle_wakeups_total", {"mailbox": names}


def _provider(connection: Connection) -> str | None:
    """Who is asked where addresses lie."""
    name = connection.scalar(select(Setting.value).where(Setting.name == "geo.provider"))
    return name if name in PROVIDERS else None
