"""The bell on a healthy server: Debian's Redis and the embedded one."""

import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import redis
from dramatiq import Message, Worker
from dramatiq.brokers.redis import RedisBroker

from intergestan_runtime.broker import BellBroker, ClockSkew, check_clock
from intergestan_runtime.steps import COMPOSE, SEND, STEPS, poll_step
from tests.patience import PATIENCE, eventually
from tests.runtime.bells import STEP, Work, broker_for, working
from tests.servers import RedisServer


@pytest.fixture
def broker(any_redis: RedisServer) -> Iterator[BellBroker]:
    broker = broker_for(any_redis.url)
    yield broker
    broker.client.close()


def test_rows_are_worked_on_once_each(any_redis: RedisServer, broker: BellBroker) -> None:
    work = Work()
    with working(any_redis.url, work):
        assert STEP.ring(broker, *range(1, 51))
        work.wait_for(*range(1, 51))
    assert len(work.rows) == 50
    assert not broker.client.keys("*import*")


def test_a_message_is_a_row_id_and_nothing_else(broker: BellBroker) -> None:
    SEND.ring(broker, 7)
    (data,) = broker.client.hvals("{intergestan:a}:send.msgs")
    message = Message.decode(cast("bytes", data))
    assert (message.args, message.kwargs, list(message.options)) == ((7,), {}, ["redis_message_id"])


def test_many_rows_ring_in_one_round_trip(broker: BellBroker) -> None:
    broker.client.config_resetstat()
    STEP.ring(broker, *range(1000))
    calls = broker.client.info("commandstats")
    assert calls["cmdstat_exec"]["calls"] == 1
    assert broker.queue_lengths(["import", "send"]) == {"import": 1000, "send": 0}
    assert STEP.ring(broker)
    assert broker.queue_lengths(["import"]) == {"import": 1000}


def test_ringing_declares_nothing(broker: BellBroker) -> None:
    """Design §3: a process that declared the next step's queue would consume it."""
    COMPOSE.work_with(broker, Work())
    SEND.ring(broker, 1)
    assert broker.get_declared_queues() == {"compose"}
    assert broker.get_declared_delay_queues() == set()


def test_dramatiq_itself_reads_what_we_ring(any_redis: RedisServer, broker: BellBroker) -> None:
    plain = RedisBroker(url=any_redis.url, namespace=broker.namespace, middleware=[])  # type: ignore[no-untyped-call]
    STEP.ring(broker, 5)
    message = next(plain.consume("import", timeout=int(PATIENCE * 1000)))
    assert message is not None
    assert (message.actor_name, message.args) == ("take_in", (5,))
    plain.client.close()


OURS = ("cmdstat_config", "cmdstat_info")
"""The commands by which a test asks what a worker commands."""


def test_an_idle_worker_asks_seldom_and_hears_at_once(any_redis: RedisServer, broker: BellBroker) -> None:
    """Six idle queues with the production wait of 1 s cost ≤ 50 commands/s: here one with 0.3 s, ≤ 28/s."""
    work = Work()
    with working(any_redis.url, work):
        eventually(lambda: broker.client.info("clients")["blocked_clients"] == 1)
        broker.client.config_resetstat()
        began = time.monotonic()

        def commands() -> int:
            stats = broker.client.info("commandstats")
            return sum(figures["calls"] for name, figures in stats.items() if not name.startswith(OURS))

        eventually(lambda: commands() >= 4, every=2)
        assert commands() <= 28 * (time.monotonic() - began)
        STEP.ring(broker, 1)
        work.wait_for(1)


def test_several_workers_share_a_queue(any_redis: RedisServer, broker: BellBroker) -> None:
    first, second = Work(), Work()
    with working(any_redis.url, first, threads=1), working(any_redis.url, second, threads=1):
        first.hold.clear()
        second.hold.clear()
        STEP.ring(broker, *range(1, 7))
        eventually(lambda: broker.queue_lengths(["import"]) == {"import": 4})
        first.hold.set()
        second.hold.set()
        eventually(lambda: len(first.rows) + len(second.rows) == 6)
    assert set(first.rows) | set(second.rows) == set(range(1, 7))
    assert first.rows
    assert second.rows


def test_a_busy_worker_stays_alive(any_redis: RedisServer, broker: BellBroker) -> None:
    """T9: without heartbeats its message would be given to another while it works."""
    work = Work()
    with working(any_redis.url, work, threads=1) as its_broker:
        work.hold.clear()
        STEP.ring(broker, 1)
        key = broker.key("__heartbeats__")
        eventually(lambda: broker.queue_lengths(["import"]) == {"import": 0})
        worker = its_broker.broker_id
        before = broker.client.zscore(key, worker)
        eventually(lambda: broker.client.zscore(key, worker) != before)


