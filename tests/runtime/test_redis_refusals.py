"""A Redis that answers and takes no writes, in every way that it has: not ready, bells are lost and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from intergestan_runtime.broker import BellBroker, make_broker
from intergestan_runtime.redis_client import REDIS_FAILURES, REFUSALS
from intergestan_runtime.service import _redis_problem
from tests.patience import eventually
from tests.runtime.bells import STEP, Work, working
from tests.servers import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """One of the test's own, to be spoilt."""
    with RedisServer() as server:
        yield server


def replica(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")


def master(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("REPLICAOF", "NO", "ONE")


def setting(name: str, wrong: str, right: str) -> tuple[Callable[[RedisServer], None], Callable[[RedisServer], None]]:
    def put(value: str) -> Callable[[RedisServer], None]:
        def configure(server: RedisServer) -> None:
            with server.client() as client:
                client.config_set(name, value)

        return configure

    return put(wrong), put(right)


WAYS = {
    "READONLY": ("read only replica", replica, master),
    "OOM": ("maxmemory", *setting("maxmemory", "1", "0")),
    "NOREPLICAS": ("NOREPLICAS", *setting("min-replicas-to-write", "1", "0")),
    "MISCONF": ("unable to persist to disk", RedisServer.refuse_saving, RedisServer.allow_saving),
    "LOADING": ("loading the dataset", RedisServer.load_slowly, RedisServer.load_quickly),
}


@pytest.fixture
def broker(server: RedisServer) -> Iterator[BellBroker]:
    broker = make_broker(server.url, "a", wait_seconds=0.1)
    yield broker
    broker.client.close()


@pytest.mark.parametrize("way", WAYS)
def test_it_is_away_until_it_takes_writes_again(server: RedisServer, broker: BellBroker, way: str) -> None:
    """/ready says so, a ring is lost, and afterwards the same process goes on without a restart."""
    words, spoil, mend = WAYS[way]
    broker.try_writing()
    work = Work()
    with working(server.url, work):
        spoil(server)
        with pytest.raises(REFUSALS):
            broker.try_writing()
        assert words in (_redis_problem(broker) or "")
        assert not STEP.ring(broker, 1)
        mend(server)
        broker.try_writing()
        assert _redis_problem(broker) is None
        assert STEP.ring(broker, 2)
        work.wait_for(2)


def test_a_trial_goes_by_itself(server: RedisServer, broker: BellBroker) -> None:
    broker.try_writing()
    with server.client() as client:
        (key,) = client.keys("*")
        assert 0 < client.ttl(key) <= 10


def test_a_refusal_by_a_replica_drops_the_idle_connections(server: RedisServer, broker: BellBroker) -> None:
    """After a failover the same address may be another server's; a connection to the old one would stay with it."""
    broker.try_writing()
    before = broker.client.client_id()
    replica(server)
    with pytest.raises(redis.ReadOnlyError):
        broker.try_writing()
    assert broker.client.client_id() != before


def test_one_that_is_away_is_no_refusal(broker: BellBroker, server: RedisServer) -> None:
    server.kill()
    with pytest.raises(REDIS_FAILURES) as caught:
        broker.try_writing()
    assert not isinstance(caught.value, REFUSALS)
    server.bring_back()
    eventually(lambda: _redis_problem(broker) is None)
