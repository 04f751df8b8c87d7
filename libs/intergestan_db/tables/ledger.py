"""What was received from whom, what we answered, and what waits for a person."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, String, Text

from intergestan_db.enums import LedgerOutcome
from intergestan_db.tables.types import Amount, Instant, RowId, Table, Typed, column, index, index_where, one_of, unique


class Ledger(Table):
    """One row per document, for ever: its UNIQUE key is what makes the effect exactly once.

    `revision` counts within the sender's series `epoch`, which a restore of theirs begins anew: an answer's n, and the
    place of an order, a change or a cancellation.
    `stated` is what an order or a change states of its lines and we did not book, by line id: what the next change
    may start from (`intergestan_exchange.inbox.starting_point`). None in rows of releases that did not keep it.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        unique("partner_id", "type", "number", "epoch", "revision"),
        one_of("outcome", LedgerOutcome),
        index_where("outcome = 'waiting'", "id", name="ix_ledger_waiting"),
    )

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    type: Typed[str] = column(String(10))
    number: Typed[str] = column(String(60))
    epoch: Typed[int] = column(default=0)
    revision: Typed[int]
    inbound_transfer_id: Typed[int] = column(references="inbound_transfer.id", index=True)
    business_hash: Typed[str] = column(String(80))
    outcome: Typed[str] = column(String(10))
    sales_order_id: Typed[int | None] = column(references="sales_order.id", index=True)
    waived: Typed[list[str] | None] = column(JSON(none_as_null=True))
    stated: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    created_at: Typed[Instant]
    updated_at: Typed[Instant]


class Answer(Table):
    """What we answer to one order: n = 1, 2, …; the buyer applies only a higher (epoch, n) (`design.md` §10, §16.1).

    The epoch is that of the mail that carries it.

    `revision` is that of the document that is answered: the order itself, a change or a cancellation.
    """

    __tablename__ = "answer"
    __table_args__ = (unique("partner_id", "order_number", "n"),)

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    order_number: Typed[str] = column(String(60))
    n: Typed[int]
    revision: Typed[int] = column(default=0)
    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", index=True)
    code: Typed[str] = column(String(2))
    sales_order_number: Typed[str | None] = column(String(60))
    note: Typed[str | None] = column(Text())
    lines: Typed[list[dict[str, Any]] | None] = column(JSON(none_as_null=True))
    created_at: Typed[Instant]


class ReviewReply(Table):
    """What the buyer of a sales order in review is told once a clerk accepts it: AP, or CA with every line."""

    __tablename__ = "review_reply"

    sales_order_id: Typed[int] = column(references="sales_order.id", primary_key=True, autoincrement=False)
    code: Typed[str] = column(String(2))
    lines: Typed[list[dict[str, Any]] | None] = column(JSON(none_as_null=True))


class Difference(Table):
    """Where an order of a partner differs from what we have; the newest judgement of each order counts."""

    __tablename__ = "difference"
    __table_args__ = (
        index("partner_id", "order_number"),
        one_of("outcome", LedgerOutcome),
    )

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    order_number: Typed[str] = column(String(60))
    line_id: Typed[str | None] = column(String(60))
    reason: Typed[str] = column(String(30))
    variant: Typed[str | None] = column(String(30))
    detail: Typed[dict[str, str]] = column(JSON())
    outcome: Typed[str] = column(String(10))
    found_at: Typed[Instant] = column(index=True)


class Hold(Table):
    """A document that waits for a person. Mails that wait say so in their own state.

    One that waits because its customer owes too much says who that is (`party_id`), what it adds (`total_ttc`), and at
    which `exposure_version` it was looked at last (`seen_version`); on `look_again_on` they owe less by themselves.
    """

    __tablename__ = "hold"
    __table_args__ = (
        index("closed_at", "reason"),
        index("partner_id", "number"),
        index_where("closed_at IS NULL", "reason", "party_id", name="ix_hold_of_party"),
    )

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    inbound_mail_id: Typed[int] = column(references="inbound_mail.id", index=True)
    inbound_transfer_id: Typed[int] = column(references="inbound_transfer.id")
    type: Typed[str] = column(String(10))
    number: Typed[str] = column(String(60))
    revision: Typed[int]
    business_hash: Typed[str] = column(String(80))
    reason: Typed[str] = column(String(30))
    detail: Typed[str] = column(Text())
    opened_at: Typed[Instant]
    closed_at: Typed[Instant | None]
    closed_by: Typed[str | None] = column(String(80))
    closed_how: Typed[str | None] = column(String(20))
    closed_reason: Typed[str | None] = column(Text())
    party_id: Typed[int | None] = column(references="party.id")
    total_ttc: Typed[Amount | None]
    seen_version: Typed[int | None]
    look_again_on: Typed[date | None]
    rung_at: Typed[Instant | None]
