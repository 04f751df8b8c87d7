"""The checks of `doctor` about mail accounts: logging in to the relay and to each mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from intergestan_operations.language.language import _, ngettext
from intergestan_operations.language.wording import wording
from services.cli.context import Call
from services.cli.health.finding import Finding


def check_relay(call: Call) -> Iterator[Finding]:
    """Whether the relay lets us in."""
    from intergestan_operations.mail_trial.logins import try_smtp

    accounts = accounts_of(call, "relay")
    if not accounts:
        yield Finding(
            _("Relay"),
            False,
            _("there is none: no mail can leave"),
            _("Name it with `intergestan relay set --host … --login …`."),
        )
    for account in accounts:
        yield _tried(call, _("Relay"), account, try_smtp)


def check_mailboxes(call: Call) -> Iterator[Finding]:
    """Whether each mailbox lets us in."""
    from intergestan_operations.mail_trial.logins import try_mailbox

    accounts = accounts_of(call, "mailbox")
    polled = [account for account in accounts if account.active and account.rests_since is None]
    if accounts and not polled:
        yield Finding(_("Mailboxes"), True, _("none is polled: people paused them or took them out of use"))
    if not accounts:
        yield Finding(
            _("Mailboxes"),
            False,
            _("there is none: no mail can come in"),
            _("Enter one with `intergestan mailbox add NAME --host … --login …`."),
        )
    for account in polled:
        subject = _("Mailbox {name}").format(name=account.name)
        yield _tried(call, subject, account, try_mailbox)


def accounts_of(call: Call, table: str) -> list[Any]:
    """The rows of `relay` or `mailbox`, by name."""
    from sqlalchemy import select

    from intergestan_db.tables import Mailbox, Relay

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
        text = ngettext(
            "the login works, but the certificate of {server} ends in {days} day",
            "the login works, but the certificate of {server} ends in {days} days",
            days,
        )
        return Finding(subject, False, text.format(server=server, days=days), _("Have it renewed."))
    return Finding(subject, True, _("{server}, the login works").format(server=server))


def secret_of(call: Call, account: Any) -> str | None:
    """The password of a `relay` or `mailbox` row, or its access token. Raises what `failure` explains."""
    from intergestan_operations.opening.opening import grants, password_of

    found = password_of(call.site, account, grants(call.site, call.unchecked_database))
    return found if found is None or isinstance(found, str) else found()


def failure(subject: str, account: Any, error: Exception) -> Finding | None:
    """Why a login failed, and the cure; None for what has nothing to do with it."""
    import ssl

    from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, TokensUnavailable
    from intergestan_operations.mail_trial.logins import LoginRefused
    from intergestan_runtime.secrets import SecretError

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
            said = getattr(error, "verify_message", None) or wording(error)
            return Finding(subject, False, text.format(server=server, login=account.login, error=said), cure)
    return None
