"""The story of one seed: steps drawn one by one, then the faults stop, time runs on, and the oracle is asked."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import uuid_utils
from uuid_utils import UUID

from intergestan_db.database import Moment
from services.sender.outcome import Outcome
from tests.simulator import damage
from tests.simulator.calm import SERVICE, Broken, Calm
from tests.simulator.clock import BEGIN, WorldTime
from tests.simulator.faults import CELLS, Fault, Reached
from tests.simulator.oracle import AtRest, complaints
from tests.simulator.outside import ACCEPTED, BUSY, CUT, REFUSED, DictArchive, Posted
from tests.simulator.people import People
from tests.simulator.processes import Killed, Process
from tests.simulator.site import NAMES, SIRETS, Running, Site, begin_base, grounds

KILL, SLEEP = 0.02, 0.012
"""How often a process dies before or after a commit, or sleeps before a transaction."""
RARE = {
    "changes": 2,
    "key": 6,
    "statement": 10,
    "dispatcher": 4,
    "sender sending": 10,
    "sender sent": 4,
    "sender unknown": 15,
}
"""How many times as often what seldom happens to be there is hit: kinds of mail, services, and what one is about."""
DEEPEST = 2
"""How many sleep at a time."""
A_DAY = 90_000
"""And an hour: the statements of a day are due."""
STEPS_EACH = 40
"""Steps for each order that is to be sent."""


@dataclass
class Told:
    """What a seed came to."""

    seed: int
    orders: int = 0
    steps: int = 0
    reached: Reached = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    virtual_seconds: float = 0.0
    trace: str = ""


class World(Calm):
    """Two or three sites and all that happens to them.

    :param faults: those that are on.
    :param tell: hears every step, for whoever follows one seed.
    """

    def __init__(
        self,
        seed: int,
        *,
        orders: int,
        faults: Collection[Fault],
        tell: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(random.Random(seed))
        self.told = Told(seed)
        self._orders = orders
        self._faults = frozenset(faults)
        self._tell = tell
        self._digest = hashlib.sha256()
        self._calm = True
        self._depth = self._wanted = 0
        self._went_back: Site | None = None
        count = 2 if self.chance.random() < 0.8 else 3
        places, _ = grounds()
        policies = self._policies()
        self.sites: list[Site] = []
        for number, place in enumerate(places[:count]):
            place.clock.world, place.clock.off = self.time, timedelta()
            begin_base(place, count, number, policies)
            archive = DictArchive(place.clock)
            self.sites.append(Site(place, NAMES[number], SIRETS[number], fate=self, talk=self.talk, archive=archive))
        self.people = People(self.chance, self.sites, itertools.count(1), self.note, self.told.refused)

    def _policies(self) -> dict[str, str]:
        """How partners are treated in this story."""
        draw = self.chance.choice
        return {
            "acceptance": draw(["accept", "accept", "review"]),
            "price_policy": draw(["compare", "compare", "take_theirs", "take_ours"]),
            "price_action": draw(["hold", "hold", "accept", "reject"]),
            "heartbeat": draw(["off"] * 9 + ["auto"]),
        }

    def run(self) -> Told:
        """Let it all happen, and ask the oracle.

        :raises Broken: with all that is wrong.
        """
        with _seeded_ids(self.chance, self.time):
            self._calm = False
            for step in range(STEPS_EACH * self._orders):
                self._wanted = 1 + step // STEPS_EACH
                self._step()
            self._calm = True
            self.note("the faults stop")
            for site in self.sites:
                site.ground.clock.off = timedelta()
            self.come_to_rest(days=0)
            if self.chance.random() < 0.25 or self.complaints():
                self.come_to_rest(days=1)  # what was lost for good is found by the statements of the day
                if self._went_back is not None and self.complaints():
                    self.come_to_rest(days=1)
        if found := self.complaints():
            raise Broken("\n".join(found))
        self.told.virtual_seconds = (self.time.now - BEGIN).total_seconds()
        self.told.trace = self._digest.hexdigest()
        return self.told

    def complaints(self) -> list[str]:
        """What the oracle says."""
        return complaints([AtRest(site.code, site.ask, site.sent) for site in self.sites])

    # What befalls processes around their transactions

    def before_transaction(self, process: Process) -> None:
        """It may sleep past its lease, while the others go on."""
        if self._calm or self._depth >= DEEPEST or Fault.SLEEP not in self._faults:
            return
        if self.chance.random() >= SLEEP * RARE.get(process.service, 1):
            return
        self._reach(Fault.SLEEP, process.service)
        process.is_asleep, self._depth = True, self._depth + 1
        try:
            self.time.move(self.chance.choice([5, 65, 130]))
            for _ in range(self.chance.randint(1, 12)):
                self._step()
        finally:
            process.is_asleep, self._depth = False, self._depth - 1

    def at_commit(self, process: Process, moment: Moment) -> None:
        """It may die, before the commit or after it."""
        fault = Fault.KILL_AFTER if moment == "after" else Fault.KILL_BEFORE
        if self._calm or fault not in self._faults or self.chance.random() >= KILL * RARE.get(process.work, 1):
            return
        self._reach(fault, process.work)
        process.die()
        raise Killed

    def is_lost_race(self, error: Exception) -> bool:
        """While somebody slept, others may have been faster."""
        self.told.raised[type(error).__name__] += 1
        return not self._calm and type(error).__name__ in _LOST_RACES

    def choose(self, workers: Sequence[Running]) -> Running:
        """Anybody."""
        return self.chance.choice(workers)

    # Steps

    def _step(self) -> None:
        self.told.steps += 1
        site = self.chance.choice(self.sites)
        acts: list[tuple[float, Callable[[Site], None]]] = [
            (16 if site.bells.waiting else 0, self._bell),
            (12 if any(mail.due <= self.time.now for mail in self.transit) else 0, self._deliver),
            (10 if site.has_news else 0.1, self._poll),
            (1, self._dispatch),
            (1.5, self._person),
            (8 if self.told.orders < self._wanted else 0, self._order),
            (0.2, self.beat),
            (2, self._wait),
            (0.1 if self._is_on(Fault.MAILBOX_RENEWED) else 0, self._renew_mailbox),
            (0.1 if self._is_on(Fault.CLOCK_AHEAD) else 0, self._step_clock_ahead),
            (0.1 if self._is_on(Fault.CLOCK_BACK) else 0, self._step_clock_back),
            (0.2 if site.backup else 1 if self._goes_back else 0, self._back_up),
            (0.08 if self._is_on(Fault.RESTORED) else 0, self._restore),
            (0.08 if self._is_on(Fault.COPIED_BACK) else 0, self._copy_back),
            (10 if site.is_stopped else 3 if site.is_coming_back else 0, self._after_restore),
        ]
        (act,) = self.chance.choices([act for _, act in acts], [weight for weight, _ in acts])
        act(site)

    def _bell(self, site: Site) -> None:
        """A bell is heard, perhaps not in its turn, or twice, or never."""
        waiting = site.bells.waiting
        place = 0
        if len(waiting) > 1 and self._happens(Fault.BELL_LATE, 0.2):
            place = self.chance.randrange(1, len(waiting))
            self._reach(Fault.BELL_LATE, waiting[place][0])
        queue, row_id = waiting.pop(place)
        if queue not in SERVICE:
            return
        if self._happens(Fault.BELL_LOST, 0.05):
            self._reach(Fault.BELL_LOST, queue)
            return
        if self._happens(Fault.BELL_DOUBLED, 0.05):
            self._reach(Fault.BELL_DOUBLED, queue)
            waiting.append((queue, row_id))
        self.work_on(site, SERVICE[queue], row_id)

    def _deliver(self, _site: Site) -> None:
        """A mail that is due arrives; which one of them, nobody can say."""
        due = [place for place, mail in enumerate(self.transit) if mail.due <= self.time.now]
        if due:
            self.arrive(self.transit.pop(self.chance.choice(due)))

    def _poll(self, site: Site) -> None:
        for one in site.awake("poller")[:1] if self.chance.random() < 0.7 else site.awake("poller")[-1:]:
            self.let(site, one, one.work.look, "poll")

    def _dispatch(self, site: Site) -> None:
        for one in site.awake("dispatcher"):
            work = one.work.scan if self.chance.random() < 0.7 else one.work.look
            self.let(site, one, work, "dispatch")

    def _person(self, site: Site) -> None:
        for one in site.awake("person"):
            self.let(site, one, lambda: self.people.anything(site), "person")

    def _order(self, site: Site) -> None:
        count = self.chance.choice([1, 1, 2, 3])
        seller = self.chance.choice([other for other in self.sites if other is not site])
        self.told.orders += count
        for one in site.awake("person"):
            self.let(site, one, lambda: self.people.order(site, seller, count), f"{count} orders to {seller.name}")

    def _wait(self, _site: Site) -> None:
        span = self.chance.choice([1, 5, 5, 20, 60])
        if self.chance.random() < 0.1:
            span = self.chance.choice([1800, 7200, A_DAY])
        self.time.move(span)
        self.note(f"{span} s pass")
        if span == A_DAY:  # what runs every minute ran meanwhile
            self._everywhere("dispatcher", lambda one: one.work.look, "look")

    def _renew_mailbox(self, site: Site) -> None:
        self._reach(Fault.MAILBOX_RENEWED, "full" if site.mailbox.mails else "empty")
        site.mailbox.renew()

    def _step_clock_ahead(self, site: Site) -> None:
        self._step_clock(site, Fault.CLOCK_AHEAD, 1)

    def _step_clock_back(self, site: Site) -> None:
        self._step_clock(site, Fault.CLOCK_BACK, -1)

    def _step_clock(self, site: Site, fault: Fault, sign: int) -> None:
        """From now on the site's clock is off by so much; it is right again when the faults stop."""
        self._reach(fault, _role(site))
        site.ground.clock.off = sign * timedelta(seconds=self.chance.choice([61, 3600, 7200, 86_400]))

    def _back_up(self, site: Site) -> None:
        if not site.is_coming_back:
            site.backup = site.back_up()
            self.note(f"{site.name} is backed up")

    def _restore(self, site: Site) -> None:
        """A person puts a backup back, and types `restored` before the services start."""
        self._put_back(site, Fault.RESTORED, wholly=False)

    def _copy_back(self, site: Site) -> None:
        """The database goes back, or the whole machine; nobody says a word, and the services start."""
        wholly = self.chance.random() < 0.3
        if self._put_back(site, Fault.COPIED_BACK, wholly=wholly):
            refusal = site.refusal()
            site.is_stopped, site.is_back = refusal is not None, refusal is None
            self.note(f"{site.name}: {refusal or 'nothing tells that it went back'}")

    def _put_back(self, site: Site, fault: Fault, *, wholly: bool) -> bool:
        """The base is what it was at the last backup; nobody works meanwhile, and nobody sleeps through it.

        One site of a story does: where two go back to before the same mail, people must find out what is lost.
        """
        if site.backup is None or any(one.process.is_asleep for one in site.running.values()):
            return False
        if self._went_back is not None and self._went_back is not site:
            return False
        self._went_back = site
        self._reach(fault, _role(site))
        site.go_back(site.backup, wholly=wholly)
        return True

    def _after_restore(self, site: Site) -> None:
        for one in site.awake("person"):
            self.let(site, one, lambda: self.people.go_on_after_restore(site), "after a restore")

    # The relay

    def talk(self, process: Process, recipient: str, mime: bytes, before_dot: Callable[[], None]) -> Outcome:
        kind = self._kind_of(mime)
        rare = RARE.get(kind, 1) if kind in CELLS[Fault.RELAY_BUSY] else 1  # others shall reach what comes behind
        for fault, odds in ((Fault.RELAY_BUSY, 0.05), (Fault.RELAY_REFUSED, 0.03)):
            if self._happens(fault, odds * rare):
                self._reach(fault, kind)
                if fault is Fault.RELAY_REFUSED:
                    before_dot()
                    return REFUSED
                return BUSY
        before_dot()
        process.check()
        if self._happens(Fault.RELAY_CUT_LOST, 0.05 * rare):
            self._reach(Fault.RELAY_CUT_LOST, kind)
            return CUT
        self._post(recipient, mime, kind)
        if self._happens(Fault.RELAY_CUT_TAKEN, 0.05 * rare):
            self._reach(Fault.RELAY_CUT_TAKEN, kind)
            return CUT
        return ACCEPTED

    def _post(self, recipient: str, mime: bytes, kind: str) -> None:
        """A mail goes on its way, and what befalls it there."""
        due = self.time.now + timedelta(seconds=self.chance.choice([0, 1, 5]))
        copies, rare = 1, RARE.get(kind, 1)
        for fault, count in ((Fault.MAIL_LOST, 0), (Fault.MAIL_DOUBLED, 2), (Fault.MAIL_TRIPLED, 3)):
            if self._happens(fault, 0.05 * rare):
                self._reach(fault, kind)
                copies = count
                break
        for _ in range(copies):
            raw, arrives = mime, due
            if self._happens(Fault.MAIL_LATE, 0.06 * rare):
                self._reach(Fault.MAIL_LATE, kind)
                arrives += timedelta(seconds=self.chance.choice([60, 4000, 100_000]))
            if self._happens(Fault.MAIL_TRUNCATED, 0.05 * rare):
                self._reach(Fault.MAIL_TRUNCATED, kind)
                raw = damage.truncated(raw, self.chance)
            elif self._happens(Fault.MAIL_REENCODED, 0.06 * rare):
                self._reach(Fault.MAIL_REENCODED, kind)
                raw = damage.reencoded(raw, self.chance)
            self.note(hashlib.sha256(raw).hexdigest())
            self.transit.append(Posted(recipient, raw, kind, arrives))

    def _kind_of(self, mime: bytes) -> str:
        """What a mail of ours is, as its sender's base says."""
        head = mime[: mime.index(b"\r\n\r\n")]
        transfer = head.partition(b"Message-ID: <")[2].partition(b"@")[0].decode()
        for site in self.sites:
            for row in site.ask("SELECT id, kind FROM outbound_mail WHERE transfer_id = ?", transfer):
                if site.ask("SELECT 1 AS one FROM purchase_order_change WHERE outbound_mail_id = ?", row["id"]):
                    return "changes"
                return str(row["kind"])
        return "strange"

    # Chance

    def _is_on(self, fault: Fault) -> bool:
        return not self._calm and fault in self._faults

    @property
    def _goes_back(self) -> bool:
        return self._is_on(Fault.RESTORED) or self._is_on(Fault.COPIED_BACK)

    def _happens(self, fault: Fault, odds: float) -> bool:
        return self._is_on(fault) and self.chance.random() < odds

    def _reach(self, fault: Fault, state: str) -> None:
        self.told.reached[fault, state] += 1
        self.note(f"{fault}: {state}")

    def note(self, what: str) -> None:
        self._digest.update(what.encode())
        if self._tell is not None:
            self._tell(f"{self.time.now:%d %H:%M:%S} {'  ' * self._depth}{what}")


_LOST_RACES = frozenset({"StaleState", "DecidedMeanwhile"})
"""What a worker raises where others were faster: it is logged, and the row stays due."""


def _role(site: Site) -> str:
    """What the site mostly is at this moment."""
    return "buyer" if site.ask("SELECT 1 AS one FROM purchase_order WHERE state NOT IN ('draft')") else "seller"


@contextmanager
def _seeded_ids(chance: random.Random, time: WorldTime) -> Iterator[None]:
    """Transfer ids come from the seed, so that a story is told again to the letter."""
    true = uuid_utils.uuid7

    def uuid7(*_arguments: object) -> UUID:
        stamp = int(time.now.timestamp() * 1000)
        return UUID(int=stamp << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))

    uuid_utils.uuid7 = uuid7  # type: ignore[assignment]
    try:
        yield
    finally:
        uuid_utils.uuid7 = true
