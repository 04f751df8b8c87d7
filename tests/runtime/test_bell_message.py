"""Somebody else writes into Redis: what is no bell of ours is dropped, told once, and hides and ends nothing."""

import json
import math
from collections.abc import Iterator
from typing import Any, cast

import pytest
from dramatiq import Actor
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from intergestan_runtime import consumer, rarely
from intergestan_runtime.bell_message import Nonsense, read_bell
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.steps import NOTIFY, SEND, STEPS, Step, poll_step
from tests.patience import eventually
from tests.runtime.bells import STEP, Work, broker_for, working
from tests.servers import RedisServer

KEY = "0b7c4b1e-7a5f-4a0e-9a42-5d2f7f2d3c11"


def message(key: str = KEY, step: Step = STEP, **other: Any) -> dict[str, Any]:
    """A bell as we ring it, but for what is said otherwise."""
    usual = {
        "queue_name": step.queue,
        "actor_name": step.actor,
        "args": [7],
        "kwargs": {},
        "options": {"redis_message_id": key},
        "message_id": "m",
        "message_timestamp": 1_800_000_000_000,
    }
    return usual | other


ODD: dict[str, dict[str, Any]] = {
    "2**70": {"args": [2**70]},
    "2**63": {"args": [2**63]},
    "-2**63": {"args": [-(2**63)]},
    "zero": {"args": [0]},
    "minus one": {"args": [-1]},
    "a fraction": {"args": [1.5]},
    "a whole fraction": {"args": [1.0]},
    "true": {"args": [True]},
    "no row": {"args": [None]},
    "a text for a row": {"args": ["1"]},
    "SQL": {"args": ["1; DROP TABLE site"]},
    "an object for a row": {"args": [{"a": 1}]},
    "a list for a row": {"args": [[1]]},
    "a surrogate": {"args": ["\ud800\x00"]},
    "no arguments": {"args": []},
    "two rows": {"args": [1, 2]},
    "arguments by name": {"args": {"0": 1}},
    "more arguments": {"kwargs": {"row_id": 2}},
    "arguments of a wrong type": {"kwargs": []},
    "another queue": {"queue_name": "elsewhere"},
    "a queue of a wrong type": {"queue_name": ["import"]},
    "another actor": {"actor_name": "of_tomorrow"},
    "an actor of a wrong type": {"actor_name": {"a": 1}},
    "an actor with an escape": {"actor_name": "take_in\n\x1b[31mINJECT"},
    "no id": {"options": {}},
    "the id of another message": {"options": {"redis_message_id": "another"}},
    "an id of a wrong type": {"options": {"redis_message_id": 7}},
    "no options": {"options": None},
    "a delay": {"options": {"redis_message_id": KEY, "eta": 10**15}},
    "a delay of a wrong type": {"options": {"redis_message_id": KEY, "eta": "soon"}},
    "retries": {"options": {"redis_message_id": KEY, "max_retries": 10**9, "retries": 0}},
    "a pipe": {"options": {"redis_message_id": KEY, "pipe_target": {"x": 1}}},
    "a callback": {"options": {"redis_message_id": KEY, "on_success": "send"}},
    "what it may raise": {"options": {"redis_message_id": KEY, "throws": "x"}},
    "no time": {"message_timestamp": "x"},
    "a time of 400 digits": {"message_timestamp": 10**400},
    "a time before all": {"message_timestamp": -1},
}

NONSENSE: dict[str, bytes] = {
    "bytes": b"\xff\x00 not a message",
    "nothing": b" ",
    "null": b"null",
    "a list": b"[1]",
    "a text": b'"x"',
    "an empty object": b"{}",
    "pickled": b"\x80\x04}q\x00.",
    "deep": b"[" * 990,
    "deep arguments": json.dumps(message(args=[1])).replace("[1]", "[" * 300 + "]" * 300).encode(),
    "too long": json.dumps(message(message_id="x" * 2_000_000)).encode(),
    "a number of 800 digits": json.dumps(message()).replace("[7]", f"[{'9' * 800}]").encode(),
    "NaN": json.dumps(message(message_timestamp=math.nan)).encode(),
} | {name: json.dumps(message(**other)).encode() for name, other in ODD.items()}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_is_no_bell(name: str) -> None:
    with pytest.raises(Nonsense):
        read_bell(NONSENSE[name][:1000], KEY, "import", {"take_in"})


