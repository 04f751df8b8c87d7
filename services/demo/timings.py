"""How long the demo's steps took, by the moments that stand in the bases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from intergestan_db.tables import DeliveryAttempt, InboundMail, InboundTransfer, OutboundMail, SalesOrder
from intergestan_msg.kinds import Kind
from services.demo.stage import Site

_REQUESTED = select(OutboundMail.requested_at).where(OutboundMail.kind == Kind.ORDERS)
_COMPOSED = select(OutboundMail.composed_at).where(OutboundMail.kind == Kind.ORDERS)
_SENT = (
    select(DeliveryAttempt.ended_at)
    .join(OutboundMail, OutboundMail.id == DeliveryAttempt.outbound_mail_id)
    .where(OutboundMail.kind == Kind.ORDERS)
)
_ARCHIVED = (
    select(InboundMail.archived_at)
    .join(InboundTransfer, InboundTransfer.inbound_mail_id == InboundMail.id)
    .where(InboundTransfer.kind == Kind.ORDERS)
)
_BOOKED = select(SalesOrder.created_at)
_ANSWERED = select(OutboundMail.answered_at).where(OutboundMail.kind == Kind.ORDERS)
_ACTS = (
    *(select(column) for column in (OutboundMail.requested_at, OutboundMail.answered_at)),
    *(select(column) for column in (DeliveryAttempt.ended_at, InboundMail.archived_at, InboundTransfer.received_at)),
)


def seconds_by_step(started: datetime, base: Site, distributors: Sequence[Site]) -> dict[str, float]:
    """Seconds of each step, from the first mail that enters it to the last one that leaves it.

    Steps overlap: while one mail is sent, the next is composed. `start` lasts until the first *Valider*.
    """
    requested, composed, sent, answered = (
        _moments(distributors, query) for query in (_REQUESTED, _COMPOSED, _SENT, _ANSWERED)
    )
    archived, booked = (_moments([base], query) for query in (_ARCHIVED, _BOOKED))
    return {
        "start": _span([started], requested[:1]),
        "compose": _span(requested, composed),
        "send": _span(composed, sent),
        "poll": _span(sent, archived),
        "import": _span(archived, booked),
        "answer": _span(booked, answered),
    }


def seconds_to_last_answer(started: datetime, distributors: Sequence[Site]) -> float:
    """From the start of the demo."""
    return _span([started], _moments(distributors, _ANSWERED))


def seconds_of_site(site: Site) -> float:
    """From a site's first act with a mail to its last one."""
    acts = [moment for query in _ACTS for moment in _moments([site], query)]
    return _span(acts, acts)


def _moments(sites: Iterable[Site], query: Select[*tuple[Any, ...]]) -> list[datetime]:
    """In order, of all these sites: they share this machine's clock."""
    found: list[datetime] = []
    for site in sites:
        with site.database.read() as connection:
            found += [moment for moment in connection.scalars(query) if moment is not None]
    return sorted(found)


def _span(first: Sequence[datetime], last: Sequence[datetime]) -> float:
    """Seconds from the earliest of `first` to the latest of `last`; 0 where there is none yet."""
    if not first or not last:
        return 0.0
    return round(max(0.0, (max(last) - min(first)).total_seconds()), 3)
