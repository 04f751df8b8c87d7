"""How fast mails are fetched and archived, beside imaplib and beside the bare disk.

Every function measures one thing on a Dovecot that its caller has started and filled (`tests/servers`), and returns
one number; the caller alternates them and takes medians. `compare` does that for the poller's goals of
performance.md §9.
"""

from __future__ import annotations

import imaplib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from prometheus_client import CollectorRegistry
from sqlalchemy import func, insert, select

from intergestan_db.database import Database
from intergestan_db.migrate import upgrade
from intergestan_db.tables import Mailbox, MailboxUid
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.metrics import Metrics
from services.poller.bell import Bell
from services.poller.collect import Tools
from services.poller.connection import Limits
from services.poller.fetch import Known, allowance, batches, chunks
from services.poller.mailbox import Session
from services.poller.settings import PollerSettings
from services.poller.source import SIZES_AT_ONCE, Account
from services.poller.worker import Poller, Seat
from tests.servers import Dovecot, MailUser

SETTINGS = PollerSettings()
RANGE = 100  # mails in one FETCH of the yardstick


def imaplib_ranges(dovecot: Dovecot, user: MailUser) -> float:
    """Mails/s: the standard library, `UID FETCH a:b` of 100, bodies kept no longer than their range."""
    with imaplib.IMAP4(dovecot.host, dovecot.imap) as connection:
        connection.login(user.address, user.password)
        total = int(connection.select("INBOX", readonly=True)[1][0] or 0)
        started, octets = time.perf_counter(), 0
        for low in range(1, total + 1, RANGE):
            _, data = connection.uid("FETCH", f"{low}:{low + RANGE - 1}", "(BODY.PEEK[])")
            octets += sum(len(item[1]) for item in data if isinstance(item, tuple))
        return total / (time.perf_counter() - started)


def poller_fetch(dovecot: Dovecot, user: MailUser) -> float:
    """Mails/s: the poller's own listing, sizes and batches, without archive and base."""
    with _session(dovecot, user) as session:
        started = time.perf_counter()
        session.examine()
        new = Known(session.uidvalidity).take_all(session.windows(), now=0.0)
        fetched = 0
        for piece in chunks(new, SIZES_AT_ONCE):
            sizes = session.sizes(piece)
            for batch in batches(sizes, (), SETTINGS.batch_mails, SETTINGS.batch_bytes):
                fetched += len(session.bodies(batch, allowance(batch, sizes, SETTINGS.mail_bytes)))
        return fetched / (time.perf_counter() - started)


def raw_write(mails: Sequence[bytes]) -> float:
    """Mails/s: the same files written and fsynced by nothing but system calls, in batches of 50."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for number, batch in enumerate(chunks(range(len(mails)), SETTINGS.batch_mails)):
            files = [_write(f"{folder}/{number}-{index}", mails[index]) for index in batch]
            for file in files:
                os.fsync(file)
                os.close(file)
        return len(mails) / (time.perf_counter() - started)


def archive(mails: Sequence[bytes]) -> float:
    """Mails/s: our archive alone, in batches of 50."""
    with tempfile.TemporaryDirectory() as folder:
        kept = FolderArchive(Path(folder))
        started = time.perf_counter()
        for batch in chunks(range(len(mails)), SETTINGS.batch_mails):
            kept.put_many([mails[index] for index in batch])
        return len(mails) / (time.perf_counter() - started)


def poller_whole(dovecot: Dovecot, user: MailUser, total: int, url: str = "") -> float:
    """Mails/s: a poller at work, from its start until all `total` mails are archived and entered in a base.

    :param url: an empty base; a SQLite file of its own by default.
    """
    with tempfile.TemporaryDirectory() as folder, _database(url or f"sqlite:///{folder}/site.db") as database:
        row = {"name": "box", "host": dovecot.host, "port": dovecot.imap, "security": "none", "login": user.address}
        with database.transaction() as connection:
            connection.execute(insert(Mailbox), [row])
        poller = Poller(database, Seat("bench", "bench"), lambda die: _tools(Path(folder), user, die))
        stop = threading.Event()
        thread = threading.Thread(target=poller.run, args=(stop,))
        started = time.perf_counter()
        thread.start()
        while _entered(database) < total:
            time.sleep(0.02)
        elapsed = time.perf_counter() - started
        stop.set()
        thread.join()
        return total / elapsed


def poll_seconds(dovecot: Dovecot, user: MailUser, new_mails: Sequence[bytes], rounds: int = 9) -> float:
    """Seconds (median): one poll over a kept connection that finds these new mails, listed, measured and fetched.

    From the moment at which the server has told of them: before that it reads its Maildir, whoever asks.
    """
    times = []
    with _session(dovecot, user) as session, _bell() as bell:
        session.examine()
        known = Known(session.uidvalidity)
        known.uids.update(known.take_all(session.windows(), now=0.0))
        for _ in range(rounds):
            told = session.exists + len(new_mails)
            for raw in new_mails:
                dovecot.deliver(user.address, raw)
            while session.exists < told:
                session.idle(5, bell)
            times.append(_poll(session, known, len(new_mails)))
    return median(times)


def _poll(session: Session, known: Known, expected: int) -> float:
    started = time.perf_counter()
    session.refresh()
    new = known.take_new(session.newer_than(known.top), session.exists)
    if new is None or len(new) != expected:
        raise AssertionError(f"the poll found {new}")
    if new:
        session.bodies(new, allowance(new, session.sizes(new), SETTINGS.mail_bytes))
    elapsed = time.perf_counter() - started
    known.uids.update(new)
    return elapsed


def compare(dovecot: Dovecot, user: MailUser, mails: Sequence[bytes], rounds: int = 5) -> dict[str, float]:
    """`poller_over_imaplib` and `poller_archive_over_raw`, alternating; the mailbox holds exactly `mails`."""
    measures: dict[str, Callable[[], float]] = {
        "imaplib": lambda: imaplib_ranges(dovecot, user),
        "fetch": lambda: poller_fetch(dovecot, user),
        "raw": lambda: raw_write(mails),
        "archive": lambda: archive(mails),
        "whole": lambda: poller_whole(dovecot, user, len(mails)),
    }
    results: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            results[name].append(measure())
    rates = {f"{name}_mails_per_s": median(values) for name, values in results.items()}
    return rates | {
        "poller_over_imaplib": median(results["fetch"]) / median(results["imaplib"]),
        "poller_archive_over_raw": median(results["whole"]) / median(results["raw"]),
    }


@contextmanager
def _session(dovecot: Dovecot, user: MailUser) -> Iterator[Session]:
    account = Account(dovecot.host, dovecot.imap, "none", None, user.address, "INBOX")
    with Session(account, user.password, Limits(), window=SETTINGS.window) as session:
        yield session


@contextmanager
def _bell() -> Iterator[Bell]:
    bell = Bell()
    yield bell
    bell.close()


@contextmanager
def _database(url: str) -> Iterator[Database]:
    database = Database(url)
    upgrade(database)
    yield database
    database.dispose()


def _tools(folder: Path, user: MailUser, die: Callable[[BaseException], None]) -> Tools:
    return Tools(
        archive=FolderArchive(folder / "archive", min_free_bytes=0, min_free_share=0),
        metrics=Metrics(CollectorRegistry()),
        settings=SETTINGS,
        ring=lambda _ids: True,
        ring_first=lambda _ids: True,
        password_for=lambda _row: user.password,
        language="en",
        die=die,
    )


def _entered(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(MailboxUid)).scalar_one()


def _write(path: str, content: bytes) -> int:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(file, content)
    return file
