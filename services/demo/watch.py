"""What the bases of the demo's sites say: how far the orders are, what happened at each site, and when."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from intergestan_site.tables import (
    Hold,
    InboundMail,
    Mailbox,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_site.tables.order import ChargeColumns, DeliveryColumns, LineColumns, OrderColumns
from intergestan_site.words import InboundState, MailKind, OutboundState
from services.demo.cast import SERVICES
from services.demo.stage import Site
from services.demo.verdict import Bought, Document

LOOK_SECONDS = 0.1
STALL_SECONDS = 90.0
"""Without any progress for so long the demo gives up; whatever a bell lost, the dispatcher rang for by then."""

Count = TypeVar("Count")


class Stalled(Exception):
    """Nothing moved for `STALL_SECONDS`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many orders have come this far."""

    composed: int
    sent: int
    booked: int
    answered: int


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What happened at one site; `seconds` from its first act with a mail to its last."""

    name: str
    orders_out: int
    mails_out: int
    mails_in: int
    sales_orders: int
    answers: int
    held: int
    seconds: float


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


def metrics_port(site: Site, service: str) -> int | None:
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
        return metrics_port(site, service) is not None
    with site.database.read() as connection:
        return connection.scalar(select(Mailbox.last_success_at)) is not None


def progress(base: Site, distributors: Sequence[Site]) -> Counter[str]:
    """How many orders are composed, sent, booked and answered by now."""
    counts = Counter(dict.fromkeys(STAGES, 0))
    for site in distributors:
        with site.database.read() as connection:
            counts.update(_outgoing(connection))
    with base.database.read() as connection:
        counts.update(booked=_count(connection, SalesOrder))
    return counts


def _outgoing(connection: Connection) -> dict[str, int]:
    in_state = select(OutboundMail.state, func.count().label("orders")).join(
        OutboundOrder, OutboundOrder.outbound_mail_id == OutboundMail.id
    )
    orders = {row.state: row.orders for row in connection.execute(in_state.group_by(OutboundMail.state))}
    return {
        "composed": sum(orders.values()) - orders.get(OutboundState.REQUESTED, 0),
        "sent": sum(orders.get(state, 0) for state in DELIVERED),
        "answered": _count(connection, PurchaseOrder, PurchaseOrder.answer_n > 0),
    }


def report(site: Site) -> SiteReport:
    """What happened at a site, once all is done."""
    with site.database.read() as connection:
        orders_out = select(func.count()).select_from(OutboundOrder).join(OutboundMail)
        return SiteReport(
            name=site.role.name,
            orders_out=connection.scalar(orders_out.where(OutboundMail.state.in_(DELIVERED))) or 0,
            mails_out=_count(connection, OutboundMail, OutboundMail.state.in_(DELIVERED)),
            mails_in=_count(connection, InboundMail, InboundMail.state == InboundState.DONE),
            sales_orders=_count(connection, SalesOrder),
            answers=_count(connection, PurchaseOrder, PurchaseOrder.answer_n > 0),
            held=_held(connection),
            seconds=_seconds(connection),
        )


def order_mails(site: Site) -> int:
    """How many order batches left a site."""
    with site.database.read() as connection:
        orders = OutboundMail.kind == MailKind.ORDERS
        return _count(connection, OutboundMail, orders, OutboundMail.state.in_(DELIVERED))


def _held(connection: Connection) -> int:
    return (
        _count(connection, OutboundMail, OutboundMail.state == OutboundState.HELD)
        + _count(connection, InboundMail, InboundMail.state == InboundState.HELD)
        + _count(connection, Hold, Hold.closed_at.is_(None))
    )


def _seconds(connection: Connection) -> float:
    first = [
        connection.scalar(select(func.min(column))) for column in (OutboundMail.requested_at, InboundMail.archived_at)
    ]
    last = [
        connection.scalar(select(func.max(column)))
        for column in (DeliveryAttempt.ended_at, OutboundMail.answered_at, InboundTransfer.received_at)
    ]
    return _span(first, last)


