"""A firm's login (OpenID Connect): its description, its keys, codes that serve once and tokens that it signs.

What a forger or a broken one would send is a change of `alter`, which gets header and claims before they are signed.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.servers.http import HttpServer, Reply, Request

CLIENT = "intergestan"
SECRET = "le secret du client"

Alter = Callable[[dict[str, Any], dict[str, Any]], None]


@dataclass
class OpenIdServer(HttpServer):
    """It knows whoever it is told of. :ivar person: who sits before the browser: the claims of their token."""

    person: dict[str, Any]
    clock: Callable[[], float] = time.time
    alter: Alter = lambda _header, _claims: None
    status: int | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.described: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def renew_key(self) -> None:
        """It signs by another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def reply(self, request: Request) -> Reply:
        path = urlsplit(request.path).path
        self.asked.append(path)
        status, answer = (self.status, {}) if self.status else self._answer(path, request)
        return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def log_in(self, page: str) -> str:
        """The person logs in at a page of it: the address to which their browser is sent."""
        asked = dict(parse_qsl(urlsplit(page).query))
        assert page.startswith(f"{self.url}/authorize?")
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _answer(self, path: str, request: Request) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, self.described
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        form = dict(parse_qsl(request.body.decode()))
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if form.get("client_secret") != SECRET:
            return 401, {"error": "invalid_client"}
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if asked["code_challenge"] != challenge.rstrip("="):
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self._token(asked["nonce"])}

    def _token(self, nonce: str) -> str:
        now = int(self.clock())
        header: dict[str, Any] = {"alg": "RS256", "kid": self.key.kid}
        claims = {"iss": self.url, "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300, **self.person}
        self.alter(header, claims)
        if header["alg"] == "none":
            parts = (json.dumps(each).encode() for each in (header, claims))
            return ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts) + "."
        key = OctKey.import_key(SECRET) if header["alg"] == "HS256" else self.key
        return jwt.encode(header, claims, key)
