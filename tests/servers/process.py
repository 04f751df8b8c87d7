"""A server run as a child of the tests: on a free port, in a folder of its own, gone when they are gone."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psutil
import pytest

from tests.patience import PATIENCE, TooLate, eventually, patient

HOST = "127.0.0.1"
_PORTS = range(15_000, 32_000)  # below Linux's ephemeral ports: no outgoing connection can take one meanwhile


class ServerError(Exception):
    """A server is missing, too old, or does not start; the message names the cure."""


class Unavailable(ServerError):
    """This machine does not have it, and only root can change that; `tests/without_root.py` leaves the test out."""


def find_program(name: str, package: str, folders: str = "/usr/sbin:/usr/local/sbin") -> Path:
    """The path of a program; raises Unavailable naming the Debian package that has it."""
    found = shutil.which(name) or shutil.which(name, path=folders)
    if found is None:
        raise Unavailable(f"{name} is not installed. Cure: apt-get install {package}, or run make test.")
    return Path(found)


def program_version(program: Path) -> tuple[int, ...]:
    """The first dotted number that the program prints when asked for its version."""
    answer = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    number = re.search(r"\d+(\.\d+)+", answer)
    if number is None:
        raise ServerError(f"{program} does not tell its version: {answer!r}")
    return tuple(int(part) for part in number[0].split("."))


def free_port() -> int:
    """A loopback TCP port nobody listens on, nor will soon: a child takes it a moment later.

    Each parallel worker has ports of its own, and gives none a second time before it has given all.
    """
    for port in islice(_ports, 1000):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServerError("1000 loopback ports tried, none is free")


def has_ended(pid: int) -> bool:
    """Whether a process is gone, perhaps while we look, or waits for nobody but its parent."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _shuffled_ports() -> Iterator[int]:
    """This worker's, in an order that another run on this machine does not have."""
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(_PORTS)[own::count]
    random.SystemRandom().shuffle(ports)
    return cycle(ports)


_ports = _shuffled_ports()


def greets(port: int, greeting: bytes) -> bool:
    """Whether the server on this port says hello with these bytes."""
    try:
        with socket.create_connection((HOST, port), PATIENCE) as connection:
            return connection.recv(200).startswith(greeting)
    except OSError:
        return False


class ServerProcess(ABC):
    """Start, stop and torment one server. A context manager: `with PostgresServer() as server:`."""

    may_start: ClassVar[bool] = True
    """Not in `make quick`: what needs a server all the same is left out (`tests/selection.py`)."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    death_signal: ClassVar[str] = "KILL"

    def __init__(self) -> None:
        self.host = HOST
        self.directory = Path()
        self._child: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _prepare(self) -> None:
        """Write what the server needs into `self.directory`."""

    @abstractmethod
    def _command(self) -> list[str | Path]:
        """The command of the server, in the foreground."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether it answers."""

    def start(self) -> Self:
        """Start it and wait until it answers; raises ServerError with the end of its log."""
        if not self.may_start:
            pytest.skip(f"`make quick` starts no server, and this test needs {self.name}.")
        self.directory = Path(tempfile.mkdtemp(prefix=f"intergestan-{self.name}-"))
        self.directory.chmod(0o755)  # servers that drop root must reach their files
        try:
            self._prepare()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop it and delete its folder. Harmless when it is stopped already."""
        self._end(self.stop_signal)
        if self.directory != Path():
            shutil.rmtree(self.directory)
            self.directory = Path()

    def kill(self) -> None:
        """SIGKILL; the folder stays, `restart` brings the server back."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it if it runs and start it again, same port, same folder."""
        self._end(self.stop_signal)
        self._launch()

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections and says nothing, until `resume`."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._running().send_signal(signal.SIGCONT)

    def bring_back(self) -> None:
        """Running again, whatever a test did to it."""
        if self._child is None or self._child.poll() is not None:
            self._launch()
        else:
            self.resume()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise ServerError(f"{self.name} does not run")
        return self._child

    def _identity(self) -> list[str]:
        """Arguments of setpriv(1): the user to become."""
        return []

    def _environment(self) -> dict[str, str] | None:
        return None

    def _launch(self) -> None:
        setpriv = find_program("setpriv", "util-linux")
        bound_to_us = ["--pdeathsig", self.death_signal, *self._identity(), "--"]
        with (self.directory / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [setpriv, *bound_to_us, *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for the tests; they stop their servers themselves
            )
        self._wait_for(self._is_ready)

    def _wait_for(self, ready: Callable[[], bool]) -> None:
        def is_ready() -> bool:
            if self._running().poll() is not None:
                raise TooLate(f"{self.name} has ended")
            return ready()

        try:
            eventually(is_ready, every=0.01)
        except TooLate as late:
            raise ServerError(f"{self.name} does not start:\n{self._log_tail()}") from late

    def _log_tail(self) -> str:
        return (self.directory / "log").read_text(errors="replace")[-3000:]

    def _end(self, how: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.poll() is None:
            child.send_signal(how)
            child.send_signal(signal.SIGCONT)  # a paused process hears SIGTERM only then
        try:
            child.wait(patient(10))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
