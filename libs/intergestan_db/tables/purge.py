"""Purges that people ask for, and looks at what a replay of archived mails would change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String, Text

from intergestan_db.enums import PurgeVerdict
from intergestan_db.tables.types import Instant, RowId, Table, Typed, column, one_of, unique


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


class ReplayRun(Table):
    """A look at some archived mails: importers read them, a few at a time, the oldest first, and change nothing. Once
    it `ended_at`, a person may have those that would change taken in again (`given_at`).

    `shas` to `until` say which mails are meant, no later one than `newest`; `after_at` and `after_id` are of the one
    that was looked at last. `total` is None until somebody began; `skipped` of them cannot be read.
    """

    __tablename__ = "replay_run"

    id: Typed[RowId]
    requested_at: Typed[Instant]
    requested_by: Typed[str] = column(String(80))
    shas: Typed[list[str]] = column(JSON())
    mailbox_id: Typed[int | None] = column(references="mailbox.id")
    partner_id: Typed[int | None] = column(references="partner.id")
    since: Typed[Instant | None]
    until: Typed[Instant | None]
    newest: Typed[int]
    total: Typed[int | None]
    looked: Typed[int] = column(default=0)
    skipped: Typed[int] = column(default=0)
    after_at: Typed[Instant | None]
    after_id: Typed[int | None]
    ended_at: Typed[Instant | None] = column(index=True)
    error: Typed[str | None] = column(Text())
    given_at: Typed[Instant | None]
    given_by: Typed[str | None] = column(String(80))


class ReplayMail(Table):
    """A mail that would change: where it was, where it would be, and what would become of its documents (pairs of a
    number and a word). `given`: it was given back to the importer.
    """

    __tablename__ = "replay_mail"
    __table_args__ = (unique("replay_run_id", "inbound_mail_id"),)

    id: Typed[RowId]
    replay_run_id: Typed[int] = column(references="replay_run.id")
    inbound_mail_id: Typed[int] = column(references="inbound_mail.id", ondelete="CASCADE", index=True)
    was_state: Typed[str] = column(String(10))
    was_reason: Typed[str | None] = column(String(30))
    then_state: Typed[str] = column(String(10))
    then_reason: Typed[str | None] = column(String(30))
    documents: Typed[list[Any]] = column(JSON())
    given: Typed[bool] = column(default=False)
