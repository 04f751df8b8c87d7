"""The supervisor: starts, restarts, gathers the logs, stops, and leaves nobody behind."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from intergestan_runtime import supervisor as module
from intergestan_runtime.supervisor import Child, Supervisor
from tests.patience import PATIENCE, eventually, patient
from tests.servers.process import has_ended

pytestmark = pytest.mark.not_quick
SLEEP = "import time, sys; print('up', flush=True); time.sleep(3600)"


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


@contextmanager
def running(
    children: Sequence[Child], output: io.BytesIO, *, as_json: bool = False
) -> Iterator[tuple[Supervisor, Callable[[], int]]]:
    """A supervisor in a thread; the second value stops it and says its exit code."""
    stop, codes = threading.Event(), list[int]()
    supervisor = Supervisor(children, output=output, as_json=as_json)
    thread = threading.Thread(target=lambda: codes.append(supervisor.run(stop)))
    thread.start()

    def end() -> int:
        stop.set()
        thread.join(PATIENCE)
        return codes[0]

    try:
        yield supervisor, end
    finally:
        stop.set()
        thread.join(PATIENCE)


def test_gathers_the_output_line_by_line() -> None:
    output = io.BytesIO()
    talk = "import sys; print('out'); print('err', file=sys.stderr); print('{\"a\": 1}'); print('no end', end='')"
    with running([Child("talker", python(talk + "; import time; sys.stdout.flush(); time.sleep(60)"))], output):
        eventually(lambda: b"a" in output.getvalue() and b"err" in output.getvalue())
    lines = output.getvalue().splitlines()
    assert sorted(lines) == [b"talker | err", b"talker | no end", b"talker | out", b'{"a": 1}']


def test_gathers_what_is_no_event_as_events() -> None:
    """So that whoever reads the log of a whole site reads JSON alone; `{` alone makes none."""
    output = io.BytesIO()
    talk = "import time; print('{\"a\": 1}'); print('{x'); print('ready to go', flush=True); time.sleep(60)"
    with running([Child("redis", python(talk))], output, as_json=True):
        eventually(lambda: b"ready to go" in output.getvalue())
    events = [json.loads(line) for line in output.getvalue().splitlines()]
    assert events[0] == {"a": 1}
    assert [(event["service"], event["event"]) for event in events[1:]] == [("redis", "{x"), ("redis", "ready to go")]


def test_restarts_what_ends_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.05)
    output = io.BytesIO()
    with running([Child("dying", python("print('hello')")), Child("well", python(SLEEP))], output):
        eventually(lambda: output.getvalue().count(b"dying | hello") >= 3)
    assert output.getvalue().count(b"well | up") == 1


def test_a_killed_child_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.05)
    output = io.BytesIO()
    with running([Child("a", python(SLEEP))], output) as (supervisor, end):
        eventually(lambda: b"up" in output.getvalue())
        first = supervisor.pids()["a"]
        os.kill(first, signal.SIGKILL)
        eventually(lambda: supervisor.pids().get("a", first) != first)
        assert end() == 0
        assert supervisor.pids() == {}


def test_wrong_configuration_stops_everything() -> None:
    output = io.BytesIO()
    stop = threading.Event()
    supervisor = Supervisor([Child("a", python(SLEEP)), Child("b", python("exit(78)"))], output=output)
    assert supervisor.run(stop) == 78
    assert supervisor.pids() == {}


def test_stops_by_term_then_by_kill() -> None:
    output = io.BytesIO()
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
    polite = f"import signal; signal.signal(signal.SIGTERM, lambda *_: exit(print('bye'))); {SLEEP}"
    children = [Child("deaf", python(deaf), stop_seconds=0.3), Child("polite", python(polite))]
    with running(children, output) as (supervisor, end):
        eventually(lambda: output.getvalue().count(b"up") == 2)
        pids = supervisor.pids()
        end()  # long before the deaf one would end by itself
    assert b"polite | bye" in output.getvalue()
    assert all(has_ended(pid) for pid in pids.values())


def test_what_others_need_starts_first_and_stops_last(tmp_path: Path) -> None:
    output, mark = io.BytesIO(), tmp_path / "ready"
    base = (
        "import signal, time, sys, pathlib; "
        "signal.signal(signal.SIGTERM, lambda *_: exit(print('base stops'))); "
        f"time.sleep(0.2); pathlib.Path({str(mark)!r}).touch(); time.sleep(60)"
    )
    user = (
        "import signal, time, pathlib; "
        "signal.signal(signal.SIGTERM, lambda *_: exit(print('user stops'))); "
        f"print('base was there:', pathlib.Path({str(mark)!r}).exists(), flush=True); time.sleep(60)"
    )
    children = [Child("base", python(base), ready=mark.exists), Child("user", python(user))]
    with running(children, output):
        eventually(lambda: b"base was there" in output.getvalue())
    lines = output.getvalue().splitlines()
    assert lines == [b"user | base was there: True", b"user | user stops", b"base | base stops"]


SPEAKING = """
import os, time
from intergestan_runtime.notify import Notifier
notifier = Notifier()
notifier.ready("up")
print("pid", os.getpid(), flush=True)
while True:
    notifier.beat()
    time.sleep(0.05)
