"""What `mailbox` and `relay` share about OAuth2: the options, the grant, and the login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from intergestan_operations.language.language import _
from services.cli.context import Call
from services.cli.output import say
from services.cli.shown import sentence

if TYPE_CHECKING:
    from intergestan_db.tables import Mailbox, Relay

OAuth = Annotated[
    Literal["microsoft", "google", "generic"] | None,
    typer.Option("--oauth", help="Log in by OAuth2 in place of a password, with this provider's tokens."),
]
ClientId = Annotated[
    str | None, typer.Option("--client-id", help="Id that the provider gave to this program (OAuth2).")
]
ClientSecret = Annotated[
    str | None, typer.Option("--client-secret", metavar="NAME", help="Secret file with the program's secret (OAuth2).")
]
TokenEndpoint = Annotated[
    str | None, typer.Option("--token-endpoint", metavar="URL", help="Where tokens are had (OAuth2).")
]
DeviceEndpoint = Annotated[
    str | None, typer.Option("--device-endpoint", metavar="URL", help="Where a code for consent is had (OAuth2).")
]
AuthorizationEndpoint = Annotated[
    str | None, typer.Option("--authorization-endpoint", metavar="URL", help="Page where consent is given (OAuth2).")
]
Scope = Annotated[str | None, typer.Option("--scope", help="What is asked for, in place of the usual (OAuth2).")]


def log_in(call: Call, table: type[Mailbox | Relay], name: str) -> bool:
    """Have the owner of an account consent; False where it has a password. Raises Problem."""
    from intergestan_exchange.mail_accounts.oauth_grants import grant_of, record_consent
    from intergestan_operations.mail_trial.consent import consent
    from intergestan_operations.opening.opening import grants

    database = call.database
    with database.read() as connection:
        grant, by = grant_of(connection, table, name), call.actor(connection)
    if grant is None:
        return False
    kept = grants(call.site, database)
    tokens = consent(kept.client(grant), grant.login, lambda said: say(sentence(said)))
    while not kept.store(grant, tokens):  # a service has just refreshed what this replaces
        grant = kept.grant(grant.id)
    with database.transaction() as connection:
        record_consent(connection, grant.id, by=by, at=database.now())
    say(_("We may read and send the mails of {login} now; access renews itself.").format(login=grant.login))
    return True
