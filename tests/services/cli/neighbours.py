"""What another account of the machine sees of a running site: files, lists of processes, logs, pages; and what it can
write where it gets at Redis.
"""

from __future__ import annotations

import json
import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen
from uuid import uuid4

import redis

KEYS = ("site.key", "base.key", "bounce.key")


def open_to_others(folder: Path) -> list[str]:
    """Which files and folders below this one, itself included, anybody but their owner may do something with."""
    return [
        f"{path.relative_to(folder)} {stat.filemode(path.lstat().st_mode)}"
        for path in (folder, *folder.rglob("*"))
        if path.lstat().st_mode & 0o077
    ]


def spellings(secret: bytes) -> set[bytes]:
    """How a secret may look where it leaked."""
    plain = {secret, secret.hex().encode(), b64encode(secret), b64encode(secret).rstrip(b"=")}
    return plain | {quote(secret, safe="").encode(), json.dumps(secret.decode("latin-1"))[1:-1].encode()}


def secrets_of(folder: Path, passwords: Mapping[str, tuple[str, str]]) -> dict[str, set[bytes]]:
    """All that must stay secret, by name, as it may be spelled.

    :param passwords: login and password by name; a server may have been told both in one word (RFC 4616).
    """
    found = {}
    for name, (login, password) in passwords.items():
        both = f"\0{login}\0{password}".encode()
        found[name] = spellings(password.encode()) | {b64encode(both), b64encode(both.removeprefix(b"\0"))}
    for name in KEYS:
        lines = [line for line in (folder / name).read_bytes().splitlines() if b"-----" not in line]
        raw = b64decode(b"".join(lines))[-32:]
        found[name] = spellings(raw) | set(lines)
    return found


def shown(folder: Path, log: Path, outputs: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Everything in which a secret must not be: the log, the pages of each service, what commands say, every file of
    the site but those that are secrets, and the arguments and the environment of every process of the machine.
    """
    text = log.read_bytes()
    yield "the log", text
    for line in text.splitlines():
        with suppress(ValueError):
            port = json.loads(line).get("health_port")
            if port is not None:
                for page in ("metrics", "live", "ready"):
                    with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/{page}") as reply:
                        yield f"/{page} of port {port}", reply.read()
    for name, output in outputs.items():
        yield name, output.encode()
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in KEYS and file.parent.name != "secrets":
            yield str(file.relative_to(folder)), file.read_bytes()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) != os.getpid():
                yield f"the arguments of {process.name}", (process / "cmdline").read_bytes()
                yield f"the environment of {process.name}", (process / "environ").read_bytes()


def leave_cores(pids: Iterable[int]) -> list[int]:
    """Which of these processes would leave a file of their memory when they crash."""
    limits = {pid: Path(f"/proc/{pid}/limits").read_text() for pid in pids}
    return [pid for pid, text in limits.items() if not re.search(r"^Max core file size +0 +0 ", text, re.MULTILINE)]


def leaks(secrets: Mapping[str, set[bytes]], places: Iterator[tuple[str, bytes]]) -> list[str]:
    """Which secret is where."""
    return [
        f"{name} in {place}"
        for place, content in places
        for name, forms in secrets.items()
        if any(form in content for form in forms)
    ]


def write_nonsense(url: str) -> None:
    """Into every queue of every site of a Redis what ended services once, and what else a stranger may think of."""
    with redis.Redis.from_url(url) as client:
        (site,) = {key.decode().partition("}")[0] + "}" for key in client.keys("{intergestan:*}*")}
        actors = {"compose": "compose", "send": "send", "import": "take_in", "notify": "notify"}
        for queue, actor in actors.items():
            for arguments in ([2**70], [2**63], ["1"], [None], [[1]], [], [1, 2], [-1], [2**63 - 1]):
                key = str(uuid4())
                message = {
                    "queue_name": queue,
                    "actor_name": actor,
                    "args": arguments,
                    "kwargs": {},
                    "options": {"redis_message_id": key},
                    "message_id": "m",
                    "message_timestamp": 1,
                }
                client.hset(f"{site}:{queue}.msgs", key, json.dumps(message))
                client.rpush(f"{site}:{queue}", key)
            for data in (b"\xff" * 100, b"[" * 100_000, b"null"):
                key = str(uuid4())
                client.hset(f"{site}:{queue}.msgs", key, data)
                client.rpush(f"{site}:{queue}", key)
