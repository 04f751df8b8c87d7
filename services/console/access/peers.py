"""Who stands right before us, while that is still known: behind this, the browser's address is in the proxy's place."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from intergestan_runtime.settings import ConsoleSettings
from intergestan_runtime.visible_text import in_one_line
from services.console.access.forwarded import read_login

_log = structlog.get_logger(__name__)


class Peers:
    """Takes what a trusted proxy says of the browser, and takes off what anybody else says of who is there."""

    def __init__(self, application: ASGIApp, own: ConsoleSettings) -> None:
        self._inner = ProxyHeadersMiddleware(application, list(own.trusted_proxies))  # type: ignore[arg-type]
        self._header = None if own.forwarded_user is None else own.forwarded_user.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        if self._header is not None and scope["type"] == "http":
            scope = self._checked(scope, self._header)
        await self._inner(scope, receive, send)  # type: ignore[arg-type]

    def _checked(self, scope: Scope, header: bytes) -> Scope:
        named = [value for name, value in scope["headers"] if name == header]
        peer = (scope.get("client") or ("",))[0]
        wrong = _wrong(named, is_trusted=peer in self._inner.trusted_hosts)
        if wrong is None:
            return scope
        _log.warning("Somebody said who they are, and it does not count.", why=wrong, peer=in_one_line(str(peer)))
        return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != header]}


def _wrong(named: Sequence[bytes], *, is_trusted: bool) -> str | None:
    if not named:
        return None
    if not is_trusted:
        return "not from a trusted proxy"
    if len(named) > 1:
        return "said twice"
    return None if read_login(named[0]) else "not a login"
