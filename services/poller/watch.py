"""The life of one mailbox that this process holds: connect, collect, wait for news; and again, whatever happens."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from intergestan_db.tables import Mailbox
from intergestan_exchange.health.certificates import CertificateNotes
from intergestan_operations.opening.outage import tell_outage
from intergestan_runtime.archive import ArchiveError, NoSpace, Unreachable
from intergestan_runtime.liveness import Pulse, PulsingStop
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.secrets import SecretError
from services.poller.bell import Bell
from services.poller.collect import Allowed, Collector, Tools
from services.poller.imap_source import ImapSource
from services.poller.pop3_source import Pop3Source
from services.poller.purge import Purge
from services.poller.purge_rows import PurgeRows
from services.poller.rows import SERVICE, LeaseLost, MailboxRows
from services.poller.source import Account, Source
from services.poller.troubles import CONNECTED, CURES, Kind, MailboxTrouble, delay

_log = get_logger(__name__)
_jitter = random.SystemRandom().random
_STOP = 1.0  # seconds
_LONGEST = 3600.0
"""Seconds between two looks at whether to stop: the longest commands, one after another, take less."""
_COMMON = frozenset({Kind.BASE, Kind.DISK, Kind.ARCHIVE})
"""What is wrong with us, and so with every mailbox at once: told once."""


class MailboxWatch:
    """A thread that collects one mailbox until it is stopped or loses the lease."""

    def __init__(self, tools: Tools, rows: MailboxRows, fence: int, name: str) -> None:
        self.fence = fence
        self.name = name
        self.is_connected = False
        self._tools = tools
        self._rows = rows
        self._purges = PurgeRows(rows)
        self._certificates = CertificateNotes(rows.database, Mailbox, SERVICE)
        self._failures = 0
        self._is_spread = False
        self._place: tuple[str, Account] | None = None
        self._collector: Collector[Any] | None = None
        self._bell = Bell()
        self.pulse = Pulse(f"mailbox {name}", _LONGEST)
        self._stopping = PulsingStop(threading.Event(), self.pulse)
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
        collector = self._collector
        if self._thread.is_alive() and collector is not None:
            collector.hang_up()
            self._thread.join(_STOP)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._live()
        except LeaseLost as lost:
            if not self._stopping.is_set():  # else it was handed over in the middle of a batch
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
        except SecretError as error:
            self._suffer(MailboxTrouble(Kind.PASSWORD, error))
        except NoSpace as error:
            self._suffer(MailboxTrouble(Kind.DISK, error))
        except Unreachable as error:
            self._suffer(MailboxTrouble(Kind.ARCHIVE, error))
        except SQLAlchemyError as error:
            self._forget()  # whether the last commit came about is not known
            self._suffer(MailboxTrouble(Kind.BASE, error))
        except LeaseLost:
            raise
        except ArchiveError:
            self._tools.metrics.inc("archive_errors_total", operation="write")
            raise
        except Exception as error:  # noqa: BLE001 - a fault about one mailbox must not stop it for ever
            _log.exception("Collecting failed.", mailbox=self.name)
            self._forget()
            self._suffer(MailboxTrouble(Kind.FAILED, repr(error)))
        finally:
            self.is_connected = False

    def _connect_and_collect(self) -> None:
        row = self._rows.mailbox()
        self._set("mailbox_poll_interval_seconds", row.poll_seconds)
        collector = self._collector_of(row)
        politely = False
        try:
            with self._tools.doors.entering(row.host, self._stopping):
                collector.source.open(self._tools.password_for(row))
            while not self._stopping.is_set():
                self._poll(collector, row)
                if not self._purge(collector):
                    self._wait(collector, self._until_next(row.poll_seconds))
                before, row = row, self._rows.mailbox()
                if _access(before) != _access(row):
                    raise MailboxTrouble(Kind.CHANGED)
            politely = True
        finally:
            collector.source.close(politely=politely)

    def _collector_of(self, row: Any) -> Collector[Any]:
        """The one that there is knows more than a new one."""
        place = (row.protocol, _account(row))
        if self._collector is None or place != self._place:
            kind = ImapSource if row.protocol == ImapSource.protocol else Pop3Source
            source: Source[Any] = kind(_account(row), self._rows, self._tools.settings)
            self._collector = Collector(self._tools, self._rows, self.name, source, self._stopping)
            self._place = place
        return self._collector

    def _forget(self) -> None:
        if self._collector is not None:
            self._collector.source.forget()

    def _until_next(self, seconds: int) -> float:
        """The first time less, so that mailboxes that were taken together are not polled together for ever."""
        is_first, self._is_spread = not self._is_spread, True
        return seconds * (1 - _jitter() / 2) if is_first else seconds

    def _poll(self, collector: Collector[Any], row: Any) -> None:
        started = time.monotonic()
        runs = self._rows.open_runs()
        new = collector.source.list_new(asked=bool(runs) or bool(self._purges.open_runs()))
        new = self._with_damaged(collector, new)
        self.is_connected = True
        ends = collector.source.certificate_end()
        if ends is not None:
            self._tools.metrics.set("certificate_expiry_timestamp_seconds", ends, kind="mailbox", name=self.name)
        self._certificates.note(row.id, row.host, ends)
        left = collector.collect(new, runs[0] if runs else None, Allowed(row.connections, row.bytes_per_day))
        if self._stopping.is_set():
            return  # and let the next owner say what was found
        self._rows.finish(runs, left)
        self._failures = 0
        self._set("mailbox_last_success_timestamp_seconds", time.time())
        taken = time.monotonic() - started
        self._tools.metrics.observe("mailbox_poll_duration_seconds", taken, protocol=collector.source.protocol)

    def _with_damaged(self, collector: Collector[Any], new: Sequence[Any]) -> Sequence[Any]:
        """Beside what is new, the mails whose copy in the archive is not whole: the mailbox is the third copy."""
        source = collector.source
        if not self._rows.ask_again(source.notes, self._tools.archive.is_whole):
            return new
        told = "Mails in the archive are not whole; they are fetched again."
        RARELY.warn(_log, ("again", self.name), told, mailbox=self.name)
        source.forget()
        new = source.list_new(asked=True)
        self._rows.note_gone(source.notes, frozenset(new))
        return new

    def _purge(self, collector: Collector[Any]) -> bool:
        """Carry out the purges that people ask for; whether there was one, so that it is time to list anew."""
        runs = [] if self._stopping.is_set() else self._purges.open_runs()
        for run in runs:
            tools = self._tools
            purge = Purge(tools.archive, tools.settings, self._purges, collector.source, run, self._stopping)
            try:
                purge.carry_out()
            except MailboxTrouble as trouble:
                self._purges.end(run, trouble.sentence(self.name, tools.language))
                if CURES[trouble.kind].state != CONNECTED:
                    raise
            except (LeaseLost, SQLAlchemyError, Unreachable):
                raise  # the next to come takes it up
            except Exception as error:
                self._purges.end(run, MailboxTrouble(Kind.FAILED, repr(error)).sentence(self.name, tools.language))
                raise
        return bool(runs)

    def _wait(self, collector: Collector[Any], seconds: float) -> None:
        """Until it is time to poll again, somebody asks, or the server says that something changed."""
        with self.pulse.resting():
            is_woken = not self._stopping.is_set() and collector.source.wait(seconds, self._bell)
        if is_woken:
            self._tools.metrics.inc("mailbox_idle_wakeups_total", mailbox=self.name)

    def _suffer(self, trouble: MailboxTrouble) -> None:
        """Tell people, unless it will probably pass by itself; and wait."""
        if self._stopping.is_set():
            return
        self._failures += 1
        cure = CURES[trouble.kind]
        self._tools.metrics.inc("mailbox_reconnects_total", reason=str(trouble.kind))
        sentence = trouble.sentence(self.name, self._tools.language)
        cause = trouble.kind if trouble.kind in _COMMON else (self.name, trouble.kind)
        told = {"mailbox": self.name, "why": str(trouble), "failures": self._failures}
        RARELY.warn(_log, cause, "The mailbox cannot be polled.", **told)
        if not cure.passing or self._failures > 1:
            try:
                self._rows.say(cure.state, sentence, end_runs=True)
            except SQLAlchemyError as error:
                tell_outage(error, "The base cannot be told.", mailbox=self.name)
        with self.pulse.resting():
            self._bell.wait(delay(trouble.kind, self._failures, _jitter))

    def _set(self, metric: str, value: float) -> None:
        self._tools.metrics.set(metric, value, mailbox=self.name)


def _account(row: Any) -> Account:
    return Account(row.host, row.port, row.security, row.ca_file, row.login or "", row.folder, row.idle)


def _access(row: Any) -> tuple[object, ...]:
    """What a connection was made with."""
    return (row.protocol, _account(row), row.secret, row.sealed, row.oauth_grant_id, row.poll_seconds)
