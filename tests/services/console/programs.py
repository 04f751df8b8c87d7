"""A program of a person before the API of a desk's console."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from intergestan_db.enums import Scope
from intergestan_erp.people.tokens import create_token
from tests.services.console.browser import Answer, Browser
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
