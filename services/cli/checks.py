"""The checks of `doctor`, in the order in which one builds on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.context import Call, is_made
from services.cli.language import _


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `cure` says what to do when it is not `ok`."""

    subject: str
    ok: bool
    text: str
    cure: str | None = None


Check = Callable[[Call], Iterator[Finding]]


def run_checks(call: Call) -> Iterator[Finding]:
    """All checks, one after the other. Without a configuration or a base the rest makes no sense."""
    for check in (_configuration, _base, _keys, _redis, _relay, _mailboxes, _archive):
        stop = False
        for finding in check(call):
            yield finding
            stop = stop or (not finding.ok and check in {_configuration, _base})
        if stop:
            return


def _configuration(call: Call) -> Iterator[Finding]:
    from intergestan_runtime.settings_load import ConfigurationError

    subject = _("Configuration")
    try:
        yield Finding(subject, True, _("in order; the site is in {folder}").format(folder=call.site.data_dir))
    except ConfigurationError as error:
        for problem in error.problems:
            yield Finding(subject, False, problem, _("Correct it there, then run `intergestan doctor` again."))


def _base(call: Call) -> Iterator[Finding]:
    from sqlalchemy.exc import SQLAlchemyError

    from intergestan_runtime.secrets import SecretError
    from intergestan_site import migrate
    from intergestan_site.database import WeakDurability

    subject = _("Base")
    url = call.site.database_url
    try:
        database = call.unchecked_database
        if not is_made(database):
            yield Finding(
                subject,
                False,
                _("{url} does not exist").format(url=url),
                _("Make the site with `intergestan init`, or correct site.database_url."),
            )
            return
        database.check_durability()
        with database.read() as connection:
            migrate.check(connection)
        yield Finding(subject, True, _("{url}, schema {schema}").format(url=url, schema=migrate.HEAD))
    except migrate.NotMigrated as error:
        yield Finding(subject, False, str(error), _("Run `intergestan upgrade` after taking a backup."))
    except WeakDurability as error:
        yield Finding(subject, False, str(error), _("Change that setting: orders could be lost."))
    except SecretError as error:
        yield Finding(subject, False, str(error), _("Write the secret file."))
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        yield Finding(
            subject,
            False,
            _("{url} does not answer: {error}").format(url=url, error=" ".join(str(cause).split())),
            _("Start the database server, or correct site.database_url."),
        )


def _keys(call: Call) -> Iterator[Finding]:
    from intergestan_runtime.secrets import Sealer, SecretError
    from intergestan_site.documents import read_site
    from intergestan_site.problem import Problem
    from services.cli.errors import sentence
    from services.cli.keys import read_key

    with call.unchecked_database.read() as connection:
        site = read_site(connection)
    subject = _("Key of the site")
    try:
        if read_key(call.site.key_file).public.kid == site.key_fingerprint:
            yield Finding(subject, True, f"{site.code}, {site.key_fingerprint}")
        else:
            yield Finding(
                subject,
                False,
                _("{file} is not the key of this site").format(file=call.site.key_file),
                _("A copy of a base is no second site: bring the site's own key back, or make a new site."),
            )
    except SecretError as error:
        yield Finding(subject, False, str(error), f"chmod 600 {call.site.key_file}")
    except Problem as error:
        yield Finding(subject, False, sentence(error), _("Bring the file back from a backup."))
    subject = _("Key of the passwords")
    try:
        Sealer.from_file(call.site.base_key_file)
        yield Finding(subject, True, str(call.site.base_key_file))
    except SecretError as error:
        cure = _("Bring it back from a backup, or enter the passwords of relay and mailboxes again.")
        yield Finding(subject, False, str(error), cure)


def _redis(call: Call) -> Iterator[Finding]:
    import redis

    from intergestan_runtime.broker import ClockSkew, check_clock
    from intergestan_runtime.secrets import SecretError
    from services.startup import redis_url

    subject = "Redis"
    cure = (
        _("It is the embedded one: `intergestan up` starts it.")
        if call.site.redis_url is None
        else _("Start the server, or correct site.redis_url. Orders wait safely in the base meanwhile.")
    )
    try:
        with redis.Redis.from_url(redis_url(call.site), socket_timeout=5, socket_connect_timeout=5) as client:
            check_clock(client)
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
        if policy in {None, "noeviction"}:
            yield Finding(subject, True, _("it answers, its clock agrees with ours"))
        else:
            yield Finding(
                subject,
                False,
                _("it may throw bells away (maxmemory-policy {policy})").format(policy=policy),
                _("Set maxmemory-policy noeviction in its configuration."),
            )
    except ClockSkew as error:
        yield Finding(subject, False, str(error), _("Set both clocks by NTP."))
    except SecretError as error:
        yield Finding(subject, False, str(error), _("Write the secret file."))
    except redis.RedisError as error:
        yield Finding(subject, False, _("it does not answer: {error}").format(error=error), cure)


