"""A provider of positions on loopback that says what a test wants it to say, and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tests.servers.http import HttpServer, Reply, Request

_MULHOUSE = {"geometry": {"coordinates": [7.3389, 47.7508]}, "properties": {"label": "12 Rue de la Loi"}}
FOUND = Reply(body=json.dumps({"features": [_MULHOUSE]}).encode())
"""Mulhouse, as the French base of addresses says it."""
UNKNOWN = Reply(body=b'{"features": []}')

Say = Callable[[Request], Reply]


class ScriptedPlaces(HttpServer):
    """Says `usual` unless something was put into `script`, which is said once each, in order.

    :ivar asked: the requests, in order.
    """

    def __init__(self, usual: Reply = FOUND, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.usual = usual
        self.script: deque[Reply | Say] = deque()
        self.asked: list[Request] = []
        self._lock = threading.Lock()

    @property
    def domain(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    @property
    def questions(self) -> list[str]:
        """The text of each question."""
        return [parse_qs(urlsplit(request.path).query)["q"][0] for request in self.asked]

    def reply(self, request: Request) -> Reply:
        with self._lock:
            self.asked.append(request)
            said = self.script.popleft() if self.script else self.usual
        return said(request) if callable(said) else said
