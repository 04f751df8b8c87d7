"""Sites among which nothing goes wrong: everybody works until nothing is left to be done, and time runs on.

The one way to come to rest, for a story whose faults stopped (`world.py`) and for a walk that was killed (`walk.py`).
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from intergestan_db import leases
from intergestan_db.database import Moment
from intergestan_runtime.steps import COMPOSE, IMPORT, SEND
from services.sender.outcome import Outcome
from tests.simulator import damage
from tests.simulator.clock import WorldTime
from tests.simulator.outside import ACCEPTED, Posted
from tests.simulator.people import ANY_HOLD, TO_AGREE, People
from tests.simulator.processes import Killed, Process
from tests.simulator.site import Running, Site

ROUNDS = 150
"""More than it takes to come to rest."""

SERVICE = {COMPOSE.queue: "composer", SEND.queue: "sender", IMPORT.queue: "importer"}
_WORK = {"composer": "compose", "sender": "send", "importer": "take_in"}
_TABLE = {"composer": "outbound_mail", "sender": "outbound_mail", "importer": "inbound_mail"}
_DUE = """
    SELECT min(due) AS due FROM (
        SELECT min(next_attempt_at) AS due FROM outbound_mail WHERE state IN ('composed', 'sent', 'unknown')
        UNION ALL SELECT min(requested_at) FROM outbound_mail WHERE state = 'requested'
        UNION ALL SELECT min(lease_until) FROM outbound_mail WHERE state = 'sending'
        UNION ALL SELECT min(coalesce(lease_until, archived_at)) FROM inbound_mail
            WHERE state = 'archived' AND paused_at IS NULL
    ) AS moments
"""
_FOR_PEOPLE = f"""
    {ANY_HOLD}
        OR EXISTS (SELECT 1 FROM sales_order WHERE state = 'review')
        OR EXISTS (SELECT 1 FROM purchase_order o WHERE o.state = 'confirmed' OR {TO_AGREE})
        OR EXISTS (SELECT 1 FROM partner WHERE paused_at IS NOT NULL)
"""
_FOR_LOOKS = """
    SELECT 1 AS waits WHERE EXISTS (SELECT 1 FROM ledger WHERE outcome = 'waiting')
        OR EXISTS (SELECT 1 FROM partner WHERE paused_at IS NOT NULL)
"""
_PAUSED = "SELECT 1 AS one FROM partner WHERE paused_at IS NOT NULL"
_OLDER = """
    SELECT 1 AS one FROM partner WHERE told_at IS NOT NULL
        AND (told_got_epoch > out_epoch OR (told_got_epoch = out_epoch AND told_got_seq > out_seq))
"""
"""The alarm IntergestanOwnDatabaseOlder, also after a `restored` that a clock ahead of its time had typed before."""
_MAILS = "SELECT id, kind, state, reason FROM outbound_mail ORDER BY id"


def be_silent() -> None:
    """Log nothing: what stories would log, nobody reads."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


class Broken(AssertionError):
    """The promise was broken, or the product raised what nobody expects."""


