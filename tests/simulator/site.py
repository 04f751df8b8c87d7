"""One site of the simulated world: its database in memory, its archive, mailbox, keys and processes."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, update

from intergestan_db import leases, migrate
from intergestan_db.database import Database
from intergestan_db.tables import Mailbox, Partner, Relay
from intergestan_exchange.budgets.limits import USUAL_LIMITS
from intergestan_exchange.heartbeats.heartbeats import USUAL
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.order import Identifier, Party
from intergestan_msg.seal import SigningKey
from intergestan_operations.opening.high_water_file import (
    OlderDatabase,
    check_high_water,
    file_of,
    older_than_archive,
)
from intergestan_operations.opening.history_check import find_trace
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.settings import HeartbeatSettings, SiteSettings
from intergestan_runtime.steps import IMPORT
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer
from services.dispatcher.budgets import Budgets
from services.dispatcher.heartbeats import HeartbeatKeeper
from services.dispatcher.high_water import HighWaterKeeper
from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.statements import Statements
from services.dispatcher.strangers import Strangers
from services.dispatcher.worker import Dispatcher
from services.importer.worker import Importer
from services.poller.collect import Allowed, Collector, Tools
from services.poller.rows import LeaseLost, MailboxRows
from services.poller.settings import PollerSettings
from services.sender.outcome import Outcome
from services.sender.settings import SenderSettings
from services.sender.worker import Connections, Sender
from tests import site_factories
from tests.here_reader import HereReader
from tests.simulator.clock import SiteClock
from tests.simulator.outside import Bells, DictArchive, ListSource, MailboxOnServer
from tests.simulator.outside import Relay as ListRelay
from tests.simulator.processes import Fate, Process
from tests.site_factories import SiteToTest, a_product, trust

NAMES = ("Mulhouse", "Stauber", "Colmar")
SIRETS = ("73282932000074", "80295478500028", "55208131766522")
PRODUCTS = {f"P{number}": Decimal(10 + number) for number in range(1, 7)}
MOST_BYTES = 15_000_000
ANSWER_HOURS = 48
IN_MEMORY = "sqlite://"
WORKERS = {"composer": 2, "sender": 2, "importer": 2, "poller": 2, "dispatcher": 1, "person": 1}
"""How many processes of each service a site has; its people are one more, who die and sleep as processes do."""

SHARED_MEMORY = Path("/dev/shm")
"""Where files cost no disk, on the machines that have it."""

Note = tuple[str, str, Any]
"""What was done, about which order, and with what."""
Talk = Callable[[Process, str, bytes, Callable[[], None]], Outcome]


@dataclass
class Ground:
    """What a site stands on. Those in memory are made once: SQLAlchemy compiles its statements once for each engine."""

    clock: SiteClock
    made: SiteToTest
    folder: Path
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    @property
    def database(self) -> Database:
        """The site's base."""
        return self.made.database

    @cached_property
    def settings(self) -> SiteSettings:
        """What its programs are told of places."""
        return SiteSettings(data_dir=self.folder)

    @cached_property
    def high_water(self) -> Path:
        """The file beside the base that does not go back with it."""
        return file_of(self.settings, self.database)

    @cached_property
    def raw(self) -> sqlite3.Connection:
        """As `driver_of` has it."""
        return driver_of(self.database)

    def ask(self, query: str, *values: object) -> list[Mapping[str, Any]]:
        """Look into the base behind everybody's back; the rows by the names of their columns."""
        if self.database.url == IN_MEMORY:
            cursor = self.raw.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if not self.database.is_sqlite:
            query = query.replace("?", "%s")
        with self.database.read() as connection:
            return [dict(row) for row in connection.exec_driver_sql(query, values).mappings()]


