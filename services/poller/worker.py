"""The poller of one process: which mailboxes it holds, a watch for each, and the queue of its *Relever*."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from intergestan_db import leases
from intergestan_db.database import AWAY, Database
from intergestan_db.tables import Mailbox, PollRun, PurgeRun
from intergestan_exchange.mailboxes import pollers, purging
from intergestan_exchange.mailboxes.placement import ANY, Takes
from intergestan_exchange.mailboxes.pollers import Placement
from intergestan_operations.opening.outage import postponing, tell_outage
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.liveness import hanging
from intergestan_runtime.steps import poll_step
from services.poller.collect import Tools
from services.poller.rows import OPEN, SERVICE, MailboxRows
from services.poller.watch import MailboxWatch

_log = get_logger(__name__)

CLAIMS_AT_ONCE = 60
"""Mailboxes taken by one beat: so many connections are made at a time, and who starts a moment later gets its share."""
_OF_MAILBOX = (
    "mailbox_last_success_timestamp_seconds",
    "mailbox_poll_interval_seconds",
    "mailbox_backlog_messages",
)
_SOON = 0.5  # seconds until the next beat, where there is more to take
_GLANCE = 0.2  # seconds between two looks at whether a watch asks us to die


@dataclass(frozen=True, slots=True)
class Seat:
    """Who this process is.

    :ivar worker: its name in the base; no other process may have it.
    :ivar name: the poller's name, by which mailboxes are pinned and placed; with a number where another bears it.
    :ivar takes: the mailboxes that it may have.
    :ivar only: whether it must have exactly this name, and waits while another process bears it.
    """

    worker: str
    name: str
    takes: Takes = ANY
    only: bool = False


@dataclass(frozen=True, slots=True)
class Holding:
    """What a beat found.

    :ivar name: the name that we bear; None while another bears it.
    :ivar claimed: name and fence by mailbox id. :ivar kept: the ids of those that stay ours.
    :ivar asked: where a *Relever* waits. :ivar pause: seconds until the next beat.
    """

    name: str | None
    claimed: Mapping[int, tuple[str, int]]
    kept: frozenset[int]
    asked: frozenset[int]
    pause: float


class Poller:
    """Takes the mailboxes that should be its own as soon as nobody else holds them, and collects them.

    :param make_tools: gets what is to be called when going on would risk mails.
    :param clock_problem: what is wrong with our clock, against that of Redis. While there is something the living look
        dead to us, so we take no mailbox from anybody; else two pollers would take them from each other for ever.
    :param hangs: whether this process can prove no more that it lives; then it gives no sign of life either.
    """

    def __init__(
        self,
        database: Database,
        seat: Seat,
        make_tools: Callable[[Callable[[BaseException], None]], Tools],
        clock_problem: Callable[[], str | None] = lambda: None,
        hangs: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._seat = seat
        self._name: str | None = None
        self._tools = make_tools(self._die)
        self._watches: dict[int, MailboxWatch] = {}
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._base_answers = True
        self._clock_problem = clock_problem
        self._complaint: str | None = None
        self._hangs = hangs

    def run(self, stop: threading.Event) -> None:
        """Beat every two seconds until told to stop; then give everything back. A loop of `run_service`.

        :raises ArchiveError: the disk failed. The process must end, for a failed fsync must not be repeated.
        """
        try:
            while not stop.is_set() and self._error is None:
                self._pause(stop, self._beat_once())
        finally:
            self._leave()
        if self._error is not None:
            raise self._error

    def beat(self) -> float:
        """Say that we live, take what is ours, let go what is no longer, and hear who asks; one transaction.

        :returns: seconds until the next beat.
        """
        with self._lock:
            alive = {row_id: watch.fence for row_id, watch in self._watches.items() if watch.is_alive}
            is_right = self._is_clock_right()
            with self._database.transaction() as connection:
                holding = self._renew(connection, alive, is_right=is_right)
            self._follow(holding)
            return holding.pause

    def poll(self, _run: int) -> None:
        """A *Relever* or a purge was asked for; which one stands in the base. The actor of our queue."""
        with self._database.read() as connection:
            asked = self._asked(connection)
        for row_id, watch in list(self._watches.items()):
            if row_id in asked:
                watch.wake()

    def problem(self) -> str | None:
        """Why this process is not ready, for `/ready`."""
        watches = list(self._watches.values())
        if not self._base_answers:
            return "The base does not answer."
        if self._name is None:
            return f"Another poller is called {self._seat.name}; this one waits until it ends."
        if watches and not any(watch.is_connected for watch in watches):
            return f"None of the mailboxes held can be polled: {', '.join(sorted(watch.name for watch in watches))}."
        return None

    def hanging(self) -> str | None:
        """Which mailboxes hang, for `/live`."""
        return hanging(watch.pulse for watch in list(self._watches.values()))

    def _beat_once(self) -> float:
        if self._hangs():
            return leases.POLLER_BEAT_S
        try:
            pause = self.beat()
        except AWAY as error:
            tell_outage(error, "The base does not take the beat; the next one comes.")
        except Exception:  # noqa: BLE001 - whatever it was, the next beat may succeed
            _log.exception("The beat failed; the next one comes.")
        else:
            self._base_answers = True
            return pause
        self._base_answers = False  # watches go on; what they may write, their fence decides
        return leases.POLLER_BEAT_S

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        while seconds > 0 and self._error is None and not stop.wait(min(_GLANCE, seconds)):
            seconds -= _GLANCE

    def _is_clock_right(self) -> bool:
        problem = self._clock_problem()
        if problem is not None and self._complaint is None:
            _log.error("Our clock is not that of the others; we take no mailbox until it is.", problem=problem)
        self._complaint = problem
        return problem is None

    def _renew(self, connection: Connection, alive: Mapping[int, int], *, is_right: bool) -> Holding:
        now, seat = self._database.now(), self._seat
        leases.beat(connection, seat.worker, SERVICE, now, leases.POLLER_VALID)
        name = pollers.bear_name(connection, seat.name, seat.worker, seat.takes, now, only=seat.only)
        boxes = pollers.placements(connection, now)
        mine = [box for box in boxes if box.owner == seat.worker]
        self._hand_over(connection, mine)
        kept = {box.id for box in mine if _is_for(box, seat.worker) and alive.get(box.id) == box.fence}
        free = [box for box in boxes if box.id not in kept and (box.is_free or box.owner == seat.worker)]
        wanted = {box.id: box.name for box in free if is_right and _is_for(box, seat.worker)}
        fences = leases.claim_mailboxes(connection, list(wanted)[:CLAIMS_AT_ONCE], seat.worker, now)
        pause = _SOON if len(wanted) > CLAIMS_AT_ONCE else leases.POLLER_BEAT_S
        if (death := pollers.next_death(connection, now, SERVICE)) is not None:
            pause = min(pause, (death - now).total_seconds() + 0.01)
        claimed = {row_id: (wanted[row_id], fence) for row_id, fence in fences.items()}
        return Holding(name, claimed, frozenset(kept), self._asked(connection), pause)

    def _hand_over(self, connection: Connection, mine: Sequence[Placement]) -> None:
        """Who should have one of ours has it from now on, whether we have begun with it or not."""
        for box in mine:
            if box.should is not None and not _is_for(box, self._seat.worker):
                _log.info("Mailbox handed over.", mailbox=box.name, to=box.should.name)
                pollers.hand_over(connection, box.id, box.fence, self._seat.worker, box.should.worker)
                self._tools.metrics.inc("mailbox_moves_total", reason="handed_over")

    def _asked(self, connection: Connection) -> frozenset[int]:
        mine = Mailbox.owner == self._seat.worker
        polls = select(PollRun.mailbox_id).join(Mailbox, Mailbox.id == PollRun.mailbox_id).where(*OPEN, mine)
        purges = select(PurgeRun.mailbox_id).join(Mailbox, Mailbox.id == PurgeRun.mailbox_id)
        return frozenset(connection.scalars(polls.union(purges.where(*purging.OPEN, mine))))

    def _follow(self, holding: Holding) -> None:
        """Make the watches what the base says."""
        self._hear_name(holding.name)
        self._let_go([row_id for row_id in self._watches if row_id not in holding.kept])
        for row_id in holding.asked & self._watches.keys():
            self._watches[row_id].wake()
        for row_id, (name, fence) in holding.claimed.items():
            _log.info("Mailbox taken.", mailbox=name, fence=fence)
            rows = MailboxRows(self._database, self._seat.worker, row_id, fence)
            self._watches[row_id] = MailboxWatch(self._tools, rows, fence, name)
            self._watches[row_id].start()
            self._tools.metrics.set("mailbox_lease_held", 1, mailbox=name)
            self._tools.metrics.inc("mailbox_moves_total", reason="taken")
        self._tools.metrics.set("mailboxes_held", len(self._watches))

    def _hear_name(self, name: str | None) -> None:
        if name is None:
            _log.warning("Another poller that lives bears our name; we take nothing.", name=self._seat.name)
        elif name != self._name:
            _log.info("Polling.", name=name, takes=self._seat.takes.as_json() or "auto")
        self._name = name

    def _leave(self) -> None:
        with self._lock:
            watches = list(self._watches.values())
            self._let_go(list(self._watches))
            for watch in watches:
                watch.join()
            try:
                with self._database.transaction() as connection:
                    pollers.leave_name(connection, self._seat.worker)
                    leases.leave_mailboxes(connection, self._seat.worker)
            except SQLAlchemyError as error:
                _log.warning("The base cannot be told that we leave; the lease runs out.", why=str(error))

    def _let_go(self, row_ids: Iterable[int]) -> None:
        for row_id in row_ids:
            watch = self._watches.pop(row_id)
            watch.stop()
            self._tools.metrics.set("mailbox_lease_held", 0, mailbox=watch.name)
        names = [watch.name for watch in self._watches.values()]
        for metric in _OF_MAILBOX:  # nobody may read it for months: what was told of it last must not stand for ever
            self._tools.metrics.forget(metric, {"mailbox": names})

    def _die(self, error: BaseException) -> None:
        _log.critical("Going on would risk mails; the process ends.", why=repr(error))
        self._error = error


def _is_for(box: Placement, worker: str) -> bool:
    return box.should is not None and box.should.worker == worker


def declare(broker: BellBroker, worker: str, poller: Poller) -> None:
    """Make this process consume its own queue, `poll.<worker>`, and no other."""
    poll_step(worker).work_with(broker, postponing(poller.poll))
