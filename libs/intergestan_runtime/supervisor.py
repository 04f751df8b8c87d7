"""Runs the processes of a site: starts, restarts, gathers what they log, stops; and leaves none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from structlog import get_logger

from intergestan_runtime.die_with_parent import bound
from intergestan_runtime.notify import Notifier, without_notification

CONFIGURATION = 78
"""A child that exits so is not started again: its configuration is wrong, and stays so."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart, doubled each time
_HEALTHY = 60.0  # seconds after which a child counts as running well
_LOOK = 0.1
_START_SECONDS = 30.0

_log = get_logger(__name__)


@dataclass(frozen=True)
class Child:
    """A process to run.

    :ivar environment: added to ours.
    :ivar stop_seconds: between SIGTERM and SIGKILL.
    :ivar ready: for what others need, such as Redis: they start when it is true, and stop before this child
        does.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] | None = None
    stop_seconds: float = 30.0
    ready: Callable[[], bool] | None = None


class Supervisor:
    """Runs these children, in this order. They die with the thread that calls `run`, even by kill -9.

    Their output goes to `output` line by line, behind the child's name; JSON lines name themselves.
    """

    def __init__(self, children: Sequence[Child], *, output: IO[bytes] | None = None) -> None:
        self._output = output or sys.stderr.buffer
        self._writing = threading.Lock()
        self._running = [_Running(child, self._write) for child in children]

    def run(self, stop: threading.Event) -> int:
        """Until `stop` is set; 0, or 78 where a child's configuration is wrong and so everything was
        stopped. The service manager hears that we look after them; that all is ready is the caller's to say.
        """
        notifier = Notifier()
        try:
            for running in self._running:
                running.start()
                running.wait_until_ready(stop)
            while not stop.wait(_LOOK):
                notifier.beat()
                if any(running.look() == CONFIGURATION for running in self._running):
                    return CONFIGURATION
            return 0
        finally:
            notifier.stopping(max((running.child.stop_seconds for running in self._running), default=0.0))
            self._stop()

    def pids(self) -> dict[str, int]:
        """The process ids of the children that run."""
        return {running.child.name: pid for running in self._running if (pid := running.pid) is not None}

    def _stop(self) -> None:
        users = [running for running in self._running if running.child.ready is None]
        _stop_all(users)
        _stop_all([running for running in self._running if running.child.ready is not None])

    def _write(self, name: str, line: bytes) -> None:
        prefix = b"" if line.startswith(b"{") else f"{name} | ".encode()
        with self._writing:
            self._output.write(prefix + line.rstrip(b"\n") + b"\n")
            self._output.flush()


class _Running:
    """A child with its process, when it has one."""

    def __init__(self, child: Child, write: Callable[[str, bytes], None]) -> None:
        self.child = child
        self._write = write
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._started = 0.0
        self._pause = _FIRST_PAUSE
        self._restart_at = 0.0

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and not _has_ended(process) else None

    def start(self) -> None:
        self._process = subprocess.Popen(
            bound(self.child.argv),
            env={**without_notification(os.environ), **(self.child.environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we stop the children in order
        )
        self._started = time.monotonic()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def wait_until_ready(self, stop: threading.Event) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.child.ready is not None and not self.child.ready():
            if stop.wait(0.01) or time.monotonic() > deadline or self.look() == CONFIGURATION:
                return

    def look(self) -> int | None:
        """Start it again when it is time for that; its exit code when it has just ended."""
        if self._process is None:
            if time.monotonic() >= self._restart_at:
                self.start()
            return None
        return self._note_end() if _has_ended(self._process) else None

    def terminate(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)  # Popen.terminate would reap one that has ended

    def end(self, deadline: float) -> None:
        """Wait for it until the deadline, then kill it."""
        if self._process is None:
            return
        while not _has_ended(self._process) and time.monotonic() < deadline:
            time.sleep(0.01)
        if not _has_ended(self._process):
            _log.warning("A process did not stop and is killed.", process=self.child.name)
        self._bury(self._process)

    def _note_end(self) -> int:
        assert self._process is not None
        code = self._bury(self._process)
        if time.monotonic() - self._started >= _HEALTHY:
            self._pause = _FIRST_PAUSE
        self._restart_at = time.monotonic() + self._pause
        _log.warning("A process ended.", process=self.child.name, exit_code=code, restart_in=self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return code

    def _bury(self, process: subprocess.Popen[bytes]) -> int:
        """Kill it and all it has started, while its number still is its own; its exit code."""
        os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        self._process = None
        if self._reader is not None:
            self._reader.join(1.0)
        return code

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._write(self.child.name, line)


def _stop_all(children: Sequence[_Running]) -> None:
    for running in children:
        running.terminate()
    now = time.monotonic()
    for running in children:
        running.end(now + running.child.stop_seconds)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it: until then no other process can get its number."""
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # reaped by `run`, while another thread asks for `pids`
        return True