@cache
def grounds() -> tuple[tuple[Ground, ...], dict[tuple[int, int], sqlite3.Connection]]:
    """Places for sites; and by the count of sites and the place, the base to begin with: paired with the others."""
    empty = Database(IN_MEMORY, SiteClock())
    migrate.upgrade(empty)
    places = tuple(_ground(number, empty) for number in range(len(NAMES)))
    blank = [copy_of(place.raw) for place in places]
    begun: dict[tuple[int, int], sqlite3.Connection] = {}
    for count in (2, 3):
        for place, base in zip(places, blank, strict=True):
            base.backup(place.raw)
        for us in places[:count]:
            for them in places[:count]:
                if us is not them:
                    trust(us.made, them.made)
        begun |= {(count, number): copy_of(place.raw) for number, place in enumerate(places[:count])}
    return places, begun


def _ground(number: int, empty: Database) -> Ground:
    clock = SiteClock()
    database = Database(IN_MEMORY, clock)
    driver_of(empty).backup(driver_of(database))
    folder = Path(_folders().name, str(number))
    folder.mkdir()
    return Ground(clock, settle(database, number), folder)


@cache
def _folders() -> TemporaryDirectory[str]:
    """Where the files of all sites in memory are, until this process ends."""
    return TemporaryDirectory(prefix="simulator-", dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None)


def driver_of(database: Database) -> sqlite3.Connection:
    """The driver's one connection, of a base in memory."""
    return cast("sqlite3.Connection", database.engine.raw_connection().driver_connection)


def settle(database: Database, number: int) -> SiteToTest:
    """Make a migrated base the base of a site: its name, relay, mailbox and catalogue."""
    name = NAMES[number]
    address = f"orders@{name.lower()}.test"
    made = site_factories.make_site(
        database, name, SIRETS[number], orders_address=address, user="Anne Martin", key=key_of(number)
    )
    account = {"host": "mail.test", "port": 1, "security": "tls"}
    with database.transaction() as connection:
        connection.execute(insert(Relay).values(name="relay", **account))
        connection.execute(insert(Mailbox).values(name="box", login="box", **account))
    made.put_products(*(a_product(code, str(price)) for code, price in PRODUCTS.items()))
    return made


def key_of(number: int) -> SigningKey:
    """The key that a site begins with."""
    return SigningKey(random.Random(f"key {number}").randbytes(32))


def copy_of(base: sqlite3.Connection) -> sqlite3.Connection:
    """A copy of a base in memory."""
    made = sqlite3.connect(":memory:")
    base.backup(made)
    return made


class BoxPoller:
    """One poller, a look at a time: what `MailboxWatch` does in a thread and over a connection."""

    def __init__(self, site: Site, process: Process) -> None:
        self._site = site
        self._process = process
        self._database = process.database
        self._watch: tuple[MailboxRows, Collector[int]] | None = None

    def look(self) -> None:
        """Say that we live, take the mailbox if nobody has it, and collect what is new."""
        with self._database.transaction() as connection:
            now, name = self._database.now(), self._process.name
            leases.beat(connection, name, "poller", now, leases.POLLER_VALID)
            fences = {} if self._watch else leases.claim_mailboxes(connection, [1], name, now)
        if fences:
            self._watch = self._watching(fences[1])
        if self._watch is None:
            return
        rows, collector = self._watch
        try:
            runs = rows.open_runs()
            new = collector.source.list_new(asked=bool(runs))
            left = collector.collect(new, runs[0] if runs else None, Allowed())
            rows.finish(runs, left)
        except LeaseLost:
            self._watch = None

    def _watching(self, fence: int) -> tuple[MailboxRows, Collector[int]]:
        import threading

        site, process = self._site, self._process
        rows = MailboxRows(self._database, process.name, 1, fence)
        broker = cast("BellBroker", site.bells.of(process))
        tools = Tools(
            archive=site.archive,
            metrics=site.ground.metrics,
            settings=_POLLER,
            ring=lambda ids: IMPORT.ring(broker, *ids),
            ring_first=lambda ids: IMPORT.ring(broker, *ids, first=True),
            password_for=lambda _row: "",
            language="en",
            die=lambda _error: process.die(),
        )
        source = ListSource(site.mailbox, rows)
        return rows, Collector(tools, rows, "box", cast("Any", source), threading.Event())


