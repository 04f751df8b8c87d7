"""`intergestan relay`: the server that takes our mail."""

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

app = Group("The server that takes our mail.")


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    host: Host,
    login: Login = None,
    port: Port = None,
    security: Secured = Security.TLS,
    secret: Secret = None,
    password_stdin: PasswordStdin = False,
    ca_file: CaFile = None,
    from_mode: Annotated[
        Literal["user", "site"],
        typer.Option("--from", help="From of the mails: the user, or the site with the user in Reply-To."),
    ] = "user",
    bounce_mode: Annotated[
        Literal["plus", "fixed"],
        typer.Option("--bounce", help="Address for bounces: one with a +mark for each mail, or a fixed one."),
    ] = "fixed",
    bounce_address: Annotated[str | None, typer.Option(help="The address for bounces.")] = None,
    mails_per_minute: Annotated[int | None, typer.Option(min=1, help="The most that the server allows.")] = None,
) -> None:
    """Say which server takes our mail, in place of the one before."""
    from intergestan_site.accounts import RELAY, SMTP_PORTS, NewRelay, set_relay

    call = call_of(context)
    database = call.database
    check_secret(call, secret)
    relay = NewRelay(
        name=RELAY,
        host=host,
        port=port or SMTP_PORTS[security],
        security=security,
        ca_file=ca_file,
        login=login,
        secret=secret,
        sealed=sealed_password(call, RELAY, login, secret, from_stdin=password_stdin),
        from_mode=from_mode,
        bounce_mode=bounce_mode,
        bounce_address=bounce_address,
        mails_per_minute=mails_per_minute,
    )
    with database.transaction() as connection:
        set_relay(connection, relay, by=call.actor(connection), at=database.now())
    say(_("Mails go out through {host} from now on. `intergestan doctor` tries the login.").format(host=host))


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the server and what it last complained about."""
    from intergestan_site.accounts import list_relays

    with call_of(context).database.read() as connection:
        relays = list_relays(connection)
    if as_json:
        print_json(relays)
        return
    titles = [_("Server"), _("Port"), _("Security"), _("Login"), _("From"), _("Error")]
    names = ("host", "port", "security", "login", "from_mode", "last_error")
    print_table(titles, [[row[name] for name in names] for row in relays])
