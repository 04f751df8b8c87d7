"""The gauges that tell the truth: counted in the base, not in the processes that claim to do the work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from intergestan_runtime.metrics import Metrics
from intergestan_site.status import count_holds
from intergestan_site.tables import InboundMail, OutboundMail, PurchaseOrder
from intergestan_site.words import HoldReason, InboundState, OutboundState, PurchaseState

PENDING_ORDERS = {
    PurchaseState.CONFIRMED: "compose",
    PurchaseState.TRANSMITTING: "send",
    PurchaseState.WAITING: "import",
}
"""The states in which a purchase order waits for something, and the step that it waits for."""

PENDING_OUT = (OutboundState.REQUESTED, OutboundState.COMPOSED, OutboundState.SENDING, OutboundState.SENT)
WAITING_OUT = (*PENDING_OUT, OutboundState.UNKNOWN, OutboundState.HELD)


def measure(connection: Connection, metrics: Metrics) -> None:
    """Set every gauge of the base, in a handful of grouped queries."""
    _orders(connection, metrics)
    _mails(connection, metrics)
    _holds(connection, metrics)


def _orders(connection: Connection, metrics: Metrics) -> None:
    found = _count(connection, PurchaseOrder.state, PurchaseOrder.updated_at)
    for state, step in PENDING_ORDERS.items():
        count, _ = found.get(state, (0, None))
        metrics.set("orders_pending", count, step=step, state=state)
    for step, states in (("send", ["transmitting"]), ("import", ["waiting"])):
        oldest = [since for state in states if (since := found.get(state, (0, None))[1]) is not None]
        metrics.set("oldest_pending_order_timestamp_seconds", min(oldest).timestamp() if oldest else 0, step=step)


def _mails(connection: Connection, metrics: Metrics) -> None:
    for direction, states, found in (
        ("out", OutboundState, _count(connection, OutboundMail.state, OutboundMail.requested_at)),
        ("in", InboundState, _count(connection, InboundMail.state, InboundMail.archived_at)),
    ):
        for state in states:
            metrics.set("mails_pending", found.get(state, (0, None))[0], direction=direction, state=str(state))


def _holds(connection: Connection, metrics: Metrics) -> None:
    counts = count_holds(connection)
    for reason in HoldReason:
        metrics.set("holds", counts.get(reason, 0), reason=reason)


def _count(connection: Connection, state: Any, since: Any) -> Mapping[str, tuple[int, datetime | None]]:
    rows = connection.execute(
        select(state.label("state"), func.count().label("n"), func.min(since).label("oldest")).group_by(state)
    )
    return {row.state: (row.n, row.oldest) for row in rows}