def _relay(call: Call) -> Iterator[Finding]:
    from services.cli.logins import try_smtp

    accounts = _accounts(call, "relay")
    if not accounts:
        yield Finding(
            _("Relay"),
            False,
            _("there is none: no mail can leave"),
            _("Name it with `intergestan relay set --host … --login …`."),
        )
    for account in accounts:
        yield _tried(call, _("Relay"), account, try_smtp)


def _mailboxes(call: Call) -> Iterator[Finding]:
    from services.cli.logins import try_mailbox

    accounts = _accounts(call, "mailbox")
    if not accounts:
        yield Finding(
            _("Mailboxes"),
            False,
            _("there is none: no mail can come in"),
            _("Enter one with `intergestan mailbox add NAME --host … --login …`."),
        )
    for account in accounts:
        subject = _("Mailbox {name}").format(name=account.name)
        yield _tried(call, subject, account, try_mailbox)


def _accounts(call: Call, table: str) -> list[Any]:
    from sqlalchemy import select

    from intergestan_site.tables import Mailbox, Relay

    which = Relay if table == "relay" else Mailbox
    with call.unchecked_database.read() as connection:
        return list(connection.execute(select(which.__table__).order_by(which.name)))


def _tried(call: Call, subject: str, account: Any, attempt: Callable[[Any, str | None], int | None]) -> Finding:
    """Log in with the account's own password or token, and look how long the certificate lasts."""
    server = f"{account.host}:{account.port}"
    try:
        days = attempt(account, secret_of(call, account))
    except Exception as error:
        if (finding := failure(subject, account, error)) is None:
            raise
        return finding
    if days is not None:
        text = _("the login works, but the certificate of {server} ends in {days} days")
        return Finding(subject, False, text.format(server=server, days=days), _("Have it renewed."))
    return Finding(subject, True, _("{server}, the login works").format(server=server))


def secret_of(call: Call, account: Any) -> str | None:
    """The password of a `relay` or `mailbox` row, or its access token. Raises what `failure` explains."""
    from services.startup import grants, password_of

    found = password_of(call.site, account, grants(call.site, call.unchecked_database))
    return found if found is None or isinstance(found, str) else found()


def failure(subject: str, account: Any, error: Exception) -> Finding | None:
    """Why a login failed, and the cure; None for what has nothing to do with it."""
    import ssl

    from intergestan_runtime.secrets import SecretError
    from intergestan_site.oauth_client import GrantRefused, TokensUnavailable
    from services.cli.logins import LoginRefused

    server = f"{account.host}:{account.port}"
    explained: tuple[tuple[type[Exception], str, str], ...] = (
        (SecretError, "{error}", _("Write the secret file, or enter the password again.")),
        (
            GrantRefused,
            _("the provider gives no token for {login}: {error}"),
            _("Give consent anew with `intergestan mailbox login` or `intergestan relay login`."),
        ),
        (
            TokensUnavailable,
            _("the provider's server for tokens does not answer as it should: {error}"),
            _("Look at the network and at the token endpoint; the services try again by themselves."),
        ),
        (
            LoginRefused,
            _("{server} refuses the login {login}: {error}"),
            _("Correct login and password; many providers want a password made for programs."),
        ),
        (
            ssl.SSLCertVerificationError,
            _("the certificate of {server} is not to be trusted: {error}"),
            _("Correct the server's name, renew its certificate, or name its authority with --ca-file."),
        ),
        (
            OSError,
            _("{server} does not answer as it should: {error}"),
            _("Correct host, port and security, or look whether a firewall is in between."),
        ),
    )
    for kind, text, cure in explained:
        if isinstance(error, kind):
            said = getattr(error, "verify_message", error)
            return Finding(subject, False, text.format(server=server, login=account.login, error=said), cure)
    return None


def _archive(call: Call) -> Iterator[Finding]:
    import tempfile

    from intergestan_runtime.archive import Archive, ArchiveError

    subject = _("Archive")
    folder: Path = call.site.archive_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        Archive(folder).check_space()
        yield Finding(subject, True, _("{folder} can be written").format(folder=folder))
    except ArchiveError as error:
        yield Finding(subject, False, str(error), _("Make room on the disk; polling pauses until then."))
    except OSError as error:
        text = _("{folder} cannot be written: {error}").format(folder=folder, error=error.strerror)
        yield Finding(subject, False, text, _("Give the folder to the user who runs the services."))
