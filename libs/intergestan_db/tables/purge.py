"""Removing from a mailbox what is safe elsewhere (G24): what a person asked for, and what becomes of each mail."""

from __future__ import annotations

from sqlalchemy import String, Text

from intergestan_db.enums import PurgeVerdict
from intergestan_db.tables.types import Instant, RowId, Table, Typed, column, one_of


class PurgeRun(Table):
    """A purge that somebody asked for; whoever holds the mailbox's lease carries it out.

    One of `heartbeats_only` looks at no other mails: the site itself asks for it.

    `total` is None until the mailbox is listed; of these mails that may go, `done` are dealt with. It is over when it
    has `ended_at`, well or with an `error`.
    """

    __tablename__ = "purge_run"

    id: Typed[RowId]
    mailbox_id: Typed[int] = column(references="mailbox.id", index=True)
    requested_at: Typed[Instant]
    requested_by: Typed[str] = column(String(80))
    archived_before: Typed[Instant]
    dry_run: Typed[bool]
    heartbeats_only: Typed[bool] = column(default=False)
    total: Typed[int | None]
    done: Typed[int] = column(default=0)
    ended_at: Typed[Instant | None]
    error: Typed[str | None] = column(Text())


class PurgeMail(Table):
    """One mail that the mailbox had when it was listed. `handle` is what the server called it, for people to read."""

    __tablename__ = "purge_mail"
    __table_args__ = (one_of("verdict", PurgeVerdict),)

    id: Typed[RowId]
    purge_run_id: Typed[int] = column(references="purge_run.id", index=True)
    handle: Typed[str] = column(String(100))
    inbound_mail_id: Typed[int | None] = column(references="inbound_mail.id")
    verdict: Typed[str] = column(String(12))