_POLLER, _SENDER, _DISPATCHER, _BEATS = PollerSettings(), SenderSettings(), DispatcherSettings(), HeartbeatSettings()


@dataclass
class DispatchLoops:
    """The dispatcher's loops."""

    dispatcher: Dispatcher
    statements: Statements
    budgets: Budgets
    strangers: Strangers
    keeper: HeartbeatKeeper
    high_water: HighWaterKeeper

    def ring(self) -> None:
        """What runs every five seconds and has nearly always something to do."""
        self.dispatcher.ring_due()
        self.high_water.keep()

    def scan(self) -> None:
        """All that runs every five seconds."""
        self.ring()
        self.high_water.keep()

    def look(self) -> None:
        """What else runs every few seconds, or every minute."""
        self.dispatcher.close_gaps()
        self.statements.end_pauses()
        self.budgets.let_go_on()
        self.statements.ask_for_statements()
        self.dispatcher.remind()
        self.keeper.beat()
        self.high_water.keep()

    def tidy(self) -> None:
        """What runs every hour."""
        self.strangers.tidy()
        self.keeper.tidy()


@dataclass
class Running:
    """A process and what it works with."""

    process: Process
    work: Any


@dataclass(frozen=True)
class Backup:
    """What a site can go back to: its database, and what a snapshot of the whole machine has beside it.

    :ivar mark: the high-water file. :ivar noted: how much people had noted down of what they did.
    """

    base: sqlite3.Connection
    mark: bytes | None
    archive: Mapping[str, tuple[bytes, datetime]]
    noted: int


