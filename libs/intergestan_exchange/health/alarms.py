"""What is wrong with a site, judged from facts alone. The rules of deploy/prometheus say the same (a test holds both
together), for firms that have Prometheus; this is for those that have none, and for `intergestan watch`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from intergestan_db.enums import GEOCODER, SERVICES, HoldReason
from intergestan_erp.site.day import site_day
from intergestan_exchange.health.clock import span

if TYPE_CHECKING:
    from intergestan_exchange.health.service_level import Share
    from intergestan_exchange.health.vitals import Vitals

ORDER_STUCK_S = 900
POLLS_MISSED = 3
NOT_POLLED_S = 180
"""A mailbox is not polled after so many intervals, but not before so many seconds."""
HOLD_S = 1800
UNALLOCATED_S = 900
KEY_DAYS = 21
CERTIFICATE_DAYS = 7
BUDGET = 0.01
"""The share of heartbeats that may be late or lost."""
BURNS = (
    (14.4, timedelta(hours=1), timedelta(minutes=15)),
    (6, timedelta(hours=6), timedelta(hours=1)),
    (6, timedelta(days=1), timedelta(hours=6)),
)
"""So many times the budget, over the long window and still over the short one. The last is for sites whose heartbeats
are hours apart."""
BURN_MISSED = 2
"""A single one proves nothing, however few there are: so many must be missing in the short window."""
MEMORY_SHARE = 0.8
CLOCK_SKEW_S = 1

Severity = Literal["critical", "warning"]


class Room(Protocol):
    """The archive's disk."""

    @property
    def free(self) -> int:
        """Bytes."""

    @property
    def is_nearly_full(self) -> bool:
        """Whether a person should make room soon."""

    @property
    def percent(self) -> int:
        """What is free, as a part of the disk."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How bad it is, and for how many seconds it must last before somebody is told."""

    severity: Severity
    lasting: int = 0