def test_what_is_a_bell() -> None:
    """All that it carries is the row; the id that the sender gave it is not taken over."""
    for row in (1, 7, 2**63 - 1):
        read = read_bell(json.dumps(message(args=[row])).encode(), KEY, "import", {"take_in"})
        assert (read.queue_name, read.actor_name, read.args, read.kwargs) == ("import", "take_in", (row,), {})
        assert read.options == {"redis_message_id": KEY}
        assert read.message_timestamp == 1_800_000_000_000
        assert read.message_id != "m"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*message(), "more"]), _JSON, max_size=4), st.binary(max_size=50))
def test_whatever_is_written_there_is_a_row_or_nonsense(other: dict[str, Any], raw: bytes) -> None:
    for data in (raw, json.dumps(message(**other)).encode()):
        try:
            (row,) = read_bell(data, KEY, "import", {"take_in"}).args
        except Nonsense:
            continue
        assert type(row) is int
        assert 1 <= row < 2**63


@pytest.fixture
def ringer(any_redis: RedisServer) -> Iterator[BellBroker]:
    broker = broker_for(any_redis.url)
    yield broker
    broker.client.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is logged, by a process that has not told of anything yet."""
    monkeypatch.setattr(consumer, "RARELY", rarely.Rarely())
    with capture_logs() as events:
        yield events


def put(ringer: BellBroker, queue: str, data: bytes, key: str = KEY, times: int = 1) -> None:
    ringer.client.hset(ringer.key(f"{queue}.msgs"), key, data)
    ringer.client.rpush(ringer.key(queue), *[key] * times)


def is_bare(ringer: BellBroker) -> bool:
    """Whether nothing is left in Redis but who lived."""
    return {cast("bytes", key) for key in ringer.client.keys("*")} <= {ringer.key("__heartbeats__").encode()}


@pytest.mark.parametrize("step", [*STEPS, poll_step("p1")], ids=lambda step: step.queue)
def test_every_queue_drops_nonsense(redis_server: RedisServer, told: list[Any], step: Step) -> None:
    """Each kind between two bells: both ring, nothing fails, nothing is left, and the log says little."""
    work, ringer = Work(), broker_for(redis_server.url)
    for place, data in enumerate(NONSENSE.values()):
        step.ring(ringer, 2 * place + 1)
        for old, new in ((b'"import"', step.queue), (b'"take_in"', step.actor)):
            data = data.replace(old, f'"{new}"'.encode())  # noqa: PLW2901 - the same, for this queue
        key = f"{KEY}-{place}"
        put(ringer, step.queue, data.replace(KEY.encode(), key.encode()), key)
        step.ring(ringer, 2 * place + 2)
    bells = range(1, 2 * len(NONSENSE) + 1)
    with working(redis_server.url, work, step=step) as broker:
        if step is SEND:
            NOTIFY.work_with(broker, Work())  # the sender has both, and a bell of one is none of the other
        work.wait_for(*bells)
        eventually(lambda: is_bare(ringer))
        (counter,) = [each for each in broker.metrics.registry.collect() if each.name == "intergestan_messages"]
        counts = {each.labels["outcome"]: each.value for each in counter.samples if each.name.endswith("_total")}
        assert counts == {"done": len(bells), "poison": len(NONSENSE)}
    assert sorted(work.rows) == list(bells)
    assert told
    assert len(told) == len({event["why"] for event in told}) < 12
    assert max(len(json.dumps(event)) for event in told) < 600
    ringer.client.close()


def test_one_kind_is_told_once_however_many_there_are(
    ringer: BellBroker, any_redis: RedisServer, told: list[Any]
) -> None:
    for place in range(300):
        put(ringer, "import", NONSENSE["2**70"].replace(KEY.encode(), f"k{place}".encode()), f"k{place}")
    STEP.ring(ringer, 1)
    work = Work()
    with working(any_redis.url, work):
        work.wait_for(1)
        eventually(lambda: is_bare(ringer))
    (event,) = told
    assert (event["queue"], event["why"]) == ("import", "what it names is no row")


@pytest.mark.parametrize("key", ["i\n\x1b[31m", "x" * 100_000, "é", "\x00"], ids=ascii)
def test_ids_that_are_none_of_ours(ringer: BellBroker, any_redis: RedisServer, told: list[Any], key: str) -> None:
    put(ringer, "import", json.dumps(message(key[:64])).encode(), key)
    STEP.ring(ringer, 1)
    work = Work()
    with working(any_redis.url, work):
        work.wait_for(1)
        eventually(lambda: is_bare(ringer))
    assert work.rows == [1]
    assert len(json.dumps(told)) < 600


def test_one_id_many_times_is_one_bell(ringer: BellBroker, any_redis: RedisServer) -> None:
    put(ringer, "import", json.dumps(message()).encode(), times=500)
    ringer.client.rpush(ringer.key("import"), *[f"none-{each}" for each in range(3000)])
    STEP.ring(ringer, 8)
    work = Work()
    with working(any_redis.url, work):
        work.wait_for(7, 8)
        eventually(lambda: is_bare(ringer))


def test_a_message_that_claims_anothers_id_does_not_come_back(ringer: BellBroker, any_redis: RedisServer) -> None:
    """It is acknowledged under the id that it has: at the next start it would come again, for ever."""
    put(ringer, "import", json.dumps(message("another")).encode())
    STEP.ring(ringer, 1)
    for _start in range(2):
        work = Work()
        with working(any_redis.url, work):
            STEP.ring(ringer, 2)
            work.wait_for(2)
            eventually(lambda: is_bare(ringer))


def test_delays_and_dead_letters_are_nobodys(ringer: BellBroker, any_redis: RedisServer, told: list[Any]) -> None:
    """Where dramatiq has delays and dead letters we have none, and what lies there goes."""
    late = message(options={"redis_message_id": KEY, "eta": 1})
    for name in ("import.DQ", "import.XQ"):
        put(ringer, name, json.dumps(late).encode())
    work = Work()
    with working(any_redis.url, work):
        STEP.ring(ringer, 1)
        work.wait_for(1)
        eventually(lambda: is_bare(ringer))
    assert work.rows == [1]
    assert [event["why"] for event in told] == ["it was delayed or put aside, which we never do"]


def test_a_queue_knows_its_own_actors_only(ringer: BellBroker, any_redis: RedisServer) -> None:
    """In the sender two queues meet: a bell of one does not begin the work of the other."""
    notices, mails = Work(), Work()
    forged = json.dumps(message(step=SEND, actor_name=NOTIFY.actor)).encode()
    put(ringer, "send", forged)
    SEND.ring(ringer, 1)
    with working(any_redis.url, mails, step=SEND) as broker:
        Actor(notices, broker=broker, actor_name=NOTIFY.actor, queue_name=NOTIFY.queue, priority=0, options={})
        mails.wait_for(1)
        eventually(lambda: is_bare(ringer))
    assert notices.rows == []


@pytest.mark.parametrize("name", ["import", "import.msgs", "import.XQ", "__heartbeats__"])
def test_a_key_of_another_kind_stops_no_queue(redis_server: RedisServer, told: list[Any], name: str) -> None:
    ringer, work = broker_for(redis_server.url), Work()
    ringer.client.set(ringer.key(name), "x")
    with working(redis_server.url, work):
        eventually(lambda: STEP.ring(ringer, 1))
        work.wait_for(1)
    assert told
    ringer.client.close()
