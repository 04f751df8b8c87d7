"""How every process of a site starts: settings, log, base, broker, health. The services differ after that.

A start refuses what would go wrong later: wrong settings (exit code 78), a base of another release, a base that
may lose commits, a key file that is not this site's.
"""

from __future__ import annotations

import argparse
import itertools
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from redis.exceptions import RedisClusterException
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, NoResultFound

from intergestan_db import leases, migrate
from intergestan_db.database import AWAY, Database, WeakDurability, first_line
from intergestan_db.site_rows import OwnSite, has_site, read_site
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_operations.language.wording import language_of_process, sentence, wording
from intergestan_operations.opening.high_water_file import OlderDatabase, check_high_water
from intergestan_operations.opening.lost_database import LostDatabase, refuse_lost_database
from intergestan_operations.opening.opening import (
    WrongKey,
    check_key,
    grants,
    open_database,
    password_of,
    read_bounce_key,
    redis_url,
)
from intergestan_operations.opening.outage import ANY_REFUSAL, tell_outage
from intergestan_operations.opening.private_files import OpenToOthers, keep_private
from intergestan_operations.opening.stores import open_archive
from intergestan_operations.starting.first_series import start_series
from intergestan_runtime import logs
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker, ClockSkew, make_broker
from intergestan_runtime.clock_watch import ClockWatch
from intergestan_runtime.health import HealthServer
from intergestan_runtime.liveness import Bounds
from intergestan_runtime.metrics import Metrics, build_labels
from intergestan_runtime.private import leave_no_core
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import SecretError
from intergestan_runtime.service import Loop
from intergestan_runtime.settings import (
    BudgetSettings,
    HeartbeatSettings,
    LogSettings,
    ServiceSettings,
    Settings,
    SiteSettings,
    TracingSettings,
)
from intergestan_runtime.settings_load import ConfigurationError, load
from intergestan_runtime.tracing import NotInstalled, Tracer, open_tracer

if TYPE_CHECKING:
    from intergestan_exchange.budgets.limits import Limits
    from intergestan_exchange.heartbeats.heartbeats import Rhythm
    from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken, Grants, Outcome
    from intergestan_operations.opening.history_check import Read

_log = structlog.get_logger(__name__)

CONFIGURATION = 78
"""Exit code: the configuration is wrong; a supervisor need not try again (sysexits.h EX_CONFIG)."""
NOT_YET = 75
"""Exit code: what the service needs is not there yet; a supervisor tries again (sysexits.h EX_TEMPFAIL)."""

_REFUSALS = (ConfigurationError, WrongKey, SecretError, LostDatabase, OlderDatabase, OpenToOthers)
_ANSWER_S = 20.0
"""How long the base may take for one statement of a service. All of ours are short; a silent network is found so, and
all goes on within 30 s of its return."""

Own = TypeVar("Own", bound=ServiceSettings)


class ServiceProcess(Settings):
    """What every service reads; each adds the table of its own."""

    site: SiteSettings
    log: LogSettings
    tracing: TracingSettings


class NoSiteYet(Exception):
    """The base has its tables but no site: `init` is still to come, and the service waits for it."""


class NoHealthPort(Exception):
    """The port of /metrics, /live and /ready cannot be opened; often the service's last run has it for a moment."""


@dataclass(frozen=True)
class Process(Generic[Own]):
    """A started process of one site: its settings and its connections, to be handed on by constructors.

    :ivar settings: all tables that it reads; `own` is its own one.
    """

    settings: Any
    own: Own
    site: SiteSettings
    site_code: str
    worker: str
    database: Database
    broker: BellBroker
    metrics: Metrics
    health: HealthServer
    tracer: Tracer

    def bounds(self, longest: float = 0.0) -> Bounds:
        """When it hangs. :param longest: seconds that work of this service may take, if that is more."""
        return Bounds(max(self.own.hang_seconds, longest), self.own.live_seconds)

    def hangs(self) -> bool:
        """Whether it can prove no more that it lives; then it gives no sign of life either."""
        failing = self.health.failing("/live")
        if failing:
            _log.error("No sign of life: this process hangs.", failing=failing)
        return bool(failing)

    def archive(self) -> Archive:
        """The archive of raw mails."""
        return open_archive(self.site)

    def bounce_key(self) -> BounceKey | None:
        """The key of the marks in our mails, see `read_bounce_key`."""
        key = read_bounce_key(self.site)
        if key is None:
            _log.warning("No bounce key: reports of undelivered mail will not count. An upgrade makes it.")
        return key

    def password_of(self, account: Any) -> str | AccessToken | None:
        """The password of a `relay` or `mailbox` row, or its access token; None without one."""
        return password_of(self.site, account, self._grants)

    @cached_property
    def _grants(self) -> Grants:
        return grants(self.site, self.database, self._tell_of_token)

    def _tell_of_token(self, account: str, outcome: Outcome, expires_at: datetime | None) -> None:
        self.metrics.inc("oauth_refreshes_total", outcome=outcome)
        if expires_at is not None:
            self.metrics.set("oauth_token_expiry_timestamp_seconds", expires_at.timestamp(), mailbox=account)


