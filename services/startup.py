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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from intergestan_runtime import logs
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import BellBroker, ClockSkew, make_broker
from intergestan_runtime.embedded_redis import EmbeddedRedis
from intergestan_runtime.health import HealthServer
from intergestan_runtime.metrics import Metrics, build_labels
from intergestan_runtime.secrets import Sealer, SecretError, Secrets, url_with_password
from intergestan_runtime.service import Loop
from intergestan_runtime.settings import LogSettings, ServiceSettings, Settings, SiteSettings
from intergestan_runtime.settings_load import ConfigurationError, load
from intergestan_site import leases, migrate
from intergestan_site.database import Database, WeakDurability
from intergestan_site.documents import read_site
from intergestan_site.oauth_tokens import AccessToken, Grants, Outcome

_log = structlog.get_logger(__name__)

CONFIGURATION = 78
"""Exit code: the configuration is wrong; a supervisor need not try again (sysexits.h EX_CONFIG)."""
NOT_YET = 75
"""Exit code: what the service needs is not there yet; a supervisor tries again (sysexits.h EX_TEMPFAIL)."""

Own = TypeVar("Own", bound=ServiceSettings)


class ServiceProcess(Settings):
    """What every service reads; each adds the table of its own."""

    site: SiteSettings = SiteSettings()
    log: LogSettings = LogSettings()


class WrongKey(Exception):
    """The key file belongs to another site: a copied base is not a second site (`design.md` §6)."""


@dataclass(frozen=True)
class Process(Generic[Own]):
    """A started process of one site: its settings and its connections, to be handed on by constructors."""

    own: Own
    site: SiteSettings
    site_code: str
    worker: str
    database: Database
    broker: BellBroker
    metrics: Metrics
    health: HealthServer

    def archive(self) -> Archive:
        """The archive of raw mails."""
        return Archive(self.site.archive_dir)

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


def password_of(site: SiteSettings, account: Any, tokens: Grants) -> str | AccessToken | None:
    """The password of a `relay` or `mailbox` row, from its secret file or unsealed, or its access token; or None.

    :raises SecretError: the file is missing or readable by others, or the seal does not open.
    """
    if account.oauth_grant_id is not None:
        return AccessToken(tokens, account.oauth_grant_id, account.name)
    if account.secret:
        return Secrets(site.secrets_dir).get(account.secret).get_secret_value()
    if account.sealed:
        return Sealer.from_file(site.base_key_file).open(account.sealed.decode(), about=account.name).decode()
    return None


def grants(
    site: SiteSettings, database: Database, told: Callable[[str, Outcome, datetime | None], None] = lambda *_: None
) -> Grants:
    """The OAuth2 grants of a site."""
    return Grants(
        database,
        lambda: Sealer.from_file(site.base_key_file),
        lambda name: Secrets(site.secrets_dir).get(name).get_secret_value(),
        told,
    )


def open_database(site: SiteSettings) -> Database:
    """The site's base, with its password if it has one. Nothing is connected yet."""
    url = site.database_url
    if site.database_password:
        url = url_with_password(url, Secrets(site.secrets_dir).get(site.database_password))
    return Database(url)


def redis_url(site: SiteSettings) -> str:
    """Where the site's Redis is: the configured one, or the embedded one of its data folder."""
    if site.redis_url is None:
        return EmbeddedRedis(site.data_dir).url
    if site.redis_password:
        return url_with_password(site.redis_url, Secrets(site.secrets_dir).get(site.redis_password))
    return site.redis_url


def check_key(site: SiteSettings, fingerprint: str) -> None:
    """Refuse a key file that is not the site's own; who may not read the key need not check it.

    :raises WrongKey: with the cure.
    """
    if not os.access(site.key_file, os.R_OK):
        return
    from intergestan_msg.seal import SigningKey

    if SigningKey.from_pem(site.key_file.read_bytes()).public.kid != fingerprint:
        raise WrongKey(
            f"The key in {site.key_file} is not the key of this base's site. A copy of a base is not a second "
            "site: put the site's own key back, or make a new site with `intergestan init`."
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
    options = _options(service, argv, extra)
    try:
        return _start(service, model, options), options
    except (ConfigurationError, WrongKey, SecretError, WeakDurability, migrate.NotMigrated) as error:
        sys.stderr.write(f"{service}: {error}\n")
        raise SystemExit(CONFIGURATION) from error
    except OperationalError as error:
        sys.stderr.write(f"{service}: The base does not answer: {error.orig}. Start it, or correct [site].\n")
        raise SystemExit(NOT_YET) from error


def run(main: Callable[[Sequence[str]], int]) -> None:
    """The end of every `__main__.py`: run, and turn a refused start into an exit code."""
    try:
        raise SystemExit(main(sys.argv[1:]))
    except ClockSkew as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(CONFIGURATION) from error


def _options(service: str, argv: Sequence[str], extra: Callable[[argparse.ArgumentParser], None]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"intergestan run {service}")
    parser.add_argument("--config", type=Path, help="the configuration file")
    parser.add_argument("--worker", help="the name of this process in the base; a unique one by default")
    parser.add_argument("--health-port", type=int, help="port of /metrics, /live and /ready")
    extra(parser)
    return parser.parse_args(argv)


def _start(service: str, model: type[ServiceProcess], options: argparse.Namespace) -> Process[Any]:
    settings = load(model, _flags(service, options), options.config)
    own: ServiceSettings = getattr(settings, service)
    logs.configure(service, form=_form(settings.log), level=settings.log.level)
    database = open_database(settings.site)
    database.check_durability()
    with database.read() as connection:
        migrate.check(connection)
        site = read_site(connection)
    check_key(settings.site, site.key_fingerprint)
    metrics = Metrics(CollectorRegistry())
    revision = os.environ.get("INTERGESTAN_REVISION", "unknown")
    metrics.set("build_info", 1, **build_labels(_version(), revision))
    health = HealthServer(metrics.registry, address=own.health_address, port=own.health_port)
    health.ready_when("base", lambda: _base_problem(database))
    return Process(
        own=own,
        site=settings.site,
        site_code=site.code,
        worker=options.worker or _worker_name(service),
        database=database,
        broker=make_broker(redis_url(settings.site), site.code, metrics=metrics),
        metrics=metrics,
        health=health,
    )


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


def signs_of_life(process: Process[Any], service: str, claims: leases.Claims | None = None) -> Loop:
    """A loop that keeps the worker alive in the base and renews its leases; it gives them back at the end.

    :param claims: the mails that this worker works on, if it claims any.
    """

    def live(stop: threading.Event) -> None:
        beats = itertools.count()
        while not stop.is_set():
            _beat(process, service, claims, renew=next(beats) % _BEATS_PER_RENEWAL == 0)
            stop.wait(leases.WORKER_BEAT_S)
        with process.database.transaction() as connection:
            leases.leave(connection, process.worker)

    return live


_BEATS_PER_RENEWAL = round(leases.MAIL_BEAT_S / leases.WORKER_BEAT_S)


def _beat(process: Process[Any], service: str, claims: leases.Claims | None, *, renew: bool) -> None:
    try:
        with process.database.transaction() as connection:
            now = process.database.now()
            leases.beat(connection, process.worker, service, now)
            if claims is not None:
                claims.give_back(connection, process.worker)
                if renew:
                    claims.renew(connection, process.worker, now)
    except DBAPIError as error:
        _log.warning("No sign of life: the base does not take it. Others may take our work over.", error=str(error))
