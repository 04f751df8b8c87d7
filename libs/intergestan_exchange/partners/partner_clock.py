"""How far a partner's clock is ahead of ours: measured with their mails, never a reason to hold one.

A mail says when its sender's clock had it composed. It was composed before it came here: so their clock is ahead by at
least the time it lies in our future. Where it answers a mail of ours it was composed after that: so their clock is
ahead by at most the time between. A heartbeat's round trip takes seconds, and so the two are close together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection, bindparam, or_, select, update

from intergestan_db.tables import OutboundMail, Partner

WORTH_NOTING_S = 30
"""A difference that changed by less than this is the same."""
NOTED = timedelta(hours=1)
"""So often a difference that goes on is noted again; who did not hear of it for a day need not worry any more."""
LATELY = timedelta(days=1)
"""So long a difference is told after the last mail that showed it; longer where their heartbeats come more seldom."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Their clock is ahead of ours by this many seconds, `least` to `most` (None: nobody knows); negative: behind."""

    least: int
    most: int | None = None

    @property
    def seconds(self) -> int:
        """By how much at least the clocks differ, with its sign; 0 where they may agree."""
        if self.least > 0:
            return self.least
        return min(self.most, 0) if self.most is not None else 0


def measured(composed: int, archived_at: datetime, asked_at: datetime | None = None) -> Ahead:
    """What one new mail tells.

    :param composed: what it says, in whole seconds since 1970.
    :param asked_at: when the mail of ours was composed that it answers, if it does. Where that is later than the
        answer's arrival our own clock was set between, and it tells nothing.
    """
    least = composed - ceil(archived_at.timestamp())
    if asked_at is None or asked_at > archived_at:
        return Ahead(least)
    return Ahead(least, composed + 1 - int(asked_at.timestamp()))


def with_their_word(found: Ahead, told: int | None) -> Ahead:
    """The same, with what a heartbeat of theirs says: by how much at least our clock is ahead of theirs. For who cannot
    measure it, for want of heartbeats of its own.
    """
    if told is None or found.most is not None:
        return found
    if told < 0:
        return Ahead(max(found.least, -told))
    return Ahead(found.least, -told) if 0 < told <= -found.least else found


def merged(known: Ahead | None, new: Ahead) -> Ahead:
    """What is known after one more mail. Where it contradicts what was known, somebody has set a clock."""
    if known is None or known.most is None:
        return new
    least = max(known.least, new.least)
    most = known.most if new.most is None else min(known.most, new.most)
    return Ahead(least, most) if least <= most else new


def news(known: Ahead | None, noted_at: datetime | None, new: Ahead, now: datetime) -> Ahead | None:
    """What is to be noted, if anything: most mails tell what is known."""
    found = merged(known, new)
    before = 0 if known is None else known.seconds
    if abs(found.seconds - before) >= WORTH_NOTING_S:
        return found
    goes_on = abs(before) >= WORTH_NOTING_S and (noted_at is None or abs(now - noted_at) >= NOTED)
    return found if goes_on else None


def known_ahead(least: int | None, most: int | None) -> Ahead | None:
    """As the columns of a partner have it."""
    return None if least is None else Ahead(least, most)


def seconds_ahead(
    least: int | None, most: int | None, noted_at: datetime | None, now: datetime, every: timedelta | None = None
) -> int:
    """What to tell people: by how much at least it differs, as mails of the last day show; 0 where it may agree.

    :param every: how often heartbeats pass between the two sites, where they do.
    """
    found = known_ahead(least, most)
    lately = LATELY if every is None else max(LATELY, 2 * every)
    is_fresh = noted_at is not None and abs(now - noted_at) <= lately
    return found.seconds if found is not None and is_fresh else 0


def note_clock(connection: Connection, partner_id: int, found: Ahead, now: datetime) -> None:
    """Note it, unless a mail that came later was faster."""
    values = {"clock_ahead_least": found.least, "clock_ahead_most": found.most, "clock_noted_at": now}
    is_newest = or_(
        Partner.clock_noted_at.is_(None), Partner.clock_noted_at <= now, Partner.clock_noted_at > now + NOTED
    )
    connection.execute(update(Partner).where(Partner.id == partner_id, is_newest).values(values))


_COMPOSED = select(OutboundMail.composed_at).where(
    OutboundMail.transfer_id == bindparam("transfer"),
    OutboundMail.transfer_digest == bindparam("digest"),
    OutboundMail.partner_id == bindparam("partner"),
)


def when_asked(connection: Connection, partner_id: int, transfer_id: str, digest: str) -> datetime | None:
    """When the mail to this partner was composed that theirs answers; None where it quotes none of ours."""
    which = {"transfer": transfer_id, "digest": digest, "partner": partner_id}
    return connection.execute(_COMPOSED, which).scalar_one_or_none()
