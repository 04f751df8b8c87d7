"""However the run ends, nothing of it goes on: no process, no disk that is mounted."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.machine import processes
from tests.patience import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
COMMAND = [
    *(sys.executable, "-u", "-m", "tests.chaos", "--seconds", "600", "--seed", "7", "--database", "sqlite"),
    *("--fault", "redis emptied", "mail tripled"),
]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """The run, what it prints, and the folder of its world, in which something has happened by now."""
    printed = tmp_path / "printed"
    with printed.open("wb") as file:
        run = subprocess.Popen(COMMAND, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    folder = tmp_path
    try:
        made = eventually(lambda: re.search(r"in (/\S+/chaos-\w+)", printed.read_text()) or False, 3 * PATIENCE)
        eventually(lambda: "well again" in printed.read_text(), 3 * PATIENCE, printed.read_text)
        folder = Path(made[1])
        yield run, printed, folder
    finally:
        run.kill()
        run.wait()
        shutil.rmtree(folder, ignore_errors=True)


def left(folder: Path) -> list[str]:
    """Processes and mounts of the world."""
    running = [each.command for each in processes() if str(folder) in each.command]
    return running + [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]


@pytest.mark.campaign
def test_killed_it_leaves_no_process(running: tuple[subprocess.Popen[bytes], Path, Path]) -> None:
    run, _printed, folder = running
    assert left(folder)
    run.kill()
    run.wait()
    eventually(lambda: not left(folder), what=lambda: left(folder))


@pytest.mark.campaign
def test_interrupted_it_says_what_it_has_found(running: tuple[subprocess.Popen[bytes], Path, Path]) -> None:
    run, printed, folder = running
    run.send_signal(signal.SIGINT)
    assert run.wait(PATIENCE) == 0
    assert not left(folder)
    assert not folder.exists()
    *_, facts, stopped = printed.read_text().splitlines()
    assert json.loads(facts)["faults"] >= 1
    assert stopped == "Stopped before its time."
