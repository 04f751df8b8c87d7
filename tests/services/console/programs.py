"""A program of a person before the API of a desk's console."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from queue import Queue
from typing import Any

import anyio

from intergestan_db.enums import Scope
from intergestan_erp.people.tokens import create_token
from tests.patience import PATIENCE
from tests.services.console.browser import HOST, Answer, Browser
from tests.services.console.desk import Desk

API = "/api/v1"


@dataclass
class Told:
    """What the API answered."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.answer.headers

    @property
    def json(self) -> Any:
        return json.loads(self.answer.body)

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the code of what went wrong."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert self.json["type"] == f"{API}/problems/{self.json['code']}"
        return self.status, self.json["code"]


@dataclass
class Program:
    """One program, with a token."""

    browser: Browser
    token: str

    def get(self, path: str, **headers: str) -> Told:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Told:
        return self.ask("POST", path, body, **headers)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        given = {"authorization": f"Bearer {self.token}", "accept-language": "en", **headers}
        if body is not None:
            given.setdefault("content-type", "application/json")
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return Told(self.browser.ask(method, f"{API}{path}", sent, given))


def token_of(
    desk: Desk, login: str, scopes: Collection[Scope] = tuple(Scope), *, name: str = "erp", days: int = 90
) -> str:
    """A new token of somebody."""
    database = desk.site.database
    with database.transaction() as connection:
        lasts = timedelta(days=days)
        return create_token(connection, login, name, scopes, lasts=lasts, by="marie", at=database.now())


def program(desk: Desk, login: str = "carl", scopes: Collection[Scope] = tuple(Scope), *, name: str = "erp") -> Program:
    """A program of somebody, by default for all that there is."""
    return Program(Browser(desk.console.application, desk.portal), token_of(desk, login, scopes, name=name))


@dataclass
class Listener:
    """A program that listens to the stream, until it leaves."""

    desk: Desk
    token: str
    last: str | None = None

    def __post_init__(self) -> None:
        self._pieces: Queue[bytes | None] = Queue()
        self._left = anyio.Event()
        self.status = 0
        self._text = ""
        self.told: list[dict[str, Any]] = []
        headers = {"host": HOST, "authorization": f"Bearer {self.token}", "accept-language": "en"}
        if self.last is not None:
            headers["last-event-id"] = self.last
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": f"{API}/stream",
            "raw_path": f"{API}/stream".encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.7", 4711),
            "server": ("127.0.0.1", 8470),
        }
        self._running = self.desk.portal.start_task_soon(self._run, scope)

    async def _run(self, scope: dict[str, Any]) -> None:
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                await self._left.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                self._pieces.put(message.get("body", b""))

        await self.desk.console.application(scope, receive, send)
        self._pieces.put(None)

    def read(self, name: str) -> dict[str, Any]:
        """The next event, which must be of this name; comments are passed over."""
        while "\n\n" not in self._text:
            piece = self._pieces.get(timeout=PATIENCE)
            assert piece is not None, "the stream has ended"
            self._text += piece.decode()
        block, _, self._text = self._text.partition("\n\n")
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" not in lines:
            return self.read(name)
        assert lines["event"] == name
        self.last = lines["id"]
        return {**json.loads(lines["data"]), "id": lines["id"]}

    def is_silent(self) -> bool:
        """Whether nothing was said since the last event."""
        return self._pieces.empty() and not self._text

    def leave(self) -> None:
        """Close the connection; all of it is over then."""
        self.desk.portal.call(self._leave)
        self._running.result(timeout=PATIENCE)

    async def _leave(self) -> None:
        self._left.set()

    def ends(self) -> None:
        """Wait until the other side has ended it."""
        self._running.result(timeout=PATIENCE)