def rhythm_of(settings: HeartbeatSettings) -> Rhythm:
    """The intervals of heartbeats, as they are set."""
    from intergestan_exchange.heartbeats.heartbeats import Rhythm

    seconds = (settings.every_seconds, settings.late_seconds, settings.lost_seconds)
    return Rhythm(*(timedelta(seconds=each) for each in seconds))


def limits_of(settings: BudgetSettings) -> Limits:
    """What one partner may make the site do, as it is set."""
    from intergestan_exchange.budgets.limits import Limits

    return Limits(
        statements=settings.statements_per_hour,
        repeats=settings.repeats_per_hour,
        heartbeats=settings.heartbeats_per_day,
        announcements=settings.announcements_per_day,
        missing_numbers=settings.missing_numbers,
    )


def start(
    service: str,
    model: type[ServiceProcess],
    argv: Sequence[str],
    extra: Callable[[argparse.ArgumentParser], None] = lambda _parser: None,
) -> tuple[Process[Any], argparse.Namespace]:
    """Start a service process, or end the program with a sentence that says the cure.

    :param model: the settings class, whose field named like the service is its own table.
    :param extra: adds the service's own command-line options.
    """
    logs.configure(service, form=_first_form())
    options = _options(service, argv, extra)
    leave_no_core()
    try:
        return _start(service, model, options), options
    except (*_REFUSALS, WeakDurability, migrate.NotMigrated, NotInstalled) as error:
        raise _refused(service, wording(error, language_of_process()), CONFIGURATION) from error
    except (NoSiteYet, NoHealthPort) as error:
        raise _refused(service, wording(error, language_of_process()), NOT_YET) from error
    except RedisClusterException as error:
        said = Said("The Redis cluster does not answer: {error}. Start it, or correct [site].", error=error)
        raise _refused(service, sentence(said, language_of_process()), NOT_YET) from error
    except (DatabaseError, *AWAY) as error:
        if not isinstance(error, AWAY) and type(error) is not DatabaseError:
            raise
        said = Said("The base does not answer: {error}. Start it, or correct [site].", error=first_line(error))
        raise _refused(service, sentence(said, language_of_process()), NOT_YET) from error


def _first_form() -> Any:
    """How the log is written until the configuration is read: as a supervisor at a terminal wishes, else by itself."""
    wished = os.environ.get("INTERGESTAN_LOG__FORM")
    return wished if wished in {"json", "console"} else "auto"


def _refused(service: str, text: str, code: int) -> SystemExit:
    """Say why the service does not start, as an event or to the person at the terminal; what ends the program."""
    if logs.writes_json():
        _log.critical(text)
    else:
        sys.stderr.write(f"{service}: {text}\n")
    return SystemExit(code)


def refuse_older_than_archive(service: str, process: Process[Any], read: Read) -> None:
    """End the program where the archive has mails that prove that the database was copied back.

    :param read: reads a mail in a limited child.
    """
    from intergestan_operations.opening.high_water_file import older_than_archive
    from intergestan_operations.opening.history_check import find_trace

    trace = find_trace(process.database, process.archive(), lambda: read)
    if trace is not None:
        raise _refused(service, sentence(older_than_archive(trace), language_of_process()), CONFIGURATION)


def run(service: str, main: Callable[[Sequence[str]], int]) -> None:
    """The end of every `__main__.py`: run, and turn a refused start into an exit code. All that it says is its log."""
    logs.configure(service, form=_first_form())
    if logs.writes_json():
        logs.catch_all()
    try:
        raise SystemExit(main(sys.argv[1:]))
    except (ClockSkew, ConfigurationError, SecretError) as error:
        raise _refused(service, wording(error, language_of_process()), CONFIGURATION) from error


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _refused(self.prog, message, 2)


def _options(service: str, argv: Sequence[str], extra: Callable[[argparse.ArgumentParser], None]) -> argparse.Namespace:
    parser = _Parser(prog=f"intergestan run {service}")
    parser.add_argument("--config", type=Path, help="the configuration file")
    parser.add_argument("--worker", help="the name of this process in the base; a unique one by default")
    parser.add_argument("--health-port", type=int, help="port of /metrics, /live and /ready")
    extra(parser)
    return parser.parse_args(argv)


