"""An authorization server of OAuth2 (RFC 6749, RFC 7636, RFC 8628) that hands out tokens which Dovecot believes."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.http import HttpServer, Reply, Request

Form = dict[str, str]


@dataclass
class TokenServer(HttpServer):
    """Knows one person, whose refresh token serves once only.

    :ivar make: the access token of an address, for so many seconds; Dovecot.token.
    :ivar lifetime: of the tokens, in seconds; `says` is what the answer tells in its place.
    :ivar refused: what a refresh is answered (RFC 6749 §5.2), if any. :ivar status: an HTTP status in place of all.
    :ivar consented: whether the person has typed the device's code.
    """

    make: Callable[[str, int], str]
    address: str
    lifetime: int = 3600
    says: int | None = None
    refused: str | None = None
    status: int | None = None
    seconds: float = 0
    consented: bool = False
    client_secret: str | None = None
    forms: list[Form] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    challenges: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def reply(self, request: Request) -> Reply:
        status, answer = self.answer(urlsplit(request.path).path, dict(parse_qsl(request.body.decode())))
        return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def count(self, grant_type: str) -> int:
        """How often such a grant was asked for."""
        return sum(form.get("grant_type", "").endswith(grant_type) for form in self.forms)

    def give_code(self, page: str) -> str:
        """The person consents in their browser: the address to which it is sent."""
        asked = dict(parse_qsl(urlsplit(page).query))
        code = secrets.token_hex(8)
        self.challenges[code] = asked["code_challenge"]
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def new_refresh_token(self) -> str:
        token = secrets.token_hex(16)
        self.valid.add(token)
        return token

    def answer(self, path: str, form: Form) -> tuple[int, Any]:
        self.forms.append(form)
        time.sleep(self.seconds)
        if self.status is not None:
            return self.status, {"oops": True}
        if self.client_secret is not None and form.get("client_secret") != self.client_secret:
            return 401, {"error": "invalid_client"}
        if path == "/device":
            return 200, {
                "device_code": "d-1",
                "user_code": "WDJB-MJHT",
                "verification_uri": "https://login.test/device",
                "expires_in": 900,
                "interval": 1,
            }
        return self._token(form)

    def _token(self, form: Form) -> tuple[int, Any]:
        kind = form["grant_type"].rpartition(":")[2]
        if kind == "device_code" and not self.consented:
            return 400, {"error": "authorization_pending"}
        if kind == "refresh_token":
            if self.refused is not None:
                return 400, {"error": self.refused, "error_description": "AADSTS70043: gone.\r\nTrace ID: 1"}
            if form["refresh_token"] not in self.valid:
                return 400, {"error": "invalid_grant", "error_description": "used already"}
            self.valid.remove(form["refresh_token"])
        if kind == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if self.challenges.pop(form["code"], None) != base64.urlsafe_b64encode(digest).decode().rstrip("="):
                return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": self.make(self.address, self.lifetime),
            "refresh_token": self.new_refresh_token(),
            "expires_in": self.lifetime if self.says is None else self.says,
            "token_type": "Bearer",
        }
