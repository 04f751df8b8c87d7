"""What was received from whom, what we answered, and what waits for a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Instant, RowId, Table, one_of
from intergestan_site.words import LedgerOutcome


class Ledger(Table):
    """One row per document, for ever: its UNIQUE key is what makes the effect exactly once."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("partner_id", "type", "number", "revision"),
        CheckConstraint(one_of("outcome", LedgerOutcome), "outcome"),
    )

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    type: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(60))
    revision: Mapped[int]
    inbound_transfer_id: Mapped[int] = mapped_column(ForeignKey("inbound_transfer.id"), index=True)
    business_hash: Mapped[str] = mapped_column(String(80))
    outcome: Mapped[str] = mapped_column(String(10))
    sales_order_id: Mapped[int | None] = mapped_column(ForeignKey("sales_order.id"), index=True)
    waived: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Answer(Table):
    """What we answer to one order: n = 1, 2, …; the buyer applies only a higher n (`design.md` §10)."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("partner_id", "order_number", "n"),)

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    order_number: Mapped[str] = mapped_column(String(60))
    n: Mapped[int]
    outbound_mail_id: Mapped[int] = mapped_column(ForeignKey("outbound_mail.id"), index=True)
    code: Mapped[str] = mapped_column(String(2))
    sales_order_number: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(Text)
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[Instant]


class Difference(Table):
    """Where an order of a partner differs from what we have; the newest judgement of each order counts."""

    __tablename__ = "difference"
    __table_args__ = (
        Index(None, "partner_id", "order_number"),
        CheckConstraint(one_of("outcome", LedgerOutcome), "outcome"),
    )

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    order_number: Mapped[str] = mapped_column(String(60))
    line_id: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(30))
    variant: Mapped[str | None] = mapped_column(String(30))
    detail: Mapped[dict[str, str]] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(10))
    found_at: Mapped[Instant] = mapped_column(index=True)


class Hold(Table):
    """A document that waits for a person. Mails that wait say so in their own state."""

    __tablename__ = "hold"
    __table_args__ = (Index(None, "closed_at", "reason"),)

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    inbound_mail_id: Mapped[int] = mapped_column(ForeignKey("inbound_mail.id"), index=True)
    inbound_transfer_id: Mapped[int] = mapped_column(ForeignKey("inbound_transfer.id"))
    type: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(60))
    revision: Mapped[int]
    business_hash: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(30))
    detail: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_how: Mapped[str | None] = mapped_column(String(20))
