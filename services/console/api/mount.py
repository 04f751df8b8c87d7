"""Where the API is, and that nothing of it is imported before somebody asks for it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final

import anyio.to_thread
from starlette.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastapi import FastAPI

    from services.console.worker import Console

PATH: Final = "/api/v1"
MOST_BYTES: Final = 1_000_000
"""So long may what is posted be; files say more where they are taken."""
BODY_S: Final = 30.0
"""So long may it take to come."""


class TooLong(Exception):
    """More was posted than anything here takes."""


class TooSlow(Exception):
    """What was posted did not come in time."""


def is_below(path: str) -> bool:
    """Whether an address is the API's."""
    return path == PATH or path.startswith(f"{PATH}/")


class Mounted:
    """The API of a console, made when it is first asked for: FastAPI and pydantic cost some 15 MB."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._made: FastAPI | None = None
        self._making = threading.Lock()

    def application(self) -> FastAPI:
        """The application; the first call takes a moment."""
        with self._making:
            if self._made is None:
                from services.console.api.application import make

                self._made = make(self._console)
            return self._made

    def schema(self) -> dict[str, Any]:
        """What it offers, as OpenAPI 3.1 says it."""
        return self.application().openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        application = self._made
        if application is None:
            application = await anyio.to_thread.run_sync(self.application)
        await application({**scope, "root_path": PATH}, _bounded(receive), send)


def _bounded(receive: Receive) -> Receive:
    """The same, without bodies that are too long or take too long."""
    read, is_whole = 0, False
    end = asyncio.get_running_loop().time() + BODY_S

    async def bounded() -> Message:
        nonlocal read, is_whole
        if is_whole:
            return await receive()
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError as error:
            raise TooSlow from error
        is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            raise TooLong
        return message

    return bounded
