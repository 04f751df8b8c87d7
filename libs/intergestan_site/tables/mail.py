"""Mails in both directions, and the accounts they travel through."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Instant, RowId, Table, one_of
from intergestan_site.words import AttemptPhase, InboundState, MailKind, OutboundState, Security


class LeaseColumns:
    """Who works on a row: the fence rises with every claim, and every later write must carry it."""

    lease_owner: Mapped[str | None] = mapped_column(String(120))
    lease_fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[Instant | None]
    rung_at: Mapped[Instant | None]


class OutboundMail(LeaseColumns, Table):
    """One mail we send. `next_attempt_at` is when it is due again: first delivery, retry or resend alike."""

    __tablename__ = "outbound_mail"
    __table_args__ = (
        CheckConstraint(one_of("state", OutboundState), "state"),
        CheckConstraint(one_of("kind", MailKind), "kind"),
        UniqueConstraint("partner_id", "epoch", "seq"),
        Index(None, "state", "next_attempt_at"),
        Index(None, "in_reply_to_id"),
    )

    id: Mapped[RowId]
    transfer_id: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    in_reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("inbound_transfer.id"))
    requested_at: Mapped[Instant]
    composed_at: Mapped[Instant | None]
    sent_at: Mapped[Instant | None]
    answered_at: Mapped[Instant | None]
    next_attempt_at: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(default=0)
    resends: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int | None]
    seq: Mapped[int | None]
    transfer_digest: Mapped[str | None] = mapped_column(String(64))
    envelope_from: Mapped[str | None] = mapped_column(String(254))
    recipient: Mapped[str | None] = mapped_column(String(254))
    subject: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(30))
    detail: Mapped[str | None] = mapped_column(Text)


class OutboundBody(Table):
    """The frozen bytes of an outbound mail, apart from its row, so that a change of state copies none."""

    __tablename__ = "outbound_body"

    outbound_mail_id: Mapped[int] = mapped_column(ForeignKey("outbound_mail.id"), primary_key=True)
    mime: Mapped[bytes] = mapped_column(LargeBinary)


class OutboundOrder(Table):
    """Which purchase orders a mail carries, and in which version. Only one live mail may carry an order."""

    __tablename__ = "outbound_order"
    __table_args__ = (
        UniqueConstraint("outbound_mail_id", "purchase_order_id"),
        Index(
            "uq_outbound_order_live",
            "purchase_order_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[RowId]
    outbound_mail_id: Mapped[int] = mapped_column(ForeignKey("outbound_mail.id"))
    purchase_order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    revision: Mapped[int]
    version: Mapped[int]
    live: Mapped[bool] = mapped_column(default=True)


class DeliveryAttempt(Table):
    """One conversation about one mail: what was tried, how far it went, what the server said."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        UniqueConstraint("outbound_mail_id", "n"),
        CheckConstraint(one_of("phase", AttemptPhase), "phase"),
    )

    id: Mapped[RowId]
    outbound_mail_id: Mapped[int] = mapped_column(ForeignKey("outbound_mail.id"))
    n: Mapped[int]
    phase: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    reply: Mapped[str | None] = mapped_column(Text)


class OAuthGrant(Table):
    """The consent of an account's owner that we read or send their mail (RFC 6749), shared by its mailboxes and relay.

    `client_secret` names a secret file. `sealed_refresh` and `sealed_access` are tokens sealed under base.key;
    `claimed_until` is set while a process asks for a new access token, for a refresh token may serve only once.
    """

    __tablename__ = "oauth_grant"
    __table_args__ = (UniqueConstraint("provider", "login"),)

    id: Mapped[RowId]
    provider: Mapped[str] = mapped_column(String(20))
    login: Mapped[str] = mapped_column(String(254))
    token_endpoint: Mapped[str] = mapped_column(Text)
    device_endpoint: Mapped[str | None] = mapped_column(Text)
    authorization_endpoint: Mapped[str | None] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(String(254))
    client_secret: Mapped[str | None] = mapped_column(String(120))
    ca_file: Mapped[str | None] = mapped_column(Text)
    sealed_refresh: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_access: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[Instant | None]
    claimed_until: Mapped[Instant | None]
    error: Mapped[str | None] = mapped_column(Text)


class AccountColumns:
    """A server and our login. `secret` names a secret file; `sealed` is a password sealed under base.key."""

    name: Mapped[str] = mapped_column(String(60), unique=True)
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int]
    security: Mapped[str] = mapped_column(String(10))
    ca_file: Mapped[str | None] = mapped_column(Text)
    login: Mapped[str | None] = mapped_column(String(254))
    secret: Mapped[str | None] = mapped_column(String(120))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    oauth_grant_id: Mapped[int | None] = mapped_column(ForeignKey("oauth_grant.id"))


