"""Days of heartbeats between a site and its partners, against what their mail accounts may send."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise

import pytest

from intergestan_exchange.heartbeats.heartbeat_plan import (
    DAY,
    LONGEST,
    Budget,
    Used,
    agreed,
    budget_of,
    chosen,
    interval,
    may_leave,
    next_at,
)
from intergestan_exchange.heartbeats.heartbeats import USUAL
from intergestan_exchange.mail_accounts.mail_limits import mails_per_day_of

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GMAIL, WORKSPACE = 500, 2000


@dataclass
class Account:
    """One site as the planner sees it: what left within the last day, to whom, and what partners told.

    When a partner is due is worked out when something about it changes, not in each of the thousands of minutes.

    :ivar most: the mails of any 24 hours at most; `most_each`: those to one partner.
    """

    limit: int | None
    partners: range
    yields: bool = False
    left: deque[tuple[datetime, int, bool]] = field(default_factory=deque)
    own: Counter[int] = field(default_factory=Counter)
    echoes: Counter[int] = field(default_factory=Counter)
    told: dict[int, timedelta] = field(default_factory=dict)
    last: dict[int, datetime] = field(default_factory=dict)
    echoed: dict[int, datetime] = field(default_factory=dict)
    most: int = 0
    most_each: int = 0

    def __post_init__(self) -> None:
        self.budget: Budget = budget_of(USUAL.every, self.limit)
        self.planned: timedelta | None = interval(USUAL.every, len(self.partners), self.budget)
        self.due = dict.fromkeys(self.partners, BEGIN)
        self.soonest = BEGIN

    def used(self, now: datetime) -> Used:
        while self.left and self.left[0][0] <= now - DAY:
            _, partner, is_echo = self.left.popleft()
            self._counts(echo=is_echo)[partner] -= 1
        return Used(self.own, self.echoes, len(self.left))

    def beats(self, now: datetime) -> list[int]:
        if self.soonest > now:
            return []
        due = [each for each in self.partners if self.due[each] <= now]
        found = chosen(self.budget, self.used(now), sorted(due, key=lambda each: self.last.get(each, BEGIN - DAY)))
        for each in found:
            self.last[each] = now
            self._leaves(now, each, echo=False)
        return found

    def echo(self, now: datetime, partner: int) -> bool:
        if not may_leave(self.budget, self.used(now), partner, echo=True):
            return False
        self.echoed[partner] = now
        self._leaves(now, partner, echo=True)
        return True

    def hears(self, partner: int, planned: timedelta) -> None:
        self.told[partner] = planned
        self._plan(partner)

    def _leaves(self, now: datetime, partner: int, *, echo: bool) -> None:
        self.left.append((now, partner, echo))
        self._counts(echo=echo)[partner] += 1
        self.most = max(self.most, len(self.left))
        self.most_each = max(self.most_each, self.own[partner] + self.echoes[partner])
        self._plan(partner)

    def _plan(self, partner: int) -> None:
        if partner in self.last:
            every = agreed(self.planned, self.told.get(partner))
            assert every is not None
            self.due[partner] = next_at(self.last[partner], self.echoed.get(partner), every, yields=self.yields)
            self.soonest = min(self.due.values())

    def _counts(self, *, echo: bool) -> Counter[int]:
        return self.echoes if echo else self.own


@dataclass
class Days:
    """What was seen from the site in the middle: mails within any 24 hours, heartbeats heard of each partner."""

    hub: Account
    heard: dict[int, list[datetime]] = field(default_factory=dict)
    refused: int = 0


def simulate(partners: int, limit: int | None, days: int, seed: int = 7) -> Days:
    """Everybody begins at once, mails take up to five minutes; the partners have this partner and a Gmail account."""
    chance = random.Random(seed)
    hub = Account(limit, range(partners))
    seen = Days(hub)
    others = [Account(GMAIL, range(1), yields=True) for _ in range(partners)]
    road: list[tuple[datetime, int, bool, bool]] = []  # a heap: when it arrives, whose, at the hub?, an echo?
    for minute in range(days * 24 * 60):
        now = BEGIN + minute * MINUTE
        leaving = []
        while road and road[0][0] <= now:
            _, partner, at_hub, is_echo = heappop(road)
            here, name, there = (hub, partner, others[partner]) if at_hub else (others[partner], 0, hub)
            here.hears(name, there.planned or LONGEST)
            if at_hub:
                seen.heard.setdefault(partner, []).append(now)
            if not is_echo:
                if here.echo(now, name):
                    leaving.append((partner, not at_hub, True))
                elif minute > 24 * 60:
                    seen.refused += 1
        leaving += [(partner, False, False) for partner in hub.beats(now)]
        leaving += [(n, True, False) for n, each in enumerate(others) if each.beats(now)]
        for mail in leaving:
            heappush(road, (now + travel(chance), *mail))
    return seen


def travel(chance: random.Random) -> timedelta:
    return timedelta(seconds=chance.randint(2, 300))


@pytest.mark.parametrize("partners", [1, 4, 50])
@pytest.mark.parametrize("limit", [GMAIL, WORKSPACE, None])
def test_days_of_heartbeats_stay_within_the_account(partners: int, limit: int | None) -> None:
    """At most 24 mails a day leave to a partner, and a tenth of what the provider allows; nobody is left out."""
    days = 3 if partners < 50 else 6
    seen = simulate(partners, limit, days)
    assert seen.hub.most_each <= 24
    assert seen.hub.most <= 24 * partners
    assert limit is None or seen.hub.most <= limit / 10
    planned = interval(USUAL.every, partners, budget_of(USUAL.every, limit))
    assert planned is not None
    for partner in range(partners):
        instants = [BEGIN, *seen.heard[partner], BEGIN + days * DAY]
        assert max(gaps(instants)) <= 2 * planned + timedelta(minutes=10), partner
    if planned == USUAL.every:
        assert seen.refused == 0
        assert max(gaps(seen.heard[0][20:])) <= timedelta(hours=2), (
            "half-way between theirs: known within about an hour"
        )


def gaps(instants: list[datetime]) -> Iterator[timedelta]:
    return (after - before for before, after in pairwise(instants))


@pytest.mark.parametrize(
    ("partners", "limit", "hours"),
    [(1, GMAIL, 2.5), (4, GMAIL, 4.8), (50, GMAIL, 60), (50, WORKSPACE, 15), (50, None, 2.5), (2000, GMAIL, 720)],
)
def test_more_partners_get_fewer(partners: int, limit: int | None, hours: float) -> None:
    assert interval(USUAL.every, partners, budget_of(USUAL.every, limit)) == timedelta(hours=hours)


@pytest.mark.parametrize("limit", [1, 19])
def test_an_account_that_sends_next_to_nothing_sends_no_heartbeats(limit: int) -> None:
    budget = budget_of(USUAL.every, limit)
    assert interval(USUAL.every, 1, budget) is None
    assert not may_leave(budget, Used(), 1, echo=True)


def test_orders_come_first() -> None:
    budget = budget_of(USUAL.every, GMAIL)
    assert chosen(budget, Used(mails=449), [1, 2]) == [1]
    assert chosen(budget, Used(mails=450), [1, 2]) == []
    assert not may_leave(budget, Used(mails=450), 1, echo=True)
    assert may_leave(budget_of(USUAL.every, None), Used(mails=10**6), 1, echo=True)


def test_a_partner_that_sends_more_than_its_share_is_not_echoed_and_takes_nothing_from_ours() -> None:
    budget, used = budget_of(USUAL.every, GMAIL), Used(echoes={1: 12})
    assert not may_leave(budget, used, 1, echo=True)
    assert may_leave(budget, used, 2, echo=True)
    assert chosen(budget, used, [1]) == [1]


def test_who_sends_none_echoes_as_usual() -> None:
    assert budget_of(timedelta(0), GMAIL) == budget_of(USUAL.every, GMAIL) == Budget(12, 25, GMAIL)


def test_what_both_can_bear_counts() -> None:
    hour = timedelta(hours=1)
    assert [agreed(None, None), agreed(hour, None), agreed(None, hour)] == [None, hour, hour]
    assert agreed(hour, 2 * hour) == agreed(2 * hour, hour) == 2 * hour
    assert agreed(hour, 2 * LONGEST) == LONGEST


def test_whoever_sends_beside_the_other_moves_half_way_between() -> None:
    every = timedelta(hours=2)

    def after(echoed: timedelta | None, *, yields: bool = False) -> timedelta:
        return next_at(BEGIN, None if echoed is None else BEGIN + echoed, every, yields=yields) - BEGIN

    assert after(None) == every
    assert after(timedelta(minutes=30)) == every
    assert after(timedelta(minutes=90)) == timedelta(minutes=150)
    assert after(timedelta(hours=9)) == timedelta(hours=3), "not put off for ever"
    assert [after(MINUTE, yields=yields) for yields in (False, True)] == [every, timedelta(hours=3)], (
        "one of them moves"
    )
    assert after(timedelta(hours=1), yields=True) == every


@pytest.mark.parametrize(
    ("host", "login", "stated", "limit"),
    [
        ("smtp.gmail.com", "shop@gmail.com", None, 500),
        ("SMTP.Gmail.com.", "shop@GoogleMail.com", None, 500),
        ("smtp.gmail.com", "orders@depot.example", None, 2000),
        ("smtp.gmail.com", None, None, 2000),
        ("smtp.office365.com", "a@hotmail.fr", None, 300),
        ("smtp.office365.com", "a@depot.example", None, 10_000),
        ("smtp.gmail.com", "shop@gmail.com", 40, 40),
        ("mail.depot.example", "a@depot.example", None, None),
        ("mail.depot.example", "a@depot.example", 0, 0),
        ("127.0.0.1", None, None, 0),
        ("localhost", None, 100, 100),
    ],
)
def test_what_providers_allow(host: str, login: str | None, stated: int | None, limit: int | None) -> None:
    assert mails_per_day_of(host, login, stated) == limit
