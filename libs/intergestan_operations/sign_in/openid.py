"""The firm's login (OpenID Connect Core 1.0, code flow with PKCE): its page, and who it says was there.

What it says counts when its signature fits one of its keys by an asymmetric algorithm, and issuer, audience, nonce and
time are right (§3.1.3.7). Its addresses come from its own description (OpenID Connect Discovery 1.0), which is read
again after an hour; keys that are new are fetched when a signature names one, once a minute at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from intergestan_exchange.mail_accounts.oauth_client import OAuthClient, TokensUnavailable, fetch
from intergestan_exchange.mail_accounts.oauth_providers import Provider
from intergestan_runtime.posted_url import check_posted

SCOPES: Final = "openid profile email"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What signs; nothing that is made with a secret that we have ourselves, and never `none`."""
LEEWAY_S: Final = 60.0
"""So far its clock may be from ours."""
_FRESH_S: Final = 3600.0
_AGAIN_S: Final = 60.0


class NotBelieved(Exception):
    """What came does not prove who is there. `str()` says why, for the log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the firm's login knows: `subject` names them at `issuer` for ever, all else may change."""

    issuer: str
    subject: str
    login: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class _Described:
    """What the login says of itself, and since when we know it."""

    provider: Provider
    jwks_uri: str
    keys: Mapping[str, Any]
    at: float


@dataclass(kw_only=True)
class OpenIdLogin:
    """Our registration there.

    :ivar client_secret: reads it, so that it may be changed meanwhile; None: a public client.
    :ivar clock: seconds since 1970.
    """

    issuer: str
    client_id: str
    client_secret: Callable[[], str | None] = field(repr=False)
    clock: Callable[[], float]
    ca_file: str | None = None
    _known: _Described | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def page(self, *, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """The address of its page; its answer comes to `redirect`. Raises `TokensUnavailable`."""
        client = self._client(self._described())
        return client.consent_page(redirect=redirect, state=state, challenge=challenge, nonce=nonce)

    def identity(self, code: str, *, redirect: str, verifier: str, nonce: str) -> Identity:
        """Who was there, for the code that came to `redirect`.

        :raises GrantRefused: the code is none, or was used. :raises TokensUnavailable: later perhaps.
        :raises NotBelieved: what came proves nothing.
        """
        described = self._described()
        token = self._client(described).redeem(code, redirect=redirect, verifier=verifier).identity
        if token is None:
            raise NotBelieved("no id_token came")
        claims = _claims(token, described.keys)
        if claims is None:
            claims = _claims(token, self._described(newer_than=described).keys)
        if claims is None:
            raise NotBelieved("no key of the issuer fits the signature")
        self._check(claims, nonce)
        told = {name: str(claims.get(name) or "") for name in ("preferred_username", "name", "email")}
        return Identity(self.issuer, str(claims["sub"]), told["preferred_username"], told["name"], told["email"])

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        audience = claims.get("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        now = self.clock()
        wrong = (
            ("issuer", claims.get("iss") != self.issuer),
            ("audience", not isinstance(audiences, list) or self.client_id not in audiences),
            ("azp", claims.get("azp", self.client_id) != self.client_id),
            ("azp", isinstance(audiences, list) and len(audiences) > 1 and "azp" not in claims),
            ("nonce", claims.get("nonce") != nonce),
            ("expired", not _is_number(claims.get("exp")) or claims["exp"] < now - LEEWAY_S),
            ("issued later than now", not _is_number(claims.get("iat")) or claims["iat"] > now + LEEWAY_S),
            ("sub", not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255),
        )
        for why, is_so in wrong:
            if is_so:
                raise NotBelieved(why)

    def _client(self, described: _Described) -> OAuthClient:
        return OAuthClient(
            provider=described.provider,
            client_id=self.client_id,
            client_secret=self.client_secret(),
            ca_file=self.ca_file,
        )

    def _described(self, newer_than: _Described | None = None) -> _Described:
        """What it says of itself; asked anew for keys that we do not know, if we have not just asked."""
        with self._lock:
            known, now = self._known, self.clock()
            if known is not None and newer_than is None and 0 <= now - known.at < _FRESH_S:
                return known
            if known is not None and newer_than is not None and 0 <= now - known.at < _AGAIN_S:
                return known
            found = fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration", ca_file=self.ca_file)
            if found.get("issuer") != self.issuer:
                raise TokensUnavailable("it calls itself otherwise than `oidc_issuer` does")
            page, token, jwks = (
                _address(found, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            )
            provider = Provider(token_endpoint=token, authorization_endpoint=page, scopes=SCOPES)
            self._known = _Described(provider, jwks, fetch(jwks, ca_file=self.ca_file), now)
            return self._known


def _address(found: Mapping[str, Any], name: str) -> str:
    url = found.get(name)
    if not isinstance(url, str):
        raise TokensUnavailable(f"its description has no {name}")
    try:
        return check_posted(url)
    except ValueError as error:
        raise TokensUnavailable(f"{name}: {error}") from error


def _claims(token: str, keys: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a token says that one of these keys signed; None: none did.

    :raises NotBelieved: it is no such token, or says by which algorithm nobody can sign but we.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        found = KeySet.import_key_set(keys)  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotBelieved("the issuer's keys cannot be read") from error
    try:
        claims = jwt.decode(token, found, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return claims if isinstance(claims, dict) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