"""


def pids_of(output: io.BytesIO, name: bytes) -> list[int]:
    """Of the children of this name that said it, one after the other."""
    lines = output.getvalue().splitlines()
    return [int(line.split()[-1]) for line in lines if line.startswith(name + b" | pid")]


def test_a_stopped_child_is_replaced_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """`design.md` §16: what hangs as a whole gives no sign of life. It hears no SIGTERM either."""
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.05)
    output = io.BytesIO()
    children = [Child(name, python(SPEAKING), silent_seconds=patient(2)) for name in ("a", "b")]
    with running(children, output) as (supervisor, end):
        eventually(lambda: pids_of(output, b"a") and pids_of(output, b"b"))
        first, other = supervisor.pids()["a"], supervisor.pids()["b"]
        os.kill(first, signal.SIGSTOP)
        eventually(lambda: len(pids_of(output, b"a")) == 2)
        assert has_ended(first)
        assert supervisor.pids()["b"] == other
        assert end() == 0


def test_a_stopped_child_stops_with_the_others() -> None:
    """Its eleven minutes need not pass."""
    output = io.BytesIO()
    with running([Child("a", python(SPEAKING), stop_seconds=660)], output) as (supervisor, end):
        eventually(lambda: pids_of(output, b"a"))
        os.kill(supervisor.pids()["a"], signal.SIGSTOP)
        assert end() == 0


def test_one_that_only_answers_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded Redis knows nothing of service managers."""
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(module, "_ASK_EVERY", 0.05)
    output, answered = io.BytesIO(), list[str]()
    code = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(3600)"

    def answers() -> bool:
        told = pids_of(output, b"redis")
        if not told or not psutil.pid_exists(told[-1]) or psutil.Process(told[-1]).status() == psutil.STATUS_STOPPED:
            return False
        answered.append(threading.current_thread().name)
        return True

    child = Child("redis", python(code), ready=answers, silent_seconds=patient(2))
    with running([child], output) as (supervisor, end):
        eventually(
            lambda: answered.count("asker") > 1, what="its first sign counts: before it five times as long may pass"
        )
        first = supervisor.pids()["redis"]
        os.kill(first, signal.SIGSTOP)
        eventually(lambda: len(pids_of(output, b"redis")) == 2 and answers())
        assert has_ended(first)
        assert end() == 0


def test_a_child_that_speaks_is_left_alone() -> None:
    output = io.BytesIO()
    with running([Child("a", python(SPEAKING), silent_seconds=patient(1))], output) as (supervisor, _end):
        eventually(lambda: pids_of(output, b"a"))
        first = supervisor.pids()["a"]
        time.sleep(patient(3))
        assert supervisor.pids()["a"] == first


_FAMILY = """
import sys, threading
from intergestan_runtime.supervisor import Child, Supervisor
from intergestan_runtime.stopping import stop_on_signals
child = [sys.executable, "-c", "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"]
supervisor = Supervisor([Child("a", child), Child("b", child)])
sys.exit(supervisor.run(stop_on_signals()))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_leaves_no_orphan(how: signal.Signals) -> None:
    with subprocess.Popen(python(_FAMILY), stderr=subprocess.PIPE, text=True) as family:
        assert family.stderr is not None
        pids = [int(family.stderr.readline().split()[-1]) for _ in range(2)]
        family.send_signal(how)
        for pid in pids:
            eventually(partial(has_ended, pid))
        assert family.wait(PATIENCE) == (-9 if how == signal.SIGKILL else 0)


def test_a_child_whose_parent_is_already_gone_does_not_start() -> None:
    """prctl(2) has a race: the parent may die before the child asks to die with it."""
    launcher = Path(module.__file__).parent / "die_with_parent.py"
    argv = [sys.executable, "-I", "-S", str(launcher), "1", "echo", "started"]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
