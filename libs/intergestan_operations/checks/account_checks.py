"""The checks of `doctor` about mail accounts: logging in to the relay and to each mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.mail_trial.failure import failure, secret_of
from intergestan_runtime.said import Counted, Said

if TYPE_CHECKING:
    from intergestan_db.database import Database
    from intergestan_exchange.mail_accounts.accounts import Account, KeptMailbox, NewRelay

Kept = TypeVar("Kept", bound="Account")


def check_relay(checkup: Checkup) -> Iterator[Finding]:
    """Whether the relay lets us in."""
    from intergestan_operations.mail_trial.logins import try_smtp

    accounts = relays_of(checkup.database)
    if not accounts:
        yield Finding(
            Said("Relay"),
            False,
            Said("there is none: no mail can leave"),
            next=(Act.SET_RELAY,),
        )
    for account in accounts:
        yield _tried(checkup, Said("Relay"), account, try_smtp)


def check_mailboxes(checkup: Checkup) -> Iterator[Finding]:
    """Whether each mailbox lets us in."""
    from intergestan_operations.mail_trial.logins import try_mailbox

    accounts = mailboxes_of(checkup.database)
    polled = [account for account in accounts if account.active and account.rests_since is None]
    if accounts and not polled:
        yield Finding(Said("Mailboxes"), True, Said("none is polled: people paused them or took them out of use"))
    if not accounts:
        yield Finding(
            Said("Mailboxes"),
            False,
            Said("there is none: no mail can come in"),
            next=(Act.ADD_MAILBOX,),
        )
    for account in polled:
        subject = Said("Mailbox {name}", name=account.name)
        yield _tried(checkup, subject, account, try_mailbox)


def relays_of(database: Database) -> list[NewRelay]:
    """All relays by name, with what opens them."""
    from intergestan_exchange.mail_accounts.accounts import read_relays

    with database.read() as connection:
        return read_relays(connection)


def mailboxes_of(database: Database) -> list[KeptMailbox]:
    """All mailboxes by name, with what opens them."""
    from intergestan_exchange.mail_accounts.accounts import read_mailboxes

    with database.read() as connection:
        return read_mailboxes(connection)


def _tried(
    checkup: Checkup, subject: Said, account: Kept, attempt: Callable[[Kept, str | None], int | None]
) -> Finding:
    """Log in with the account's own password or token, and look how long the certificate lasts."""
    server = f"{account.host}:{account.port}"
    try:
        days = attempt(account, secret_of(checkup.site, checkup.database, account))
    except Exception as error:
        if (finding := failure(subject, account, error)) is None:
            raise
        return finding
    if days is not None:
        return Finding(
            subject,
            False,
            Counted(
                "the login works, but the certificate of {server} ends in {days} day",
                "the login works, but the certificate of {server} ends in {days} days",
                days,
                server=server,
                days=days,
            ),
            Said("Have it renewed."),
        )
    return Finding(subject, True, Said("{server}, the login works", server=server))
