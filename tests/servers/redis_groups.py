"""Several Redis servers that act together: watched by sentinels, or as a cluster."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import redis

from tests.servers.process import find_program, free_port
from tests.servers.redis import RedisServer

MASTER = "bells"
DOWN_AFTER_MS = 500  # a silent master is given up


class _Replica(RedisServer):
    name: ClassVar[str] = "redis-replica"

    def __init__(self, master: RedisServer) -> None:
        super().__init__()
        self._master = master

    def _command(self) -> list[str | Path]:
        replication = ["--replicaof", self._master.host, str(self._master.port), "--repl-diskless-sync-delay", "0"]
        return [*super()._command(), *replication]

    def _is_ready(self) -> bool:
        """In step with its master: what a failover before that loses is a trap of its own."""
        if not super()._is_ready():
            return False
        with self.client() as client:
            return bool(client.info("replication")["master_link_status"] == "up")


class _Sentinel(RedisServer):
    name: ClassVar[str] = "redis-sentinel"

    def __init__(self, master: RedisServer) -> None:
        super().__init__()
        self._master = master

    def _prepare(self) -> None:
        super()._prepare()
        settings = [
            f"bind {self.host}",
            f"port {self.port}",
            f"dir {self.directory}",
            f"sentinel monitor {MASTER} {self._master.host} {self._master.port} 2",
            f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {MASTER} 2000",
        ]
        (self.directory / "sentinel.conf").write_text("\n".join(settings) + "\n")

    def _command(self) -> list[str | Path]:
        return [find_program("redis-server", "redis-server"), self.directory / "sentinel.conf", "--sentinel"]


class _Node(RedisServer):
    name: ClassVar[str] = "redis-node"

    def _command(self) -> list[str | Path]:
        bus = ["--cluster-port", str(free_port())]  # by default the port + 10 000, which may be taken
        return [*super()._command(), "--cluster-enabled", "yes", *bus]


class RedisSentinels:
    """A master, a replica in step with it, and three sentinels that agree about both."""

    def __init__(self) -> None:
        self.master = RedisServer()
        self.replica = _Replica(self.master)
        self.sentinels = [_Sentinel(self.master) for _ in range(3)]
        self._running = ExitStack()

    @property
    def url(self) -> str:
        """For `site.redis_url`."""
        hosts = ",".join(f"{sentinel.host}:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{MASTER}/0"

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            for server in (self.master, self.replica, *self.sentinels):
                starting.enter_context(server)
            self.sentinels[0]._wait_for(self._agree)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all of them. Harmless when they are stopped already."""
        self._running.close()

    def _agree(self) -> bool:
        return all(_knows_all(sentinel) for sentinel in self.sentinels)


def _knows_all(sentinel: RedisServer) -> bool:
    with sentinel.client() as client:
        state = client.sentinel_master(MASTER)
        replicas = client.sentinel_slaves(MASTER)
    in_step = [each for each in replicas if each["master-link-status"] == "ok"]
    return state["num-other-sentinels"] == 2 and len(in_step) == 1


class RedisClusterServers:
    """Three nodes that share the slots."""

    SLOTS = 16384

    def __init__(self) -> None:
        self.nodes = [_Node() for _ in range(3)]
        self._running = ExitStack()

    @property
    def url(self) -> str:
        """For `site.redis_url`."""
        return "redis+cluster://" + ",".join(f"{node.host}:{node.port}" for node in self.nodes)

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            for node in self.nodes:
                starting.enter_context(node)
            self._join()
            self.wait_whole()
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def wait_whole(self) -> None:
        """Until all nodes agree that every slot has its node."""
        self.nodes[0]._wait_for(lambda: all(map(_is_whole, self.nodes)))

    def _join(self) -> None:
        """What `redis-cli --cluster create` does, which takes seconds."""
        share = -(-self.SLOTS // len(self.nodes))
        first = self.nodes[0]
        bus = _bus_port(first)
        for number, node in enumerate(self.nodes):
            with node.client() as client:
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                last = min((number + 1) * share, self.SLOTS) - 1
                client.execute_command("CLUSTER ADDSLOTSRANGE", number * share, last)
                if node is not first:
                    client.execute_command("CLUSTER MEET", first.host, first.port, bus)


def _bus_port(node: RedisServer) -> int:
    with node.client() as client:
        return int(client.config_get("cluster-port")["cluster-port"])


def _is_whole(node: RedisServer) -> bool:
    with node.client() as client:
        try:
            state = client.execute_command("CLUSTER INFO")
        except redis.RedisError:
            return False
    return bool(state["cluster_state"] == "ok" and state["cluster_known_nodes"] == "3")
