"""Runs the processes of a site: starts, restarts, gathers what they log, stops; and leaves none behind.

What ends is started again, and what gives no sign of life is killed and started again. Signs of life are those that a
service gives to systemd (sd_notify(3), `notify`); of a child that gives none, such as Redis, `ready` is asked.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Protocol

from structlog import get_logger

from intergestan_runtime.die_with_parent import bound
from intergestan_runtime.notify import Notifier, without_notification
from intergestan_runtime.visible_text import visible

CONFIGURATION = 78
"""A child that exits so is not started again: its configuration is wrong, and stays so."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart, doubled each time
_HEALTHY = 60.0  # seconds after which a child counts as running well
_LOOK = 0.1
_STARVED = 5.0  # seconds without a look of ours: nobody ran, and no silence of that time counts
_FIRST_SIGN = 5.0  # how many times as long as between two signs a child may take for its first one
_START_SECONDS = 30.0
_ASK_EVERY = 2.0  # seconds between two questions to a child that gives no sign by itself

_log = get_logger(__name__)


@dataclass(frozen=True)
class Child:
    """A process to run.

    :ivar environment: added to ours.
    :ivar stop_seconds: between SIGTERM and SIGKILL.
    :ivar ready: for what others need, such as Redis: they start when it is true, and stop before this child
        does.
    :ivar silent_seconds: one that gives no sign of life for so long is killed and started again; None: any time.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] | None = None
    stop_seconds: float = 30.0
    ready: Callable[[], bool] | None = None
    silent_seconds: float | None = None


class Silence:
    """For how long a child has given no sign of life, as far as that counts. Pure; asked and told regularly.

    :param allowed: seconds; before the first sign five times as many, for a start takes its time.
    :param now: of a steady clock, when the child was started.
    """

    def __init__(self, allowed: float, now: float) -> None:
        self._allowed = allowed * _FIRST_SIGN
        self._between = allowed
        self._heard = self._looked = now

    def hear(self, now: float, allowed: float | None = None) -> None:
        """A sign of life. :param allowed: what may lie between two of them from now on, where the child says so."""
        self._between = self._allowed = allowed or self._between
        self._heard = now

    def is_too_long(self, now: float) -> bool:
        """Whether it gave none for too long. Where we come late to look nobody ran, neither the child nor we."""
        late = now - self._looked
        if late > min(_STARVED, max(1.0, self._between / 10)):
            self._heard += late
        self._looked = now
        return now - self._heard > self._allowed


class Supervisor:
    """Runs these children, in this order. They die with the thread that calls `run`, even by kill -9.

    Their output goes to `output` line by line: JSON lines, which name themselves, and what else is said, behind the
    child's name, or where `as_json` as JSON, too.
    """

    def __init__(self, children: Sequence[Child], *, output: IO[bytes] | None = None, as_json: bool = False) -> None:
        self._output = output or sys.stderr.buffer
        self._as_json = as_json
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
            for running in self._running:
                running.forget()

    def pids(self) -> dict[str, int]:
        """The process ids of the children that run."""
        return {running.child.name: pid for running in self._running if (pid := running.pid) is not None}

    def _stop(self) -> None:
        users = [running for running in self._running if running.child.ready is None]
        _stop_all(users)
        _stop_all([running for running in self._running if running.child.ready is not None])

    def _write(self, name: str, line: bytes) -> None:
        text = visible(line.rstrip(b"\n").decode("utf-8", "replace"))  # a traceback may quote what others wrote
        if self._as_json and not _is_object(line):
            at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            text = json.dumps({"event": text, "service": name, "level": "info", "timestamp": at}) if text else ""
        elif not line.startswith(b"{"):
            text = f"{name} | {text}"
        if not text:
            return
        with self._writing:
            self._output.write(f"{text}\n".encode())
            self._output.flush()


def _is_object(line: bytes) -> bool:
    """Whether a line is an event already."""
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class Signs(Protocol):
    """Where a child's signs of life are heard."""

    def environment(self, seconds: float) -> Mapping[str, str]:
        """What the child must know, who shall give a sign within so many seconds."""

    def heard(self) -> Iterator[float | None]:
        """The signs since the last call; each with the seconds until the next one, if the child says so."""

    def close(self) -> None:
        """Listen no more."""


