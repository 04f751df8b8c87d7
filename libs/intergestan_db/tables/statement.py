"""Statements between sites: what we ask to be said, what a partner said last, what we asked to get again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String, Text

from intergestan_db.tables.types import Instant, Table, Typed, column


class OutboundStatement(Table):
    """A mail of kind `statement` of ours. `wanted`: it asks for theirs; `newest`: it covers the newest mails, too."""

    __tablename__ = "outbound_statement"

    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", primary_key=True)
    wanted: Typed[bool] = column(default=False)
    newest: Typed[bool] = column(default=False)


class PartnerStatement(Table):
    """The newest statement of a partner, in their series `epoch`.

    `known` are the findings about it that a person looked at and closed.
    """

    __tablename__ = "partner_statement"

    partner_id: Typed[int] = column(references="partner.id", primary_key=True, autoincrement=False)
    transfer_id: Typed[str] = column(String(36))
    epoch: Typed[int] = column(default=0)
    composed_at: Typed[Instant]
    received_at: Typed[Instant]
    statement: Typed[dict[str, Any]] = column(JSON())
    known: Typed[str | None] = column(Text())


class MissingNumber(Table):
    """A number of a partner's mail that our last statement asked for."""

    __tablename__ = "missing_number"

    partner_id: Typed[int] = column(references="partner.id", primary_key=True, autoincrement=False)
    epoch: Typed[int] = column(primary_key=True, autoincrement=False)
    seq: Typed[int] = column(primary_key=True, autoincrement=False)
    asked_at: Typed[Instant]
