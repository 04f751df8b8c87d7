"""The processes of the demo: the bell, the mail server, five services for each site. None outlives us.

Each is a child that the kernel kills when this process is gone, however that ended; so start them from the
main thread.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from intergestan_db.enums import CONSOLE, SERVICES
from intergestan_runtime.die_with_parent import bound
from intergestan_runtime.embedded_redis import EmbeddedRedis
from services.demo.leave import Leave

if TYPE_CHECKING:
    from services.demo.guests import Guests

MAIL_SERVER = "mail_server"
_PORTS_SECONDS = 60.0
_STOP_SECONDS = 15.0


class ProcessFailed(Exception):
    """A process ended by itself; :ivar name: which, :ivar log: where it says why."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name}: {log}")
        self.name = name
        self.log = log


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the mail server listens on loopback; `smtps` and `imaps` with TLS, where guests may come."""

    smtp: int
    imap: int
    smtps: int | None = None
    imaps: int | None = None


@dataclass(frozen=True, slots=True)
class _Player:
    name: str
    log: Path
    process: subprocess.Popen[bytes]


class Cast:
    """All processes, as a context manager: at its end they have ended, and all that they started."""

    def __init__(self, folder: Path, leave: Leave) -> None:
        self._folder = folder
        self._leave = leave
        self._redis = EmbeddedRedis(folder / "redis")
        self._players: list[_Player] = []

    @property
    def redis_url(self) -> str:
        """The bell of all sites; their namespaces keep them apart."""
        return self._redis.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._leave.no_more()
        _stop([player for player in self._players if player.name != MAIL_SERVER])
        _stop([player for player in self._players if player.name == MAIL_SERVER])
        self._redis.stop()

    def start_servers(self, accounts: Mapping[str, str], guests: Guests | None = None) -> None:
        """Start the mail server with these accounts (passwords by address), and the bell; wait for the bell.

        :param guests: with their accounts beside them, and TLS.
        """
        if guests is not None:
            accounts = {**accounts, **guests.passwords}
        file = self._folder / "mail-accounts.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps([{"address": name, "password": word} for name, word in accounts.items()]))
        arguments = ["--dir", str(self._folder / "mail"), "--accounts", str(file)]
        if guests is not None:
            arguments += ["--certificate", str(guests.certificate), "--key", str(guests.key)]
        self._start(MAIL_SERVER, self._folder / "logs", f"services.demo.{MAIL_SERVER}", arguments, piped=True)
        self._redis.start()

    @cached_property
    def mail_ports(self) -> Ports:
        """Where the mail server listens, once it does. Raises `ProcessFailed`."""
        server = self._players[0]
        assert server.process.stdout is not None
        ready, _, _ = select.select([server.process.stdout], [], [], _PORTS_SECONDS)
        line = server.process.stdout.readline() if ready else b""
        if not line:
            raise ProcessFailed(server.name, server.log)
        return Ports(**json.loads(line))

    def start_services(self, config: Path) -> None:
        """Start the services of the site with this configuration; their logs go to its folder `logs`."""
        for service in SERVICES:
            self._start(service, config.parent / "logs", f"services.{service}", ["--config", str(config)])

    def start_console(self, config: Path) -> None:
        """Start the pages of the site with this configuration."""
        self._start(CONSOLE, config.parent / "logs", f"services.{CONSOLE}", ["--config", str(config)])

    def check(self) -> None:
        """Raise `ProcessFailed` for a process that has ended, SystemExit when we shall end."""
        self._leave.check()
        for player in self._players:
            if _has_ended(player.process):
                raise ProcessFailed(player.name, player.log)

    def _start(self, name: str, logs: Path, module: str, arguments: Sequence[str], *, piped: bool = False) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                bound([sys.executable, "-m", module, *arguments]),
                env=environment(),
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else file,
                stderr=file,
                start_new_session=True,  # Ctrl-C is for us; we stop them in order
            )
        self._players.append(_Player(name, log, process))


def environment() -> dict[str, str]:
    """Ours without our own variables: what is set for a real site must not reach the demo's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("INTERGESTAN_")}


def _stop(players: Sequence[_Player]) -> None:
    for player in players:
        os.kill(player.process.pid, signal.SIGTERM)  # Popen's own way would reap one that has ended
    deadline = time.monotonic() + _STOP_SECONDS
    for player in players:
        while not _has_ended(player.process) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(player.process.pid, signal.SIGKILL)  # and what it started, while its number still is its own
        player.process.wait()
        for pipe in (player.process.stdin, player.process.stdout):
            if pipe is not None:
                pipe.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it: until then no other process can get its number."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
