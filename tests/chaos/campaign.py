"""The run: worlds, the steps of the schedule in them, and the judge after each."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from tests.chaos.books import NotReadable
from tests.chaos.faults import FAKETIME, OFF, ChaosFault, catalogue
from tests.chaos.lookout import Lookout
from tests.chaos.machine import Disk, Start
from tests.chaos.oracle import Verdict
from tests.chaos.schedule import Step, blow, schedule
from tests.chaos.tally import Outcome, Tally
from tests.chaos.world import DatabaseKind, World
from tests.patience import patient
from tests.servers import ServerError

ROOT = Path(__file__).parents[2]
LOOK_AFTER = 0.7
"""The share of a fault's time after which we ask who sees it."""
SETTLED = 90
"""Seconds: a mailbox is listed at least once a minute."""

FAILURES = (
    *(AssertionError, OSError, RuntimeError, subprocess.SubprocessError),
    *(ServerError, psycopg.Error, redis.RedisError, NotReadable),
)
"""What ends a step or a world that cannot be brought to its end."""
ENOUGH = 5
"""So many of those end the run."""


@dataclass(frozen=True)
class Order:
    """What is asked for.

    :ivar names: of the only faults; all by default. A pair is written `NAME + NAME`.
    :ivar keep: a folder for logs and databases of what went wrong.
    """

    kind: DatabaseKind
    seconds: float
    seed: int
    start: Start
    names: Sequence[str] = ()
    keep: Path | None = None
    say: Callable[[str], None] = field(default=print)


def faults_for(kind: DatabaseKind, names: Sequence[str], tally: Tally) -> list[ChaosFault]:
    """Those that this database and this machine allow; `tally` says which are left out, and why."""
    have: dict[str, str] = {
        "disks": Disk.why_not(),
        "faketime": "" if FAKETIME else "libfaketime is not installed (apt-get install faketime)",
        **{each: "" if each == kind else f"of {each} only" for each in ("sqlite", "postgresql")},
    }
    every = catalogue()
    if unknown := sorted(set(names) - every.keys()):
        raise ValueError(f"No such fault: {', '.join(unknown)}. There are: {', '.join(every)}")
    found = []
    for fault in (each for each in every.values() if not names or each.name in names):
        missing = next((have[need] for need in sorted(fault.needs) if have[need]), "")
        if missing.startswith("of "):
            continue
        why = missing or ("" if names else OFF.get(fault.name, ""))
        if why:
            tally.not_tried[fault.name] = why
        else:
            found.append(fault)
    return found


def run(order: Order, tally: Tally) -> None:
    """Until the time is over; what is found stands in `tally` as soon as it is found, for those who stop it earlier.

    A world in which something is wrong is left, and the schedule goes on in another one.
    """
    began = time.monotonic()
    until = began + order.seconds
    faults = faults_for(order.kind, [name for each in order.names for name in each.split(" + ")], tally)
    steps = _steps(order, faults)
    tally.seeds.append(order.seed)
    try:
        while faults and (time.monotonic() < until or not tally.outcomes):
            seed = order.seed * 1000 + tally.worlds
            tally.worlds += 1
            try:
                with World(order.kind, seed, order.start, with_disks=not Disk.why_not()) as world:
                    order.say(f"world {seed}, {order.kind}, in {world.folder}, after {time.monotonic() - began:.0f} s")
                    _in_world(order, world, steps, until, tally)
            except FAILURES as error:
                _go_on_unless_stopped(error)
                tally.broken.append(f"world {seed}: {type(error).__name__}: {error}"[:3000])
                if len(tally.broken) >= ENOUGH:
                    return
    finally:
        tally.seconds += time.monotonic() - began


def _go_on_unless_stopped(error: BaseException) -> None:
    """What fails while we clear up must not hide that somebody has stopped us.

    :raises KeyboardInterrupt: the one behind the error.
    """
    behind = error.__context__
    while behind is not None:
        if isinstance(behind, KeyboardInterrupt):
            raise behind
        behind = behind.__context__


def _steps(order: Order, faults: Sequence[ChaosFault]) -> Iterator[Step]:
    """The schedule of the seed; where a pair is asked for, what is asked for, over and over."""
    by_name = {fault.name: fault for fault in faults}
    wanted = [names for each in order.names if by_name.keys() >= set(names := each.split(" + "))]
    if all(len(names) == 1 for names in wanted):
        yield from schedule(order.seed, faults)
    rng = random.Random(f"pairs {order.seed}")
    while wanted:
        for names in wanted:
            yield tuple(blow(rng, by_name[name], number * rng.random()) for number, name in enumerate(names))


