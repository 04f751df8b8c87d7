"""`intergestan mailbox set --host …`: another server, login or folder for a mailbox that is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from intergestan_db.enums import Security
from intergestan_operations.language.language import _
from services.cli.context import Call
from services.cli.mail_accounts.accounts import read_password
from services.cli.mail_accounts.servers import find_server
from services.cli.output import say

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.accounts import NewMailbox
    from intergestan_exchange.mail_accounts.discovery import Protocol


@dataclass(frozen=True)
class Place:
    """What of its place is given; None is left as it is."""

    address: str | None
    host: str | None
    port: int | None
    security: Security | None
    login: str | None
    folder: str | None
    secret: str | None
    ca_file: str | None
    password_stdin: bool

    @property
    def is_any(self) -> bool:
        """Whether anything is given."""
        values = (self.address, self.host, self.port, self.security, self.login, self.folder, self.secret, self.ca_file)
        return self.password_stdin or any(value is not None for value in values)


def move(call: Call, name: str, place: Place, *, untested: bool) -> None:
    """Try the login at the new place, and enter it.

    :raises Problem: the login fails, or the account is not usable; nothing is changed then.
    """
    from intergestan_exchange.mail_accounts.mailbox_changes import account_of
    from intergestan_operations.mail_trial.entering import move_to
    from intergestan_operations.mail_trial.storing import check_secret

    check_secret(call.site, place.secret)
    with call.database.read() as connection:
        before, by = account_of(connection, name), call.actor(connection)
    account, password = _with_password(call, name, _placed(before, place), place, before)
    move_to(call.site, call.database, name, account, password=password, untested=untested, by=by)
    said = {"name": name, "host": account.host, "port": account.port, "login": account.login, "folder": account.folder}
    say(_("{name} is read at {host}:{port} as {login}, folder {folder}, from now on.").format(**said))


def _placed(before: NewMailbox, place: Place) -> NewMailbox:
    from intergestan_exchange.mail_accounts.accounts import reading_port

    account = before
    if place.address is not None:
        protocol: Protocol = "pop3" if before.protocol == "pop3" else "imap"
        server = find_server(place.address, protocol, oauth=before.oauth_grant_id is not None)
        account = replace(
            account, host=server.host, port=server.port, security=server.security, login=server.login, ca_file=None
        )
    if place.security is not None and place.port is None and place.address is None:
        account = replace(account, port=reading_port(before.protocol, place.security))
    given = {key: getattr(place, key) for key in ("host", "port", "security", "login", "folder", "ca_file")}
    return replace(account, **{key: value for key, value in given.items() if value is not None})


def _with_password(
    call: Call, name: str, account: NewMailbox, place: Place, before: NewMailbox
) -> tuple[NewMailbox, str | None]:
    """The account with its password, and the one that was just given.

    Another login has another password, unless it is said to be the same file.
    """
    from intergestan_operations.mail_trial.entering import with_password
    from intergestan_operations.mail_trial.storing import sealed_anew

    if place.secret is not None:
        return replace(account, secret=place.secret, sealed=None, oauth_grant_id=None), None
    if place.password_stdin or (account.login != before.login and before.oauth_grant_id is None and not before.secret):
        password = read_password(account.login or name, from_stdin=place.password_stdin)
        return with_password(call.database, account, password), password
    return replace(account, sealed=sealed_anew(call.site, call.database, before, account)), None
