"""Mails to the person in charge, and what they have been told."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String, Text

from intergestan_db.tables.mail import LeaseColumns
from intergestan_db.tables.types import BigKey, Instant, RowId, Table, Typed, column, index


class Notice(LeaseColumns, Table):
    """One mail to the person in charge. It is due at `next_attempt_at`; without that, it has come to an end.

    It has no recipient: `about` says which setting the sender takes it from (`NoticeAbout`), so that whoever may write
    notices can write to nobody else (ADR 0031).

    `error` is what the server said last; with neither `sent_at` nor `next_attempt_at` it was given up.
    """

    __tablename__ = "notice"
    __table_args__ = (index("next_attempt_at"),)

    id: Typed[RowId]
    about: Typed[str] = column(String(10))
    mime: Typed[bytes] = column(LargeBinary())
    created_at: Typed[Instant] = column(index=True)
    next_attempt_at: Typed[Instant | None]
    attempts: Typed[int] = column(default=0)
    sent_at: Typed[Instant | None]
    error: Typed[str | None] = column(Text())


class ToldHold(Table):
    """A hold that stands in a notice, by the kind and the row of `holds.py`; gone as soon as it waits no more."""

    __tablename__ = "told_hold"

    kind: Typed[str] = column(String(10), primary_key=True)
    row_id: Typed[int] = column(BigKey, primary_key=True, autoincrement=False)
    told_at: Typed[Instant | None]