def _in_world(order: Order, world: World, steps: Iterator[Step], until: float, tally: Tally) -> None:
    """Step after step, one at least, until the time is over or something is wrong."""
    looking = Lookout(world.sites)
    looking.look()
    usual = looking.said()
    world.stranger.start()
    try:
        while time.monotonic() < until or not tally.outcomes:
            step = next(steps)
            order.say(f"{' + '.join(map(str, step))}")
            try:
                outcome = Steps(world, random.Random(step[0].seed), usual).take(step)
            except FAILURES as error:
                _go_on_unless_stopped(error)
                tally.broken.append(f"{' + '.join(map(str, step))}: {type(error).__name__}: {error}"[:3000])
                _keep(order, world, tally)
                return
            tally.outcomes.append(outcome)
            _say_outcome(order, world, outcome)
            if outcome.recovery is None or not outcome.verdict.is_clean:
                order.say(world.picture())
                _keep(order, world, tally)
                return
    finally:
        world.people.stop()
        world.stranger.stop()
        tally.forged += world.stranger.forged


class Steps:
    """One step: people type, the blows fall and end, all comes to rest, the judge looks."""

    def __init__(self, world: World, rng: random.Random, usual: frozenset[str] = frozenset()) -> None:
        self._world = world
        self._usual = usual
        self._rng = rng

    def take(self, step: Step) -> Outcome:
        world, people = self._world, self._world.people
        before = len(people.known)
        struck = [world.site(name) for name in sorted({blow.site for blow in step})]
        lookout = Lookout(struck, self._usual)
        people.start()
        time.sleep(self._rng.uniform(0.2, 3))  # something is on its way when it happens
        self._strike(step, lookout)
        ended = time.monotonic()
        world.stranger.try_all()
        people.stop()
        patience = max(blow.fault.patience for blow in step)
        people.order(1)
        while not people.finish() and time.monotonic() - ended < patience:
            time.sleep(1)
        with world.stranger.resting():
            left = world.wait_at_rest(patience - (time.monotonic() - ended))
            recovery = None if left else time.monotonic() - ended
            verdict = self._judge(left)
        for orphan in world.orphans():
            verdict.waiting[f"process {orphan.pid}"] = f"left behind: {orphan.command[:100]}"
        names = tuple(blow.fault.name for blow in step)
        return Outcome(names, len(people.known) - before, recovery, verdict, lookout.said())

    def _judge(self, left: Sequence[str]) -> Verdict:
        """A mail that was delivered a moment ago may still be on its way into the site: the judge looks again."""
        until = time.monotonic() + patient(SETTLED)
        while not (verdict := self._world.judge.judge(left)).is_clean and not left and time.monotonic() < until:
            time.sleep(2)
        return verdict

    def _strike(self, step: Step, lookout: Lookout) -> None:
        """Begin and end each blow at its time. What was begun is ended, whatever happens."""
        began = time.monotonic()
        look_at = max(blow.begins + LOOK_AFTER * blow.seconds for blow in step)
        with ExitStack() as ends:
            strikes = {}
            moments = [(blow.begins, 0, blow) for blow in step] + [(blow.ends, 2, blow) for blow in step]
            moments.append((look_at, 1, step[0]))
            for moment, what, blow in sorted(moments, key=lambda each: each[:2]):
                time.sleep(max(0.0, began + moment - time.monotonic()))
                if what == 0:
                    site, rng = self._world.site(blow.site), random.Random(blow.seed)
                    strikes[blow] = blow.fault.strike(self._world, site, rng)
                    next(strikes[blow])
                    ends.callback(_finish, strikes[blow])
                elif what == 1:
                    lookout.look()
                else:
                    _finish(strikes[blow])


def _finish(strike: Iterator[None]) -> None:
    """Let a fault undo what it did; harmless where it has."""
    next(strike, None)


def _say_outcome(order: Order, world: World, outcome: Outcome) -> None:
    recovered = "never" if outcome.recovery is None else f"{outcome.recovery:.1f} s"
    order.say(f"  {outcome.orders} orders, well again after {recovered}; seen by {sorted(outcome.seen) or 'nobody'}")
    for note in world.take_notes():
        order.say(f"  {note}")
    for number, sentence in enumerate(outcome.verdict.sentences()):
        if number < 12:
            order.say(f"  {sentence[:400]}")


def _keep(order: Order, world: World, tally: Tally) -> None:
    """Logs and databases, for those who want to know why."""
    if order.keep is None:
        return
    folder = order.keep / f"{world.seed}-{len(tally.outcomes)}"
    folder.mkdir(parents=True, exist_ok=True)
    for site in world.sites:
        if site.log.exists():
            shutil.copy(site.log, folder / f"{site.name}.log")
        for file in site.folder.glob("site.db*"):
            shutil.copy(file, folder / f"{site.name}-{file.name}")
    order.say(f"kept: {folder}")


def commit() -> str:
    """Which sources these are."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
