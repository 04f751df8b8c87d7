"""The traps of reliability.md §1.3, on real servers: the worker always comes back by itself."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from intergestan_runtime.broker import BellBroker
from tests.patience import PATIENCE, eventually
from tests.runtime.bells import STEP, Work, broker_for, working
from tests.servers import FaultProxy, RedisServer


@pytest.fixture(autouse=True)
def _quick_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 3 s until a consumer starts anew, and 5 s until an ack is repeated."""
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.1)
    monkeypatch.setattr("dramatiq.worker.POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.1)


@pytest.fixture
def ringer(any_redis: RedisServer) -> Iterator[BellBroker]:
    """Rings past every proxy."""
    broker = broker_for(any_redis.url)
    yield broker
    broker.client.close()


@pytest.fixture
def proxy(any_redis: RedisServer, make_proxy: Callable[..., FaultProxy]) -> FaultProxy:
    return make_proxy(any_redis.host, any_redis.port)


def url_of(proxy: FaultProxy) -> str:
    return f"redis://{proxy.host}:{proxy.port}/0"


def blocked(broker: BellBroker) -> None:
    eventually(lambda: broker.client.info("clients")["blocked_clients"] >= 1)


def unacked(broker: BellBroker) -> list[Any]:
    return list(broker.client.keys("*__acks__*"))


def test_t1_the_reply_of_a_fetch_is_lost(proxy: FaultProxy, ringer: BellBroker) -> None:
    """T1: what was fetched and never seen rings again, without a new process."""
    work = Work()
    with working(url_of(proxy), work, threads=4):
        blocked(ringer)
        proxy.cut_after(b"fetch")
        STEP.ring(ringer, 1, 2, 3, 4, 5)
        work.wait_for(1, 2, 3, 4, 5)
        eventually(lambda: not unacked(ringer))
    assert sorted(work.rows) == [1, 2, 3, 4, 5]


def test_t2_the_reply_of_a_ring_is_lost(proxy: FaultProxy, ringer: BellBroker) -> None:
    """T2: it says so and does not ring twice by itself."""
    broker = broker_for(url_of(proxy))
    assert STEP.ring(broker, 1)
    proxy.cut_after(b"RPUSH")
    assert not STEP.ring(broker, 2)
    assert ringer.queue_lengths(["import"]) == {"import": 2}
    assert STEP.ring(broker, 3)
    lost = {"queue": "import", "outcome": "lost"}
    assert broker.metrics.registry.get_sample_value("intergestan_rings_total", lost) == 1
    broker.client.close()


def test_the_reply_of_an_ack_is_lost(proxy: FaultProxy, ringer: BellBroker) -> None:
    """An ack is repeated: nothing stays unacked, nothing runs twice."""
    work = Work()
    with working(url_of(proxy), work):
        blocked(ringer)
        proxy.cut_after(b"\r\nack\r\n")
        STEP.ring(ringer, 1)
        work.wait_for(1)
        eventually(lambda: not unacked(ringer))
        STEP.ring(ringer, 2)
        work.wait_for(2)
    assert work.rows == [1, 2]


def test_t4_redis_has_no_memory_left(any_redis: RedisServer, ringer: BellBroker) -> None:
    """T4: acks are refused; they are made when there is memory again."""
    work = Work()
    with working(any_redis.url, work):
        work.hold.clear()
        STEP.ring(ringer, 1)
        eventually(lambda: ringer.queue_lengths(["import"]) == {"import": 0})
        ringer.client.config_set("maxmemory", "1mb")
        try:
            work.hold.set()
            work.wait_for(1)
            assert not STEP.ring(ringer, 2)
        finally:
            ringer.client.config_set("maxmemory", "0")
        assert STEP.ring(ringer, 2)
        work.wait_for(2)
        eventually(lambda: not unacked(ringer))
    assert work.rows == [1, 2]


def test_t5_redis_freezes_at_an_ack(any_redis: RedisServer, ringer: BellBroker) -> None:
    """T5: a time-out is taken like a lost connection; the worker goes on after the thaw."""
    work = Work()
    with working(any_redis.url, work):
        work.hold.clear()
        STEP.ring(ringer, 1)
        eventually(lambda: ringer.queue_lengths(["import"]) == {"import": 0})
        any_redis.pause()
        work.hold.set()
        work.wait_for(1)
        started = time.monotonic()
        assert not STEP.ring(ringer, 2)
        assert time.monotonic() - started < PATIENCE
        any_redis.resume()
        STEP.ring(ringer, 3)
        work.wait_for(3)
        eventually(lambda: not unacked(ringer))
    assert work.rows.count(1) == 1


def test_redis_is_killed_and_comes_back_empty(any_redis: RedisServer, ringer: BellBroker) -> None:
    """T3: rows that are rung again are worked on, by the same process."""
    work = Work()
    with working(any_redis.url, work):
        blocked(ringer)
        any_redis.kill()
        assert not STEP.ring(ringer, 1)
        any_redis.restart()
        assert STEP.ring(ringer, 1)
        work.wait_for(1)
    assert work.rows == [1]


def test_redis_is_wiped_with_work_in_flight(any_redis: RedisServer, ringer: BellBroker) -> None:
    work = Work()
    with working(any_redis.url, work):
        work.hold.clear()
        STEP.ring(ringer, 1)
        eventually(lambda: ringer.queue_lengths(["import"]) == {"import": 0})
        any_redis.wipe()
        ringer.client.script_flush()
        work.hold.set()
        STEP.ring(ringer, 2)
        work.wait_for(1, 2)


def test_the_network_swallows_everything_for_a_while(proxy: FaultProxy, ringer: BellBroker) -> None:
    work = Work()
    with working(url_of(proxy), work):
        blocked(ringer)
        proxy.black_hole()
        STEP.ring(ringer, 1)
        time.sleep(2.5)
        proxy.resume()
        proxy.cut()
        work.wait_for(1)


def test_t7_a_killed_workers_message_comes_back(any_redis: RedisServer, ringer: BellBroker) -> None:
    """T7: in seconds, not in minutes; the dead worker is one whose last heartbeat is 11 s old."""
    STEP.ring(ringer, 1)
    dead = broker_for(any_redis.url)
    STEP.work_with(dead, Work())
    assert next(dead.consume("import", prefetch=2)) is not None
    heartbeats = dead.key("__heartbeats__")
    ringer.client.zadd(heartbeats, {dead.broker_id: (time.time() - 11) * 1000})
    work = Work()
    with working(any_redis.url, work) as broker:
        broker.maintenance_chance = 1_000_000
        work.wait_for(1)
    dead.client.close()
