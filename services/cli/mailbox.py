"""`intergestan mailbox`: the accounts that are polled (G21, G22)."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from intergestan_site.words import Security
from services.cli.accounts import (
    CaFile,
    Host,
    Login,
    PasswordStdin,
    Port,
    Secret,
    Secured,
    check_secret,
    sealed_password,
)
from services.cli.context import call_of
from services.cli.language import _
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.translated import Group

app = Group("The mailboxes that are polled.")


@app.verb("add")
def add(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="A name of your choice.")],
    host: Host,
    login: Login,
    port: Port = None,
    security: Secured = Security.TLS,
    secret: Secret = None,
    password_stdin: PasswordStdin = False,
    ca_file: CaFile = None,
    protocol: Annotated[Literal["imap", "pop3"], typer.Option(help="How it is read.")] = "imap",
    folder: Annotated[str, typer.Option(help="Folder to read (IMAP).")] = "INBOX",
    poll_seconds: Annotated[int, typer.Option(min=1, help="How often it is looked at.")] = 60,
    idle: Annotated[bool, typer.Option(help="Also wait for the server's word (IMAP IDLE).")] = True,
) -> None:
    """Enter a mailbox. Its mails stay there, unread marks and all."""
    from intergestan_site.accounts import IMAP_PORTS, POP3_PORTS, NewMailbox, add_mailbox

    call = call_of(context)
    database = call.database
    check_secret(call, secret)
    mailbox = NewMailbox(
        name=name,
        host=host,
        port=port or (IMAP_PORTS if protocol == "imap" else POP3_PORTS)[security],
        security=security,
        ca_file=ca_file,
        login=login,
        secret=secret,
        sealed=sealed_password(call, name, login, secret, from_stdin=password_stdin),
        protocol=protocol,
        folder=folder,
        poll_seconds=poll_seconds,
        idle=idle,
    )
    with database.transaction() as connection:
        add_mailbox(connection, mailbox, by=call.actor(connection), at=database.now())
    say(_("The mailbox {name} is polled from now on. `intergestan doctor` tries the login.").format(name=name))


@app.verb("list")
def list_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the mailboxes and when each was last read."""
    from intergestan_site.accounts import list_mailboxes

    with call_of(context).database.read() as connection:
        mailboxes = list_mailboxes(connection)
    if as_json:
        print_json(mailboxes)
        return
    titles = [_("Name"), _("Server"), _("Port"), _("Security"), _("Login"), _("Protocol"), _("Last read"), _("Error")]
    names = ("name", "host", "port", "security", "login", "protocol", "last_success_at", "last_error")
    print_table(titles, [[row[name] for name in names] for row in mailboxes])
