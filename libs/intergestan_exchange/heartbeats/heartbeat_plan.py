"""How often heartbeats leave, so that they stay within what the mail account may send. Pure (ADR 0040).

A heartbeat costs each site one mail: ours, or the echo to theirs. A day's budget is therefore halved between the two,
and four fifths of it are planned: mails that travel longer than others must not push a day over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

DAY = timedelta(days=1)
EVERY = timedelta(hours=2, minutes=30)
"""How often a partner gets one where nobody says otherwise: with the echoes 24 mails a day at most."""
LONGEST = timedelta(days=30)
"""No pair of sites plans rarer ones, whatever either of them says."""
PARTS = 10
"""One of so many mails that the provider allows may be a heartbeat or an echo."""
PLANNED = 0.8
"""The share of the budget that is planned; the rest is for mails that come late."""
ORDERS_FIRST = 0.9
"""Once so much of the day's limit is used, what is left is for orders alone."""
ASSUMED_PER_DAY = 500
"""The mails that a relay may send in a day, where nobody said how many: as many as a private Gmail account may."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may leave within any 24 hours: so many heartbeats of ours, and as many echoes.

    :ivar each: to one partner. :ivar whole: to all of them; None: as many as there are.
    :ivar limit: mails of any kind that the relay may send; None: any number.
    """

    each: int
    whole: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What the last 24 hours used up.

    :ivar own: our heartbeats by partner; `echoes`: the echoes. :ivar mails: all that left, of any kind.
    """

    own: Mapping[int, int] = field(default_factory=dict)
    echoes: Mapping[int, int] = field(default_factory=dict)
    mails: int = 0


def budget_of(every: timedelta, limit: int | None) -> Budget:
    """What may leave, where a heartbeat of ours is wanted so often.

    :param every: 0 where none of ours is wanted: theirs are echoed as usual.
    :param limit: mails that the relay may send in a day; None: any number.
    """
    each = DAY // ((every or EVERY) * PLANNED)  # in whole microseconds: 9.6 / 0.8 is less than 12
    return Budget(each, None if limit is None else limit // PARTS // 2, limit)


def interval(every: timedelta, partners: int, budget: Budget) -> timedelta | None:
    """How often each partner gets one: as often as wanted, and more seldom with more partners. None: there is no room
    for any.
    """
    if budget.whole is None:
        return every
    if budget.whole == 0:
        return None
    spaced = timedelta(seconds=ceil(DAY.total_seconds() * partners / (PLANNED * budget.whole)))
    return min(max(every, spaced), LONGEST)


def span_of(seconds: int | None) -> timedelta | None:
    """As a partner's columns have it."""
    return None if seconds is None else timedelta(seconds=seconds)


def agreed(planned: timedelta | None, told: timedelta | None) -> timedelta | None:
    """How often heartbeats pass between two sites: as seldom as the one that can bear fewer says. None: nobody said."""
    known = [each for each in (planned, told) if each is not None]
    return min(max(known), LONGEST) if known else None


def next_at(last: datetime, echoed: datetime | None, every: timedelta, *, yields: bool) -> datetime:
    """When the next of ours is due: half-way between theirs where that is possible, so that each site hears of the
    other twice as often.

    :param last: when we asked for our last one. :param echoed: when we last echoed one of theirs.
    :param yields: whether ours is put off where both leave at the same time; one of two sites does that.
    """
    latest = last + every * 1.5
    if echoed is None:
        return last + every
    if yields and abs(echoed - last) < every / 4:
        return latest
    return min(max(last + every, echoed + every / 2), latest)


def may_leave(budget: Budget, used: Used, partner: int, *, echo: bool) -> bool:
    """Whether one more may leave to this partner: orders come first, then every partner has its share."""
    counts = used.echoes if echo else used.own
    if counts.get(partner, 0) >= budget.each:
        return False
    if budget.whole is not None and sum(counts.values()) >= budget.whole:
        return False
    return budget.limit is None or used.mails < int(ORDERS_FIRST * budget.limit)


def chosen(budget: Budget, used: Used, partners: Iterable[int]) -> list[int]:
    """Those of the partners whose turn it is that get one now; the first come first."""
    own, found = dict(used.own), list[int]()
    for partner in partners:
        if may_leave(budget, Used(own, used.echoes, used.mails + len(found)), partner, echo=False):
            own[partner] = own.get(partner, 0) + 1
            found.append(partner)
    return found