def steps(started: datetime, base: Site, distributors: Sequence[Site]) -> dict[str, float]:
    """Seconds of each step, from the first order that enters it to the last one that leaves it.

    Steps overlap: while one mail is sent the next is composed. `total` is from `started` to the last answer.
    """
    spans = [_of_buyer(site) for site in distributors]
    requested, composed, sent, answered = (
        [moment for span in spans for moment in span[name]] for name in ("requested", "composed", "sent", "answered")
    )
    with base.database.read() as connection:
        archived = _moments(
            connection.execute(
                select(func.min(InboundMail.archived_at), func.max(InboundMail.archived_at))
                .join(InboundTransfer, InboundTransfer.inbound_mail_id == InboundMail.id)
                .where(InboundTransfer.kind == MailKind.ORDERS)
            )
        )
        booked = _moments(connection.execute(select(func.min(SalesOrder.created_at), func.max(SalesOrder.created_at))))
    return {
        "start": _span([started], requested[:1] and [min(requested)]),
        "compose": _span(requested, composed),
        "send": _span(composed, sent),
        "poll": _span(sent, archived),
        "import": _span(archived, booked),
        "answer": _span(booked, answered),
        "total": _span([started], answered),
    }


def _of_buyer(site: Site) -> dict[str, list[datetime]]:
    """First and last moments of the order batches of a distributor."""
    orders = OutboundMail.kind == MailKind.ORDERS
    first_and_last = {
        "requested": (func.min(OutboundMail.requested_at), func.max(OutboundMail.requested_at)),
        "composed": (func.min(OutboundMail.composed_at), func.max(OutboundMail.composed_at)),
        "answered": (func.min(OutboundMail.answered_at), func.max(OutboundMail.answered_at)),
    }
    attempts = select(func.min(DeliveryAttempt.started_at), func.max(DeliveryAttempt.ended_at)).join(
        OutboundMail, OutboundMail.id == DeliveryAttempt.outbound_mail_id
    )
    with site.database.read() as connection:
        found = {
            name: _moments(connection.execute(select(*columns).where(orders)))
            for name, columns in first_and_last.items()
        }
        return found | {"sent": _moments(connection.execute(attempts.where(orders)))}


def _moments(result: Result[Any]) -> list[datetime]:
    return [moment for moment in result.one() if moment is not None]


def _span(first: Sequence[datetime | None], last: Sequence[datetime | None]) -> float:
    """Seconds from the earliest of the first to the latest of the last; 0 where one side has none yet."""
    begins = [moment for moment in first if moment is not None]
    ends = [moment for moment in last if moment is not None]
    return max(0.0, (max(ends) - min(begins)).total_seconds()) if begins and ends else 0.0


def bought(site: Site) -> list[Bought]:
    """A distributor's purchase orders."""
    with site.database.read() as connection:
        delivered = (
            select(OutboundOrder.purchase_order_id).join(OutboundMail).where(OutboundMail.state.in_(DELIVERED))
        )
        sent = set(connection.scalars(delivered))
        answers = {
            row.id: row.answer_code
            for row in connection.execute(select(PurchaseOrder.id, PurchaseOrder.answer_code))
        }
        keys = {
            row.id: (site.code, row.number)
            for row in connection.execute(select(PurchaseOrder.id, PurchaseOrder.number))
        }
        documents = _documents(
            connection, keys, PurchaseOrder, (PurchaseOrderLine, PurchaseOrderLine.purchase_order_id),
            (PurchaseOrderCharge, PurchaseOrderCharge.purchase_order_id),
        )
    return [Bought(document, row_id in sent, answers[row_id]) for row_id, document in documents.items()]


def sold(site: Site) -> list[Document]:
    """The sales orders of the base."""
    with site.database.read() as connection:
        of_partners = select(SalesOrder.id, Partner.site_code, SalesOrder.customer_order_number).join(
            Partner, Partner.id == SalesOrder.partner_id
        )
        keys = {row.id: (row.site_code, row.customer_order_number) for row in connection.execute(of_partners)}
        documents = _documents(
            connection, keys, SalesOrder, (SalesOrderLine, SalesOrderLine.sales_order_id),
            (SalesOrderCharge, SalesOrderCharge.sales_order_id),
        )
    return list(documents.values())


def an_order_mail(site: Site) -> Path | None:
    """The archived file of the first mail with orders that a site took in."""
    query = (
        select(InboundMail.sha256)
        .join(InboundTransfer, InboundTransfer.inbound_mail_id == InboundMail.id)
        .where(InboundTransfer.kind == MailKind.ORDERS)
        .order_by(InboundMail.id)
        .limit(1)
    )
    with site.database.read() as connection:
        sha256 = connection.scalar(query)
    return None if sha256 is None else site.archive.path(sha256)
