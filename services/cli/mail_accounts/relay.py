"""`intergestan relay`: the server that takes our mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _, spoken
from services.cli.context import call_of
from services.cli.mail_accounts.accounts import (
    CaFile,
    Host,
    Login,
    PasswordStdin,
    Port,
    Secret,
    Secured,
    check_secret,
    given_password,
    read_password,
)
from services.cli.mail_accounts.oauth import (
    AuthorizationEndpoint,
    ClientId,
    ClientSecret,
    DeviceEndpoint,
    OAuth,
    OAuthOptions,
    Scope,
    TokenEndpoint,
    enter_grant,
    is_consented,
    log_in,
)
from services.cli.mail_accounts.servers import find_server
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.translated import Group

app = Group("The server that takes our mail.")


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    host: Host = None,
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
    mails_per_minute: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="The most that the server allows.")
    ] = None,
    oauth: OAuth = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    token_endpoint: TokenEndpoint = None,
    device_endpoint: DeviceEndpoint = None,
    authorization_endpoint: AuthorizationEndpoint = None,
    scope: Scope = None,
) -> None:
    """Say which server takes our mail, in place of the one before.

    From a login that is a mail address the server is found. A mailbox's consent (OAuth2) serves the relay too.
    """
    from intergestan_exchange.mail_accounts.accounts import RELAY, SMTP_PORTS, NewRelay, set_relay
    from intergestan_operations.opening.passwords import seal

    call = call_of(context)
    database = call.database
    check_secret(call, secret)
    if host is None:
        if login is None or "@" not in login:
            raise typer.BadParameter(_("Give --host, or a mail address as --login."))
        server = find_server(login, "smtp", oauth=oauth is not None)
        host, port, security, login = server.host, port or server.port, server.security, server.login
    relay = NewRelay(
        name=RELAY,
        host=host,
        port=port or SMTP_PORTS[security],
        security=security,
        ca_file=ca_file,
        login=login,
        secret=secret,
        from_mode=from_mode,
        bounce_mode=bounce_mode,
        bounce_address=bounce_address,
        mails_per_minute=mails_per_minute,
    )
    password = None if oauth else given_password(login, secret, from_stdin=password_stdin)
    options = None
    if oauth is not None:
        options = OAuthOptions(
            provider=oauth,
            client_id=client_id,
            client_secret=client_secret,
            token_endpoint=token_endpoint,
            device_endpoint=device_endpoint,
            authorization_endpoint=authorization_endpoint,
            scope=scope,
        )
    with database.transaction() as connection:
        by, grant = call.actor(connection), None
        if options is not None:
            grant = enter_grant(call, connection, options, login or "", ca_file, by)
        sealed = None if password is None else seal(connection, password, relay)
        set_relay(connection, replace(relay, sealed=sealed, oauth_grant_id=grant), by=by, at=database.now())
    if grant is not None and not is_consented(call, grant):
        say(_("Entered. Now give consent: `intergestan relay login`"))
    say(_("Mails go out through {host} from now on. `intergestan doctor` tries the login.").format(host=host))


@app.verb("login")
def login(context: typer.Context, *, password_stdin: PasswordStdin = False) -> None:
    """Log in anew: give consent (OAuth2), or another password."""
    from intergestan_db.site_rows import read_relay
    from intergestan_db.tables import Relay
    from intergestan_exchange.mail_accounts.accounts import RELAY, resume_relay, set_password
    from intergestan_operations.opening.passwords import seal

    call = call_of(context)
    has_consented = log_in(call, Relay, RELAY)
    password = None if has_consented else read_password(RELAY, from_stdin=password_stdin)
    with call.database.transaction() as connection:
        if password is not None:
            relay = read_relay(connection)
            assert relay is not None  # `log_in` has found it
            by, at = call.actor(connection), call.database.now()
            set_password(connection, Relay, RELAY, seal(connection, password, relay), by=by, at=at)
        resume_relay(connection)
    if not has_consented:
        say(_("The new password is used from now on for: {names}.").format(names=RELAY))


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the server and what it last complained about."""
    from intergestan_exchange.findings.diagnoses import diagnosis
    from intergestan_exchange.mail_accounts.accounts import list_relays

    with call_of(context).database.read() as connection:
        relays = list_relays(connection)
    if as_json:
        print_json(relays)
        return
    titles = [_("Server"), _("Port"), _("Security"), _("Login"), _("From"), _("Error")]
    names = ("host", "port", "security", "login", "from_mode", "last_error")
    told = [{**row, "last_error": diagnosis(row["last_error"] or "", spoken()) or None} for row in relays]
    print_table(titles, [[row[name] for name in names] for row in told])
