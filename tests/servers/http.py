"""An HTTP server whose answers a subclass decides."""

from __future__ import annotations

import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.patience import PATIENCE


@dataclass(frozen=True)
class Request:
    """What was asked: the path with its query, the headers, the body."""

    path: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; Content-Length comes by itself."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpServer(ABC):
    """A context manager. It listens on loopback from its making, and serves until the block ends.

    :ivar url: where, without a path.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self.url = (
            f"https://localhost:{self._http.server_port}" if tls else f"http://127.0.0.1:{self._http.server_port}"
        )

    @abstractmethod
    def reply(self, request: Request) -> Reply:
        """The answer to a GET or a POST. Called by one thread for each connection."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(PATIENCE)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply()

            def do_POST(self) -> None:
                self._reply()

            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                reply = server.reply(Request(self.path, self.headers, body))
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        return Handler
