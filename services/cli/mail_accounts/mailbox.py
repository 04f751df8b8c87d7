"""`intergestan mailbox`: the accounts that are polled (G21, G22)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.mail_accounts.accounts import (
    CaFile,
    Host,
    Login,
    PasswordStdin,
    Port,
    Secret,
    Secured,
    given_password,
)
from services.cli.mail_accounts.mailbox_access import login, try_
from services.cli.mail_accounts.mailbox_polling import DAY, KEEP_HEARTBEATS, pin, set_, unpin
from services.cli.mail_accounts.mailbox_rests import activate, deactivate, pause, unpause
from services.cli.mail_accounts.mailbox_server import Read, placed
from services.cli.mail_accounts.oauth import (
    AuthorizationEndpoint,
    ClientId,
    ClientSecret,
    DeviceEndpoint,
    OAuth,
    Scope,
    TokenEndpoint,
)
from services.cli.mail_accounts.tried import Untested
from services.cli.output import AsJson, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.shown import sentence
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.accounts import MailboxView, NewMailbox
    from intergestan_operations.mail_trial.storing import OAuthOptions

app = Group("The mailboxes that are polled.")


@app.verb("add")
def add(
    context: typer.Context,
    *,
    name: Annotated[
        str,
        typer.Argument(metavar="MAILBOX", help="The mail address, or a name of your choice with --host and --login."),
    ],
    as_name: Annotated[
        str | None, typer.Option("--name", help="Name of the mailbox; what stands before the @ by default.")
    ] = None,
    host: Host = None,
    login: Login = None,
    port: Port = None,
    security: Secured = Security.TLS,
    secret: Secret = None,
    password_stdin: PasswordStdin = False,
    ca_file: CaFile = None,
    protocol: Read = "imap",
    folder: Annotated[
        list[str] | None, typer.Option("--folder", help="Folder to read (IMAP); may be given several times.")
    ] = None,
    poll_seconds: Annotated[int, typer.Option(min=1, max=DAY, help="How often it is looked at.")] = 60,
    idle: Annotated[bool, typer.Option(help="Also wait for the server's word (IMAP IDLE).")] = True,
    keep_heartbeats: Annotated[bool, KEEP_HEARTBEATS] = False,
    untested: Untested = False,
    oauth: OAuth = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    token_endpoint: TokenEndpoint = None,
    device_endpoint: DeviceEndpoint = None,
    authorization_endpoint: AuthorizationEndpoint = None,
    scope: Scope = None,
) -> None:
    """Enter a mailbox, after its login was tried. Its mails stay there, unread marks and all, except heartbeats.

    From a mail address alone the server is found. Several folders become a mailbox each, with the same login.
    """
    from intergestan_exchange.mail_accounts.accounts import per_folder

    call = call_of(context)
    mailbox = placed(name, as_name, host, login, port, security, protocol, oauth=oauth is not None)
    mailbox = replace(mailbox, ca_file=ca_file, secret=secret, poll_seconds=poll_seconds, idle=idle)
    mailbox = replace(mailbox, keeps_heartbeats=keep_heartbeats)
    options = None
    if oauth is not None:
        from intergestan_operations.mail_trial.storing import OAuthOptions

        options = OAuthOptions(
            provider=oauth,
            client_id=client_id,
            client_secret=client_secret,
            token_endpoint=token_endpoint,
            device_endpoint=device_endpoint,
            authorization_endpoint=authorization_endpoint,
            scope=scope,
        )
    _enter(call, per_folder(mailbox, folder or ["INBOX"]), options, password_stdin=password_stdin, untested=untested)


app.verb("set")(set_)
app.verb("pin")(pin)
app.verb("unpin")(unpin)
app.verb("pause")(pause)
app.verb("unpause")(unpause)
app.verb("deactivate")(deactivate)
app.verb("activate")(activate)


@app.verb("list")
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show the mailboxes, how they are, and when each was last read."""
    from intergestan_db.views import shown
    from intergestan_exchange.mail_accounts.accounts import list_mailboxes

    with call_of(context).database.read() as connection:
        mailboxes = list_mailboxes(connection)
    titles = [_("Name"), _("State"), _("Server"), _("Port"), _("Security"), _("Login"), _("Protocol"), _("Folder")]
    names = ("host", "port", "security", "login", "protocol", "folder", "last_success_at", "last_error")
    listed: Listed[MailboxView] = Listed(
        name="mailboxes",
        values=shown,
        titles=[*titles, _("Last read"), _("Error")],
        cells=lambda row: [row.name, _state(row), *(getattr(row, name) for name in names)],
    )
    show_few(listed, mailboxes, lambda row: (row.name,), limit, after, as_json=as_json)


app.verb("test")(try_)
app.verb("login")(login)


def _state(row: MailboxView) -> str:
    from intergestan_operations.language.labels import mailbox_state

    return sentence(mailbox_state(row.state, active=row.active, rests_by=row.rests_by, rests_reason=row.rests_reason))


def _enter(
    call: Call, mailboxes: list[NewMailbox], options: OAuthOptions | None, *, password_stdin: bool, untested: bool
) -> None:
    from intergestan_operations.mail_trial.entering import enter_mailboxes
    from intergestan_operations.mail_trial.storing import check_secret, is_consented

    first = mailboxes[0]
    check_secret(call.site, first.secret)
    password = given_password(first.login, first.secret, from_stdin=password_stdin) if options is None else None
    with call.database.read() as connection:
        by = call.actor(connection)
    grant = enter_mailboxes(
        call.site, call.database, mailboxes, password=password, options=options, untested=untested, by=by
    )
    names = ", ".join(mailbox.name for mailbox in mailboxes)
    if grant is not None and not is_consented(call.site, call.database, grant):
        say(_("Entered. Now give consent: `intergestan mailbox login {name}`").format(name=first.name))
        return
    text = _("{names}: polled from now on. `intergestan mailbox test {name}` shows what is there.")
    say(text.format(names=names, name=first.name))
