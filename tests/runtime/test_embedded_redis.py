"""The embedded server: one for a folder, keeps what it was told, dies with its parent."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from intergestan_runtime.embedded_redis import EmbeddedRedis, EmbeddedRedisError, server_pid, socket_path
from intergestan_runtime.redis_client import takes_strangers
from tests.patience import eventually
from tests.servers.process import has_ended

pytestmark = pytest.mark.not_quick


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path / "redis") as server:
        yield server


def test_survives_kill_9_with_its_data(server: EmbeddedRedis, tmp_path: Path) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set("key", "value")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with EmbeddedRedis(tmp_path / "redis") as again, redis.Redis.from_url(again.url) as client:
        assert client.get("key") == b"value"


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("*.incr.aof", lambda data: data + bytes(3000)),
        ("*.incr.aof", lambda data: bytes(len(data))),
        ("*.base.rdb", lambda data: bytes(len(data))),
        ("*.manifest", lambda data: data[:0]),
    ],
    ids=["a hole at the end", "nothing but a hole", "a base of zeros", "an empty list of files"],
)
def test_data_that_it_cannot_read_are_put_aside(
    server: EmbeddedRedis,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    file: str,
    damage: Callable[[bytes], bytes],
) -> None:
    """What a power cut leaves: the next start fails, the one after it goes on with nothing, and says so once."""
    with redis.Redis.from_url(server.url) as client:
        client.set("key", "value")
    server.stop()
    folder = tmp_path / "redis"
    (path,) = (folder / "appendonlydir").glob(file)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(EmbeddedRedisError, match="does not start"):
        EmbeddedRedis(folder).start()
    for keys in (0, 1):
        with EmbeddedRedis(folder) as again, redis.Redis.from_url(again.url) as client:
            assert client.dbsize() == keys
            client.set("key", "value")
    assert (folder / "appendonlydir.damaged" / path.name).exists()
    (said,) = capfd.readouterr().err.splitlines()
    assert json.loads(said)["level"] == "warning"


def test_nobody_else_reaches_it_or_reads_its_files() -> None:
    """Whatever the umask, in a folder that an older release or somebody else made for everybody."""
    above = Path(tempfile.mkdtemp())  # so that nothing closed lies above it
    above.chmod(0o755)
    folder = above / "redis"
    for each in (folder, folder / "appendonlydir"):
        each.mkdir()
        each.chmod(0o777)
    (folder / "log").touch()
    (folder / "log").chmod(0o666)
    umask = os.umask(0)
    try:
        with EmbeddedRedis(folder) as server, redis.Redis.from_url(server.url) as client:
            client.set("key", "value")
            found = {str(path.relative_to(folder)): path.lstat() for path in (folder, *folder.rglob("*"))}
            assert {name: oct(status.st_mode) for name, status in found.items() if status.st_mode & 0o077} == {}
            assert stat.S_IMODE(found["socket"].st_mode) == 0o700
            assert client.config_get("port") == {"port": "0"}
            assert not takes_strangers(server.url, 5)
            (folder / "socket").chmod(0o777)
            assert not takes_strangers(server.url, 5), "the folder is closed"
            folder.chmod(0o755)
            assert takes_strangers(server.url, 5)
    finally:
        os.umask(umask)
        shutil.rmtree(above)


def test_one_server_for_a_folder(server: EmbeddedRedis, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedRedisError, match="Another process"):
        EmbeddedRedis(tmp_path / "redis").start()
    assert server_pid(server.url) == server.pid
    with EmbeddedRedis(tmp_path / "other") as other:
        assert other.url != server.url


def test_a_long_path_has_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 20)
    assert len(os.fsencode(socket_path(folder))) < 104
    with EmbeddedRedis(folder) as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
    assert socket_path(folder).parent.stat().st_mode & 0o077 == 0


_PARENT = """
import sys, time
from pathlib import Path
from intergestan_runtime.embedded_redis import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1])).start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_dies_with_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    argv = [sys.executable, "-c", _PARENT, str(tmp_path / "redis")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.send_signal(how)
    eventually(lambda: has_ended(pid))


def test_stopping_twice_does_no_harm(server: EmbeddedRedis) -> None:
    server.stop()
    server.stop()
    assert server_pid(server.url) is None
