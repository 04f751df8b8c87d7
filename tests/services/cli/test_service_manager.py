"""What systemd hears of a site's processes, by a real NOTIFY_SOCKET; and that nobody outlives a killed site."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from intergestan_db.enums import SERVICES
from tests import warm
from tests.patience import PATIENCE, eventually
from tests.runtime.manager import Manager
from tests.servers.process import has_ended


@contextmanager
def started(folder: Path, manager: Manager, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "services.cli", "--lang", "en", *command]
    with (folder / "log").open("w") as log:
        process = warm.FamilyPopen[bytes](argv, cwd=folder, stderr=log, env={**os.environ, **manager.environment})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_says_how_it_is(shop: Path, service: str) -> None:
    with Manager(shop / "notify", watchdog_seconds=1) as manager, started(shop, manager, "run", service) as process:
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1", times=2)
        process.send_signal(signal.SIGTERM)
        manager.wait_for("STOPPING=1")
        assert process.wait(PATIENCE) == 0


def test_the_whole_site_says_how_it_is_and_leaves_no_orphan(shop: Path) -> None:
    """`up` is ready when all services run; killed, it takes everybody along: services, readers, Redis."""
    with Manager(shop / "notify", watchdog_seconds=3) as manager, started(shop, manager, "up") as process:
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1")
        assert manager.heard.count("READY=1") == 1, "no child speaks for the supervisor"
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) > len(SERVICES)
        process.send_signal(signal.SIGKILL)

        def left() -> list[psutil.Process]:
            return [each for each in family if not has_ended(each.pid)]

        eventually(lambda: not left(), what=left)
