"""/metrics, /live and /ready."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry

from intergestan_runtime.health import HealthServer
from intergestan_runtime.metrics import Metrics
from tests.patience import PATIENCE, eventually


@pytest.fixture
def health() -> Iterator[HealthServer]:
    registry = CollectorRegistry()
    Metrics(registry).inc("orders_total", step="send", outcome="done")
    server = HealthServer(registry)
    server.start()
    yield server
    server.stop()


def get(server: HealthServer, path: str, accept: str = "*/*") -> tuple[int, str, str]:
    try:
        with urlopen(Request(f"http://127.0.0.1:{server.port}{path}", headers={"Accept": accept})) as reply:
            return reply.status, reply.headers["Content-Type"], reply.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_metrics(health: HealthServer) -> None:
    status, kind, text = get(health, "/metrics")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert 'intergestan_orders_total{outcome="done",step="send"} 1.0' in text
    assert "openmetrics" in get(health, "/metrics", "application/openmetrics-text; version=1.0.0")[1]


def test_ready_and_live_say_what_fails(health: HealthServer) -> None:
    wrong: list[str] = []
    health.ready_when("base", lambda: wrong[0] if wrong else None)
    assert get(health, "/ready?verbose=1")[:2] == (200, "application/json")
    wrong.append("The base does not answer.")
    health.ready_when("broken", lambda: str(1 // 0))
    status, _, text = get(health, "/ready")
    assert status == 503
    assert json.loads(text) == {
        "ok": False,
        "failing": {
            "base": "The base does not answer.",
            "broken": "ZeroDivisionError: integer division or modulo by zero",
        },
    }
    assert get(health, "/live")[0] == 200
    health.live_when("threads", lambda: "dead")
    assert get(health, "/live")[0] == 503


def test_every_series_bears_the_labels_of_the_process() -> None:
    """Two sites whose mailboxes have the same name are told apart, whatever labels a scraper gives."""
    registry = CollectorRegistry()
    Metrics(registry).set("mailbox_owned", 1, mailbox="orders")
    server = HealthServer(registry, labels={"site": "DEPOT"})
    try:
        text = server.answer("/metrics", "")[2].decode()
        assert 'intergestan_mailbox_owned{mailbox="orders",site="DEPOT"} 1.0' in text
        assert all('site="DEPOT"' in line for line in text.splitlines() if not line.startswith("#"))
    finally:
        server.stop()


def test_a_scrape_asks_how_ready_the_process_is_and_waits_for_no_check_that_hangs() -> None:
    metrics, let_go = Metrics(CollectorRegistry()), threading.Event()
    asked: list[int] = []

    def hang() -> None:
        asked.append(1)
        let_go.wait()

    server = HealthServer(
        metrics.registry,
        ready={"base": lambda: None, "redis": lambda: "It does not answer.", "mailboxes": hang},
        tell=lambda check, well: metrics.set("ready", well, check=check),
    )

    def told() -> dict[str, float | None]:
        server.answer("/metrics", "")
        sample = metrics.registry.get_sample_value
        return {check: sample("intergestan_ready", {"check": check}) for check in ("base", "redis", "mailboxes")}

    try:
        assert told() == {"base": 1, "redis": 0, "mailboxes": 0}
        assert told()["mailboxes"] == 0
        assert asked == [1], "it is not asked again before it answered"
        let_go.set()
        eventually(lambda: told()["mailboxes"] == 1)
    finally:
        let_go.set()
        server.stop()


def test_nothing_else(health: HealthServer) -> None:
    assert get(health, "/")[0] == 404


def test_who_asks_and_hangs_up_leaves_no_traceback(health: HealthServer, capfd: pytest.CaptureFixture[str]) -> None:
    """As a supervisor does whose patience is shorter than that of a check."""
    asked, answer = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        answer.wait(PATIENCE)

    health.ready_when("slow", wait)
    with socket.create_connection(("127.0.0.1", health.port), PATIENCE) as impatient:
        impatient.sendall(b"GET /ready HTTP/1.0\r\n\r\n")
        assert asked.wait(PATIENCE)
        impatient.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST
    answer.set()
    eventually(lambda: not [each for each in threading.enumerate() if "process_request" in each.name])
    assert capfd.readouterr().err == ""


NONSENSE = {
    "hangs up": b"GET /metrics HTTP/1.0\r\n\r\n",
    "half sent": b"GET /met",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "no HTTP": b"\r\n\x00\xff\xfe * \r\n\r\n",
    "no version": b"GET /metrics HTTP/9.9.9\r\n\r\n",
    "a long line": b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    "many headers": b"GET /live HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    "another method": b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "a version of letters": b"GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text; version=abc\r\n\r\n",
}


@pytest.mark.parametrize("what", NONSENSE)
@pytest.mark.parametrize("how", ["end", "reset"])
def test_whatever_is_sent_leaves_no_traceback(
    health: HealthServer, capfd: pytest.CaptureFixture[str], what: str, how: str
) -> None:
    """And it answers the next one."""
    with socket.create_connection(("127.0.0.1", health.port), PATIENCE) as client:
        client.sendall(NONSENSE[what])
        if how == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: not [each for each in threading.enumerate() if "process_request" in each.name])
    assert get(health, "/metrics", "application/openmetrics-text; version=abc")[0] == 200
    captured = capfd.readouterr()
    assert captured.err + captured.out == ""


def test_listens_on_loopback_and_gives_the_port_back(health: HealthServer) -> None:
    taken = health.port
    with pytest.raises(OSError, match="in use"):
        HealthServer(CollectorRegistry(), port=taken)
    health.stop()
    again = HealthServer(CollectorRegistry(), port=taken)
    again.stop()