def test_stopping_gives_back_what_was_not_begun(any_redis: RedisServer, broker: BellBroker) -> None:
    work = Work()
    with working(any_redis.url, work, threads=1):
        work.hold.clear()
        STEP.ring(broker, 1, 2, 3)
        eventually(lambda: broker.queue_lengths(["import"]) == {"import": 2})
    assert work.rows[0] == 1
    again = Work()
    with working(any_redis.url, again):
        again.wait_for(*({2, 3} - set(work.rows)))
    assert sorted(work.rows + again.rows) == [1, 2, 3]


def test_an_exception_is_counted_logged_and_not_retried(
    any_redis: RedisServer, broker: BellBroker, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(failing=frozenset({1}))
    with working(any_redis.url, work) as its_broker:
        STEP.ring(broker, 1)
        work.wait_for(1)
        STEP.ring(broker, 2)
        work.wait_for(2)
        eventually(lambda: not broker.client.keys("*acks*"))
        count = its_broker.metrics.registry.get_sample_value
        assert count("intergestan_messages_total", {"queue": "import", "outcome": "failed"}) == 1
        assert count("intergestan_messages_total", {"queue": "import", "outcome": "done"}) == 1
        assert count("intergestan_messages_in_progress", {"queue": "import"}) == 0
        assert count("intergestan_queue_wait_seconds_count", {"queue": "import"}) == 2
    assert work.rows == [1, 2]
    assert "row 1 is bad" in caplog.text


def test_sites_share_a_server(any_redis: RedisServer) -> None:
    work = Work()
    other = broker_for(any_redis.url, "b")
    with working(any_redis.url, work) as broker:
        STEP.ring(other, 1)
        STEP.ring(broker, 2)
        work.wait_for(2)
    assert work.rows == [2]
    other.client.close()


def test_there_are_no_delays(broker: BellBroker) -> None:
    message: Message[None] = Message("import", "take_in", (1,), {}, {})
    with pytest.raises(ValueError, match="no delays"):
        broker.enqueue(message, delay=1000)
    broker.enqueue(message)
    assert broker.queue_lengths(["import"]) == {"import": 1}


def test_the_clock_is_checked(broker: BellBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """T6: a producer whose clock is wrong makes living workers look dead."""
    check_clock(broker.client)
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + 61)
    with pytest.raises(ClockSkew, match=r"61\.0 s ahead of .*timedatectl"):
        check_clock(broker.client)
    monkeypatch.setattr("time.time", lambda: now() - 61)
    with pytest.raises(ClockSkew, match="behind"):
        check_clock(broker.client)


def test_works_on_a_unix_socket(make_redis: Callable[..., RedisServer]) -> None:
    server = make_redis(unix_socket=True)
    work = Work()
    with working(server.url, work) as broker:
        STEP.ring(broker, 1)
        work.wait_for(1)


def test_nothing_is_connected_by_making_a_broker() -> None:
    broker = broker_for("redis://127.0.0.1:1/0")
    assert not STEP.ring(broker, 1)
    with pytest.raises(redis.ConnectionError):
        check_clock(broker.client)


def test_each_poller_has_its_queue() -> None:
    assert poll_step("w1").queue == "poll.w1"
    queues = ["compose", "send", "import", "notify", "credit", "geocode", "allocate"]
    assert list(dict.fromkeys(step.queue for step in STEPS)) == queues, "orders and products share the allocator's"


def test_worker_of_dramatiq_takes_only_its_queues(broker: BellBroker) -> None:
    STEP.work_with(broker, Work())
    worker = Worker(broker, queues={"import"}, worker_threads=1)
    worker.start()
    assert list(worker.consumers) == ["import"]
    worker.stop(timeout=int(PATIENCE * 1000))


def test_what_is_rung_first_goes_before_all_that_waits(broker: BellBroker) -> None:
    """Mails of those whom we know do not wait behind strangers'; among themselves they stay in order."""
    STEP.ring(broker, *range(100, 200))
    STEP.ring(broker, 7, 8, first=True)
    keys = broker.client.lrange(broker.key(STEP.queue), 0, 2)
    found = [broker.client.hget(broker.key(f"{STEP.queue}.msgs"), key) for key in keys]
    assert [Message.decode(cast("bytes", data)).args for data in found] == [(7,), (8,), (100,)]
