"""Who shares the mailboxes, and what was fetched from each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String

from intergestan_db.tables.types import Instant, Table, Typed, column


class NamedPoller(Table):
    """A poller by the name that people and the placement know it by; `worker` is the process that bears it now.

    `takes` says which mailboxes it may have (`placement.Takes`). It lives while its worker does.
    """

    __tablename__ = "poller"

    name: Typed[str] = column(String(120), primary_key=True)
    worker: Typed[str] = column(String(120))
    takes: Typed[dict[str, Any]] = column(JSON(none_as_null=True))


class MailboxTraffic(Table):
    """Octets fetched from a mailbox in one hour, where its provider allows so many a day only."""

    __tablename__ = "mailbox_traffic"

    mailbox_id: Typed[int] = column(references="mailbox.id", primary_key=True)
    hour: Typed[Instant] = column(primary_key=True)
    octets: Typed[int]
