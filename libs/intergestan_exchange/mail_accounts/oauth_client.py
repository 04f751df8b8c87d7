"""Talks to an authorization server: the three grants that a mail account needs, and what its other addresses say.

Refresh (RFC 6749 §6), device (RFC 8628), code with PKCE (RFC 6749 §4.1, RFC 7636). TLS is verified, redirects are not
followed, answers are short and in time.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from intergestan_exchange.mail_accounts.oauth_providers import Provider

TIMEOUT_S = 20.0
_MOST_OCTETS = 256 * 1024
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_TRANSIENT = {"temporarily_unavailable", "server_error"}


class GrantRefused(Exception):
    """The provider gives no token for this consent; a person must give it anew. `str()` is the provider's word.

    :ivar code: RFC 6749 §5.2, RFC 8628 §3.5.
    """

    def __init__(self, code: str, words: str = "") -> None:
        self.code = code
        super().__init__(f"{code}: {words}" if words else code)


class TokensUnavailable(Exception):
    """The provider's server does not answer as it should; later it may."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant brought.

    :ivar refresh: None where the old one stays good. :ivar lifetime: seconds. :ivar identity: an `id_token`, unread.
    """

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    lifetime: float
    identity: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person is told (RFC 8628 §3.2). :ivar interval, lifetime: seconds."""

    device_code: str = field(repr=False)
    user_code: str
    page: str
    interval: float
    lifetime: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """Our registration at a provider. :ivar client_secret: None for a public client."""

    provider: Provider
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    def refresh(self, token: str) -> Tokens:
        """A new access token.

        :raises GrantRefused: the consent is gone. :raises TokensUnavailable: later perhaps.
        """
        return self._tokens(grant_type="refresh_token", refresh_token=token)

    def ask_device(self) -> DeviceCode:
        """Begin a device grant. Raises as `refresh`."""
        answer = self._post(self.provider.device_endpoint or "", scope=self.provider.scopes)
        return DeviceCode(
            device_code=_text(answer, "device_code"),
            user_code=_text(answer, "user_code"),
            page=str(answer.get("verification_uri") or answer.get("verification_url") or ""),
            interval=_seconds(answer, "interval", 5),
            lifetime=_seconds(answer, "expires_in", 900),
        )

    def look_device(self, code: DeviceCode) -> Tokens | Literal["authorization_pending", "slow_down"]:
        """Whether the person has consented by now. Raises as `refresh`."""
        try:
            return self._tokens(grant_type=_DEVICE, device_code=code.device_code)
        except GrantRefused as refused:
            if refused.code == "authorization_pending":
                return "authorization_pending"
            if refused.code == "slow_down":
                return "slow_down"
            raise

    def consent_page(self, *, redirect: str, state: str, challenge: str, **more: str) -> str:
        """The page of the provider that the person opens; its answer comes to `redirect`.

        :param more: `login_hint`, say, or `nonce`.
        """
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect,
            "scope": self.provider.scopes,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        page = self.provider.authorization_endpoint or ""
        return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"

    def redeem(self, code: str, *, redirect: str, verifier: str) -> Tokens:
        """Tokens for the code that came to `redirect`. Raises as `refresh`."""
        return self._tokens(grant_type="authorization_code", code=code, redirect_uri=redirect, code_verifier=verifier)

    def _tokens(self, **form: str) -> Tokens:
        answer = self._post(self.provider.token_endpoint, **form)
        refresh = answer.get("refresh_token")
        return Tokens(
            access=_text(answer, "access_token"),
            refresh=refresh if isinstance(refresh, str) and refresh else None,
            lifetime=_seconds(answer, "expires_in", 3600),
            identity=_text(answer, "id_token") if "id_token" in answer else None,
        )

    def _post(self, url: str, **form: str) -> Mapping[str, Any]:
        form["client_id"] = self.client_id
        if self.client_secret is not None:
            form["client_secret"] = self.client_secret
        return fetch(url, form, ca_file=self.ca_file)


def fetch(url: str, form: Mapping[str, str] | None = None, *, ca_file: str | None = None) -> Mapping[str, Any]:
    """The JSON object that a server answers to a form, or to a question without one.

    :param url: https, or http on loopback; whoever takes an address from somewhere sees to it.
    :raises GrantRefused: it says why not. :raises TokensUnavailable: it does not answer as it should.
    """
    body = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(url, body, {"Accept": "application/json"})  # noqa: S310 - see `url`
    context = ssl.create_default_context(cafile=ca_file)
    # By http it stays on this machine, which a proxy of the environment is not.
    direct = [urllib.request.ProxyHandler({})] if request.type == "http" else []
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect, *direct)
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            return _object(_read(response))
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error) from error
    except (OSError, http.client.HTTPException) as error:
        raise TokensUnavailable(str(getattr(error, "reason", error)) or type(error).__name__) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        """Refuse: what we post is for this server only."""


def _refusal(error: urllib.error.HTTPError) -> GrantRefused | TokensUnavailable:
    if error.code not in {400, 401, 403}:
        return TokensUnavailable(f"HTTP {error.code}")
    try:
        answer = _object(_read(error))
    except (TokensUnavailable, OSError, http.client.HTTPException):
        return TokensUnavailable(f"HTTP {error.code}")
    code = str(answer.get("error") or "")
    if not code or code in _TRANSIENT:
        return TokensUnavailable(code or f"HTTP {error.code}")
    words = str(answer.get("error_description") or "").partition("\n")[0]
    return GrantRefused(code, words[:200])


def _read(response: Any) -> bytes:
    """The whole body, if it is short and comes in time."""
    end, body = time.monotonic() + TIMEOUT_S, b""
    while piece := response.read1(65536):
        body += piece
        if len(body) > _MOST_OCTETS or time.monotonic() > end:
            raise TokensUnavailable("the answer is too long or too slow")
    return body


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise TokensUnavailable("the answer is no JSON") from error
    if not isinstance(answer, dict):
        raise TokensUnavailable("the answer is no JSON object")
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise TokensUnavailable(f"the answer has no {name}")
    return value


def _seconds(answer: Mapping[str, Any], name: str, default: float) -> float:
    try:
        return max(1.0, float(answer.get(name) or default))  # some send a text
    except (TypeError, ValueError):
        return default
