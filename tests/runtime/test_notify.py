"""What a service says to the service manager, over a real socket."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from prometheus_client import CollectorRegistry

from intergestan_runtime.health import HealthServer
from intergestan_runtime.notify import Notifier, without_notification
from intergestan_runtime.service import run_service
from tests.patience import PATIENCE, eventually
from tests.runtime.bells import broker_for
from tests.runtime.manager import Manager
from tests.servers import RedisServer


def test_ready_beat_stopping(tmp_path: Path) -> None:
    with Manager(tmp_path / "notify", watchdog_seconds=3) as manager:
        notifier = Notifier(manager.environment)
        assert notifier.pause == pytest.approx(1)
        notifier.ready("The sender works.")
        notifier.beat()
        notifier.beat()
        notifier.stopping(660)
        assert manager.listen() == [
            "READY=1",
            "STATUS=The sender works.",
            "WATCHDOG=1",
            "STOPPING=1",
            "STATUS=Ends what is under way.",
            "WATCHDOG_USEC=670000000",
        ]


def test_an_abstract_socket() -> None:
    with Manager(f"@intergestan-{uuid4().hex}") as manager:
        Notifier(manager.environment).ready("It works.")
        manager.wait_for("READY=1")


def test_a_watchdog_that_is_meant_for_another_process(tmp_path: Path) -> None:
    with Manager(tmp_path / "notify", watchdog_seconds=3) as manager:
        assert Notifier({**manager.environment, "WATCHDOG_PID": "1"}).pause is None
        assert Notifier({**manager.environment, "WATCHDOG_PID": str(os.getpid())}).pause == pytest.approx(1)


def test_nobody_listens(tmp_path: Path) -> None:
    for environment in ({}, {"WATCHDOG_USEC": "3000000"}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        notifier = Notifier(environment)
        assert notifier.pause is None
        notifier.ready("It works.")
        notifier.beat()
        notifier.stopping(1)


def test_a_child_does_not_speak_for_its_parent() -> None:
    given = {"NOTIFY_SOCKET": "/a", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "2", "CREDENTIALS_DIRECTORY": "/b"}
    assert without_notification(given) == {"CREDENTIALS_DIRECTORY": "/b"}


def test_a_service_beats_while_it_is_well_and_only_then(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, stop, ill = broker_for(redis_server.url), threading.Event(), threading.Event()
    health = HealthServer(CollectorRegistry())
    told = 0

    def problem() -> str | None:
        nonlocal told
        told += ill.is_set()
        return "It hangs." if ill.is_set() else None

    health.live_when("test", problem)
    with Manager(tmp_path / "notify", watchdog_seconds=0.3) as manager:
        for name, value in manager.environment.items():
            monkeypatch.setenv(name, value)
        service = threading.Thread(target=run_service, args=("test", broker), kwargs={"health": health, "stop": stop})
        service.start()
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1", times=2)
        ill.set()
        eventually(lambda: told >= 1, what="its illness is seen: no beat is under way any more")
        manager.listen()
        eventually(lambda: told >= 4, what="its illness is seen where it might beat")
        assert manager.listen() == []
        ill.clear()
        manager.wait_for("WATCHDOG=1")
        stop.set()
        manager.wait_for("STOPPING=1")
        service.join(PATIENCE)
    broker.client.close()


_SUPERVISOR = """
import sys
from intergestan_runtime.stopping import stop_on_signals
from intergestan_runtime.supervisor import Child, Supervisor
code = "import os, time; print(os.environ.get('NOTIFY_SOCKET'), flush=True); time.sleep(60)"
sys.exit(Supervisor([Child("a", [sys.executable, "-c", code])]).run(stop_on_signals()))
"""


@pytest.mark.not_quick
def test_the_supervisor_beats_as_long_as_it_looks(tmp_path: Path) -> None:
    with Manager(tmp_path / "notify", watchdog_seconds=1) as manager:
        argv, environment = [sys.executable, "-c", _SUPERVISOR], {**os.environ, **manager.environment}
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == "a | None\n"
            manager.wait_for("WATCHDOG=1", times=2)
            process.send_signal(signal.SIGSTOP)
            eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
            manager.listen()
            assert manager.listen(1) == [], "a supervisor that hangs is ended by its watchdog"
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
            manager.wait_for("STOPPING=1")
            assert process.wait(PATIENCE) == 0
