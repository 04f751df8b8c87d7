"""Mails in both directions, and the accounts they travel through."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, LargeBinary, String, Text

from intergestan_db.enums import AttemptPhase, InboundState, OutboundState, Security
from intergestan_db.tables.types import (
    Compressed,
    Instant,
    RowId,
    Table,
    Typed,
    column,
    holds,
    index,
    index_where,
    one_of,
    unique,
)
from intergestan_msg.kinds import KeyAction


class LeaseColumns:
    """Who works on a row: the fence rises with every claim, and every later write must carry it."""

    lease_owner: Typed[str | None] = column(String(120))
    lease_fence: Typed[int] = column(default=0)
    lease_until: Typed[Instant | None]
    rung_at: Typed[Instant | None]


class OutboundMail(LeaseColumns, Table):
    """One mail we send.

    `next_attempt_at` is when it is due again: first delivery, retry or resend alike; of one that is only asked for,
    until when it may be taken back. `recipient` is where it goes; one of orders keeps that of when it was asked for.

    `trace_parent` is the last step that was traced.
    """

    __tablename__ = "outbound_mail"
    __table_args__ = (
        one_of("state", OutboundState),
        holds("kind", "length(kind) > 0"),
        unique("partner_id", "epoch", "seq"),
        index("state", "next_attempt_at"),
        index("in_reply_to_id"),
        index("partner_id", "sent_at"),
        index_where("kind = 'statement'", "partner_id", "requested_at", name="ix_outbound_mail_statements"),
    )

    id: Typed[RowId]
    transfer_id: Typed[str] = column(String(36), unique=True)
    kind: Typed[str] = column(String(10))
    state: Typed[str] = column(String(10))
    partner_id: Typed[int] = column(references="partner.id")
    requested_by_id: Typed[int | None] = column(references="user.id")
    in_reply_to_id: Typed[int | None] = column(references="inbound_transfer.id")
    requested_at: Typed[Instant]
    composed_at: Typed[Instant | None]
    sent_at: Typed[Instant | None]
    answered_at: Typed[Instant | None]
    reminded_at: Typed[Instant | None]
    next_attempt_at: Typed[Instant | None]
    attempts: Typed[int] = column(default=0)
    resends: Typed[int] = column(default=0)
    epoch: Typed[int | None]
    seq: Typed[int | None]
    transfer_digest: Typed[str | None] = column(String(64))
    envelope_from: Typed[str | None] = column(String(254))
    recipient: Typed[str | None] = column(String(254))
    subject: Typed[str | None] = column(Text())
    size: Typed[int | None]
    reason: Typed[str | None] = column(String(30))
    detail: Typed[str | None] = column(Text())
    diagnosis: Typed[str | None] = column(Text())
    trace_parent: Typed[str | None] = column(String(55))


class OutboundBody(Table):
    """The frozen bytes of an outbound mail, apart from its row, so that a change of state copies none."""

    __tablename__ = "outbound_body"

    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", primary_key=True)
    mime: Typed[bytes] = column(Compressed())


class FormerBody(Table):
    """The bytes of an outbound mail under the number that it bore before a restore of ours; it leaves with the very
    documents that it carried then, whatever became of the orders since.
    """

    __tablename__ = "former_body"

    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", primary_key=True)
    mime: Typed[bytes] = column(Compressed())


class OutboundKeyNotice(Table):
    """What a mail of kind `key` of ours says, and which key of ours signs it."""

    __tablename__ = "outbound_key_notice"
    __table_args__ = (one_of("action", KeyAction),)

    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", primary_key=True)
    action: Typed[str] = column(String(10))
    kid: Typed[str] = column(String(43), index=True)
    signed_by: Typed[str | None] = column(String(43))
    public_key: Typed[bytes | None] = column(LargeBinary(32))
    signs_from: Typed[Instant | None]
    signs_until: Typed[Instant | None]


class OutboundOrder(Table):
    """Which purchase orders a mail carries, and in which version. Only one live mail may carry an order."""

    __tablename__ = "outbound_order"
    __table_args__ = (
        unique("outbound_mail_id", "purchase_order_id"),
        index_where("live", "purchase_order_id", name="uq_outbound_order_live", unique=True),
    )

    id: Typed[RowId]
    outbound_mail_id: Typed[int] = column(references="outbound_mail.id")
    purchase_order_id: Typed[int] = column(references="purchase_order.id", index=True)
    revision: Typed[int]
    version: Typed[int]
    live: Typed[bool] = column(default=True)


class DeliveryAttempt(Table):
    """One conversation about one mail: what was tried, how far it went, what the server said."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        unique("outbound_mail_id", "n"),
        one_of("phase", AttemptPhase),
    )

    id: Typed[RowId]
    outbound_mail_id: Typed[int] = column(references="outbound_mail.id")
    n: Typed[int]
    phase: Typed[str] = column(String(10))
    started_at: Typed[Instant]
    ended_at: Typed[Instant | None]
    outcome: Typed[str | None] = column(String(20))
    reply: Typed[str | None] = column(Text())


