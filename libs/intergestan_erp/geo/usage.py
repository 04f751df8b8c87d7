"""How often a provider was asked this month, and whether it may be asked now: one row, which is the lock of the cap.

A call is reserved before it is made, in a transaction of its own. Who dies in between has spent it: the cap is never
passed, however many geocoders work at once (D30).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, text, update

from intergestan_db.database import AnyRow
from intergestan_db.tables import GeocodeUsage
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.geo.answers import QUOTA_REST, Trouble, back_off
from intergestan_erp.geo.rule import GeoRule

_INSTANT = UtcDateTime()
_MINE = (GeocodeUsage.provider == bindparam("of"), GeocodeUsage.month == bindparam("during"))

_RESERVE = text(
    "INSERT INTO geocode_usage (provider, month, calls, last_at, failures) VALUES (:provider, :month, 1, :now, 0) "
    "ON CONFLICT (provider, month) DO UPDATE SET calls = geocode_usage.calls + 1, last_at = :now "
    "WHERE geocode_usage.calls < :cap "
    "AND (geocode_usage.rests_until IS NULL OR geocode_usage.rests_until <= :now) "
    "AND (geocode_usage.last_at IS NULL OR geocode_usage.last_at <= :free OR geocode_usage.last_at > :now) "
    "RETURNING calls"
).bindparams(bindparam("now", type_=_INSTANT), bindparam("free", type_=_INSTANT))
"""A call of a clock that was set back since was made before."""
_READ = select(GeocodeUsage.__table__).where(*_MINE)
_NO_CALLS = text(
    "INSERT INTO geocode_usage (provider, month, calls, failures) VALUES (:provider, :month, 0, 0) "
    "ON CONFLICT (provider, month) DO NOTHING"
)
_LOCKED = _READ.with_for_update()
_REST = (
    update(GeocodeUsage)
    .where(*_MINE)
    .values(rests_until=bindparam("until"), rests_because=bindparam("because"), failures=bindparam("failed"))
)
_TRY_AGAIN = (
    update(GeocodeUsage)
    .where(GeocodeUsage.rests_because == str(Trouble.KEY))
    .values(rests_until=None, rests_because=None, failures=0)
)


@dataclass(frozen=True, slots=True)
class Usage:
    """A provider in a month.

    :ivar calls: made, or given up by who died.
    :ivar rests_until: it is not asked before that. :ivar because: what it said, or did not.
    """

    calls: int = 0
    last_at: datetime | None = None
    rests_until: datetime | None = None
    because: Trouble | None = None
    failures: int = 0

    def rests(self, now: datetime) -> bool:
        """Whether it is not asked now."""
        return self.rests_until is not None and self.rests_until > now


@dataclass(frozen=True, slots=True)
class Spacing:
    """Nothing stands against a call but that the last one was made just now. :ivar seconds: to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Resting:
    """No call may be made before an instant. :ivar because: None where it is the cap of this month."""

    until: datetime
    because: Trouble | None


def reserve(
    connection: Connection, rule: GeoRule, month: str, ends: datetime, now: datetime
) -> Spacing | Resting | None:
    """Spend one of this month's calls. None: it is ours, and must be made or is lost.

    :param ends: when the month ends, and with it what the cap says.
    """
    provider = rule.provider
    assert provider is not None, "nobody is asked"
    free = now - timedelta(seconds=provider.seconds)
    given = {"provider": rule.provider_name, "month": month, "now": now, "free": free, "cap": rule.calls_per_month}
    if rule.calls_per_month > 0 and connection.execute(_RESERVE, given).scalar_one_or_none() is not None:
        return None
    found = read_usage(connection, rule.provider_name, month)
    if found.calls >= rule.calls_per_month:
        return Resting(ends, None)
    if found.rests_until is not None and found.rests(now):
        return Resting(found.rests_until, found.because)
    waited = now - (found.last_at or now)
    return Spacing(max(0.0, provider.seconds - waited.total_seconds()))


def read_usage(connection: Connection, provider: str, month: str) -> Usage:
    """How often a provider was asked in a month, and whether it rests."""
    return _usage(connection.execute(_READ, {"of": provider, "during": month}).one_or_none())


def note_trouble(
    connection: Connection, provider: str, month: str, ends: datetime, trouble: Trouble, now: datetime
) -> tuple[datetime, bool]:
    """Let a provider rest that did not answer; until when, and whether this trouble is news.

    Without our key nothing will do before a person acts: it rests to the end of the month.
    """
    connection.execute(_NO_CALLS, {"provider": provider, "month": month})
    before = _usage(connection.execute(_LOCKED, {"of": provider, "during": month}).one())
    failures = before.failures + 1
    until = {Trouble.QUOTA: now + QUOTA_REST, Trouble.KEY: ends}.get(trouble) or back_off(failures, now)
    is_news = before.because is not trouble or not before.rests(now)
    values = {"until": min(until, ends), "because": str(trouble), "failed": failures}
    connection.execute(_REST, {"of": provider, "during": month, **values})
    return min(until, ends), is_news


def note_answer(connection: Connection, provider: str, month: str) -> None:
    """A provider answers: it may be asked, and what it did not answer before counts no more."""
    values = {"until": None, "because": None, "failed": 0}
    found = read_usage(connection, provider, month)
    if found.failures or found.because is not None:
        connection.execute(_REST, {"of": provider, "during": month, **values})


def end_key_rests(connection: Connection) -> bool:
    """Ask those again who did not take our key: a person changed something. Whether there were any.

    What they said about too many calls still holds, and so does the cap.
    """
    return connection.execute(_TRY_AGAIN).rowcount > 0


def _usage(row: AnyRow | None) -> Usage:
    if row is None:
        return Usage()
    because = None if row.rests_because is None else Trouble(row.rests_because)
    return Usage(row.calls, row.last_at, row.rests_until, because, row.failures)