class NotifySigns:
    """A socket that takes the signs of a child that speaks as to systemd (sd_notify(3))."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="intergestan-up-")  # private: nobody else speaks for it
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._address = f"{self._folder.name}/notify"
        self._socket.bind(self._address)

    def environment(self, seconds: float) -> Mapping[str, str]:
        """As systemd sets it."""
        return {"NOTIFY_SOCKET": self._address, "WATCHDOG_USEC": str(round(seconds * 1e6))}

    def heard(self) -> Iterator[float | None]:
        """What was said since the last call."""
        while True:
            try:
                said = self._socket.recv(4096).decode(errors="replace").splitlines()
            except BlockingIOError:
                return
            if {"READY=1", "WATCHDOG=1", "STOPPING=1"} & set(said):
                allowed = [line.partition("=")[2] for line in said if line.startswith("WATCHDOG_USEC=")]
                yield int(allowed[-1]) / 1e6 if allowed and allowed[-1].isdecimal() else None

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()
        self._folder.cleanup()


class AskedSigns:
    """The signs of a child that gives none by itself: it is asked, in a thread, for it may leave the question open."""

    def __init__(self, is_there: Callable[[], bool]) -> None:
        self._is_there = is_there
        self._given = self._taken = 0
        self._closed = threading.Event()
        threading.Thread(target=self._ask, name="asker", daemon=True).start()

    def environment(self, seconds: float) -> Mapping[str, str]:  # noqa: ARG002 - such a child need not know
        """Nothing."""
        return {}

    def heard(self) -> Iterator[float | None]:
        """One sign, if it answered since the last call."""
        given = self._given
        if given != self._taken:
            self._taken = given
            yield None

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()

    def _ask(self) -> None:
        while not self._closed.wait(_ASK_EVERY):
            if self._is_there():
                self._given += 1


def _signs_of(child: Child) -> Signs:
    return NotifySigns() if child.ready is None else AskedSigns(child.ready)


class _Running:
    """A child with its process, when it has one."""

    def __init__(self, child: Child, write: Callable[[str, bytes], None]) -> None:
        self.child = child
        self._write = write
        self._signs: Signs | None = None
        self._silence: Silence | None = None
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
        allowed = self.child.silent_seconds
        if allowed is not None:
            self._signs = self._signs or _signs_of(self.child)
            for _sign in self._signs.heard():
                pass  # those of the one before
            self._silence = Silence(allowed, time.monotonic())
        listened = {} if self._signs is None or allowed is None else self._signs.environment(allowed)
        self._process = subprocess.Popen(
            bound(self.child.argv),
            env={**without_notification(os.environ), **(self.child.environment or {}), **listened},
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
        if _has_ended(self._process):
            return self._note_end()
        if self._is_silent():
            _log.error("A process gives no sign of life and is killed.", process=self.child.name)
            os.killpg(self._process.pid, signal.SIGKILL)  # it may be stopped, and hear nothing else
            self._silence = None
        return None

    def terminate(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)  # Popen.terminate would reap one that has ended
            os.kill(self._process.pid, signal.SIGCONT)  # one that is stopped hears it only then

    def forget(self) -> None:
        if self._signs is not None:
            self._signs.close()

    def end(self, deadline: float) -> None:
        """Wait for it until the deadline, then kill it."""
        if self._process is None:
            return
        while not _has_ended(self._process) and time.monotonic() < deadline:
            time.sleep(0.01)
        if not _has_ended(self._process):
            _log.warning("A process did not stop and is killed.", process=self.child.name)
        self._bury(self._process)

    def _is_silent(self) -> bool:
        if self._silence is None or self._signs is None:
            return False
        for allowed in self._signs.heard():
            self._silence.hear(time.monotonic(), allowed)
        return self._silence.is_too_long(time.monotonic())

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
