"""What a process tells about itself on a port of its own: /metrics for Prometheus, /live and /ready for
supervisors.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Check = Callable[[], str | None]
"""None where all is well, else a sentence that says what is wrong. What it raises counts as wrong."""


class HealthServer:
    """Serves from `start` to `stop` in one thread of its own; the port is taken by the constructor.

    ``/live`` and ``/ready`` answer 200, or 503 where a check fails, with ``{"ok": …, "failing": {name:
    sentence}}``. A process that is not live should be restarted, one that is not ready only be waited for.

    :param port: 0 takes a free one; `port` says which.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        live: Mapping[str, Check] | None = None,
        ready: Mapping[str, Check] | None = None,
    ) -> None:
        self._registry = registry
        self._checks = {"/live": dict(live or {}), "/ready": dict(ready or {})}
        self._server = _Server((address, port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def live_when(self, name: str, check: Check) -> None:
        """Add a check to /live."""
        self._checks["/live"][name] = check

    def ready_when(self, name: str, check: Check) -> None:
        """Add a check to /ready."""
        self._checks["/ready"][name] = check

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Give the port back."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def answer(self, path: str, accept: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return 200, content_type, encode(self._registry)
        if path not in self._checks:
            return 404, "text/plain", b"/metrics, /live and /ready are here.\n"
        failing = self.failing(path)
        body = json.dumps({"ok": not failing, "failing": failing}).encode()
        return 503 if failing else 200, "application/json", body

    def failing(self, path: str) -> dict[str, str]:
        """What is wrong by the checks of /live or /ready, by their names."""
        checks = list(self._checks[path].items())  # one may be added meanwhile
        return {name: wrong for name, check in checks if (wrong := _result(check))}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                status, content_type, body = answer(self.path.split("?")[0], self.headers.get("Accept", ""))
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
                """A scrape every few seconds is no news."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks and hangs up before the answer is no news: a check waits as long as the base that is silent."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _result(check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a check that breaks is a check that fails
        return f"{type(error).__name__}: {error}"