class Calm:
    """Sites, the true time, and the mails that are under way between them."""

    sites: Sequence[Site]
    people: People

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.time = WorldTime()
        self.transit: list[Posted] = []

    def before_transaction(self, process: Process) -> None:
        """Nobody sleeps."""

    def at_commit(self, process: Process, moment: Moment) -> None:
        """Nobody dies."""

    def talk(self, process: Process, recipient: str, mime: bytes, before_dot: Callable[[], None]) -> Outcome:
        """The relay takes every mail, at once."""
        before_dot()
        process.check()
        self.transit.append(Posted(recipient, mime, "", self.time.now))
        return ACCEPTED

    def come_to_rest(self, days: int = 1) -> None:
        """Time runs on, until nothing is left to be done, nor so many days later.

        :raises Broken: there is no end to it.
        """
        for day in range(days + 1):
            self._beat_everywhere()
            self._everywhere("dispatcher", lambda one: one.work.look, "look")
            for _ in range(ROUNDS):
                self._until_quiet()
                if not self._jump():
                    break
            else:
                raise Broken(f"There is no end to it: {self._picture()}")
            if day < days:
                self.time.move(25 * 3600)  # the statements of a day
                self._everywhere("dispatcher", lambda one: one.work.tidy, "tidy")

    def work_on(self, site: Site, service: str, row_id: int) -> None:
        """One of the workers that are awake does what a bell asks for; the bell is lost where all sleep."""
        workers = site.awake(service)
        if not workers:
            return
        one = self.choose(workers)
        states = site.ask(f"SELECT state FROM {_TABLE[service]} WHERE id = ?", row_id)
        one.process.work = f"{service} {states[0]['state']}" if states else service
        self.let(site, one, lambda: getattr(one.work, _WORK[service])(row_id), f"{one.process.work} {row_id}")

    def choose(self, workers: Sequence[Running]) -> Running:
        """Who of several works."""
        return workers[0]

    def arrive(self, mail: Posted) -> None:
        """A mail arrives at the site whose domain it is for."""
        domain = mail.recipient.rpartition("@")[2]
        for site in self.sites:
            if domain == f"{site.name.lower()}.test":
                site.mailbox.put(self.as_received(mail.raw))
                self.note(f"{mail.kind} arrives at {site.name}")

    def as_received(self, raw: bytes) -> bytes:
        """Each copy has headers of its own, as a mail that is sent twice has: its bytes are never those of another."""
        return damage.received_again(raw, self.chance)

    def beat(self, site: Site) -> None:
        """Workers say that they live, and give back what broke off under them."""
        for service in ("sender", "importer"):
            for one in site.awake(service):
                one.process.work = service
                self.let(site, one, _sign_of_life(one), "beat")

    def let(self, site: Site, one: Running, work: Callable[[], Any], what: str) -> None:
        """Let a process work; what kills it leaves the world as it is then.

        :raises Broken: it raised what a worker does not raise.
        """
        self.note(f"{site.name} {one.process.name}: {what}")
        try:
            work()
        except Killed:
            self.note(f"{site.name} {one.process.name} is dead")
            site.kill(one.process.name)
        except Broken:
            raise
        except Exception as error:
            if not self.is_lost_race(error):
                raise Broken(f"{site.name} {one.process.name}: {what}: {error!r}") from error
            self.note(f"{site.name} {one.process.name} raised {error!r}"[:300])

    def is_lost_race(self, error: Exception) -> bool:  # noqa: ARG002
        """Whether a worker may raise this: it is logged, and the row stays due."""
        return False

    def note(self, what: str) -> None:
        """Hear what happened."""

    def _until_quiet(self) -> None:
        """Whatever can be done now is done, by everybody."""
        for _ in range(ROUNDS):
            self._everywhere("dispatcher", lambda one: one.work.ring, "ring")
            if self._work_off():
                self.time.move(1)
                continue
            self._look_where_it_waits()
            if not self._work_off():
                return
        raise Broken(f"There is no rest: {self._picture()}")

    def _look_where_it_waits(self) -> None:
        """What else dispatchers do, where it has anything to do."""
        for site in self.sites:
            for one in site.awake("dispatcher") if site.ask(_FOR_LOOKS) else ():
                self.let(site, one, one.work.look, "look")

    def _work_off(self) -> bool:
        """Bells, mails and people, until there is nothing more for them; whether there was anything."""
        something = False
        for _ in range(ROUNDS):
            busy = [self._work_off_at(site) for site in self.sites]
            if self.transit and not any(busy):
                self.time.now = max(self.time.now, min(mail.due for mail in self.transit))
            here = [mail for mail in self.transit if mail.due <= self.time.now]
            for mail in here:
                self.transit.remove(mail)
                self.arrive(mail)
            if not (any(busy) or here):
                return something
            something = True
        raise Broken(f"There is no rest: {self._picture()}")

    def _work_off_at(self, site: Site) -> bool:
        busy, said = bool(site.bells.waiting or site.has_news), list[bool]()
        for one in site.awake("poller"):
            if site.has_news:
                self.let(site, one, one.work.look, "poll")
        while site.bells.waiting:
            queue, row_id = site.bells.waiting.pop(0)
            if queue in SERVICE:
                self.work_on(site, SERVICE[queue], row_id)
        if not site.is_coming_back and site.ask(_OLDER):
            site.is_back = True
        if site.is_coming_back:
            for one in site.awake("person"):
                self.let(site, one, lambda: said.append(self.people.go_on_after_restore(site)), "after a restore")
            busy = busy or any(said)
        if self.people.entered_again:
            for one in site.awake("person"):
                self.let(site, one, lambda: said.append(self.people.ask_once_more(site)), "asked once more")
            busy = busy or any(said)
        if site.ask(_FOR_PEOPLE):
            for one in site.awake("person"):
                self.let(site, one, lambda: self.people.come_to_an_end(site), "person")
            busy = busy or bool(site.bells.waiting)
        return busy

    def _everywhere(self, service: str, work: Callable[[Running], Callable[[], Any]], what: str) -> None:
        for site in self.sites:
            for one in site.awake(service):
                self.let(site, one, work(one), what)

    def _beat_everywhere(self) -> None:
        for site in self.sites:
            self.beat(site)

    def _jump(self) -> bool:
        """On to the next moment at which something is due; False where nothing ever is again."""
        coming = [row["due"] for site in self.sites for row in site.ask(_DUE) if row["due"] is not None]
        if any(site.ask(_PAUSED) for site in self.sites):
            coming.append(int((self.time.now + timedelta(minutes=20)).timestamp() * 1e6))
        if not coming:
            return False
        moment = datetime.fromtimestamp(min(coming) / 1e6, UTC)  # the base keeps microseconds
        self.time.now = max(moment, self.time.now) + timedelta(seconds=30)  # what is due soon after is done with it
        return True

    def _picture(self) -> str:
        return "; ".join(f"{site.name}: {[tuple(row.values()) for row in site.ask(_MAILS)]}" for site in self.sites)


def _sign_of_life(one: Running) -> Callable[[], None]:
    """As `startup.signs_of_life` gives it."""
    process, claims = one.process, one.work.claims

    def say() -> None:
        with process.database.transaction() as connection:
            now = process.database.now()
            leases.beat(connection, process.name, process.service, now)
            given_back = claims.give_back(connection, process.name, now)
            claims.renew(connection, process.name, now)
        claims.settle(given_back)

    return say
