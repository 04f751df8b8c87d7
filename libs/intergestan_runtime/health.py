"""What a process tells about itself on a port of its own: /metrics for Prometheus, /live and /ready for
supervisors.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from structlog import get_logger

_log = get_logger(__name__)

Check = Callable[[], str | None]
"""None where all is well, else a sentence that says what is wrong. What it raises counts as wrong."""

Tell = Callable[[str, bool], None]
"""Hears of each check of /ready before a scrape whether all is well."""

SCRAPE_SECONDS = 2.0
"""So long a scrape waits for all checks together: one that hangs must not keep the other metrics from being read."""

_LOOK_SECONDS = 60.0
"""How often the thread that waits for somebody to ask looks up: `stop` wakes it up anyway."""


class HealthServer:
    """Serves from `start` to `stop` in one thread of its own; the port is taken by the constructor.

    ``/live`` and ``/ready`` answer 200, or 503 where a check fails, with ``{"ok": …, "failing": {name:
    sentence}}``. A process that is not live should be restarted, one that is not ready only be waited for.

    :param port: 0 takes a free one; `port` says which.
    :param labels: on every series of /metrics, whatever labels its scraper adds.
    :param tell: hears before each scrape how the checks of /ready are.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        live: Mapping[str, Check] | None = None,
        ready: Mapping[str, Check] | None = None,
        labels: Mapping[str, str] | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._series = _Labelled(registry, labels or {})
        self._tell = tell
        self._trials: dict[str, _Trial] = {}
        self._checks = {"/live": dict(live or {}), "/ready": dict(ready or {})}
        self._server = _Server((address, port), self._handler())
        wait = self._server.serve_forever
        self._thread = threading.Thread(target=wait, args=(_LOOK_SECONDS,), name="health", daemon=True)

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
            self._server.socket.shutdown(socket.SHUT_RDWR)  # wakes up the thread that waits for somebody to ask
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def answer(self, path: str, accept: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/metrics":
            self._tell_checks()
            encode, content_type = _encoder(accept)
            return 200, content_type, encode(self._series)
        if path not in self._checks:
            return 404, "text/plain", b"/metrics, /live and /ready are here.\n"
        failing = self.failing(path)
        body = json.dumps({"ok": not failing, "failing": failing}).encode()
        return 503 if failing else 200, "application/json", body

    def failing(self, path: str) -> dict[str, str]:
        """What is wrong by the checks of /live or /ready, by their names."""
        checks = list(self._checks[path].items())  # one may be added meanwhile
        return {name: wrong for name, check in checks if (wrong := _result(check))}

    def _tell_checks(self) -> None:
        """Ask all checks of /ready at once; what does not answer in time is not ready, and is not asked again before it
        did.
        """
        if self._tell is None:
            return
        until = time.monotonic() + SCRAPE_SECONDS
        trials = [self._trials.setdefault(name, _Trial(name, check)) for name, check in self._ready()]
        for trial in trials:
            trial.begin()
        for trial in trials:
            self._tell(trial.name, trial.is_well(until))

    def _ready(self) -> list[tuple[str, Check]]:
        return list(self._checks["/ready"].items())  # one may be added meanwhile

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


def _encoder(accept: str) -> tuple[Callable[[Any], bytes], str]:
    """For a scraper that accepts this; one whose header makes no sense gets the usual form."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number
        return choose_encoder("")


class _Labelled:
    """The series of a registry with further labels."""

    def __init__(self, registry: CollectorRegistry, labels: Mapping[str, str]) -> None:
        self._registry = registry
        self._labels = dict(labels)

    def collect(self) -> Iterator[Metric]:
        """As an encoder of prometheus_client asks for it."""
        for family in self._registry.collect():
            family.samples = [sample._replace(labels={**self._labels, **sample.labels}) for sample in family.samples]
            yield family


class _Trial:
    """One check in a thread of its own, for whoever cannot wait for it."""

    def __init__(self, name: str, check: Check) -> None:
        self.name = name
        self._check = check
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._well = False

    def begin(self) -> None:
        """Ask, unless it is still being asked."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=f"ready {self.name}", daemon=True)
                self._thread.start()

    def is_well(self, until: float) -> bool:
        """Whether it answered by then that all is well."""
        thread = self._thread
        assert thread is not None
        thread.join(max(0.0, until - time.monotonic()))
        return not thread.is_alive() and self._well

    def _run(self) -> None:
        self._well = _result(self._check) is None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks and hangs up before the answer is no news: a check waits as long as the base that is silent."""
        del request
        if not isinstance(sys.exc_info()[1], OSError):
            _log.exception("A question at the health port could not be answered.", client=str(client_address))


def _result(check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a check that breaks is a check that fails
        return f"{type(error).__name__}: {error}"
