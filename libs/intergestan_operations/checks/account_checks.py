"""The checks of `doctor` about mail accounts: logging in to the relay and to each mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.mail_trial.failure import failure, secret_of
from intergestan_runtime.said import Counted, Said

if TYPE_CHECKING:
    from intergestan_db.database import Database


def check_relay(checkup: Checkup) -> Iterator[Finding]:
    """Whether the relay lets us in."""
    from intergestan_operations.mail_trial.logins import try_smtp

    accounts = accounts_of(checkup.database, "relay")
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

    accounts = accounts_of(checkup.database, "mailbox")
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


def accounts_of(database: Database, table: str) -> list[Any]:
    """The rows of `relay` or `mailbox`, by name."""
    from sqlalchemy import select

    from intergestan_db.tables import Mailbox, Relay

    which = Relay if table == "relay" else Mailbox
    with database.read() as connection:
        return list(connection.execute(select(which.__table__).order_by(which.name)))


def _tried(checkup: Checkup, subject: Said, account: Any, attempt: Callable[[Any, str | None], int | None]) -> Finding:
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
