"""The cookies: one of a session, one of somebody who has not entered yet, whose form has the same value.

Both are `__Host-` cookies, which no other host can set. A browser that refuses those without TLS, on this machine, gets
plain ones: whoever enters brings back one of the two, and by that we know. Cookies do not tell ports apart (RFC 6265
§8.5): on this machine, where several sites have a console each, theirs have the port in their name.
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
    return not is_secure(request) and _is_here(request)


def _is_here(request: Request) -> bool:
    return (request.url.hostname or "") in {name.strip("[]") for name in LOOPBACK_NAMES}


def _named(request: Request, name: str, *, secure: bool) -> str:
    port = f"-{request.url.port}" if _is_here(request) and request.url.port else ""
    return f"{_SECURE if secure else ''}{name}{port}"


def session_secret(request: Request) -> str | None:
    """What the browser brings of a session."""
    return _read(request, SESSION)


def entering(request: Request) -> str:
    """The value that a form of somebody who has not entered has; a new one where the browser brings none."""
    return _read(request, ENTERING) or secrets.token_urlsafe(24)


def is_known(request: Request) -> bool:
    """Whether the browser brought that value back."""
    return _read(request, ENTERING) is not None


def keep_entering(request: Request, response: Response, value: str) -> None:
    """Let the browser bring it back."""
    _set(request, response, ENTERING, value, secure=True, lasts=None)
    if may_be_plain(request):
        _set(request, response, ENTERING, value, secure=False, lasts=None)


def is_entering(request: Request, form_token: str) -> bool:
    """Whether a form has the value that the browser brings."""
    brought = _read(request, ENTERING)
    return bool(brought) and is_token(form_token, brought or "")


def begin(request: Request, response: Response, secret: str, lasts: timedelta | None) -> None:
    """Give the browser a session; `lasts`: how long, else until it is closed."""
    secure = _named(request, ENTERING, secure=True) in request.cookies or not may_be_plain(request)
    _set(request, response, SESSION, secret, secure=secure, lasts=lasts)


def end(request: Request, response: Response) -> None:
    """Take the session from the browser."""
    for secure in (True, False):
        name = _named(request, SESSION, secure=secure)
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def _read(request: Request, name: str) -> str | None:
    secure = request.cookies.get(_named(request, name, secure=True))
    if secure is None and may_be_plain(request):
        return request.cookies.get(_named(request, name, secure=False))
    return secure


def _set(request: Request, response: Response, name: str, value: str, *, secure: bool, lasts: timedelta | None) -> None:
    response.set_cookie(
        _named(request, name, secure=secure),
        value,
        max_age=None if lasts is None else int(lasts.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
