"""`tests.warm`: what it starts is what `exec` would start, and none of it outlives the tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests import warm
from tests.patience import PATIENCE

OURS = [sys.executable, "-m", "tests.as_started"]
EITHER = pytest.mark.parametrize("start", [subprocess.run, warm.run], ids=["exec", "warm"])


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Tests that run in the background ignore a Ctrl-C, and what they start by `exec` would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@EITHER
def test_it_is_started_as_by_exec(start: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """Arguments, environment, folder, files, session, signals: all as they are asked for, and nothing else."""
    environment = {"PATH": os.environ["PATH"], "ONLY": "é", "TZ": "Pacific/Auckland", "TMPDIR": str(tmp_path)}
    options = {"cwd": tmp_path, "env": environment, "input": "typed\n", "capture_output": True, "text": True}
    done = start([*OURS, "one", "--two"], start_new_session=True, umask=0o027, **options)
    assert done.returncode == 7, done.stderr
    said = json.loads(done.stdout)
    assert said.pop("sys.argv")[1:] == ["one", "--two"]
    assert said.pop("random") != json.loads(start(OURS, **options).stdout)["random"]
    assert said == {
        "__name__": "__main__",
        "environ": environment | ({"LC_CTYPE": "C.UTF-8"} if "LC_CTYPE" in said["environ"] else {}),
        "folder": str(tmp_path),
        "sys.path[0]": str(tmp_path),
        "stdin": "typed\n",
        "files": [0, 1, 2],
        "leads its session": True,
        "parent": os.getpid(),
        "umask": 0o027,
        "SIGINT": "default_int_handler",
        "SIGTERM": signal.SIG_DFL,
        "time zone": ["NZST", "NZDT"],
        "temporary folder": str(tmp_path),
        "threads": ["MainThread"],
        "modules": [],
    }
    assert done.stderr == "at exit\n"


@EITHER
@pytest.mark.parametrize(
    ("how", "code", "word"),
    [("return", 0, ""), ("raise", 1, "ZeroDivisionError"), ("say", 1, "said"), ("kill", -9, "")],
)
def test_how_it_ends(start: Callable[..., subprocess.CompletedProcess[str]], how: str, code: int, word: str) -> None:
    done = start([*OURS, how], capture_output=True, text=True)
    assert done.returncode == code
    assert word in done.stderr


def test_it_takes_signals_and_is_ours_to_wait_for() -> None:
    with warm.Popen[bytes]([*OURS, "sleep"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asleep\n"
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM


def test_it_dies_with_the_tests() -> None:
    """However they end."""
    program = (
        "import subprocess, sys, time\nfrom tests import warm\n"
        f"child = warm.Popen({[*OURS, 'sleep']!r}, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nprint(child.pid, warm.WarmParent.ours().pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as tests:
        assert tests.stdout is not None
        family = [psutil.Process(int(pid)) for pid in tests.stdout.readline().split()]
        tests.kill()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
