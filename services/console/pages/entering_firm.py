"""Entering by the firm's own login (OpenID Connect): there and back.

What comes back counts in the browser that left: `state`, `nonce` and the verifier of PKCE are made of the value that it
keeps until somebody enters, so nothing is stored, and nobody else can have them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any, Final

import structlog
from starlette.responses import RedirectResponse, Response

from intergestan_db.problem import Problem
from intergestan_erp.people.identities import Told, find_by_identity, link
from intergestan_erp.people.rights import change_rights
from intergestan_erp.people.users import Entrant
from intergestan_erp.site.setup import add_user
from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, TokensUnavailable
from intergestan_operations.sign_in.openid import NotBelieved, OpenIdLogin
from intergestan_runtime.said import Said, marked
from intergestan_runtime.secrets import SecretError
from services.console import faults
from services.console.access import cookies
from services.console.access.let_in import let_in
from services.console.access.tries import begin
from services.console.access.walls import own_path
from services.console.pages import entering_code
from services.console.visit import Visit

_log = structlog.get_logger(__name__)
_LASTS_S: Final = 600
BACK: Final = "/entrer/firme/retour"
UNAVAILABLE: Final = marked("{name} does not answer as it should. Try again in a moment, or log in with your password.")
STALE: Final = marked("That took too long, or began in another browser. Begin once more.")
REFUSED: Final = marked("{name} did not let you in.")
WAITING: Final = marked(
    "{name} knows you, and an administrator has yet to say who you are here: they find you under «People» as {subject}."
)


def leave_for(visit: Visit) -> Response:
    """Send the browser to the firm's login."""
    login, retour = visit.console.firm_login, own_path(visit.query.get("retour", "/"))
    if login is None:
        return faults.page(visit, 404)
    state = _state(visit, retour)
    challenge = _packed(hashlib.sha256(_made(visit, "verifier", state).encode()).digest())
    try:
        page = login.page(redirect=_back(visit), state=state, nonce=_made(visit, "nonce", state), challenge=challenge)
    except (TokensUnavailable, GrantRefused, SecretError) as error:
        return _failed(visit, 503, retour, UNAVAILABLE, str(error))
    response = RedirectResponse(page, status_code=303)
    cookies.keep_entering(visit.request, response, visit.entering)
    return response


def come_back(visit: Visit) -> Response:
    """Let the person in whom the firm's login vouches for."""
    login, state = visit.console.firm_login, visit.query.get("state", "")
    if login is None:
        return faults.page(visit, 404)
    left = _left(visit, state)
    if left is None:
        return _failed(visit, 401, "/", STALE, "state")
    retour = own_path(str(left["retour"]))
    if "code" not in visit.query:
        return _failed(visit, 401, retour, REFUSED, visit.query.get("error", "no code"))
    try:
        told = _told(visit, login, state)
    except TokensUnavailable as error:
        return _failed(visit, 503, retour, UNAVAILABLE, str(error))
    except SecretError as error:
        return _failed(visit, 503, retour, UNAVAILABLE, type(error).__name__)
    except (GrantRefused, NotBelieved) as error:
        return _failed(visit, 401, retour, REFUSED, str(error))
    with visit.database.transaction() as connection:
        entrant = find_by_identity(connection, told, visit.now)
    if entrant is None and visit.console.own.oidc_create_users:
        entrant = _entered(visit, told)
    if entrant is None:
        return _failed(visit, 403, retour, WAITING, "nobody has said who they are", subject=told.email or told.subject)
    with visit.database.transaction() as connection:
        asked = entering_code.is_asked(connection, visit, entrant.id)
        secret = None if asked else begin(connection, visit, entrant.id, entrant.login)
    if secret is None:
        return entering_code.ask(visit, entrant.id, entrant.login, retour, {}, lasting=False)
    return let_in(visit, entrant.login, secret, retour, {})


def _told(visit: Visit, login: OpenIdLogin, state: str) -> Told:
    found = login.identity(
        visit.query["code"],
        redirect=_back(visit),
        verifier=_made(visit, "verifier", state),
        nonce=_made(visit, "nonce", state),
    )
    return Told(found.issuer, found.subject, found.login, found.name, found.email)


def _entered(visit: Visit, told: Told) -> Entrant | None:
    """A new person without a role; None: what the login says of them is no login or address, or somebody has it."""
    try:
        with visit.database.transaction() as connection:
            user_id = add_user(connection, told.login, told.name or told.login, told.email, by=told.login, at=visit.now)
            change_rights(connection, told.login, roles=(), by=told.login, at=visit.now)
            link(connection, told, user_id, by=told.login, at=visit.now)
    except Problem as problem:
        _log.info("Somebody new waits for an administrator.", why=str(problem))
        return None
    return Entrant(user_id, told.login, None)


def _failed(visit: Visit, status: int, retour: str, text: str, why: str, **values: Any) -> Response:
    _log.warning("Nobody entered by the firm's login.", status=status, why=why[:200])
    said = Said(text, **({"name": visit.console.own.oidc_title} if "{name}" in text else {}), **values)
    return faults.login_form(visit, status=status, retour=retour, said=said, kept={})


def _back(visit: Visit) -> str:
    own = visit.console.own
    base = own.public_url or f"{visit.request.url.scheme}://{visit.request.headers['host']}"
    return base.rstrip("/") + BACK


def _state(visit: Visit, retour: str) -> str:
    left = {"retour": retour, "at": int(visit.now.timestamp()), "once": secrets.token_urlsafe(9)}
    told = _packed(json.dumps(left).encode())
    return f"{told}.{_made(visit, 'state', told)}"


def _left(visit: Visit, state: str) -> dict[str, Any] | None:
    """What this browser left with; None: another browser, or too long ago."""
    told, _, sign = state.partition(".")
    right = _made(visit, "state", told)
    if not cookies.is_known(visit.request) or not hmac.compare_digest(sign.encode(), right.encode()):
        return None
    left: dict[str, Any] = json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)))
    return left if 0 <= visit.now.timestamp() - left["at"] < _LASTS_S else None


def _made(visit: Visit, what: str, of: str) -> str:
    return _packed(hmac.digest(visit.entering.encode(), f"{what}|{of}".encode(), "sha256"))


def _packed(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")