class OAuthGrant(Table):
    """The consent of an account's owner that we read or send their mail (RFC 6749), shared by its mailboxes and relay.

    `client_secret` names a secret file. `sealed_refresh` and `sealed_access` are tokens sealed under base.key;
    `claimed_until` is set while a process asks for a new access token, for a refresh token may serve only once.
    """

    __tablename__ = "oauth_grant"
    __table_args__ = (unique("provider", "login"),)

    id: Typed[RowId]
    provider: Typed[str] = column(String(20))
    login: Typed[str] = column(String(254))
    token_endpoint: Typed[str] = column(Text())
    device_endpoint: Typed[str | None] = column(Text())
    authorization_endpoint: Typed[str | None] = column(Text())
    scopes: Typed[str] = column(Text())
    client_id: Typed[str] = column(String(254))
    client_secret: Typed[str | None] = column(String(120))
    ca_file: Typed[str | None] = column(Text())
    sealed_refresh: Typed[bytes | None] = column(LargeBinary())
    sealed_access: Typed[bytes | None] = column(LargeBinary())
    expires_at: Typed[Instant | None]
    claimed_until: Typed[Instant | None]
    error: Typed[str | None] = column(Text())


class AccountColumns:
    """A server and our login. `secret` names a secret file; `sealed` is a password sealed for base.key (ADR 0032)."""

    name: Typed[str] = column(String(60), unique=True)
    host: Typed[str] = column(String(253))
    port: Typed[int]
    security: Typed[str] = column(String(10))
    ca_file: Typed[str | None] = column(Text())
    login: Typed[str | None] = column(String(254))
    secret: Typed[str | None] = column(String(120))
    sealed: Typed[bytes | None] = column(LargeBinary())
    oauth_grant_id: Typed[int | None] = column(references="oauth_grant.id")


class Relay(AccountColumns, Table):
    """A server we submit mail to (RFC 6409). A relay that says 421 or 452 pauses, not the mail.

    `mails_per_day` is what a person said that it takes, 0 for any number; None: what is known of the provider.
    """

    __tablename__ = "relay"
    __table_args__ = (one_of("security", Security),)

    id: Typed[RowId]
    from_mode: Typed[str] = column(String(10), default="user")
    bounce_mode: Typed[str] = column(String(10), default="fixed")
    bounce_address: Typed[str | None] = column(String(254))
    mails_per_minute: Typed[int | None]
    mails_per_day: Typed[int | None]
    next_slot_at: Typed[Instant | None]
    paused_until: Typed[Instant | None]
    last_error: Typed[str | None] = column(Text())
    last_diagnosis: Typed[str | None] = column(Text())


class Mailbox(AccountColumns, Table):
    """An account and folder that we poll. Its lease is free when the worker that owns it is not alive.

    A person may pause it (`rests_since`), or take it out of use (`active`): then nobody polls it, and the mails stay.
    Heartbeats that were taken in are removed from it, unless it `keeps_heartbeats`.
    `pinned_to` names the poller that shall have it while that lives. `connections` fetch a backlog together, and
    `bytes_per_day` of the account are fetched at most (None: any number).
    """

    __tablename__ = "mailbox"
    __table_args__ = (one_of("security", Security),)

    id: Typed[RowId]
    protocol: Typed[str] = column(String(4), default="imap")
    folder: Typed[str] = column(String(200), default="INBOX")
    poll_seconds: Typed[int] = column(default=60)
    idle: Typed[bool] = column(default=True)
    active: Typed[bool] = column(default=True)
    keeps_heartbeats: Typed[bool] = column(default=False)
    owner: Typed[str | None] = column(String(120))
    fence: Typed[int] = column(default=0)
    state: Typed[str] = column(String(20), default="new")
    last_success_at: Typed[Instant | None]
    last_error: Typed[str | None] = column(Text())
    backlog: Typed[int] = column(default=0)
    pinned_to: Typed[str | None] = column(String(120))
    connections: Typed[int] = column(default=1, server_default="1")
    bytes_per_day: Typed[int | None]
    rests_since: Typed[Instant | None]
    rests_reason: Typed[str | None] = column(String(200))
    rests_by: Typed[str | None] = column(String(80))


class PollRun(Table):
    """A *Relever* that somebody asked for: over when all it found is done, held or alien (G23).

    Those asked for at once have the same `first_id`, the id of the first of them; `under_way`, of the first alone, are
    inbound mails that were archived before and not yet taken in.
    """

    __tablename__ = "poll_run"

    id: Typed[RowId]
    mailbox_id: Typed[int] = column(references="mailbox.id", index=True)
    requested_at: Typed[Instant]
    requested_by: Typed[str] = column(String(80))
    listed_at: Typed[Instant | None]
    found: Typed[int | None]
    error: Typed[str | None] = column(Text())
    first_id: Typed[int | None] = column(index=True)
    under_way: Typed[list[int] | None] = column(JSON(none_as_null=True))


