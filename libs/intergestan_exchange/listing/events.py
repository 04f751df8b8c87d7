"""What happened, in pages: who did what to which document, mail, partner or mailbox, when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from intergestan_db import states
from intergestan_db.tables import (
    Event,
    InboundMail,
    Mailbox,
    OutboundMail,
    Partner,
    Party,
    Payment,
    PurchaseOrder,
    Quote,
    SalesOrder,
    User,
)
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """A line of the list.

    :ivar of: what people call the row: a number, a code, a name; None where it has none, or is gone.
    :ivar old, new: the states before and after, of what has some.
    """

    at: datetime
    who: str
    subject: str
    of: str | None
    name: str
    old: str | None
    new: str | None


NAMES: Mapping[str, tuple[Any, ColumnElement[Any], str]] = {
    states.PURCHASE_ORDER.name: (PurchaseOrder, PurchaseOrder.number, ""),
    states.SALES_ORDER.name: (SalesOrder, SalesOrder.number, ""),
    states.QUOTE.name: (Quote, Quote.number, ""),
    states.PAYMENT.name: (Payment, Payment.number, ""),
    states.OUTBOUND_MAIL.name: (OutboundMail, OutboundMail.id, "out-"),
    states.INBOUND_MAIL.name: (InboundMail, InboundMail.id, "in-"),
    "partner": (Partner, Partner.site_code, ""),
    "mailbox": (Mailbox, Mailbox.name, ""),
    "party": (Party, Party.code, ""),
    "user": (User, User.login, ""),
}
"""By subject: its table, the column that people know its rows by, and what stands before it."""


def list_events(
    connection: Connection,
    *,
    who: str | None = None,
    of: tuple[str, int] | None = None,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedEvent]:
    """A page of what happened: one statement, one for each subject on the page, and one where drafts were deleted.

    :param of: of this row alone, by subject and id.
    :raises Problem: `after` is of no such page.
    """
    event = Event
    query = select(event.at, event.who, event.subject, event.subject_id, event.name, event.old, event.new)
    if who is not None:
        query = query.where(event.who == who)
    if of is not None:
        query = query.where(event.subject == of[0], event.subject_id == of[1])
    found = read_page(connection, query, [event.id], lambda row: row[:7], size=size, after=after, descending=True)
    known = _names(connection, found.rows)
    return Page(
        tuple(
            ListedEvent(at, by, subject, known.get((subject, row_id)), name, old, new)
            for at, by, subject, row_id, name, old, new in found.rows
        ),
        found.after,
    )


def _names(connection: Connection, rows: Sequence[Any]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for _at, _who, subject, row_id, *_rest in rows:
        wanted[subject].add(row_id)
    found: dict[tuple[str, int], str] = {}
    for subject, ids in wanted.items():
        if subject in NAMES:
            table, column, before = NAMES[subject]
            named = connection.execute(select(table.id, column).where(table.id.in_(ids)))
            found |= {(subject, row_id): f"{before}{name}" for row_id, name in named}
    orders = states.PURCHASE_ORDER.name
    gone = [row_id for row_id in wanted[orders] if (orders, row_id) not in found]
    return found | (_deleted(connection, gone) if gone else {})


def _deleted(connection: Connection, ids: Sequence[int]) -> dict[tuple[str, int], str]:
    """The numbers of drafts that were deleted, as the event says that deleted them."""
    of_orders = Event.subject == states.PURCHASE_ORDER.name, Event.name == "delete"
    deleted = connection.execute(select(Event.subject_id, Event.detail).where(*of_orders, Event.subject_id.in_(ids)))
    return {(states.PURCHASE_ORDER.name, row_id): (detail or {}).get("number", "") for row_id, detail in deleted}