class Relay(AccountColumns, Table):
    """A server we submit mail to (RFC 6409). A relay that says 421 or 452 pauses, not the mail."""

    __tablename__ = "relay"
    __table_args__ = (CheckConstraint(one_of("security", Security), "security"),)

    id: Mapped[RowId]
    from_mode: Mapped[str] = mapped_column(String(10), default="user")
    bounce_mode: Mapped[str] = mapped_column(String(10), default="fixed")
    bounce_address: Mapped[str | None] = mapped_column(String(254))
    mails_per_minute: Mapped[int | None]
    next_slot_at: Mapped[Instant | None]
    paused_until: Mapped[Instant | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class Mailbox(AccountColumns, Table):
    """An account and folder that we poll. Its lease is free when the worker that owns it is not alive."""

    __tablename__ = "mailbox"
    __table_args__ = (CheckConstraint(one_of("security", Security), "security"),)

    id: Mapped[RowId]
    protocol: Mapped[str] = mapped_column(String(4), default="imap")
    folder: Mapped[str] = mapped_column(String(200), default="INBOX")
    poll_seconds: Mapped[int] = mapped_column(default=60)
    idle: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    owner: Mapped[str | None] = mapped_column(String(120))
    fence: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(20), default="new")
    last_success_at: Mapped[Instant | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    backlog: Mapped[int] = mapped_column(default=0)


class PollRun(Table):
    """A *Relever* that somebody asked for: over when all it found is done, held or alien (G23)."""

    __tablename__ = "poll_run"

    id: Mapped[RowId]
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), index=True)
    requested_at: Mapped[Instant]
    requested_by: Mapped[str] = mapped_column(String(80))
    listed_at: Mapped[Instant | None]
    found: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)


class InboundMail(LeaseColumns, Table):
    """One mail found in a mailbox. `sha256` names the archive file and nothing more."""

    __tablename__ = "inbound_mail"
    __table_args__ = (
        CheckConstraint(one_of("state", InboundState), "state"),
        Index(None, "state", "rung_at"),
    )

    id: Mapped[RowId]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id"), index=True)
    archived_at: Mapped[Instant] = mapped_column(index=True)
    strikes: Mapped[int] = mapped_column(default=0)
    replayed: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None] = mapped_column(String(30))
    detail: Mapped[str | None] = mapped_column(Text)
    kid: Mapped[str | None] = mapped_column(String(43), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"), index=True)
    transfer_id: Mapped[str | None] = mapped_column(String(36), index=True)
    subject: Mapped[str | None] = mapped_column(Text)
    sender: Mapped[str | None] = mapped_column(Text)


class MailboxUid(Table):
    """A message of a mailbox that we have dealt with, by UIDVALIDITY and UID (RFC 3501 §2.3.1.1)."""

    __tablename__ = "mailbox_uid"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[int] = mapped_column(primary_key=True)
    inbound_mail_id: Mapped[int | None] = mapped_column(ForeignKey("inbound_mail.id"), index=True)
    poll_run_id: Mapped[int | None] = mapped_column(ForeignKey("poll_run.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(30))


class MailboxUidl(Table):
    """A message of a POP3 mailbox that we have dealt with: its UIDL (RFC 1939 §7), which of equals, its size."""

    __tablename__ = "mailbox_uidl"

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), primary_key=True)
    uidl: Mapped[str] = mapped_column(String(70), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    inbound_mail_id: Mapped[int | None] = mapped_column(ForeignKey("inbound_mail.id"), index=True)
    poll_run_id: Mapped[int | None] = mapped_column(ForeignKey("poll_run.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(30))


class InboundTransfer(Table):
    """One verified manifest from a partner, however many mails brought it; kept for ever against replays."""

    __tablename__ = "inbound_transfer"
    __table_args__ = (UniqueConstraint("partner_id", "jti"), UniqueConstraint("partner_id", "epoch", "seq"))

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    jti: Mapped[str] = mapped_column(String(36))
    epoch: Mapped[int]
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    transfer_digest: Mapped[str] = mapped_column(String(64))
    composed_at: Mapped[Instant]
    received_at: Mapped[Instant]
    inbound_mail_id: Mapped[int] = mapped_column(ForeignKey("inbound_mail.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(String(320))
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
