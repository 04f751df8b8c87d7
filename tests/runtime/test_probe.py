"""The probe of the containers, as a process."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from intergestan_runtime.health import HealthServer
from tests.patience import PATIENCE


@pytest.fixture
def health() -> Iterator[HealthServer]:
    server = HealthServer(CollectorRegistry(), ready={"base": lambda: "The base does not answer."})
    server.start()
    yield server
    server.stop()


def probe(*arguments: str, port: int | None) -> tuple[int, str]:
    environment = {**os.environ, **({} if port is None else {"INTERGESTAN_SENDER__HEALTH_PORT": str(port)})}
    argv = [sys.executable, "-m", "intergestan_runtime.probe", *arguments]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stderr


@pytest.mark.not_quick
def test_live_is_well_and_ready_is_not(health: HealthServer) -> None:
    assert probe("sender", port=health.port) == (0, "")
    assert probe("sender", "live", port=health.port) == (0, "")
    code, said = probe("sender", "ready", port=health.port)
    assert code == 1
    assert "The base does not answer." in said


def test_nothing_answers(health: HealthServer) -> None:
    health.stop()
    code, said = probe("sender", port=health.port)
    assert code == 1
    assert "Nothing answers" in said


def test_it_needs_the_port() -> None:
    code, said = probe("sender", port=None)
    assert code == 1
    assert "INTERGESTAN_SENDER__HEALTH_PORT" in said
