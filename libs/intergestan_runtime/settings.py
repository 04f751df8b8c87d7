"""What a process needs to know before it has the base.

A service's settings are a `Settings` class with one field for each TOML table it reads; a table is a
`Section`. Each service defines its own section beside its code; the shared ones are here.
`settings_load.load` reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from intergestan_runtime.redis_url import GroupUrl
from intergestan_runtime.said import Said
from intergestan_runtime.sections import Section, Settings, key

__all__ = ["Section", "Settings"]

ENV_PREFIX = "INTERGESTAN_"
ENV_DELIMITER = "__"

TABLES = (
    "site",
    "log",
    "composer",
    "sender",
    "poller",
    "importer",
    "dispatcher",
    "geocoder",
    "allocator",
    "console",
    "cli",
    "demo",
    "notices",
    "alarms",
    "credit",
    "heartbeats",
    "budgets",
    "tracing",
)
"""Every table that may stand in intergestan.toml; a process reads some and leaves the others to their
service.
"""


def _without_password(url: str) -> str:
    if urlsplit(url).password is not None:
        raise ValueError(Said("no password in a URL: write it into a secret file and name that file instead"))
    return url


def _base_url(url: str) -> str:
    if urlsplit(url).scheme not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError(Said("it has to be sqlite:///FILE or postgresql+psycopg://user@host/base"))
    return url


def _redis_url(url: str) -> str:
    GroupUrl.parse(url)
    return url


def _s3_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname or parts.query:
        raise ValueError(Said("it has to be s3://BUCKET or s3://BUCKET/PREFIX"))
    return url


def _posted(url: str) -> str:
    from intergestan_runtime.posted_url import check_posted  # few processes post anything

    return check_posted(url)


ConfigPath = Annotated[Path, Path.expanduser]
"""A path; ``~`` is the home folder. In a TOML file it is relative to that file: its key ends in _dir or
_file.
"""
Url = Annotated[str, _without_password]
BaseUrl = Annotated[Url, _base_url]
RedisUrl = Annotated[Url, _redis_url]
ArchiveUrl = Annotated[Url, _s3_url]
PostedUrl = Annotated[Url, _posted]


EMAIL = r"^[^\s@<>]+@[^\s@<>]+$"


def _in_data_dir(name: str) -> Any:
    return lambda data: data["data_dir"] / name


class SiteSettings(Section):
    """Where the parts of this site are. Passwords are never here: they are files, and these are their
    names.
    """

    data_dir: ConfigPath = key(
        Path("~/.local/share/intergestan"), description="Folder for all that has no place of its own."
    )
    database_url: BaseUrl = key(
        default_factory=lambda data: f"sqlite:///{data['data_dir']}/site.db",
        description="The base, as SQLAlchemy writes it: sqlite:/// or postgresql+psycopg://user@host/base.",
    )
    database_password: str | None = key(None, description="Name of the secret with the base's password.")
    pgbouncer: bool = key(
        False, description="PostgreSQL is reached through PgBouncer in transaction mode: no prepared statements."
    )
    redis_url: RedisUrl | None = key(
        None,
        description="redis://, rediss:// or unix://; redis+sentinel://host:port,host:port/master, "
        "redis+cluster://host:port,host:port; rediss+… over TLS. Without it a server is embedded in the data folder.",
    )
    redis_password: str | None = key(None, description="Name of the secret with the password of Redis.")
    redis_sentinel_password: str | None = key(
        None, description="Name of the secret with the password of the sentinels, where they want one of their own."
    )
    archive_dir: ConfigPath = key(
        default_factory=_in_data_dir("archive"), description="Folder of the raw mails received."
    )
    archive_min_free_bytes: int = key(
        2 * 10**9,
        ge=0,
        description="With less free where that folder lies nothing is collected; with less than twice as much people "
        "are warned.",
    )
    archive_min_free_share: float = key(0.05, ge=0, le=1, description="The same, as a share of its disk.")
    archive_url: ArchiveUrl | None = key(
        None,
        description="s3://bucket or s3://bucket/prefix: the raw mails go there instead. Needs the extra `s3`.",
    )
    archive_endpoint: PostedUrl | None = key(
        None,
        description="Address of an S3-compatible store that is not Amazon's, such as https://s3.example; http:// only "
        "on this machine.",
    )
    archive_region: str | None = key(None, description="Region of the bucket; us-east-1 by default.")
    archive_key_id: str | None = key(
        None,
        description="Access key id for the bucket. Without it the identity of the machine, pod or task counts.",
    )
    archive_secret: str | None = key(None, description="Name of the secret with its secret access key.")
    archive_ca_file: ConfigPath | None = key(
        None, description="Certificates (PEM) of the store's authority, if the machine does not know it."
    )
    secrets_dir: ConfigPath = key(
        default_factory=_in_data_dir("secrets"),
        description="Folder of secret files (0600), one secret in each.",
    )
    key_file: ConfigPath = key(
        default_factory=_in_data_dir("site.key"),
        description="The site's private key; only the composer reads it.",
    )
    base_key_file: ConfigPath = key(
        default_factory=_in_data_dir("base.key"),
        description="The key of the passwords that the base holds sealed.",
    )
    key_days: int | None = key(
        None, ge=30, le=3650, description="A new signing key ends after so many days; never by default."
    )
    bounce_key_file: ConfigPath = key(
        default_factory=_in_data_dir("bounce.key"),
        description="The key of the marks by which reports of undelivered mail are known as genuine.",
    )
    console_key_file: ConfigPath = key(
        default_factory=_in_data_dir("console.key"),
        description="The key of second factors, under which the base holds their secrets; only the console reads it.",
    )
    answer_hours: int = key(
        4,
        ge=1,
        description="An order that has no answer after so many hours is listed and the partner is reminded.",
    )
    statement_minutes: int = key(
        60,
        ge=0,
        description="A mail that was sent less long ago may be under way: statements between sites leave it out.",
    )
    language: Literal["fr", "en"] = key("fr", description="Language of mails and answers.")


class NoticeSettings(Section):
    """Mails to the person in charge about what waits, through the relay. Without an address there are none."""

    to: str | None = key(
        None,
        pattern=EMAIL,
        description="Who is told what waits: an address that a person reads, no mailbox of ours.",
    )
    every_minutes: int = key(15, ge=1, le=1440, description="At most one such mail in so many minutes.")


class HeartbeatSettings(Section):
    """The small signed mails that go round to each partner and back: whether mails pass, and how fast."""

    every_seconds: int = key(
        9000,
        ge=0,
        description="How often each partner gets one at most, 24 mails a day with the echoes to theirs; where the "
        "relay may send few mails in a day, or there are many partners, they get one more seldom. 0: never.",
    )
    late_seconds: int = key(300, ge=1, description="One that takes longer to come back is late.")
    lost_seconds: int = key(3600, ge=1, description="One that is not back after this is lost.")

    def check(self) -> None:
        """A heartbeat is late before it is lost."""
        if self.lost_seconds <= self.late_seconds:
            raise ValueError(Said("a heartbeat is late before it is lost: lost_seconds is more than late_seconds"))


class BudgetSettings(Section):
    """What one partner may make this site do, by our clock; what goes beyond waits in one row of `holds list`."""

    statements_per_hour: int = key(
        1, ge=1, description="Statements of a partner that are taken, besides those that we asked for."
    )
    repeats_per_hour: int = key(
        20,
        ge=1,
        description="Mails of ours that go out again because a partner lacks them, or sent its own again.",
    )
    heartbeats_per_day: int = key(300, ge=1, description="Heartbeats of a partner that are taken.")
    announcements_per_day: int = key(5, ge=1, description="New signing keys of a partner that are kept.")
    missing_numbers: int = key(
        1000,
        ge=1,
        description="Mails of a partner that it may say it sent and we lack, and that a statement of ours asks for.",
    )


class TracingSettings(Section):
    """Traces of orders over both sites (OpenTelemetry). They need the extra `tracing`."""

    endpoint: PostedUrl | None = key(
        None,
        description="Where spans go by OTLP/HTTP, such as http://127.0.0.1:4318/v1/traces; without it there are none. "
        "https, unless it is this machine.",
    )


class AlarmSettings(Section):
    """Telling people what is wrong with the site, without Prometheus: by mail through the relay, by a webhook, or both.

    Each trouble is told when it begins, once a day, and when it ends.
    """

    to: str | None = key(
        None, pattern=EMAIL, description="Who gets the mails: an address that a person reads, no mailbox of ours."
    )
    webhook_url: PostedUrl | None = key(
        None, description="Where JSON is posted, by https unless it is this machine; its `text` is what chats show."
    )
    webhook_secret: str | None = key(None, description="Name of the secret with that URL, where it is one.")
    every_seconds: float = key(60, gt=0, description="How often the site is looked at.")


class CreditSettings(Section):
    """Orders by mail that wait because their customer owes too much. What they may owe stands in the base."""

    hold_days: int = key(
        30,
        ge=1,
        description="After so many days such an order counts as one that waits for a person (alert HoldsWaiting).",
    )


class LogSettings(Section):
    """How a process logs, to its standard error."""

    form: Literal["auto", "json", "console"] = key(
        "auto", description="json, console, or console on a terminal and json elsewhere."
    )
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = key("INFO", description="The least that is logged.")


class ServiceSettings(Section):
    """What every service's own table has."""

    threads: int = key(4, ge=1, le=64, description="Rows worked on at the same time.")
    health_address: str = key(
        "127.0.0.1", description="Where /metrics, /live and /ready listen; they are for nobody outside."
    )
    health_port: int = key(0, ge=0, le=65535, description="Their port; 0 takes a free one and logs it.")
    hang_seconds: float = key(
        900, gt=0, description="One piece of work that takes longer hangs, and the process is not live any more."
    )
    live_seconds: float = key(
        60, gt=0, description="A process that is not live for so long ends itself, so that it is started again."
    )


