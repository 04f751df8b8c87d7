"""Many mailboxes on one host: how late each is polled at most, how quickly a mail is fetched, and what it costs.

The pollers are processes of their own with the settings that a site has, which share the mailboxes by themselves.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from sqlalchemy import insert, select

from benchmarks.machine import Servers, cpu_seconds
from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.tables import InboundMail, Mailbox
from tests.journey.service_process import ServiceProcess
from tests.patience import eventually
from tests.servers import Dovecot, MailUser, RedisServer
from tests.site_factories import make_site, write_secret, write_site_folder
from tests.tester_disk import ROOMY

PATIENCE = 300.0  # seconds until all mailboxes were read once
LOOK = 0.25  # seconds between two looks at the base


@dataclass(frozen=True)
class Load:
    """So many mailboxes for so many pollers, each read every `interval` seconds; watched for `seconds`."""

    mailboxes: int
    pollers: int
    interval: int
    seconds: float
    mails: int
    idle: bool = True


class Host:
    """A site's base with mailboxes of the same server, and its pollers."""

    def __init__(self, dovecot: Dovecot, redis: RedisServer, url: str, folder: Path, load: Load) -> None:
        self.database = Database(url)
        self._dovecot = dovecot
        self.users = self._make(folder, redis, load)
        self.pollers = [self._process(folder, number) for number in range(load.pollers)]

    def deliver(self, name: str, raw: bytes) -> None:
        """A mail for this mailbox."""
        self._dovecot.deliver(self.users[name].address, raw)

    def last_reads(self) -> dict[str, datetime | None]:
        """When each mailbox was last read whole."""
        with self.database.read() as connection:
            rows = connection.execute(select(Mailbox.name, Mailbox.last_success_at))
            return {row.name: row.last_success_at for row in rows}

    def arrivals(self) -> dict[str, datetime]:
        """When the mail of each mailbox was archived."""
        came = select(Mailbox.name, InboundMail.archived_at).join(Mailbox, Mailbox.id == InboundMail.mailbox_id)
        with self.database.read() as connection:
            return {row.name: row.archived_at for row in connection.execute(came)}

    def stop(self) -> None:
        """End the pollers, and let the base go."""
        for poller in self.pollers:
            poller.stop()
        self.database.dispose()

    def _make(self, folder: Path, redis: RedisServer, load: Load) -> Mapping[str, MailUser]:
        migrate.upgrade(self.database)
        users = {f"box-{number}": self._dovecot.new_user() for number in range(load.mailboxes)}
        made = make_site(self.database, "Host", "73282932000074")
        same = {"host": self._dovecot.host, "port": self._dovecot.imap, "security": "none"}
        same |= {"poll_seconds": load.interval, "idle": load.idle}
        rows = [{"name": name, "login": user.address, "secret": name} | same for name, user in users.items()]
        with self.database.transaction() as connection:
            connection.execute(insert(Mailbox), rows)
        tables: dict[str, dict[str, Any]] = {
            "site": {"data_dir": ".", "database_url": self.database.url, "redis_url": redis.url, **ROOMY},
            "log": {"level": "WARNING"},
        }
        write_site_folder(folder, made.key, tables)
        for name, user in users.items():
            write_secret(folder / "secrets" / name, user.password.encode())
        return users

    def _process(self, folder: Path, number: int) -> ServiceProcess:
        process = ServiceProcess("poller", folder, cold=True)
        process.worker = f"poller-{number}"
        process.start()
        return process


@contextmanager
def host(servers: Servers, base: str, load: Load) -> Iterator[Host]:
    """The host at work, on `sqlite` or `postgresql`."""
    with ExitStack() as started:
        redis = started.enter_context(RedisServer())
        folder = servers.folder / f"host-{time.time_ns()}"
        url = f"sqlite:///{folder / 'site.db'}" if base == "sqlite" else servers.postgres.create_database()
        folder.mkdir()
        made = Host(servers.dovecot, redis, url, folder, load)
        started.callback(made.stop)
        yield made


def measure(servers: Servers, base: str, load: Load) -> dict[str, float]:
    """The figures of one load."""
    began = time.perf_counter()
    with host(servers, base, load) as made:
        eventually(lambda: None not in made.last_reads().values(), PATIENCE, "every mailbox was read once", every=0.5)
        first = time.perf_counter() - began
        roots = [poller.pid for poller in made.pollers]
        cpu, own, server = cpu_seconds(roots), time.process_time(), cpu_seconds(servers.pids())
        latest, arrivals = watch(made, load)
        cpu = cpu_seconds(roots) - cpu - (time.process_time() - own)
        server = cpu_seconds(servers.pids()) - server - (time.process_time() - own)
        return {
            "mailboxes_first_read_s": first,
            "mailboxes_late": latest / load.interval,
            "mailboxes_mail_p50_s": median(arrivals),
            "mailboxes_mail_worst_s": max(arrivals),
            "mailboxes_pollers_cpu_share": cpu / load.seconds,
            "mailboxes_servers_cpu_share": server / load.seconds,
            "mailboxes_poller_rss_mib": max(psutil.Process(root).memory_info().rss for root in roots) / 2**20,
            "mailboxes_poller_threads": max(psutil.Process(root).num_threads() for root in roots),
        }


def watch(made: Host, load: Load) -> tuple[float, list[float]]:
    """The longest time between two reads of any mailbox, and how long mails took to be archived."""
    reads = {name: [at] for name, at in made.last_reads().items()}
    names = random.sample(sorted(reads), min(load.mails, len(reads)))
    delivered: dict[str, datetime] = {}
    began = time.monotonic()
    while (passed := time.monotonic() - began) < load.seconds:
        if len(delivered) < len(names) and passed >= load.seconds * len(delivered) / (len(names) + 1):
            name = names[len(delivered)]
            made.deliver(name, _MAIL % name.encode())
            delivered[name] = made.database.now()
        for name, at in made.last_reads().items():
            if at is not None and at != reads[name][-1]:
                reads[name].append(at)
        time.sleep(LOOK)
    now = made.database.now()
    longest = max(_longest([at for at in times if at is not None], now) for times in reads.values())
    arrived = made.arrivals()
    return longest, [(arrived.get(name, now) - at).total_seconds() for name, at in delivered.items()]


_MAIL = b"From: a@a.test\r\nTo: b@b.test\r\nSubject: for %s\r\n\r\nHello.\r\n"


def _longest(times: Sequence[datetime], now: datetime) -> float:
    return max((later - at).total_seconds() for at, later in zip(times, [*times[1:], now], strict=True))
