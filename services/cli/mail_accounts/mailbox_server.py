"""The server of a mailbox: as the command line says, or found from the mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.accounts import NewMailbox

Read = Annotated[Literal["imap", "pop3"], typer.Option("--protocol", help="How it is read.")]


def placed(
    name: str,
    as_name: str | None,
    host: str | None,
    login: str | None,
    port: int | None,
    security: Security,
    protocol: Literal["imap", "pop3"],
    *,
    oauth: bool,
) -> NewMailbox:
    """The mailbox at its server, which is found from the address where it is not named."""
    from intergestan_exchange.mail_accounts.accounts import NewMailbox, reading_port
    from intergestan_operations.mail_trial.entering import at_server
    from services.cli.mail_accounts.servers import find_server

    short = as_name or name.partition("@")[0]
    address = name if "@" in name else login
    if host is not None:
        return NewMailbox(
            name=short,
            host=host,
            port=port or reading_port(protocol, security),
            security=security,
            login=login or (name if "@" in name else None),
            protocol=protocol,
        )
    if address is None or "@" not in address:
        raise typer.BadParameter(_("Give the mail address in place of the name, or --host and --login."))
    server = find_server(address, protocol, oauth=oauth)
    return at_server(short, server, protocol, port=port, login=login)
