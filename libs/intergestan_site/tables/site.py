"""The site itself: its identity, its users, its numbers, its log of events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Instant, RowId, Table


class Site(Table):
    """This base's own identity; exactly one row, with id 1."""

    __tablename__ = "site"

    id: Mapped[RowId]
    code: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    siret: Mapped[str | None] = mapped_column(String(14))
    vat_id: Mapped[str | None] = mapped_column(String(20))
    line1: Mapped[str | None] = mapped_column(String(200))
    line2: Mapped[str | None] = mapped_column(String(200))
    postcode: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    language: Mapped[str] = mapped_column(String(2))
    orders_address: Mapped[str] = mapped_column(String(254))
    answers_address: Mapped[str] = mapped_column(String(254))
    key_fingerprint: Mapped[str] = mapped_column(String(43))
    created_at: Mapped[Instant]


class User(Table):
    """A person of the firm; the mail address is the From of what they send (G15)."""

    __tablename__ = "user"

    id: Mapped[RowId]
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    active: Mapped[bool] = mapped_column(default=True)


class NumberSeries(Table):
    """A gap-free series of document numbers: `prefix` followed by `next_number`, no zero-fill."""

    __tablename__ = "number_series"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(20))
    next_number: Mapped[int]


class Event(Table):
    """Append-only: who did what to which row, when. Every transition of a state writes one."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "subject", "subject_id"),)

    id: Mapped[RowId]
    at: Mapped[Instant]
    who: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    old: Mapped[str | None] = mapped_column(String(20))
    new: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Setting(Table):
    """A value that people change while the site runs, by name."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Worker(Table):
    """A process that works for this base. It is alive while `alive_until` lies ahead; leases hang on that."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    service: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[Instant]
    alive_until: Mapped[Instant] = mapped_column(index=True)