_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ConsoleSettings(ServiceSettings):
    """The pages for clerks and operators. `intergestan up` runs it where its extra is installed."""

    address: str = key("127.0.0.1", description="Where the pages listen.")
    port: int = key(8470, ge=0, le=65535, description="Their port; 0 takes a free one and logs it.")
    public_url: PostedUrl | None = key(
        None,
        description="Where browsers find the pages, such as https://commandes.example; else on this machine.",
    )
    behind_proxy: bool = key(
        False, description="A proxy stands before it and speaks TLS with browsers; it hands the Host header on."
    )
    trusted_proxies: tuple[str, ...] = key(
        (), description="Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto count."
    )
    forwarded_user: str | None = key(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9-]*$",
        description="Header, such as X-Remote-User, in which the proxy says the login of whom it let in; it counts "
        "from trusted_proxies alone, and the proxy has to take it off what browsers send.",
    )
    tls_certificate_file: ConfigPath | None = key(
        None, description="Certificate (PEM, with its chain) where the console speaks TLS itself."
    )
    tls_key_file: ConfigPath | None = key(None, description="The key of that certificate.")
    strict_sessions: bool = key(
        False,
        description="Who does nothing for 30 minutes enters again, and after 12 hours; else 12 h and 7 days.",
    )
    second_factor: Literal["off", "optional", "required"] = key(
        "optional",
        description="Whether people prove more than a password, by codes of a telephone: nobody, who wants to, all.",
    )
    oidc_issuer: PostedUrl | None = key(
        None,
        description="The firm's own login (OpenID Connect), as it calls itself, such as https://login.example/realms/firm.",
    )
    oidc_client_id: str | None = key(None, description="What the console is called there.")
    oidc_secret: str | None = key(
        None, description="Name of the secret that it has there; without one it is a public client (with PKCE)."
    )
    oidc_ca_file: ConfigPath | None = key(
        None, description="Certificates (PEM) of its authority, if the machine does not know it."
    )
    oidc_name: str | None = key(None, max_length=40, description="How people call it; by default its host.")
    oidc_create_users: bool = key(
        False,
        description="Whoever comes from it for the first time is entered, without a role; else an administrator says "
        "who they are.",
    )
    undo_seconds: int = key(
        8, ge=0, le=60, description="So long orders that were sent in the browser may be taken back before they leave."
    )

    def check(self) -> None:
        """Nobody else's machine speaks with it in clear, and nobody decides what its own name is."""
        if (self.tls_certificate_file is None) is not (self.tls_key_file is None):
            raise ValueError(Said("tls_certificate_file and tls_key_file go together"))
        if self.behind_proxy and not (self.trusted_proxies and self.public_url):
            raise ValueError(Said("behind_proxy needs trusted_proxies and public_url"))
        if self.forwarded_user is not None and (not self.behind_proxy or "*" in self.trusted_proxies):
            raise ValueError(Said("forwarded_user needs behind_proxy, and trusted_proxies that are addresses"))
        if (self.oidc_issuer is None) is not (self.oidc_client_id is None):
            raise ValueError(Said("oidc_issuer and oidc_client_id go together"))
        if self.address in _LOOPBACK:
            return
        if self.tls_certificate_file is None and not self.behind_proxy:
            raise ValueError(
                Said("an address that others reach needs TLS: tls_certificate_file and tls_key_file, or behind_proxy")
            )
        if self.public_url is None:
            raise ValueError(Said("an address that others reach needs public_url, the name by which they know it"))

    @property
    def url(self) -> str:
        """Where a browser finds the pages, with a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/") + "/"
        scheme = "http" if self.tls_certificate_file is None else "https"
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{scheme}://{host}:{self.port}/"

    @property
    def oidc_title(self) -> str | None:
        """How people call the firm's own login; None: there is none."""
        return None if self.oidc_issuer is None else self.oidc_name or urlsplit(self.oidc_issuer).hostname

    @property
    def public_host(self) -> str | None:
        """The host of `public_url`, with its port where it has one."""
        return None if self.public_url is None else urlsplit(self.public_url).netloc.lower()
