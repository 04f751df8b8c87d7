"""The life of one mailbox that this process holds: connect, collect, wait for news; and again, whatever happens."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from intergestan_runtime.archive import Archive, ArchiveError, NoSpace
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.secrets import SecretError
from services.poller.fetch import Known, Strikes, allowance, batches, chunks
from services.poller.mailbox import SIZES_AT_ONCE, Account, Session
from services.poller.rows import Archived, LeaseLost, MailboxRows
from services.poller.settings import PollerSettings
from services.poller.troubles import CURES, Kind, MailboxTrouble, delay
from services.poller.wire import Bell, Limits

_log = get_logger(__name__)
_jitter = random.SystemRandom().random
_CALM = 0.1  # seconds between two IDLE, so that a server that chatters keeps nobody busy
_STOP = 1.0  # seconds


@dataclass(frozen=True)
class Tools:
    """What all watches of a process share.

    :ivar ring: rings IMPORT for new inbound mails.
    :ivar password_for: the password of a row of `mailbox`.
    :ivar die: called where going on would risk mails; ends the process.
    """

    archive: Archive
    metrics: Metrics
    settings: PollerSettings
    ring: Callable[[Sequence[int]], object]
    password_for: Callable[[Any], str]
    language: str
    die: Callable[[BaseException], None]


class MailboxWatch:
    """A thread that collects one mailbox until it is stopped or loses the lease."""

    def __init__(self, tools: Tools, rows: MailboxRows, fence: int, name: str) -> None:
        self.fence = fence
        self.name = name
        self.is_connected = False
        self._tools = tools
        self._rows = rows
        self._known: Known | None = None
        self._strikes = Strikes()
        self._expunged = 0
        self._heard = (0, 0)
        self._failures = 0
        self._session: Session | None = None
        self._bell = Bell()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{name}", daemon=True)

    def start(self) -> None:
        """Begin to collect."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still collects."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Collect now: a *Relever* was asked for."""
        self._bell.ring()

    def stop(self) -> None:
        """Ask it to end; `join` waits for that."""
        self._stopping.set()
        self._bell.ring()

    def join(self) -> None:
        """Wait until it has ended, two seconds at most; a server that does not answer is hung up on."""
        self._thread.join(_STOP)
        session = self._session
        if self._thread.is_alive() and session is not None:
            session.hang_up()
            self._thread.join(_STOP)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._live()
        except LeaseLost as lost:
            _log.warning("Another poller has this mailbox now.", mailbox=self.name, why=str(lost))
        except BaseException as error:  # noqa: BLE001 - such as a failed fsync, which must not be repeated
            self._tools.die(error)
        finally:
            self._bell.close()

    def _live(self) -> None:
        """One connection, from its beginning to its end, and the wait until the next."""
        try:
            self._connect_and_collect()
        except MailboxTrouble as trouble:
            self._suffer(trouble)
        except NoSpace as error:
            self._suffer(MailboxTrouble(Kind.DISK, error))
        except SQLAlchemyError as error:
            self._known = None  # whether the last commit came about is not known
            self._suffer(MailboxTrouble(Kind.BASE, error))
        except (LeaseLost, ArchiveError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault about one mailbox must not stop it for ever
            _log.exception("Collecting failed.", mailbox=self.name)
            self._known = None
            self._suffer(MailboxTrouble(Kind.FAILED, repr(error)))
        finally:
            self._session = None
            self.is_connected = False

    def _connect_and_collect(self) -> None:
        row = self._rows.mailbox()
        self._set("mailbox_poll_interval_seconds", row.poll_seconds)
        settings = self._tools.settings
        limits = Limits(silence=settings.silence_seconds, command=settings.command_seconds)
        with Session(_account(row), self._password(row), limits, window=settings.window) as session:
            self._session = session
            self._begin_session()
            while not self._stopping.is_set():
                self._poll(session)
                self._wait(session, row)
                if _access(self._rows.mailbox()) != _access(row):
                    raise MailboxTrouble(Kind.CHANGED)

    def _begin_session(self) -> None:
        """What the last session left open is listed again; UIDs without UIDVALIDITY meant something there only."""
        self._expunged = 0
        if self._known is not None:
            self._known.doubt()
            if self._known.uidvalidity == 0:
                self._known = None

    def _password(self, row: Any) -> str:
        try:
            return self._tools.password_for(row)
        except SecretError as error:
            raise MailboxTrouble(Kind.PASSWORD, error) from error

    def _poll(self, session: Session) -> None:
        started = time.monotonic()
        runs = self._rows.open_runs()
        new = self._list(session, asked=bool(runs))
        self._heard = (session.exists, session.expunged)
        self.is_connected = True
        left = self._collect(session, new, runs[0] if runs else None)
        if self._stopping.is_set():
            return  # and let the next owner say what was found
        self._rows.finish(runs, left)
        self._failures = 0
        self._set("mailbox_last_success_timestamp_seconds", time.time())
        self._tools.metrics.observe("mailbox_poll_duration_seconds", time.monotonic() - started, protocol="imap")

    def _list(self, session: Session, *, asked: bool) -> list[int]:
        """The UIDs that we do not have. For a person who asks, the server shall look anew, not only tell its news."""
        now, settings = time.monotonic(), self._tools.settings
        if session.is_open and not asked:
            session.refresh()
        else:
            session.examine()
        known = self._generation(session.uidvalidity)
        steady = session.expunged == self._expunged
        if steady and not known.must_list_all(session.exists, now, settings.full_listing_seconds, settings.window):
            new = known.take_new(session.newer_than(known.top), session.exists)
            if new is not None:
                return new
        session.examine()
        known = self._generation(session.uidvalidity)
        self._expunged = session.expunged
        return known.take_all(session.windows(), now)

    def _generation(self, uidvalidity: int) -> Known:
        if self._known is None or self._known.uidvalidity != uidvalidity:
            self._known = Known(uidvalidity, self._rows.known(uidvalidity))
            self._strikes = Strikes()
        return self._known

    def _collect(self, session: Session, new: Sequence[int], run: int | None) -> int:
        """Archive what is new; how many could not be had."""
        left = len(new)
        self._set("mailbox_backlog_messages", left)
        for piece in chunks(self._strikes.due(new, time.monotonic()), min(SIZES_AT_ONCE, session.window)):
            sizes = session.sizes(piece)
            left -= self._note_too_big(sizes, run)
            most = min(self._tools.settings.batch_mails, session.window)
            for batch in list(batches(sizes, self._strikes, most, self._tools.settings.batch_bytes)):
                if self._stopping.is_set():
                    return left
                left -= self._take(session, batch, sizes, run)
                self._set("mailbox_backlog_messages", left)
            self._strikes.add((uid for uid in piece if uid not in sizes), time.monotonic())
        if left and self._known is not None:
            self._known.doubt()
        return left

    def _note_too_big(self, sizes: dict[int, int], run: int | None) -> int:
        """Note, and take out of `sizes`, the mails that are not fetched; how many."""
        too_big = [uid for uid, size in sizes.items() if size > self._tools.settings.mail_bytes]
        if too_big and self._known is not None:
            _log.warning("Mails are larger than is fetched; they stay on the server.", mailbox=self.name, uids=too_big)
            self._rows.note_too_big(self._known.uidvalidity, too_big, run)
            self._known.uids.update(too_big)
        for uid in too_big:
            del sizes[uid]
        return len(too_big)

    def _take(self, session: Session, batch: Sequence[int], sizes: dict[int, int], run: int | None) -> int:
        """Archive one batch, enter it, and only then ring for it; how many mails it brought."""
        tools, known = self._tools, self._known
        if known is None:
            raise AssertionError("a listing comes before any fetch")
        self._check_space()
        bodies = self._fetch(session, batch, allowance(batch, sizes, tools.settings.mail_bytes))
        if not bodies:
            return 0
        crashpoint("poller.fetched")
        shas = tools.archive.put_many(list(bodies.values()))
        crashpoint("poller.archived")
        mails = [Archived(uid, sha, len(bodies[uid])) for uid, sha in zip(bodies, shas, strict=True)]
        ids = self._rows.keep(known.uidvalidity, mails, run)
        crashpoint("poller.kept")
        known.uids.update(bodies)
        self._strikes.forgive(bodies)
        if ids:
            tools.ring(ids)
        tools.metrics.inc("mails_total", len(bodies), direction="in", outcome="accepted")
        return len(bodies)

    def _check_space(self) -> None:
        self._tools.metrics.set("archive_free_bytes", self._tools.archive.free_space()[0])
        self._tools.archive.check_space()

    def _fetch(self, session: Session, batch: Sequence[int], octets: int) -> dict[int, bytes]:
        """The mails of a batch that came, and are not empty; the others get a strike, and are listed again."""
        bodies: dict[int, bytes] = {}
        try:
            bodies = {uid: body for uid, body in session.bodies(batch, octets).items() if body}
        finally:
            self._strikes.add((uid for uid in batch if uid not in bodies), time.monotonic())
        return bodies

    def _wait(self, session: Session, row: Any) -> None:
        """Until it is time to poll again, somebody asks, or the server says that something changed.

        Also what it said while we collected: it will not say it again.
        """
        until = time.monotonic() + row.poll_seconds
        while not self._is_news(session) and not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            if not (row.idle and session.can_idle):
                self._bell.wait(left)
                return
            exists = session.exists
            rung = session.idle(min(left, self._tools.settings.idle_seconds), self._bell)
            if session.exists > exists:
                self._tools.metrics.inc("mailbox_idle_wakeups_total", mailbox=self.name)
            if rung or self._is_news(session) or self._bell.wait(_CALM):
                return

    def _is_news(self, session: Session) -> bool:
        """Whether the numbers changed since the last listing."""
        return (session.exists, session.expunged) != self._heard

    def _suffer(self, trouble: MailboxTrouble) -> None:
        """Tell people, unless it will probably pass by itself; and wait."""
        if self._stopping.is_set():
            return
        self._failures += 1
        cure = CURES[trouble.kind]
        self._tools.metrics.inc("mailbox_reconnects_total", reason=str(trouble.kind))
        sentence = trouble.sentence(self.name, self._tools.language)
        _log.warning("The mailbox cannot be polled.", mailbox=self.name, why=str(trouble), failures=self._failures)
        if not cure.passing or self._failures > 1:
            try:
                self._rows.say(cure.state, sentence, end_runs=True)
            except SQLAlchemyError as error:
                _log.warning("The base cannot be told.", mailbox=self.name, why=str(error))
        self._bell.wait(delay(trouble.kind, self._failures, _jitter))

    def _set(self, metric: str, value: float) -> None:
        self._tools.metrics.set(metric, value, mailbox=self.name)


def _account(row: Any) -> Account:
    return Account(row.host, row.port, row.security, row.ca_file, row.login or "", row.folder)


def _access(row: Any) -> tuple[object, ...]:
    """What a connection was made with."""
    return (_account(row), row.secret, row.sealed, row.poll_seconds, row.idle)
