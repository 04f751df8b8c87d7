"""The server of an account, found from the mail address."""

from __future__ import annotations

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_exchange.mail_accounts.discovery import Protocol, Server, Settings, discover
from intergestan_operations.mail_trial.network import Network


def find_server(address: str, protocol: Protocol) -> tuple[Settings, Server]:
    """What is known of the address's provider, and its server.

    :raises Problem: nobody knows.
    """
    found = discover(address, Network().ask())
    server = found.server(protocol)
    if server is None:
        raise Problem(
            "{address} has no server for {protocol}.",
            ProblemCode.NO_SERVER,
            (Act.GIVE_SERVER,),
            address=address,
            protocol=protocol,
        )
    return found, server


def check_login_by(found: Settings, *, oauth: bool) -> None:
    """Refuse a password where the provider takes tokens only. :param oauth: whether the login is by token.

    :raises Problem: which tokens it takes.
    """
    if not found.takes_password and not oauth:
        raise Problem(
            "{source} takes no passwords: log in by OAuth2 ({oauth}), with the id that it gave to this program.",
            ProblemCode.NO_PASSWORDS,
            (Act.USE_OAUTH,),
            source=found.source,
            oauth=found.oauth or "generic",
        )