class InboundMail(LeaseColumns, Table):
    """One mail found in a mailbox. `sha256` names the archive file and nothing more.

    `epoch` and `seq` are those of a partner's mail that came, and waits or was turned down as a whole; `paused_at` is
    set while it waits for the end of a pause.

    `is_signed`: the poller saw a signature of a pinned key in it, so that it goes before the others. `unproven`: it was
    read and nobody whom we know vouches for it, so that its bytes are kept for a while only. `budget` is the one that
    its sender has used up.
    """

    __tablename__ = "inbound_mail"
    __table_args__ = (
        one_of("state", InboundState),
        index("state", "rung_at"),
        index("partner_id", "epoch", "seq"),
        index_where("is_heartbeat", "state", "archived_at", name="ix_inbound_mail_heartbeats"),
        index_where("reason IS NOT NULL", "partner_id", "reason", name="ix_inbound_mail_reasons"),
        index_where("unproven AND size > 0", "archived_at", "size", name="ix_inbound_mail_unproven"),
        index_where("budget IS NOT NULL", "partner_id", "budget", name="ix_inbound_mail_budget"),
    )

    id: Typed[RowId]
    sha256: Typed[str] = column(String(64), unique=True)
    size: Typed[int]
    state: Typed[str] = column(String(10))
    mailbox_id: Typed[int | None] = column(references="mailbox.id", index=True)
    archived_at: Typed[Instant] = column(index=True)
    strikes: Typed[int] = column(default=0)
    replayed: Typed[bool] = column(default=False)
    is_heartbeat: Typed[bool] = column(default=False)
    reason: Typed[str | None] = column(String(30))
    detail: Typed[str | None] = column(Text())
    kid: Typed[str | None] = column(String(43), index=True)
    partner_id: Typed[int | None] = column(references="partner.id")
    transfer_id: Typed[str | None] = column(String(36), index=True)
    epoch: Typed[int | None]
    seq: Typed[int | None]
    paused_at: Typed[Instant | None]
    is_signed: Typed[bool] = column(default=False)
    unproven: Typed[bool] = column(default=False)
    budget: Typed[str | None] = column(String(20))
    subject: Typed[str | None] = column(Text())
    sender: Typed[str | None] = column(Text())
    trace_parent: Typed[str | None] = column(String(55))


class MailboxUid(Table):
    """A message of a mailbox that we have dealt with, by UIDVALIDITY and UID (RFC 3501 §2.3.1.1)."""

    __tablename__ = "mailbox_uid"

    mailbox_id: Typed[int] = column(references="mailbox.id", primary_key=True)
    uidvalidity: Typed[int] = column(primary_key=True)
    uid: Typed[int] = column(primary_key=True)
    inbound_mail_id: Typed[int | None] = column(references="inbound_mail.id", index=True)
    poll_run_id: Typed[int | None] = column(references="poll_run.id", index=True)
    note: Typed[str | None] = column(String(30))


class MailboxUidl(Table):
    """A message of a POP3 mailbox that we have dealt with: its UIDL (RFC 1939 §7), which of equals, its size."""

    __tablename__ = "mailbox_uidl"

    mailbox_id: Typed[int] = column(references="mailbox.id", primary_key=True)
    uidl: Typed[str] = column(String(70), primary_key=True)
    ordinal: Typed[int] = column(primary_key=True)
    size: Typed[int] = column(primary_key=True)
    inbound_mail_id: Typed[int | None] = column(references="inbound_mail.id", index=True)
    poll_run_id: Typed[int | None] = column(references="poll_run.id", index=True)
    note: Typed[str | None] = column(String(30))


class DeliveryReport(Table):
    """A mail server's report about a mail of ours (RFC 3464), and what it did; without a proof it did nothing.

    `action` is None when the report does not say; `said` are the server's words.
    """

    __tablename__ = "delivery_report"
    __table_args__ = (index("outbound_mail_id", "fingerprint"),)

    id: Typed[RowId]
    inbound_mail_id: Typed[int] = column(references="inbound_mail.id", unique=True)
    outbound_mail_id: Typed[int | None] = column(references="outbound_mail.id")
    received_at: Typed[Instant] = column(index=True)
    action: Typed[str | None] = column(String(10))
    status: Typed[str | None] = column(String(12))
    recipient: Typed[str | None] = column(Text())
    said: Typed[str | None] = column(Text())
    reporter: Typed[str] = column(Text())
    fingerprint: Typed[str] = column(String(64))
    effect: Typed[str] = column(String(10))


class InboundTransfer(Table):
    """One verified manifest from a partner, however many mails brought it; kept for ever against replays.

    `spelled`: how the partner spells the keys in it, by what they are in NFC, where that is not the same.
    """

    __tablename__ = "inbound_transfer"
    __table_args__ = (
        unique("partner_id", "jti"),
        unique("partner_id", "epoch", "seq"),
        index("partner_id", "received_at"),
    )

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    jti: Typed[str] = column(String(36))
    epoch: Typed[int]
    seq: Typed[int]
    kind: Typed[str] = column(String(12))
    transfer_digest: Typed[str] = column(String(64))
    composed_at: Typed[Instant]
    received_at: Typed[Instant]
    inbound_mail_id: Typed[int] = column(references="inbound_mail.id", index=True)
    message_id: Typed[str | None] = column(String(320))
    manifest: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    spelled: Typed[dict[str, str] | None] = column(JSON(none_as_null=True))
