"""`intergestan relay`: the server that takes our mail."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

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
    given_password,
    read_password,
)
from services.cli.mail_accounts.oauth import (
    AuthorizationEndpoint,
    ClientId,
    ClientSecret,
    DeviceEndpoint,
    OAuth,
    Scope,
    TokenEndpoint,
    log_in,
)
from services.cli.mail_accounts.servers import find_server
from services.cli.mail_accounts.tried import Untested
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
    security: Annotated[Security | None, typer.Option("--security", help="none is for this machine only.")] = None,
    secret: Secret = None,
    password_stdin: PasswordStdin = False,
    ca_file: CaFile = None,
    from_mode: Annotated[
        Literal["user", "site"] | None,
        typer.Option("--from", help="From of the mails: the user, or the site with the user in Reply-To."),
    ] = None,
    bounce_mode: Annotated[
        Literal["plus", "fixed"] | None,
        typer.Option("--bounce", help="Address for bounces: one with a +mark for each mail, or a fixed one."),
    ] = None,
    bounce_address: Annotated[str | None, typer.Option(help="The address for bounces.")] = None,
    mails_per_minute: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="The most that the server allows.")
    ] = None,
    mails_per_day: Annotated[
        int | None,
        typer.Option(min=0, max=10_000_000, help="Mails that the provider allows in a day; 0: any number."),
    ] = None,
    untested: Untested = False,
    oauth: OAuth = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
    token_endpoint: TokenEndpoint = None,
    device_endpoint: DeviceEndpoint = None,
    authorization_endpoint: AuthorizationEndpoint = None,
    scope: Scope = None,
) -> None:
    """Say which server takes our mail; without --host and --login, correct what is given of the one that is there.

    The login is tried before it is accepted. From a login that is a mail address the server is found. A mailbox's
    consent (OAuth2) serves the relay too.
    """
    from intergestan_exchange.mail_accounts.accounts import RELAY, SMTP_PORTS, NewRelay, relay_of, set_relay
    from intergestan_operations.mail_trial.attempt import try_login
    from intergestan_operations.mail_trial.storing import (
        OAuthOptions,
        check_secret,
        enter_grant,
        is_consented,
        sealed,
        sealed_anew,
    )

    call = call_of(context)
    database = call.database
    check_secret(call.site, secret)
    known = None
    if host is None and login is None:
        with database.read() as connection:
            known = relay_of(connection)
    if host is None and known is None:
        if login is None or "@" not in login:
            raise typer.BadParameter(_("Give --host, or a mail address as --login."))
        server = find_server(login, "smtp", oauth=oauth is not None)
        host, port, security, login = server.host, port or server.port, server.security, server.login
    chosen = security or Security.TLS
    relay = known or NewRelay(name=RELAY, host=host or "", port=SMTP_PORTS[chosen], security=chosen, login=login)
    if security is not None:
        relay = replace(relay, security=security, port=SMTP_PORTS[security])
    given: dict[str, Any] = {
        "port": port,
        "ca_file": ca_file,
        "from_mode": from_mode,
        "bounce_mode": bounce_mode,
        "bounce_address": bounce_address,
        "mails_per_minute": mails_per_minute,
        "mails_per_day": mails_per_day,
    }
    relay = replace(relay, **{name: value for name, value in given.items() if value is not None})
    password = None
    if oauth is not None:
        relay = replace(relay, secret=None, sealed=None)
    elif known is None or secret is not None or password_stdin:
        password = given_password(relay.login, secret, from_stdin=password_stdin)
        relay = replace(relay, secret=secret, sealed=sealed(database, password, relay), oauth_grant_id=None)
    else:
        relay = replace(relay, sealed=sealed_anew(call.site, database, known, relay))
    if oauth is None and not untested:
        try_login(call.site, database, relay, password, is_relay=True)
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
            grant = enter_grant(
                call.site, database, connection, options, login=relay.login or "", ca_file=relay.ca_file, by=by
            )
            relay = replace(relay, oauth_grant_id=grant)
        set_relay(connection, relay, by=by, at=database.now())
    if grant is not None and not is_consented(call.site, database, grant):
        say(_("Entered. Now give consent: `intergestan relay login`"))
    say(_("Mails go out through {host} from now on.").format(host=relay.host))


@app.verb("login")
def login(context: typer.Context, *, password_stdin: PasswordStdin = False) -> None:
    """Log in anew: give consent (OAuth2), or another password."""
    from intergestan_db.site_rows import read_relay
    from intergestan_db.tables import Relay
    from intergestan_exchange.mail_accounts.accounts import RELAY, resume_relay, set_password
    from intergestan_operations.opening.passwords import seal
    from intergestan_runtime.steps import SEND

    call = call_of(context)
    has_consented = log_in(call, Relay, RELAY)
    password = None if has_consented else read_password(RELAY, from_stdin=password_stdin)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        if password is not None:
            relay = read_relay(connection)
            assert relay is not None  # `log_in` has found it
            set_password(connection, Relay, RELAY, seal(connection, password, relay), by=by, at=at)
        mails = resume_relay(connection, by=by, at=at)
    call.ring(SEND, *mails)
    if not has_consented:
        say(_("The new password is used from now on for: {names}.").format(names=RELAY))


@app.verb("test")
def try_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Try the server's login, and say the cure of what fails. Sends no mail, changes nothing."""
    from intergestan_db.site_rows import read_relay
    from intergestan_exchange.mail_accounts.accounts import no_relay
    from intergestan_operations.mail_trial.failure import secret_of
    from intergestan_operations.mail_trial.trial import try_relay
    from services.cli.health.doctor import show

    call = call_of(context)
    with call.database.read() as connection:
        relay = read_relay(connection)
    if relay is None:
        raise no_relay()
    show(try_relay(relay, lambda: secret_of(call.site, call.database, relay)), as_json=as_json)


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the server and what it last complained about."""
    from intergestan_exchange.mail_accounts.accounts import list_relays
    from intergestan_msg.diagnosis import told

    with call_of(context).database.read() as connection:
        relays = list_relays(connection)
    if as_json:
        print_json(relays)
        return
    titles = [_("Server"), _("Port"), _("Security"), _("Login"), _("From"), _("Mails a day"), _("Error")]
    names = ("host", "port", "security", "login", "from_mode", "mails_per_day", "last_error")
    table = [replace(row, last_error=row.last_error and told(row.last_error, spoken())) for row in relays]
    print_table(titles, [[getattr(row, name) for name in names] for row in table])
