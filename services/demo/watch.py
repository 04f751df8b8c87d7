"""How far the demo is: its services while they start, its orders while they travel, read from the bases."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import Connection, func, select

from intergestan_db.enums import SERVICES, OutboundState
from intergestan_db.tables import Mailbox, OutboundMail, OutboundOrder, PurchaseOrder, SalesOrder
from services.demo.stage import Site

STAGES = ("composed", "sent", "booked", "answered")
"""How far an order can be."""
DELIVERED = (OutboundState.SENT, OutboundState.ANSWERED)
LOOK_SECONDS = 0.1
STALL_SECONDS = 90.0
"""Without any progress for so long the demo gives up; whatever a bell lost, the dispatcher rang for by then."""

Count = TypeVar("Count")


class Stalled(Exception):
    """Nothing moved for `STALL_SECONDS`."""


def wait(look: Callable[[], Count], done: Callable[[Count], bool], tell: Callable[[Count], None]) -> Count:
    """Look until it is done.

    :param tell: gets every new value.
    :raises Stalled: the value stayed the same for too long.
    """
    last = look()
    tell(last)
    changed = time.monotonic()
    while not done(last):
        time.sleep(LOOK_SECONDS)
        now = look()
        if now != last:
            last, changed = now, time.monotonic()
            tell(last)
        elif time.monotonic() - changed > STALL_SECONDS:
            raise Stalled
    return last


def health_port(site: Site, service: str) -> int | None:
    """The port of a service's /metrics, as it logged it when it had started; None before."""
    for line in (site.folder / "logs" / f"{service}.log").read_text(encoding="utf-8").splitlines():
        if '"health_port"' in line:
            return int(json.loads(line)["health_port"])
    return None


def services_ready(sites: Sequence[Site]) -> int:
    """How many services have started; a poller when it has looked into its mailbox."""
    return sum(_is_ready(site, service) for site in sites for service in SERVICES)


def _is_ready(site: Site, service: str) -> bool:
    if service != "poller":
        return health_port(site, service) is not None
    with site.database.read() as connection:
        return connection.scalar(select(Mailbox.last_success_at)) is not None


def progress(base: Site, distributors: Sequence[Site]) -> Counter[str]:
    """How many orders are composed, sent, booked and answered by now."""
    counts = Counter(dict.fromkeys(STAGES, 0))
    for site in distributors:
        with site.database.read() as connection:
            counts.update(_outgoing(connection))
    with base.database.read() as connection:
        counts["booked"] = connection.scalar(select(func.count(SalesOrder.id))) or 0
    return counts


def _outgoing(connection: Connection) -> dict[str, int]:
    in_state = select(OutboundMail.state, func.count().label("orders")).join(
        OutboundOrder, OutboundOrder.outbound_mail_id == OutboundMail.id
    )
    orders = {row.state: row.orders for row in connection.execute(in_state.group_by(OutboundMail.state))}
    return {
        "composed": sum(orders.values()) - orders.get(OutboundState.REQUESTED, 0),
        "sent": sum(orders.get(state, 0) for state in DELIVERED),
        "answered": connection.scalar(select(func.count()).where(PurchaseOrder.answer_n > 0)) or 0,
    }