def _start(service: str, model: type[ServiceProcess], options: argparse.Namespace) -> Process[Any]:
    settings = load(model, _flags(service, options), options.config)
    own: ServiceSettings = getattr(settings, service)
    logs.configure(service, form=_form(settings.log), level=settings.log.level)
    database = open_database(settings.site, patience=_ANSWER_S)
    if not has_site(database):
        refuse_lost_database(settings.site, database)
    for said in keep_private(settings.site, database):
        _log.warning(said)
    database.check_durability()
    with database.read() as connection:
        migrate.check(connection)
        site = _site_of(connection)
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        metrics = Metrics(registry, service=service)
        start_series(metrics, service, connection)
    check_high_water(settings.site, database)
    check_key(settings.site, site.key_fingerprint)
    revision = os.environ.get("INTERGESTAN_REVISION", "unknown")
    metrics.set("build_info", 1, **build_labels(_version(), revision))
    health = _health(service, own, metrics, site.code)
    health.ready_when("base", lambda: _base_problem(database))
    return Process(
        settings=settings,
        own=own,
        site=settings.site,
        site_code=site.code,
        worker=options.worker or _worker_name(service),
        database=database,
        broker=make_broker(redis_url(settings.site), site.code, metrics=metrics),
        metrics=metrics,
        health=health,
        tracer=open_tracer(settings.tracing, service, site.code),
    )


def _health(service: str, own: ServiceSettings, metrics: Metrics, site_code: str) -> HealthServer:
    try:
        return HealthServer(
            metrics.registry,
            address=own.health_address,
            port=own.health_port,
            labels={"site": site_code},
            tell=lambda check, well: metrics.set("ready", well, check=check),
        )
    except OSError as error:
        said = Said(
            "Port {port} of {address}, for /metrics, /live and /ready, cannot be opened: {error}. End the program that "
            "has it, or correct health_address and health_port in [{service}].",
            port=own.health_port,
            address=own.health_address,
            error=error.strerror,
            service=service,
        )
        raise NoHealthPort(said) from error


def _site_of(connection: Connection) -> OwnSite:
    try:
        return read_site(connection)
    except NoResultFound as error:
        raise NoSiteYet(Said("There is no site in the base yet. Make it first.")) from error


def _flags(service: str, options: argparse.Namespace) -> Mapping[str, Any]:
    return {} if options.health_port is None else {f"{service}.health_port": options.health_port}


def _form(log: LogSettings) -> Any:
    if log.form != "auto":
        return log.form
    return "console" if sys.stderr.isatty() else "json"


def _worker_name(service: str) -> str:
    return f"{service}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"


def _version() -> str:
    from importlib.metadata import version

    return version("intergestan")


def _base_problem(database: Database) -> str | None:
    try:
        with database.read() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001 - whatever the driver raises is the answer to the question
        return f"The base does not answer: {error}"
    return None


def signs_of_life(
    process: Process[Any], service: str, *claims: leases.Claims, chore: Callable[[], object] = lambda: None
) -> Loop:
    """A loop that keeps the worker alive in the base and renews its leases; it gives them back at the end.

    When somebody set the clock they are renewed at once: leases that lie in the future hold nothing. A process that
    hangs gives no sign of life, and others take its work over.

    :param claims: the mails that this worker works on, by table, if it claims any.
    :param chore: what else is to be done when leases are renewed.
    """

    def live(stop: threading.Event) -> None:
        beats, watch = itertools.count(), ClockWatch()
        while not stop.is_set():
            stepped = watch.step() != 0.0
            if not process.hangs():
                _beat(process, service, claims, chore, renew=next(beats) % _BEATS_PER_RENEWAL == 0 or stepped)
            stop.wait(leases.WORKER_BEAT_S)
        try:
            with process.database.transaction() as connection:
                leases.leave(connection, process.worker, *(each.table for each in claims))
        except ANY_REFUSAL as error:
            tell_outage(error, "The base cannot be told that we leave; the leases run out.")

    return live


_BEATS_PER_RENEWAL = round(leases.MAIL_BEAT_S / leases.WORKER_BEAT_S)


def _beat(
    process: Process[Any],
    service: str,
    claims: Iterable[leases.Claims],
    chore: Callable[[], object],
    *,
    renew: bool,
) -> None:
    given_back: list[tuple[leases.Claims, Collection[int]]] = []
    try:
        with process.database.transaction() as connection:
            now = process.database.now()
            leases.beat(connection, process.worker, service, now)
            for each in claims:
                given_back.append((each, each.give_back(connection, process.worker, now)))
                if renew:
                    each.renew(connection, process.worker, now)
        for each, ids in given_back:
            each.settle(ids)
        if renew:
            chore()
    except ANY_REFUSAL as error:
        tell_outage(error, "No sign of life: the base does not take it. Others may take our work over.")
