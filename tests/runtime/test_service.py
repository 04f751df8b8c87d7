"""A service as a process: starts, works, tells how it is, stops cleanly."""

import json
import signal
import subprocess
import sys
import threading
import time
from urllib.request import urlopen

import psutil
import pytest
from prometheus_client import CollectorRegistry

from intergestan_runtime.broker import ClockSkew
from intergestan_runtime.health import HealthServer
from intergestan_runtime.service import run_service
from tests.patience import PATIENCE, eventually
from tests.runtime.bells import STEP, Work, broker_for
from tests.servers import RedisServer

_PROCESS = """
import sys, time
from prometheus_client import CollectorRegistry
from intergestan_runtime import logs
from intergestan_runtime.broker import make_broker
from intergestan_runtime.health import HealthServer
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import IMPORT

logs.configure("importer", form="json")
metrics = Metrics(CollectorRegistry())
broker = make_broker(sys.argv[1], "a", metrics=metrics, wait_seconds=0.3)

def take_in(row_id):
    print("begin", row_id, flush=True)
    time.sleep(1.0 if row_id == 2 else 0)
    print("end", row_id, flush=True)

IMPORT.work_with(broker, take_in)
health = HealthServer(metrics.registry)
print(health.port, flush=True)
sys.exit(run_service("importer", broker, steps=[IMPORT], threads=2, health=health, stop_seconds=100))
"""


def test_a_process_works_and_ends_what_it_began(redis_server: RedisServer) -> None:
    """T-stop: SIGTERM lets the work under way end; nothing is left in Redis unacked."""
    ringer = broker_for(redis_server.url)
    argv = [sys.executable, "-c", _PROCESS, redis_server.url]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline())
        STEP.ring(ringer, 1)
        assert [process.stdout.readline() for _ in range(2)] == ["begin 1\n", "end 1\n"]
        with urlopen(f"http://127.0.0.1:{port}/ready") as reply:
            assert json.load(reply) == {"ok": True, "failing": {}}
        with urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
            assert 'messages_total{outcome="done",queue="import"} 1.0' in reply.read().decode()
        assert psutil.Process(process.pid).memory_info().rss < 60 * 2**20
        STEP.ring(ringer, 2)
        assert process.stdout.readline() == "begin 2\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "end 2\n"
        assert process.wait(PATIENCE) == 0
        events = [json.loads(line) for line in process.stderr]
    assert {"Started.", "Stopping."} <= {event["event"] for event in events}
    assert not ringer.client.keys("*__acks__*")
    ringer.client.close()


_HANGING = """
import ctypes, sys, threading, time
from prometheus_client import CollectorRegistry
from intergestan_runtime import logs
from intergestan_runtime.broker import make_broker
from intergestan_runtime.health import HealthServer
from intergestan_runtime.liveness import Bounds
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import IMPORT

logs.configure("importer", form="json")
metrics = Metrics(CollectorRegistry())
broker = make_broker(sys.argv[1], "a", metrics=metrics, wait_seconds=0.3)
hang_loop = threading.Event()

HOW = ["", "kill the consumer", "block the work", "block the loop", "nothing", "again"]

def work(row):
    how = HOW[row]
    print(how, flush=True)
    if how == "kill the consumer":
        for thread in threading.enumerate():
            if type(thread).__name__ == "ConsumerThread":
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    if how == "block the work":
        threading.Event().wait()
    if how == "block the loop":
        hang_loop.set()

def loop(stop):
    while not stop.wait(0.05):
        if hang_loop.is_set():
            threading.Event().wait()

IMPORT.work_with(broker, work)
health = HealthServer(metrics.registry)
bounds = Bounds(longest=float(sys.argv[2]), patience=1.0)
sys.exit(run_service("importer", broker, steps=[IMPORT], threads=2, loops=[loop], health=health, bounds=bounds))
"""


@pytest.mark.parametrize(("row", "how"), [(1, "kill the consumer"), (2, "block the work"), (3, "block the loop")])
def test_a_process_that_hangs_ends_itself(redis_server: RedisServer, row: int, how: str) -> None:
    """`design.md` §16: with 1, so that whoever looks after it starts it again; what blocks is not waited for."""
    ringer = broker_for(redis_server.url)
    argv = [sys.executable, "-c", _HANGING, redis_server.url, "0.5"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        STEP.ring(ringer, row)
        assert process.stdout.readline() == f"{how}\n"
        assert process.wait(PATIENCE) == 1
        events = [json.loads(line) for line in process.stderr if line.startswith("{")]
    (last,) = [event for event in events if event["event"] == "This process hangs, so it ends itself."]
    assert set(last["failing"]) == {{"kill the consumer": "threads", "block the work": "work"}.get(how, "loops")}
    ringer.client.close()


def test_a_process_that_has_nothing_to_do_goes_on(redis_server: RedisServer) -> None:
    """Also while Redis is silent: its threads come round."""
    ringer = broker_for(redis_server.url)
    argv = [sys.executable, "-c", _HANGING, redis_server.url, "20"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        STEP.ring(ringer, 4)
        assert process.stdout.readline() == "nothing\n"
        redis_server.pause()
        time.sleep(3)
        redis_server.resume()
        STEP.ring(ringer, 5)
        assert process.stdout.readline() == "again\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    ringer.client.close()


def run(service_broker_url: str, **more: object) -> int:
    broker = broker_for(service_broker_url)
    try:
        return run_service("test", broker, health=HealthServer(CollectorRegistry()), **more)  # type: ignore[arg-type]
    finally:
        broker.client.close()


def test_a_service_of_loops_only() -> None:
    """The dispatcher has no queue; Redis may be away when it starts."""
    stop, turned = threading.Event(), threading.Event()

    def loop(until: threading.Event) -> None:
        turned.set()
        stop.set()
        until.wait()

    assert run("redis://127.0.0.1:1/0", loops=[loop], stop=stop) == 0
    assert turned.is_set()


@pytest.mark.parametrize("failing", [True, False])
def test_a_loop_that_ends_by_itself_ends_the_service(*, failing: bool) -> None:
    def loop(_until: threading.Event) -> None:
        if failing:
            raise OSError("the base is gone")

    assert run("redis://127.0.0.1:1/0", loops=[loop], stop=threading.Event()) == 1


def test_live_says_when_a_thread_is_dead(redis_server: RedisServer) -> None:
    stop = threading.Event()
    health = HealthServer(CollectorRegistry())
    broker = broker_for(redis_server.url)
    STEP.work_with(broker, Work())
    service = threading.Thread(
        target=run_service, args=("test", broker), kwargs={"steps": [STEP], "health": health, "stop": stop}
    )
    service.start()
    eventually(lambda: health.answer("/ready", "")[0] == 200)
    assert health.answer("/live", "")[0] == 200
    redis_server.kill()
    eventually(lambda: health.answer("/ready", "")[0] == 503)
    assert health.answer("/live", "")[0] == 200
    stop.set()
    service.join(PATIENCE)
    status, _, body = health.answer("/live", "")
    assert status == 503
    assert b"These threads are dead" in body
    broker.client.close()


def test_a_wrong_clock_stops_the_start(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + 10)
    with pytest.raises(ClockSkew):
        run(redis_server.url, stop=threading.Event())
