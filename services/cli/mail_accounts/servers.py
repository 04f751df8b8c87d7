"""The server of an account: as the command line says, or found from the mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _
from services.cli.asking import confirmed
from services.cli.context import may_ask
from services.cli.output import say

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Protocol, Server, Settings


def find_server(address: str, protocol: Protocol, *, oauth: bool) -> Server:
    """The server of a mail address, shown to the person.

    :param oauth: whether the login is by token.
    :raises Problem: nobody knows, or it must be said on the command line.
    """
    from intergestan_operations.mail_trial import servers

    found, server = servers.find_server(address, protocol)
    text = _("Found for {address} ({source}): {protocol} at {host}:{port}, {security}, login {login}.")
    say(
        text.format(
            address=address,
            source=found.source,
            protocol=server.protocol.upper(),
            host=server.host,
            port=server.port,
            security=server.security,
            login=server.login,
        )
    )
    servers.check_login_by(found, oauth=oauth)
    _warn(found, address, oauth=oauth)
    return server


def _warn(found: Settings, address: str, *, oauth: bool) -> None:
    if found.app_password and not oauth:
        text = _("{source} wants a password made for programs: make one in the security settings of the account.")
        say(text.format(source=found.source))
    if found.must_be_confirmed(address):
        if not may_ask():
            raise Problem(
                "This was found in DNS only, which can be forged: give --host if it is right.", ProblemCode.NO_SERVER
            )
        if not confirmed(_("This was found in DNS only, which can be forged. Is it right?")):
            raise typer.Abort
