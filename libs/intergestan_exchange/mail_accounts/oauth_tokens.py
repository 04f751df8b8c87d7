"""Access tokens for the accounts of a site: kept sealed in the base, fetched anew before they expire.

A refresh token may serve only once (RFC 6749 §6), so only one process at a time asks with it: it claims the grant.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, or_, select, update

from intergestan_db.database import Database
from intergestan_db.leases import TOKEN_VALID
from intergestan_db.tables import OAuthGrant
from intergestan_db.views import viewed
from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, OAuthClient, Tokens, TokensUnavailable
from intergestan_exchange.mail_accounts.oauth_providers import Provider
from intergestan_exchange.mail_accounts.sasl import BearerToken

MARGIN = timedelta(minutes=2)
"""A token that ends sooner is not used for a new login."""
_CLAIM = timedelta(seconds=60)
_GLANCE_S, _PATIENCE_S = 0.2, 45.0

Outcome = Literal["refreshed", "refused", "unavailable"]


class Seals(Protocol):
    """What seals secrets for the base."""

    def seal(self, secret: bytes, *, about: str) -> str:
        """The sealed text."""

    def open(self, sealed: str, *, about: str) -> bytes:
        """The secret again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A consent, as `OAuthGrant` keeps it: tokens are sealed, and the client's secret lies in a file."""

    id: int
    provider: str
    login: str
    token_endpoint: str
    device_endpoint: str | None
    authorization_endpoint: str | None
    scopes: str
    client_id: str
    client_secret: str | None
    ca_file: str | None
    sealed_refresh: bytes | None = field(repr=False)
    sealed_access: bytes | None = field(repr=False)
    expires_at: datetime | None
    claimed_until: datetime | None
    error: str | None


def read_grant(connection: Connection, grant_id: int) -> Grant:
    """A grant as it is now."""
    row = connection.execute(select(OAuthGrant.__table__).where(OAuthGrant.id == grant_id)).mappings().one()
    return viewed(Grant, row)


class Grants:
    """The grants of a site.

    :param sealer: opens the base's key when it is needed.
    :param secret_of: the content of a secret file, by name.
    :param told: hears of every refresh: the account's name, what came of it, and when the token ends.
    """

    def __init__(
        self,
        database: Database,
        sealer: Callable[[], Seals],
        secret_of: Callable[[str], str],
        told: Callable[[str, Outcome, datetime | None], None] = lambda *_: None,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._secret_of = secret_of
        self._told = told

    def client(self, grant: Grant) -> OAuthClient:
        """Our registration at the provider of a grant."""
        return OAuthClient(
            provider=Provider(
                token_endpoint=grant.token_endpoint,
                device_endpoint=grant.device_endpoint,
                authorization_endpoint=grant.authorization_endpoint,
                scopes=grant.scopes,
            ),
            client_id=grant.client_id,
            client_secret=None if grant.client_secret is None else self._secret_of(grant.client_secret),
            ca_file=grant.ca_file,
        )

    def token(self, grant_id: int, account: str, refused: BearerToken | None = None) -> BearerToken:
        """An access token that is good for some time.

        :param account: for whom, as `told` hears it.
        :param refused: a token that the mail server did not take; it is not given again.
        :raises GrantRefused: a person must give consent anew. :raises TokensUnavailable: later perhaps.
        """
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            grant = self.grant(grant_id)
            if (token := self._good_token(grant, refused)) is not None:
                return token
            if grant.sealed_refresh is None:
                raise GrantRefused("nobody has given consent yet")
            ask = partial(self.client(grant).refresh, self._open(grant, grant.sealed_refresh))
            if self._claim(grant):
                return self._refresh(grant, account, ask)
            time.sleep(_GLANCE_S)
        raise TokensUnavailable("another process asks for a token and gets none")

    def grant(self, grant_id: int) -> Grant:
        """The grant as it is now."""
        with self._database.read() as connection:
            return read_grant(connection, grant_id)

    def store(self, grant: Grant, tokens: Tokens) -> bool:
        """Keep what a refresh or a login brought; False when somebody else has changed the grant meanwhile."""
        sealer, about = self._sealer(), _about(grant)
        values: dict[str, Any] = {
            "sealed_access": sealer.seal(tokens.access.encode(), about=about).encode(),
            "expires_at": self._database.now() + min(timedelta(seconds=tokens.lifetime), TOKEN_VALID),
        }
        if tokens.refresh is not None:
            values["sealed_refresh"] = sealer.seal(tokens.refresh.encode(), about=about).encode()
        return self._update(grant, values | {"error": None, "claimed_until": None})

    def _good_token(self, grant: Grant, refused: BearerToken | None) -> BearerToken | None:
        if grant.sealed_access is None or grant.expires_at is None:
            return None
        if not MARGIN <= grant.expires_at - self._database.now() <= 2 * TOKEN_VALID:
            return None
        token = BearerToken(self._open(grant, grant.sealed_access))
        return None if token == refused else token

    def _claim(self, grant: Grant) -> bool:
        now = self._database.now()
        claimed = OAuthGrant.claimed_until.between(now, now + 2 * _CLAIM)
        free = or_(OAuthGrant.claimed_until.is_(None), ~claimed)
        return self._update(grant, {"claimed_until": now + _CLAIM}, free)

    def _refresh(self, grant: Grant, account: str, ask: Callable[[], Tokens]) -> BearerToken:
        try:
            tokens = ask()
        except (GrantRefused, TokensUnavailable) as error:
            self._update(grant, {"claimed_until": None, "error": str(error)})
            self._told(account, "refused" if isinstance(error, GrantRefused) else "unavailable", None)
            raise
        self.store(grant, tokens)
        self._told(account, "refreshed", self._database.now() + timedelta(seconds=tokens.lifetime))
        return BearerToken(tokens.access)

    def _update(self, grant: Grant, values: dict[str, Any], *conditions: Any) -> bool:
        """Change the row, unless its refresh token has become another one."""
        same = (
            OAuthGrant.sealed_refresh.is_(None)
            if grant.sealed_refresh is None
            else OAuthGrant.sealed_refresh == grant.sealed_refresh
        )
        changed = update(OAuthGrant).where(OAuthGrant.id == grant.id, same, *conditions).values(**values)
        with self._database.transaction() as connection:
            return connection.execute(changed).rowcount == 1

    def _open(self, grant: Grant, sealed: bytes) -> str:
        return self._sealer().open(sealed.decode(), about=_about(grant)).decode()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The token of one account, to be asked for at each login."""

    grants: Grants = field(repr=False)
    grant_id: int
    account: str

    def __call__(self, *, refused: BearerToken | None = None) -> BearerToken:
        """A token that is good for some time. Raises as `Grants.token`."""
        return self.grants.token(self.grant_id, self.account, refused)


def _about(grant: Grant) -> str:
    return f"oauth:{grant.provider}:{grant.login}"
