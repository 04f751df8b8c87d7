"""The OAuth2 grants that accounts use: entering one, and finding it again for a login."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Mailbox, OAuthGrant, Relay
from intergestan_exchange.mail_accounts.oauth_providers import Provider
from intergestan_exchange.mail_accounts.oauth_tokens import Grant, read_grant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """What a grant needs before anybody consents. :ivar client_secret: the name of a secret file."""

    provider: str
    login: str
    endpoints: Provider
    client_id: str
    client_secret: str | None = None
    ca_file: str | None = None


def set_grant(connection: Connection, grant: NewGrant, *, by: str, at: datetime) -> int:
    """The grant of this provider and login, entered or changed; its id.

    Consent that was given to another client, or for other scopes, is forgotten.

    :raises Problem: when there is no client id.
    """
    if not grant.client_id.strip():
        raise Problem(
            "OAuth2 needs the id that your provider gave to this program.",
            ProblemCode.CLIENT_ID_NEEDED,
            (Act.GIVE_CLIENT_ID,),
        )
    values = asdict(grant.endpoints) | {
        "client_id": grant.client_id.strip(),
        "client_secret": grant.client_secret,
        "ca_file": grant.ca_file,
    }
    same = (OAuthGrant.provider == grant.provider, OAuthGrant.login == grant.login)
    found = connection.execute(select(OAuthGrant.__table__).where(*same)).one_or_none()
    if found is not None and all(found._mapping[name] == value for name, value in values.items()):  # noqa: SLF001 - its documented name
        return int(found.id)
    if found is None:
        new = insert(OAuthGrant).values(provider=grant.provider, login=grant.login, **values)
        grant_id = connection.execute(new.returning(OAuthGrant.id)).scalar_one()
    else:
        grant_id = found.id
        nothing = {"sealed_refresh": None, "sealed_access": None, "expires_at": None, "error": None}
        connection.execute(update(OAuthGrant).where(OAuthGrant.id == grant_id).values(**values, **nothing))
    detail = {"provider": grant.provider, "login": grant.login}
    states.record(connection, OAuthGrant.__tablename__, [(grant_id, None, None)], "set", by=by, at=at, detail=detail)
    return int(grant_id)


def find_grant(connection: Connection, provider: str, login: str) -> int | None:
    """The grant of this provider and login, if there is one."""
    same = (OAuthGrant.provider == provider, OAuthGrant.login == login)
    return connection.execute(select(OAuthGrant.id).where(*same)).scalar_one_or_none()


def grant_of(connection: Connection, table: type[Mailbox | Relay], name: str) -> Grant | None:
    """The grant of an account, or None when it has a password.

    :raises Problem: there is no such account.
    """
    account = connection.execute(select(table.oauth_grant_id).where(table.name == name)).one_or_none()
    if account is None:
        raise Problem("There is no account «{name}».", ProblemCode.NO_MAILBOX, (Act.LIST_MAILBOXES,), name=name)
    if account.oauth_grant_id is None:
        return None
    return read_grant(connection, account.oauth_grant_id)


def record_consent(connection: Connection, grant_id: int, *, by: str, at: datetime) -> None:
    """Write down who gave consent."""
    states.record(connection, OAuthGrant.__tablename__, [(grant_id, None, None)], "consent", by=by, at=at)
