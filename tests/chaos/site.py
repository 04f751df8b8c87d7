"""One site as its people have it: a folder, a database, a mailbox, the command `intergestan`, and `intergestan up`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from tests.chaos.books import Books, NotReadable
from tests.chaos.machine import Disk, Process, Start, below, hit
from tests.chaos.oracle import Evidence
from tests.patience import patient
from tests.servers import Dovecot, FaultProxy, MailUser, PostgresServer, RedisServer
from tests.servers.process import HOST, free_port
from tests.tester_disk import ROOMY

SERVICES = ("composer", "sender", "poller", "importer", "dispatcher")
LADDER = (45, 90, 180, 360, 720)
"""Seconds after which a mail without an answer goes out again. The one interval that is not the default, which begins
with half an hour: nobody would see a mail healed that the network has lost."""


@dataclass(frozen=True)
class Done:
    """How a command ended. `code` is None where it had to be ended."""

    code: int | None
    output: str

    def json(self) -> Any:
        """The last line that is JSON; an empty list where none is."""
        for line in reversed(self.output.splitlines()):
            if line.startswith(("{", "[")):
                with suppress(json.JSONDecodeError):
                    return json.loads(line)
        return []


class Site:
    """Made by `world.py`. The methods of this class are for the main thread, `type` for any.

    :ivar desk: where its people have their files, on a disk that no fault touches.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        desk: Path,
        start: Start,
        dovecot: Dovecot,
        *,
        disk: Disk | None,
        postgres: PostgresServer | None,
        redis_server: RedisServer | None,
    ) -> None:
        self.name = name
        self.folder = folder
        self.desk = desk
        self.desk.mkdir()
        self.disk = disk
        self.postgres = postgres
        self.redis = redis_server
        self.user: MailUser = dovecot.new_user(f"orders-{name}")
        self.maildir = dovecot.maildir(self.user.address)
        self.proxies: dict[str, FaultProxy] = {}
        self.log = self.desk / "up.log"
        self.spoiled: set[str] = set()
        self.ports = {service: free_port() for service in SERVICES}
        self.environment: dict[str, str] = {}
        """Added to that of `up`."""
        self._start = start
        self._up: subprocess.Popen[bytes] | None = None
        self._alone: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: set[subprocess.Popen[bytes]] = set()
        self._guard = threading.Lock()
        url = postgres.create_database() if postgres else f"sqlite:///{folder}/site.db"
        self.books = Books(url)

    # -- its folder ------------------------------------------------------------------------------------------

    def configure(self) -> None:
        """Write its configuration: where its parts are, and the ladder; all else is the default."""
        site = {"data_dir": ".", "language": "en", "database_url": self._through_proxy(self.books.url, "postgres")}
        if self.redis is not None:
            site["redis_url"] = self._through_proxy(self.redis.url, "redis")
        tables: Mapping[str, Mapping[str, Any]] = {
            "cli": {"user": "anne"},
            "site": {**site, **ROOMY},
            **{service: {"health_port": port} for service, port in self.ports.items()},
        }
        tables["sender"]["resend_seconds"] = list(LADDER)  # type: ignore[index]
        text = "alone = true\n" + "".join(
            f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for table, values in tables.items()
        )
        (self.folder / "intergestan.toml").write_text(text)
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700, exist_ok=True)
        password = secrets / "mail"
        password.touch(mode=0o600)
        password.write_text(self.user.password)

    def _through_proxy(self, url: str, server: str) -> str:
        if server not in self.proxies:
            return url
        target = self.postgres if server == "postgres" else self.redis
        assert target is not None
        return url.replace(f":{target.port}/", f":{self.proxies[server].port}/")

    def evidence(self) -> Evidence:
        """Where the judge looks."""
        return Evidence(self.name, self.books, self.folder / "archive", self.maildir, frozenset(self.spoiled))

    # -- its people ------------------------------------------------------------------------------------------

    def type(self, *words: str, seconds: float = 90) -> Done:
        """`intergestan WORDS`, in English."""
        arguments = ["services.cli", "--lang", "en", "--config", str(self.folder / "intergestan.toml"), *words]
        with tempfile.TemporaryFile() as output:
            command = self._start(arguments, environment=_plain(), folder=self.desk, log=output)
            with self._guard:
                self._commands.add(command)
            try:
                code: int | None = command.wait(patient(seconds))
            except subprocess.TimeoutExpired:
                command.kill()
                command.wait()
                code = None
            finally:
                with self._guard:
                    self._commands.discard(command)
            output.seek(0)
            return Done(code if code is None or code >= 0 else None, output.read().decode(errors="replace"))

    def must(self, *words: str) -> Done:
        """`type`, where a failure ends the run.

        :raises RuntimeError: with what the command said.
        """
        done = self.type(*words, seconds=300)
        if done.code != 0:
            raise RuntimeError(f"{self.name}: intergestan {' '.join(words)}: {done.code}\n{done.output[-3000:]}")
        return done

    # -- its processes ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """`intergestan up`; harmless where it runs. From the main thread: it dies with the thread that starts it."""
        if self._up is None or self._up.poll() is not None:
            arguments = ["services.cli", "--config", str(self.folder / "intergestan.toml"), "up"]
            environment = _plain() | {"PYTHONFAULTHANDLER": "1"} | self.environment
            with self.log.open("ab") as log:
                self._up = self._start(arguments, environment=environment, folder=self.desk, log=log)

    def is_up(self) -> bool:
        """Whether each service says that it is ready."""
        return all(self.answers(service, "ready") for service in SERVICES)

    def answers(self, service: str, question: str) -> bool:
        """What /live or /ready of a service says."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.ports[service]}/{question}", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def metrics(self, service: str) -> str:
        """What /metrics says; empty where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.ports[service]}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def all_processes(self) -> list[Process]:
        """Everything that `up` has started, at any depth."""
        return [] if self._up is None else below(self._up.pid)

    def everything(self) -> list[int]:
        """`up` and all below it."""
        return [] if self._up is None else [self._up.pid, *(each.pid for each in self.all_processes())]

    def pids(self, service: str) -> list[int]:
        """The process of a service, by `up` itself started; several where it is being replaced."""
        up = self._up.pid if self._up else 0
        return [each.pid for each in self.all_processes() if each.service == service and each.parent == up]

    def kill(self, service: str) -> None:
        """`kill -9`; `up` for all of it."""
        if service == "up":
            self.kill_up()
        else:
            hit(self.pids(service), signal.SIGKILL)

    def kill_up(self) -> list[Process]:
        """`kill -9` of the supervisor; what it leaves behind after 20 s, which must be nothing."""
        if self._up is None:
            return []
        children = [each.pid for each in self.all_processes()]
        self._up.kill()
        self._up.wait()
        until = time.monotonic() + patient(20)
        left = children
        while left and time.monotonic() < until:
            time.sleep(0.1)
            left = [pid for pid in left if Path(f"/proc/{pid}").exists()]
        orphans = [each for each in _named(left) if each.service != "other"]
        hit(left, signal.SIGKILL)
        return orphans

    def run_alone(self, service: str, tree: Path | None) -> None:
        """A service without `up`, as under systemd; from the sources in `tree`, or ours."""
        arguments = [f"services.{service}", "--config", str(self.folder / "intergestan.toml")]
        paths = {"PYTHONPATH": f"{tree}:{tree / 'libs'}"} if tree else {}
        with self.log.open("ab") as log:
            self._alone[service] = self._start(arguments, environment=_plain() | paths, folder=self.desk, log=log)

    def stop_alone(self, service: str) -> None:
        """SIGTERM, and wait."""
        _end(self._alone.pop(service))

    def stop(self) -> None:
        """SIGTERM, and wait."""
        for service in list(self._alone):
            self.stop_alone(service)
        if self._up is not None and self._up.poll() is None:
            self._up.terminate()
            try:
                self._up.wait(patient(60))
            except subprocess.TimeoutExpired:
                self.kill_up()

    def end_commands(self) -> None:
        """`kill -9` of what its people have just typed."""
        with self._guard:
            for command in self._commands:
                command.kill()

    # -- its Redis -------------------------------------------------------------------------------------------

    def redis_client(self) -> redis.Redis:
        """Of its server, past any proxy; the caller closes it.

        :raises NotReadable: there is no socket of an embedded server.
        """
        if self.redis is not None:
            return self.redis.client()
        socket = next((path for path in self.folder.iterdir() if path.is_socket()), None)
        if socket is None:
            raise NotReadable("the embedded Redis has no socket")
        return redis.Redis(unix_socket_path=str(socket), socket_timeout=5)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(patient(60))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _plain() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("INTERGESTAN_")}


def _named(pids: list[int]) -> list[Process]:
    found = []
    for pid in pids:
        with suppress(OSError):
            found.append(Process(pid, 1, Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")))
    return found
