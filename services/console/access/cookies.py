"""The cookies: one of a session, one of somebody who has not entered yet, whose form has the same value.

Both are `__Host-` cookies, which no other host can set. A browser that refuses those without TLS, on this machine, gets
plain ones: whoever enters brings back one of the two, and by that we know.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.console.access.walls import LOOPBACK_NAMES, is_token

_SECURE: Final = "__Host-"
SESSION: Final = "intergestan"
ENTERING: Final = "intergestan-entree"


def is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS with us, or with the proxy before us."""
    return request.url.scheme == "https"


def may_be_plain(request: Request) -> bool:
    """Whether cookies without TLS are allowed: on this machine alone."""
    return not is_secure(request) and (request.url.hostname or "") in {name.strip("[]") for name in LOOPBACK_NAMES}


def session_secret(request: Request) -> str | None:
    """What the browser brings of a session."""
    return _read(request, SESSION)


def entering(request: Request) -> str:
    """The value that a form of somebody who has not entered has; a new one where the browser brings none."""
    return _read(request, ENTERING) or secrets.token_urlsafe(24)


def keep_entering(request: Request, response: Response, value: str) -> None:
    """Let the browser bring it back."""
    _set(response, ENTERING, value, secure=True, lasts=None)
    if may_be_plain(request):
        _set(response, ENTERING, value, secure=False, lasts=None)


def is_entering(request: Request, form_token: str) -> bool:
    """Whether a form has the value that the browser brings."""
    brought = _read(request, ENTERING)
    return bool(brought) and is_token(form_token, brought or "")


def begin(request: Request, response: Response, secret: str, lasts: timedelta | None) -> None:
    """Give the browser a session; `lasts`: how long, else until it is closed."""
    secure = _SECURE + ENTERING in request.cookies or not may_be_plain(request)
    _set(response, SESSION, secret, secure=secure, lasts=lasts)


def end(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(_SECURE + SESSION, path="/", secure=True, httponly=True, samesite="lax")
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="lax")


def _read(request: Request, name: str) -> str | None:
    secure = request.cookies.get(_SECURE + name)
    if secure is None and may_be_plain(request):
        return request.cookies.get(name)
    return secure


def _set(response: Response, name: str, value: str, *, secure: bool, lasts: timedelta | None) -> None:
    response.set_cookie(
        _SECURE + name if secure else name,
        value,
        max_age=None if lasts is None else int(lasts.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
