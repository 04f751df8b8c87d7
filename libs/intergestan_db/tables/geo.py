"""Where addresses lie: what was looked up, and how often (T25, D30)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import String

from intergestan_db.tables.types import Instant, Scaled, Table, Typed, column, one_of

RESTS = ("quota", "key", "away")


class GeocodeCache(Table):
    """What a provider (`source`) knew of a place at an instant; without a position: it did not know the place."""

    __tablename__ = "geocode_cache"

    key: Typed[str] = column(String(64), primary_key=True)
    latitude: Typed[Decimal | None] = column(Scaled(7))
    longitude: Typed[Decimal | None] = column(Scaled(7))
    source: Typed[str] = column(String(20))
    at: Typed[Instant]


class GeocodeUsage(Table):
    """How often a provider was asked in a month of the site's calendar (`2026-11`); its row is the lock of the cap.

    It is asked again from `rests_until` on, and rests because it said that we ask too much (`quota`), because it does
    not take our key, or because it does not answer; `failures` counts the last calls in a row that it left unanswered.
    """

    __tablename__ = "geocode_usage"
    __table_args__ = (one_of("rests_because", RESTS),)

    provider: Typed[str] = column(String(20), primary_key=True)
    month: Typed[str] = column(String(7), primary_key=True)
    calls: Typed[int] = column(default=0)
    last_at: Typed[Instant | None]
    rests_until: Typed[Instant | None]
    rests_because: Typed[str | None] = column(String(10))
    failures: Typed[int] = column(default=0)
