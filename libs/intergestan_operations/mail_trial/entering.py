"""A mailbox is entered or changed (G21, G22): its login is tried, its password sealed, its rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from intergestan_db.tables import Mailbox, MailboxUid
from intergestan_exchange.mail_accounts.accounts import (
    NewMailbox,
    add_mailbox,
    same_account,
    set_password,
    try_again,
)
from intergestan_exchange.mail_accounts.mailbox_changes import move_mailbox
from intergestan_operations.mail_trial.attempt import try_login
from intergestan_operations.mail_trial.storing import enter_grant, sealed
from intergestan_operations.opening.passwords import seal

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from intergestan_db.database import Database
    from intergestan_exchange.mail_accounts.discovery import Server
    from intergestan_operations.mail_trial.storing import OAuthOptions
    from intergestan_operations.mail_trial.trial import Known
    from intergestan_runtime.settings import SiteSettings

Protocol = Literal["imap", "pop3"]


def at_server(
    name: str, server: Server, protocol: Protocol, *, port: int | None = None, login: str | None = None
) -> NewMailbox:
    """The mailbox at the server that was found for its address."""
    return NewMailbox(
        name=name,
        host=server.host,
        port=port or server.port,
        security=server.security,
        login=login or server.login,
        protocol=protocol,
    )


def enter_mailboxes(
    site: SiteSettings,
    database: Database,
    mailboxes: Sequence[NewMailbox],
    *,
    password: str | None,
    options: OAuthOptions | None = None,
    untested: bool = False,
    by: str,
) -> int | None:
    """Enter the folders of an account as mailboxes, after its login was tried.

    :param password: typed just now; None: they name a secret file, or a consent (`options`) opens them.
    :returns: the id of the consent, where there is one.
    :raises Problem: the login fails, or something is not usable; nothing is entered then.
    """
    new = prepare_mailboxes(
        site, database, mailboxes, password=password, untested=untested or options is not None
    )  # a consent is proved by giving it
    first = mailboxes[0]
    with database.transaction() as connection:
        grant = None
        if options is not None:
            grant = enter_grant(
                site, database, connection, options, login=first.login or "", ca_file=first.ca_file, by=by
            )
        for mailbox in new:
            add_mailbox(connection, replace(mailbox, oauth_grant_id=grant), by=by, at=database.now())
    return grant


def prepare_mailboxes(
    site: SiteSettings | None,
    database: Database,
    mailboxes: Sequence[NewMailbox],
    *,
    password: str | None,
    untested: bool,
) -> list[NewMailbox]:
    """The folders of an account with its password sealed, after its login was tried: to be entered in a transaction,
    in which nobody waits for a mail server.

    :param site: where secrets are, for who gives no password.
    :raises Problem: the login fails, or something is not usable.
    """
    new = [replace(mailbox, sealed=sealed(database, password, mailbox)) for mailbox in mailboxes]
    for mailbox in () if untested else new:
        try_login(site, database, mailbox, password, is_relay=False)
    return new


def with_password(database: Database, account: NewMailbox, password: str) -> NewMailbox:
    """The account with a password that was typed just now, in place of what opened it before."""
    return replace(account, secret=None, sealed=sealed(database, password, account), oauth_grant_id=None)


def move_to(
    site: SiteSettings,
    database: Database,
    name: str,
    account: NewMailbox,
    *,
    password: str | None,
    untested: bool,
    by: str,
) -> None:
    """Give a mailbox another place or password, after the login there was tried.

    :param password: the one just given; None: the account's own.
    :raises Problem: the login fails, or the account is not usable; nothing is changed then.
    """
    if not untested:
        try_login(site, database, account, password, is_relay=False)
    with database.transaction() as connection:
        move_mailbox(connection, name, account, by=by, at=database.now())


def change_password(connection: Connection, name: str, password: str, *, by: str, at: datetime) -> list[str]:
    """Another password for all folders of an account, which are tried at once; their names.

    :raises Problem: there is no such mailbox.
    """
    same = same_account(connection, name)
    accounts = select(Mailbox.name, Mailbox.host, Mailbox.login).where(Mailbox.name.in_(same)).order_by(Mailbox.name)
    for each in connection.execute(accounts).all():
        set_password(connection, Mailbox, each.name, seal(connection, password, each), by=by, at=at)
    try_again(connection, same, by=by, at=at)
    return same


def collected_from(database: Database, name: str) -> Known:
    """Which mails of a mailbox are here already, by UIDVALIDITY."""

    def known(uidvalidity: int) -> set[int]:
        mine = select(MailboxUid.uid).join(Mailbox, Mailbox.id == MailboxUid.mailbox_id)
        with database.read() as connection:
            return set(connection.scalars(mine.where(Mailbox.name == name, MailboxUid.uidvalidity == uidvalidity)))

    return known
