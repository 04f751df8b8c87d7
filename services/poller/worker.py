"""The poller of one process: which mailboxes it holds, a watch for each, and the queue of its *Relever*."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from intergestan_runtime.broker import BellBroker
from intergestan_runtime.steps import poll_step
from intergestan_site import leases
from intergestan_site.database import Database
from intergestan_site.tables import Mailbox, PollRun, Worker
from services.poller.collect import Tools
from services.poller.rows import OPEN, SERVICE, MailboxRows
from services.poller.watch import MailboxWatch

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a beat found. :ivar claimed, kept: name and fence by mailbox id. :ivar asked: where a *Relever* waits."""

    claimed: Mapping[int, tuple[str, int]]
    kept: Mapping[int, tuple[str, int]]
    asked: frozenset[int]


class Poller:
    """Takes the mailboxes that nobody holds, and collects them.

    :param worker: the name of this process in the base; no other process may have it.
    :param names: the only mailboxes it takes; none: all.
    :param make_tools: gets what is to be called when going on would risk mails.
    """

    def __init__(
        self,
        database: Database,
        worker: str,
        names: Sequence[str],
        make_tools: Callable[[Callable[[BaseException], None]], Tools],
    ) -> None:
        self._database = database
        self._worker = worker
        self._names = tuple(names)
        self._tools = make_tools(self._die)
        self._watches: dict[int, MailboxWatch] = {}
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._next_beat = threading.Event()
        self._base_answers = True

    def run(self, stop: threading.Event) -> None:
        """Beat every three seconds until told to stop; then give everything back. A loop of `run_service`.

        :raises ArchiveError: the disk failed. The process must end, for a failed fsync must not be repeated.
        """
        try:
            while not stop.is_set() and self._error is None:
                self._beat_once()
                self._pause(stop)
        finally:
            self._leave()
        if self._error is not None:
            raise self._error

    def beat(self) -> None:
        """Say that we live, take what is free, let go what is no longer ours, and hear who asks; one transaction."""
        with self._lock:
            alive = {row_id: watch.fence for row_id, watch in self._watches.items() if watch.is_alive}
            with self._database.transaction() as connection:
                holding = self._renew(connection, alive)
            self._follow(holding)

    def poll(self, _run: int | str) -> None:
        """A *Relever* was asked for; which one stands in the base. The actor of our queue."""
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
        if watches and not any(watch.is_connected for watch in watches):
            return f"None of the mailboxes held can be polled: {', '.join(sorted(watch.name for watch in watches))}."
        return None

    def _beat_once(self) -> None:
        try:
            self.beat()
            self._base_answers = True
        except Exception:  # noqa: BLE001 - whatever it was, the next beat may succeed
            self._base_answers = False  # watches go on; what they may write, their fence decides
            _log.exception("The beat failed; the next one comes.")

    def _pause(self, stop: threading.Event) -> None:
        deadline = leases.WORKER_BEAT_S
        while deadline > 0 and self._error is None and not stop.wait(min(_GLANCE, deadline)):
            deadline -= _GLANCE

    def _renew(self, connection: Connection, alive: Mapping[int, int]) -> Holding:
        now = self._database.now()
        leases.beat(connection, self._worker, SERVICE, now)
        living = select(Worker.name).where(Worker.alive_until >= now, Worker.name != self._worker)
        free = or_(Mailbox.owner.is_(None), Mailbox.owner.not_in(living))
        wanted = select(Mailbox.id, Mailbox.name, Mailbox.owner, Mailbox.fence).where(Mailbox.active, free)
        if self._names:
            wanted = wanted.where(Mailbox.name.in_(self._names))
        kept, claimed = {}, {}
        for row in connection.execute(wanted.order_by(Mailbox.id)):
            if row.owner == self._worker and alive.get(row.id) == row.fence:
                kept[row.id] = (row.name, row.fence)
            elif fence := leases.claim_mailbox(connection, row.id, self._worker, now):
                claimed[row.id] = (row.name, fence)
        return Holding(claimed, kept, self._asked(connection))

    def _asked(self, connection: Connection) -> frozenset[int]:
        mine = select(PollRun.mailbox_id).join(Mailbox, Mailbox.id == PollRun.mailbox_id)
        return frozenset(connection.scalars(mine.where(*OPEN, Mailbox.owner == self._worker)))

    def _follow(self, holding: Holding) -> None:
        """Make the watches what the base says."""
        self._let_go([row_id for row_id in self._watches if row_id not in holding.kept])
        for row_id in holding.asked & self._watches.keys():
            self._watches[row_id].wake()
        for row_id, (name, fence) in holding.claimed.items():
            _log.info("Mailbox taken.", mailbox=name, fence=fence)
            rows = MailboxRows(self._database, self._worker, row_id, fence)
            self._watches[row_id] = MailboxWatch(self._tools, rows, fence, name)
            self._watches[row_id].start()
            self._tools.metrics.set("mailbox_lease_held", 1, mailbox=name)

    def _leave(self) -> None:
        with self._lock:
            watches = list(self._watches.values())
            self._let_go(list(self._watches))
            for watch in watches:
                watch.join()
            try:
                with self._database.transaction() as connection:
                    leases.leave(connection, self._worker)
            except SQLAlchemyError as error:
                _log.warning("The base cannot be told that we leave; the lease runs out.", why=str(error))

    def _let_go(self, row_ids: Iterable[int]) -> None:
        for row_id in row_ids:
            watch = self._watches.pop(row_id)
            watch.stop()
            self._tools.metrics.set("mailbox_lease_held", 0, mailbox=watch.name)

    def _die(self, error: BaseException) -> None:
        _log.critical("Going on would risk mails; the process ends.", why=repr(error))
        self._error = error


_GLANCE = 0.2  # seconds between two looks at whether a watch asks us to die


def declare(broker: BellBroker, worker: str, poller: Poller) -> None:
    """Make this process consume its own queue, `poll.<worker>`, and no other."""
    poll_step(worker).work_with(broker, poller.poll)