KINDS: Mapping[str, Kind] = {
    "OrderStuck": Kind("critical", 120),
    "MailboxNotPolled": Kind("critical", 300),
    "MailboxUnowned": Kind("critical", 300),
    "OwnDatabaseOlder": Kind("critical"),
    "PartnerDatabaseOlder": Kind("critical"),
    "TransferConflict": Kind("critical"),
    "OrderUnanswered": Kind("warning", 900),
    "HoldsWaiting": Kind("warning"),
    "PartnerBudget": Kind("warning", 300),
    "SequenceGap": Kind("warning", 1800),
    "BookingPaused": Kind("warning", 1800),
    "ErrorBudgetBurn": Kind("critical"),
    "ConsentEnded": Kind("critical", 300),
    "KeyExpiring": Kind("warning"),
    "CertificateExpiring": Kind("warning"),
    "DatabaseRefuses": Kind("critical", 60),
    "RedisAway": Kind("critical", 120),
    "RedisRefuses": Kind("warning", 120),
    "ArchiveFailing": Kind("critical", 60),
    "ArchiveDamaged": Kind("critical"),
    "RedisMemory": Kind("warning", 300),
    "ClockSkew": Kind("warning", 120),
    "ClockSetBack": Kind("warning"),
    "PartnerClock": Kind("warning"),
    "DiskFilling": Kind("warning", 300),
    "GeocoderResting": Kind("warning"),
    "NotesUninvoiced": Kind("warning"),
    "StockNegative": Kind("warning"),
    "OrdersUnallocated": Kind("warning"),
    "SlipErrors": Kind("warning"),
    "ServiceDown": Kind("critical", 120),
}
"""By name; the alert of Prometheus and the page in docs/runbooks are called Intergestan<name>."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the base cannot know. `redis_memory`, `clock_skew`: None while Redis does not answer.

    :ivar archive_error: why nothing can be written into the archive.
    :ivar room: of the archive's disk; None of a bucket.
    :ivar redis_memory: share of what Redis may use.
    :ivar database_error: why the base takes no writes; it answers reads, or nothing could be judged at all.
    :ivar redis_error: why a Redis that answers takes no writes: it is full, say, or a replica.
    :ivar redis_away: why it does not answer at all.
    """

    archive_error: str | None
    room: Room | None
    redis_memory: float | None
    clock_skew: float | None
    database_error: str | None = None
    redis_error: str | None = None
    redis_away: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong. `name` and `about` say which; `value` is for people to read.

    :ivar variant: which of two sentences says it.
    """

    name: str
    about: str = ""
    value: str = ""
    since: datetime | None = None
    variant: str = ""

    @property
    def key(self) -> str:
        """The same for the same trouble at every look."""
        return f"{self.name}:{self.about}"

    @property
    def kind(self) -> Kind:
        """How bad it is."""
        return KINDS[self.name]


def judge(vitals: Vitals, machine: Machine) -> list[Alarm]:
    """All that is wrong, the worst first."""
    found = [*_flow(vitals), *_mailboxes(vitals), *_partners(vitals), *_services(vitals), *of_machine(machine)]
    return sorted(found, key=lambda alarm: (alarm.kind.severity, list(KINDS).index(alarm.name), alarm.about))


def _flow(vitals: Vitals) -> Iterator[Alarm]:
    for step, waiting in vitals.pending.items():
        if _older(vitals, waiting.since, ORDER_STUCK_S):
            yield Alarm("OrderStuck", step, str(waiting.count), waiting.since)
    if _older(vitals, vitals.oldest_hold, HOLD_S):
        apart = vitals.strangers + vitals.holds.get(HoldReason.PARTNER_BUDGET, 0)
        yield Alarm("HoldsWaiting", "", str(sum(vitals.holds.values()) - apart), vitals.oldest_hold)
    if damaged := vitals.holds.get(HoldReason.ARCHIVE, 0):
        yield Alarm("ArchiveDamaged", value=str(damaged))
    for burn in BURNS:
        if (share := _burnt(vitals, *burn)) is not None:
            yield Alarm("ErrorBudgetBurn", "", f"{share.missed} / {share.due}")
            return


def _burnt(vitals: Vitals, factor: float, *windows: timedelta) -> Share | None:
    """The share over the first window, if it is too large, there and over the others."""
    shares = [vitals.heartbeats[window] for window in windows]
    is_burnt = all(share.ratio > factor * BUDGET and share.missed >= BURN_MISSED for share in shares)
    return shares[0] if is_burnt else None


def _mailboxes(vitals: Vitals) -> Iterator[Alarm]:
    for name, box in vitals.mailboxes.items():
        limit = max(POLLS_MISSED * box.poll_seconds, NOT_POLLED_S)
        if box.last_success_at is None or _older(vitals, box.last_success_at, limit):
            yield Alarm("MailboxNotPolled", name, since=box.last_success_at)
        if not box.owned:
            yield Alarm("MailboxUnowned", name)
    for name, error in vitals.consents.items():
        if error is not None:
            yield Alarm("ConsentEnded", name, error)
    for name, ends in vitals.certificates.items():
        if ends - vitals.at < timedelta(days=CERTIFICATE_DAYS):
            yield Alarm("CertificateExpiring", name, site_day(vitals.zone, ends).isoformat())


def _partners(vitals: Vitals) -> Iterator[Alarm]:
    if conflicts := vitals.holds.get(HoldReason.TRANSFER_CONFLICT, 0):
        yield Alarm("TransferConflict", "", str(conflicts))
    if beyond := vitals.holds.get(HoldReason.PARTNER_BUDGET, 0):
        yield Alarm("PartnerBudget", "", str(beyond))
    for code, route in vitals.routes.items():
        if route.ours_older:
            yield Alarm("OwnDatabaseOlder", code)
        if route.theirs_older:
            yield Alarm("PartnerDatabaseOlder", code)
        if route.gaps.count:
            yield Alarm("SequenceGap", code, str(route.gaps.count), route.gaps.since)
    for code, paused in vitals.paused.items():
        yield Alarm("BookingPaused", code, str(paused.count), paused.since)
    if vitals.unanswered:
        yield Alarm("OrderUnanswered", value=str(vitals.unanswered))
    for code, ends in vitals.keys.items():
        if ends is not None and ends - vitals.at < timedelta(days=KEY_DAYS):
            yield Alarm("KeyExpiring", code, site_day(vitals.zone, ends).isoformat())
    for clock in vitals.clocks:
        variant = "ahead" if clock.seconds > 0 else "behind"
        yield Alarm("PartnerClock", clock.code, span(clock.seconds), variant=variant)


def _services(vitals: Vitals) -> Iterator[Alarm]:
    geocoding = vitals.geocoding
    for service in (*SERVICES, *((GEOCODER,) if geocoding is not None else ())):
        if service not in vitals.services:
            yield Alarm("ServiceDown", service)
    if geocoding is not None and geocoding.rests is not None:
        yield Alarm("GeocoderResting", geocoding.provider, str(geocoding.calls), variant=geocoding.rests)
    if vitals.uninvoiced:
        yield Alarm("NotesUninvoiced", value=str(vitals.uninvoiced))
    if vitals.negative:
        yield Alarm("StockNegative", value=str(vitals.negative))
    if _older(vitals, vitals.unallocated.since, UNALLOCATED_S):
        yield Alarm("OrdersUnallocated", value=str(vitals.unallocated.count), since=vitals.unallocated.since)
    if vitals.picking.errors:
        yield Alarm("SlipErrors", value=str(vitals.picking.errors))
    if not vitals.clock.is_well:
        by = max(vitals.clock.seconds, vitals.clock.ahead)
        yield Alarm("ClockSetBack", value=span(by), since=vitals.clock.set_back_at)


def of_machine(machine: Machine) -> Iterator[Alarm]:
    """What is wrong with what the site stands on."""
    if machine.database_error is not None:
        yield Alarm("DatabaseRefuses", value=machine.database_error)
    if machine.redis_away is not None:
        yield Alarm("RedisAway", value=machine.redis_away)
    if machine.redis_error is not None:
        yield Alarm("RedisRefuses", value=machine.redis_error)
    if machine.archive_error is not None:
        yield Alarm("ArchiveFailing", value=machine.archive_error)
    yield from disk_filling(machine.room)
    if machine.redis_memory is not None and machine.redis_memory > MEMORY_SHARE:
        yield Alarm("RedisMemory", value=f"{machine.redis_memory:.0%}")
    if machine.clock_skew is not None and abs(machine.clock_skew) > CLOCK_SKEW_S:
        yield Alarm("ClockSkew", value=f"{machine.clock_skew:.1f} s")


def disk_filling(room: Room | None) -> tuple[Alarm, ...]:
    """The alarm, where too little is left of the archive's disk."""
    if room is None or not room.is_nearly_full:
        return ()
    return (Alarm("DiskFilling", value=f"{room.free / 1e9:.1f} GB, {room.percent}%"),)


def _older(vitals: Vitals, since: datetime | None, seconds: float) -> bool:
    """Also what lies so far in the future: it was written before a clock was set back."""
    return since is not None and abs(vitals.at - since) > timedelta(seconds=seconds)