@dataclass
class Site:
    """A site of the world.

    :ivar archive: it outlives every process, as the mailbox does.
    :ivar sent: the numbers of the orders whose sending a person asked for, as the world saw the commit.
    :ivar notes: what people entered about orders, on paper: no restore takes that back.
    :ivar to_enter: what of it must be entered again.
    :ivar is_stopped: no service runs, because the database came back from a backup and nobody typed `restored` yet.
    :ivar is_back: the database went back without a word, and nothing told it at the start.
    :ivar to_replay: `restored` was typed, and `replay --all` not yet.
    """

    ground: Ground
    name: str
    siret: str
    fate: Fate
    talk: Talk
    archive: Archive
    bells: Bells = field(default_factory=Bells)
    mailbox: MailboxOnServer = field(default_factory=MailboxOnServer)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    backup: Backup | None = None
    notes: list[Note] = field(default_factory=list)
    to_enter: list[Note] = field(default_factory=list)
    is_stopped: bool = False
    is_back: bool = False
    to_replay: bool = False

    def __post_init__(self) -> None:
        made = self.ground.made
        self.keys[made.key.public.kid] = made.key
        for service, count in WORKERS.items():
            for number in range(1, count + 1):
                self.start(service, f"{service}-{number}")

    @property
    def code(self) -> str:
        """The site's code."""
        return self.ground.made.code

    @property
    def party(self) -> Party:
        """The site as a party of an order."""
        return Party(name=self.name, identifiers=(Identifier(self.siret, "0009"),))

    @property
    def has_news(self) -> bool:
        """Whether there are mails in the mailbox that no poller has seen the end of."""
        box = self.mailbox
        seen = self.ask("SELECT count(*) AS n FROM mailbox_uid WHERE uidvalidity = ?", box.uidvalidity)
        return int(seen[0]["n"]) < len(box.mails)

    def ask(self, query: str, *values: object) -> list[Mapping[str, Any]]:
        """Look into the base behind everybody's back."""
        return self.ground.ask(query, *values)

    def start(self, service: str, name: str) -> None:
        """Start a process, or start it again: what it remembered is gone."""
        process = Process(service, name, self.ground.database, self.fate)
        self.running[name] = Running(process, self._work(service, process))

    def kill(self, name: str) -> None:
        """`kill -9`, and started again."""
        process = self.running[name].process
        process.die()
        self.start(process.service, name)

    def awake(self, service: str) -> list[Running]:
        """The processes of a service that do not sleep; none of a site that is stopped, apart from its people."""
        if self.is_stopped and service != "person":
            return []
        return [one for one in self.running.values() if one.process.service == service and not one.process.is_asleep]

    @property
    def is_coming_back(self) -> bool:
        """Whether something is left to be done after its database went back."""
        return self.is_stopped or self.is_back or self.to_replay or bool(self.to_enter)

    def back_up(self) -> Backup:
        """As it is now."""
        assert isinstance(self.archive, DictArchive)
        mark = self.ground.high_water
        kept = mark.read_bytes() if mark.is_file() else None
        return Backup(copy_of(self.ground.raw), kept, self.archive.snapshot(), len(self.notes))

    def go_back(self, backup: Backup, *, wholly: bool) -> None:
        """The database is what it was then; all processes were stopped, and none is started.

        :param wholly: the whole machine is.
        """
        backup.base.backup(self.ground.raw)
        if wholly:
            assert isinstance(self.archive, DictArchive)
            self.archive.go_back(backup.archive)
            self.ground.high_water.unlink(missing_ok=True)
            if backup.mark is not None:
                self.ground.high_water.write_bytes(backup.mark)
        self.stop()
        self.to_enter = self.notes[backup.noted :]

    def stop(self) -> None:
        """All services are stopped, until `restored` is typed."""
        self.is_stopped = True
        for name in list(self.running):
            self.kill(name)

    def refusal(self) -> str | None:
        """Why its services do not start with this database, as `startup` and `up` find it; None where they do."""
        try:
            check_high_water(self.ground.settings, self.ground.database)
        except OlderDatabase as older:
            return str(older)
        trace = find_trace(self.ground.database, self.archive, lambda: HereReader().read)
        return None if trace is None else str(older_than_archive(trace))

    def _work(self, service: str, process: Process) -> Any:
        database, metrics = process.database, self.ground.metrics
        broker = cast("BellBroker", self.bells.of(process))
        if service == "composer":
            ring = KeyRing(self.keys.__getitem__)
            return Composer(database, broker, metrics, ring, MOST_BYTES, BounceKey(self.name.encode()))
        if service == "sender":
            relay = cast("Connections", ListRelay(process, self.talk))
            return Sender(database, metrics, process.name, _SENDER, relay)
        if service == "importer":
            return Importer(
                database=database,
                broker=broker,
                metrics=metrics,
                archive=self.archive,
                pool=cast("ReaderPool", HereReader()),
                worker=process.name,
                max_age=timedelta(days=30),
                bounce_key=BounceKey(self.name.encode()),
                rhythm=USUAL,
            )
        if service == "poller":
            return BoxPoller(self, process)
        if service == "dispatcher":
            return DispatchLoops(
                Dispatcher(database, broker, metrics, self.archive, _DISPATCHER, ANSWER_HOURS),
                Statements(database, broker, _DISPATCHER.statement_hours),
                Budgets(database, broker, USUAL_LIMITS),
                Strangers(database, self.archive, metrics, _DISPATCHER),
                HeartbeatKeeper(database, broker, metrics, self.archive, _BEATS),
                HighWaterKeeper(database, self.ground.high_water),
            )
        return None


def begin_base(site: Ground, count: int, number: int, policies: dict[str, str]) -> None:
    """Put a place into the state in which a story begins.

    :param policies: of all its partners.
    """
    _, begun = grounds()
    begun[count, number].backup(site.raw)
    site.high_water.unlink(missing_ok=True)
    with site.database.transaction() as connection:
        connection.execute(update(Partner).values(**policies))
