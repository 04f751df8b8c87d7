"""What a process costs before it works: CPU of a service until it says that it is ready, and of whole commands.

Beside each, in turn and in the same run, a bare interpreter that imports the third-party packages without which that
program cannot do. `FLOORS` names them, each with its reason; what these packages import in turn counts with them.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

from benchmarks.machine import alternate
from tests.servers import RedisServer

PATIENCE = 60.0

DATABASE = {
    "sqlalchemy": "the base",
    "sqlalchemy.dialects.sqlite": "its dialect, with the driver",
}
COMMAND = {
    "typer": "the command line",
    "typer._adapters": "typer imports it for the first option that it reads, and pydantic with it",
    "pydantic.plugin._loader": "and pydantic this, for the first type that it reads",
}
KEY = {
    "cryptography.hazmat.primitives.asymmetric.ed25519": "is the key in the site's key file that of the base?",
}
SERVICE = DATABASE | {
    "redis": "the queue",
    "hiredis": "its parser",
    "dramatiq": "its messages and workers",
    "prometheus_client": "/metrics",
    "structlog": "the log",
    **KEY,
}
MAILS = {"msgspec": "what mails say", "uuid_utils": "the ids of transfers"}
PAGES = MAILS | {
    "starlette.requests": "what browsers ask",
    "starlette.responses": "and what they are answered",
    "starlette.routing": "paths",
    "starlette.formparsers": "forms",
    "python_multipart": "their parser",
    "anyio.to_thread": "the threads of pages",
    "jinja2": "the pages",
    "jinja2.ext": "their texts",
}
FLOORS: Mapping[str, Mapping[str, str]] = {
    "composer": SERVICE | MAILS,
    "sender": SERVICE,
    "poller": SERVICE | {"imapclient": "the mailboxes"},
    "importer": SERVICE | MAILS,
    "dispatcher": SERVICE | MAILS,
    "geocoder": SERVICE,
    "allocator": SERVICE,
    "console": SERVICE | PAGES,
    "--help": COMMAND,
    **dict.fromkeys(("orders list", "holds list", "status"), COMMAND | DATABASE),
}
"""The packages of each program, and what it needs them for."""

SERVICES = ("composer", "sender", "poller", "importer", "dispatcher", "geocoder", "allocator", "console")


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """Milliseconds of CPU of each program and of its floor, the least of some rounds, and the ratio of both.

    The first round writes byte code; what else the machine does only adds. Each row is told as soon as it is measured.
    """
    with RedisServer() as redis:
        config = make_site(folder, redis.url, _init)
        programs: dict[str, Callable[[], float]] = {name: _service(name, config) for name in SERVICES}
        programs |= {name: _command(name, config) for name in FLOORS if name not in SERVICES}
        found: dict[str, float] = {}
        for name, program in programs.items():
            ours, theirs = map(min, alternate(rounds, program, _floor(FLOORS[name])))
            key = name.strip("-").replace(" ", "_")
            found[f"start_{key}_ms"] = 1000 * ours
            found[f"start_{key}_floor_ms"] = 1000 * theirs
            found[f"start_{key}_over_floor"] = ours / theirs
            sys.stderr.write(f"  {name:12} {1000 * ours:5.0f} ms, floor {1000 * theirs:5.0f} ms: {ours / theirs:.2f}\n")
    return found


INIT = (
    *("init", "--name", "Start", "--orders-address", "orders@start.test", "--siret", "73282932000074"),
    *("--line1", "1 rue", "--postcode", "68100", "--city", "Mulhouse", "--login", "anne", "--data-dir", "."),
)
"""The command that makes a site on SQLite in its folder."""


def make_site(folder: Path, redis_url: str, init: Callable[[Path], object]) -> Path:
    """A new site, by `init` in its folder; its configuration."""
    folder.mkdir(parents=True)
    init(folder)
    config = folder / "intergestan.toml"
    config.write_text(config.read_text().replace("[site]\n", f'[site]\nredis_url = "{redis_url}"\n'))
    return config


def _init(folder: Path) -> None:
    command = [sys.executable, "-m", "services.cli", *INIT]
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=environment())


def environment() -> dict[str, str]:
    """Ours without what would change what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INTERGESTAN_")}
    return kept | {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": os.pathsep.join(sys.path[1:])}


def _command(name: str, config: Path) -> Callable[[], float]:
    return lambda: cpu_of([sys.executable, "-m", "services.cli", "--config", str(config), *name.split()])


def _floor(packages: Iterable[str]) -> Callable[[], float]:
    return lambda: cpu_of([sys.executable, "-c", f"import {', '.join(packages)}"])


def cpu_of(command: Sequence[str]) -> float:
    """CPU seconds of a program and its children, to its end."""
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return usage.ru_utime + usage.ru_stime


def _service(name: str, config: Path) -> Callable[[], float]:
    def start() -> float:
        path = config.with_name("notify")
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(path))
            told.settimeout(PATIENCE)
            child = subprocess.Popen(
                [sys.executable, "-m", f"services.{name}", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment() | {"NOTIFY_SOCKET": str(path)},
            )
            try:
                assert told.recv(1000).startswith(b"READY=1"), name
                return _used(child.pid)
            finally:
                child.send_signal(signal.SIGTERM)
                child.wait(PATIENCE)

    return start


def _used(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))
