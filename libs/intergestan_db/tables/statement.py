"""Statements between sites: what we ask to be said, what a partner said last, what we asked to get again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, LargeBinary, String, Text

from intergestan_db.tables.types import Instant, RowId, Table, Typed, column, index


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


class SeriesBeginning(Table):
    """The numbers of a series up to one of them, counted once for all statements after (ADR 0070).

    Of the mails that we sent a partner or received from it (`direction`), as our own statements list them or as the
    partner's last one did (`listed_by`: us, them). `digest` is a SHA-256 that is not at its end.

    It counts for nothing once a mail has come with one of the numbers that it lacks, or one of ours was withdrawn:
    `withdrawn` are those that were when it was made.
    """

    __tablename__ = "series_beginning"

    partner_id: Typed[int] = column(references="partner.id", primary_key=True, autoincrement=False)
    direction: Typed[str] = column(String(8), primary_key=True)
    epoch: Typed[int] = column(primary_key=True, autoincrement=False)
    listed_by: Typed[str] = column(String(4), primary_key=True)
    up_to: Typed[int]
    complete: Typed[list[list[int]]] = column(JSON())
    void: Typed[list[list[int]]] = column(JSON())
    latest: Typed[int]
    hashed: Typed[list[list[int]]] = column(JSON())
    digest: Typed[bytes] = column(LargeBinary(104))
    withdrawn: Typed[int] = column(default=0)


class WithdrawnNumber(Table):
    """A number of ours that its mail does not stand for any more: it was given up, or bears another one by now."""

    __tablename__ = "withdrawn_number"
    __table_args__ = (index("partner_id", "epoch"),)

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    epoch: Typed[int]
    seq: Typed[int]
