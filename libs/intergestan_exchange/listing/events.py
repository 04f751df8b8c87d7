"""What happened, in pages: who did what to which document, mail, partner or mailbox, when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from intergestan_db import states
from intergestan_db.enums import OPTIONAL_SERVICES, SERVICES
from intergestan_db.tables import (
    CreditNote,
    DeliveryNote,
    Event,
    Hold,
    InboundMail,
    Invoice,
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
    :ivar detail: what is known of it besides.
    :ivar is_gone: the row was deleted since.
    """

    at: datetime
    who: str
    subject: str
    of: str | None
    name: str
    old: str | None
    new: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class WhichEvents:
    """What a list of events is narrowed to; without anything it has all.

    :ivar first, last: instants; `last` is not in it any more.
    :ivar subjects: kinds of things. :ivar of: things by their kind and row; none where nothing is called so.
    :ivar by_people: only what people did, no service of ours.
    """

    who: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    subjects: tuple[str, ...] = ()
    of: tuple[tuple[str, int], ...] | None = None
    by_people: bool = False


NAMES: Mapping[str, tuple[Any, ColumnElement[Any], str]] = {
    states.PURCHASE_ORDER.name: (PurchaseOrder, PurchaseOrder.number, ""),
    states.SALES_ORDER.name: (SalesOrder, SalesOrder.number, ""),
    states.QUOTE.name: (Quote, Quote.number, ""),
    states.PAYMENT.name: (Payment, Payment.number, ""),
    states.OUTBOUND_MAIL.name: (OutboundMail, OutboundMail.id, "out-"),
    states.INBOUND_MAIL.name: (InboundMail, InboundMail.id, "in-"),
    "delivery_note": (DeliveryNote, DeliveryNote.number, ""),
    "invoice": (Invoice, Invoice.number, ""),
    "credit_note": (CreditNote, CreditNote.number, ""),
    "hold": (Hold, Hold.id, "order-"),
    "partner": (Partner, Partner.site_code, ""),
    "mailbox": (Mailbox, Mailbox.name, ""),
    "party": (Party, Party.code, ""),
    "user": (User, User.login, ""),
}
"""By subject: its table, the column that people know its rows by, and what stands before it."""


EVERYTHING = WhichEvents()
ALL_SERVICES = (*SERVICES, *OPTIONAL_SERVICES)
_MOST_DIGITS = 18
_MOST_HAPPENS_TO = frozenset({machine.name for machine in states.MACHINES} | {"hold", "delivery_note", "invoice"})
"""What has so many events that these are found soonest by their time; those of the rest are few, and found by what they
are about.
"""


def list_events(
    connection: Connection,
    which: WhichEvents = EVERYTHING,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedEvent]:
    """A page of what happened: one statement, one for each subject on the page, and one where drafts were deleted.

    :raises Problem: `after` or `before` is of no such page.
    """
    event = Event
    query = select(
        *(event.at, event.who, event.subject, event.subject_id, event.name, event.old, event.new, event.detail)
    ).where(*_conditions(which))
    place: Mapping[str, Any] = {"size": size, "after": after, "before": before, "descending": True}
    found = read_page(connection, query, [event.at, event.id], lambda row: row[:8], **place)
    known, gone = names_of(connection, [(row[2], row[3]) for row in found.rows])

    def listed(row: Any) -> ListedEvent:
        at, by, subject, row_id, name, old, new, detail = row
        key = subject, row_id
        called = known.get(key) or gone.get(key)
        return ListedEvent(at, by, subject, called, name, old, new, detail or {}, key not in known and key in gone)

    return Page(tuple(map(listed, found.rows)), found.after, found.before)


def things_called(connection: Connection, name: str, subjects: Sequence[str] = ()) -> list[tuple[str, int]]:
    """The things that people call so, of these kinds or of any: one statement for each kind."""
    found: list[tuple[str, int]] = []
    for subject in subjects or NAMES:
        if subject not in NAMES:
            continue
        table, column, before = NAMES[subject]
        wanted = name.strip()
        if before:
            text = wanted.lower().removeprefix(before)
            wanted_id = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
            if wanted_id is None or not wanted.lower().startswith(before):
                continue
            found += [(subject, wanted_id)]
        else:
            ids = connection.scalars(select(table.id).where(column == wanted))
            found += [(subject, int(row_id)) for row_id in ids]
    return found


def _conditions(which: WhichEvents) -> Iterator[ColumnElement[bool]]:
    event = Event
    if which.who is not None:
        yield event.who == which.who
    if which.by_people:
        yield event.who.not_in(ALL_SERVICES)
    if which.first is not None:
        yield event.at >= which.first
    if which.last is not None:
        yield event.at < which.last
    if which.subjects:
        few = _MOST_HAPPENS_TO.isdisjoint(which.subjects)
        yield (event.subject if few else event.subject.concat("")).in_(which.subjects)
    if which.of is not None:
        yield or_(
            false(), *(and_(event.subject == subject, event.subject_id == row_id) for subject, row_id in which.of)
        )


Names = dict[tuple[str, int], str]


def names_of(connection: Connection, rows: Iterable[tuple[str, int]]) -> tuple[Names, Names]:
    """What people call rows, by kind and id, and what they called those that are gone."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for subject, row_id in rows:
        wanted[subject].add(row_id)
    found: dict[tuple[str, int], str] = {}
    for subject, ids in wanted.items():
        if subject in NAMES:
            table, column, before = NAMES[subject]
            named = connection.execute(select(table.id, column).where(table.id.in_(ids)))
            found |= {(subject, row_id): f"{before}{name}" for row_id, name in named}
    orders = states.PURCHASE_ORDER.name
    gone = [row_id for row_id in wanted[orders] if (orders, row_id) not in found]
    return found, _deleted(connection, gone) if gone else {}


def _deleted(connection: Connection, ids: Sequence[int]) -> Names:
    """The numbers of drafts that were deleted, as the event says that deleted them."""
    of_orders = Event.subject == states.PURCHASE_ORDER.name, Event.name == "delete"
    deleted = connection.execute(select(Event.subject_id, Event.detail).where(*of_orders, Event.subject_id.in_(ids)))
    return {(states.PURCHASE_ORDER.name, row_id): (detail or {}).get("number", "") for row_id, detail in deleted}
