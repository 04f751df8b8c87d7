"""What is needed to store an account: its password sealed, its secret file readable, its grant entered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intergestan_operations.opening.passwords import seal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_db.database import Database
    from intergestan_exchange.mail_accounts.accounts import Account
    from intergestan_runtime.settings import SiteSettings


def sealed(database: Database, password: str | None, account: Account) -> bytes | None:
    """A password for the database, sealed for this account alone; None when there is none.

    :raises Problem: the database does not say under what.
    """
    if password is None:
        return None
    with database.read() as connection:
        return seal(connection, password, account)


def sealed_anew(site: SiteSettings, database: Database, before: Account, after: Account) -> bytes | None:
    """The password that an account has, sealed for its new server or login; it takes base.key.

    :raises SecretError: the key cannot be read, or does not open it.
    """
    from intergestan_runtime.sealed_passwords import open_password
    from intergestan_runtime.secrets import read_base_key

    if after.sealed is None or (before.host, before.login) == (after.host, after.login):
        return after.sealed
    return sealed(database, open_password(read_base_key(site.base_key_file), after.sealed, before), after)


def check_secret(site: SiteSettings, secret: str | None) -> None:
    """Refuse the name of a secret that cannot be read; the services would only find out later.

    :raises SecretError: why not.
    """
    if secret is not None:
        from intergestan_runtime.secrets import Secrets

        Secrets(site.secrets_dir).get(secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthOptions:
    """What a person says about OAuth2."""

    provider: str
    client_id: str | None
    client_secret: str | None
    token_endpoint: str | None
    device_endpoint: str | None
    authorization_endpoint: str | None
    scope: str | None


def enter_grant(
    site: SiteSettings,
    database: Database,
    connection: Connection,
    options: OAuthOptions,
    *,
    login: str,
    ca_file: str | None,
    by: str,
) -> int:
    """The id of the grant of this login, entered or changed.

    :raises Problem: something that the provider needs is missing. :raises SecretError: as `check_secret`.
    """
    from intergestan_exchange.mail_accounts.oauth_grants import NewGrant, find_grant, set_grant
    from intergestan_exchange.mail_accounts.oauth_providers import provider

    if options.client_id is None and (known := find_grant(connection, options.provider, login)) is not None:
        return known  # the mailbox's own serves the relay too
    check_secret(site, options.client_secret)
    endpoints = provider(
        options.provider,
        token_endpoint=options.token_endpoint,
        device_endpoint=options.device_endpoint,
        authorization_endpoint=options.authorization_endpoint,
        scopes=options.scope,
    )
    grant = NewGrant(
        provider=options.provider,
        login=login,
        endpoints=endpoints,
        client_id=options.client_id or "",
        client_secret=options.client_secret,
        ca_file=ca_file if options.provider == "generic" else None,
    )
    return set_grant(connection, grant, by=by, at=database.now())


def is_consented(site: SiteSettings, database: Database, grant_id: int) -> bool:
    """Whether somebody has consented already."""
    from intergestan_operations.opening.opening import grants

    return grants(site, database).grant(grant_id).sealed_refresh is not None
