"""The consent of a mailbox's owner (OAuth2): by a code typed elsewhere (RFC 8628), or in a browser here (RFC 8252)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, OAuthClient, Tokens, TokensUnavailable
from intergestan_operations.language.wording import language_of_process, translated
from intergestan_runtime.said import Said, marked

PATIENCE_S = 600.0
THANKS = marked("Thank you. You may close this page and go back to the terminal.")
_SLOWER_S = 5.0  # RFC 8628 §3.5


def consent(client: OAuthClient, login: str, show: Callable[[Said], None], patience: float = PATIENCE_S) -> Tokens:
    """Ask the person, and wait for their answer.

    :param show: tells the person what to do.
    :raises Problem: they did not consent, or the provider gives nothing that lasts.
    """
    try:
        way = by_code if client.provider.device_endpoint else by_browser
        tokens = way(client, login, show, patience)
    except GrantRefused as refused:
        raise Problem(
            "The provider gives no access to {login}: {why}",
            ProblemCode.NO_CONSENT,
            (Act.CONSENT,),
            login=login,
            why=str(refused),
        ) from refused
    except TokensUnavailable as error:
        raise Problem(
            "The provider's server does not answer as it should: {why}", ProblemCode.LOGIN_FAILS, why=str(error)
        ) from error
    if tokens.refresh is None:
        raise Problem(
            "The provider gave access for an hour only: ask it for offline access (scope offline_access).",
            ProblemCode.NO_LASTING_ACCESS,
            (Act.GIVE_SCOPE,),
        )
    return tokens


def by_code(client: OAuthClient, login: str, show: Callable[[Said], None], patience: float) -> Tokens:
    """The person types a code at a page, on whatever device. Raises as `OAuthClient.refresh`, and Problem."""
    code = client.ask_device()
    text = marked("Open {page} in any browser, log in as {login}, and type the code {code}. Waiting for you …")
    show(Said(text, page=code.page, login=login, code=code.user_code))
    end, interval = time.monotonic() + min(code.lifetime, patience), code.interval
    while time.monotonic() < end:
        time.sleep(interval)
        try:
            found = client.look_device(code)
        except TokensUnavailable:
            continue  # the person may still be typing
        if isinstance(found, Tokens):
            return found
        interval += _SLOWER_S if found == "slow_down" else 0
    raise _nobody(login)


def by_browser(client: OAuthClient, login: str, show: Callable[[Said], None], patience: float) -> Tokens:
    """The person consents in a browser of this machine, which is then sent to us. Raises as `by_code`."""
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    with _Ear() as ear:
        page = client.consent_page(redirect=ear.url, state=state, challenge=challenge, login_hint=login)
        show(
            Said(
                "Open this page in a browser of this machine and log in as {login}. Waiting for you …\n{page}",
                login=login,
                page=page,
            )
        )
        answer = ear.hear(state, patience)
    if answer is None:
        raise _nobody(login)
    if "code" not in answer:
        raise GrantRefused(answer.get("error", "no code"), answer.get("error_description", ""))
    return client.redeem(answer["code"], redirect=ear.url, verifier=verifier)


def _nobody(login: str) -> Problem:
    return Problem(
        "Nobody gave access to {login} in time: begin again when you are ready.",
        ProblemCode.NO_CONSENT,
        (Act.CONSENT,),
        login=login,
    )


class _Ear(HTTPServer):
    """Hears where the provider sends the browser; on loopback, on a port of its own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers: list[Mapping[str, str]] = []

    def hear(self, state: str, patience: float) -> Mapping[str, str] | None:
        """The answer to our question, and to no other; None when it does not come in time."""
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            self.timeout = left
            self.handle_request()
            for answer in self.answers:
                if secrets.compare_digest(answer.get("state", ""), state):
                    return answer
        return None


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        """Keep the answer, and say good-bye to the person."""
        assert isinstance(self.server, _Ear)
        self.server.answers.append(dict(parse_qsl(urlsplit(self.path).query)))
        text = translated(THANKS, language_of_process()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: the address holds the code."""
