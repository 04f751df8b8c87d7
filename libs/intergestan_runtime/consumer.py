"""How a worker takes the messages of one queue from Redis; `broker.py` says why so."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis
from dramatiq import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from structlog import get_logger

from intergestan_runtime.bell_message import LONGEST, LONGEST_KEY, Nonsense, read_bell
from intergestan_runtime.liveness import Pulse
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.redis_client import REDIS_FAILURES, heed

_log = get_logger(__name__)

_TIDY_S = 5.0
"""How often a consumer looks for messages that dead workers held, and for queues that are none of ours."""

_MOST_TRIED = 1000
"""Ids that one fetch looks at: others are served between them, however many there are without a message."""

_HEARTBEATS = "__heartbeats__"
_SHOWN = 80
"""Bytes of nonsense that the log shows."""

# dramatiq's own fetch hands out whatever lies there, however long it is, and not by which id: an id that a message
# claims for itself would be acknowledged in place of the one that it has, and come back for ever.
FETCH = """
local queue, messages, acks, heartbeats = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local room, most, longest, longest_key = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
redis.call("zadd", heartbeats, ARGV[1], ARGV[2])
local fetched, dropped = {}, 0
for _ = 1, most do
    local id = #fetched < room and redis.call("lpop", queue)
    if not id then
        break
    end
    local size = redis.call("hstrlen", messages, id)
    if size > longest or (size > 0 and (#id > longest_key or not string.find(id, "^[%w_-]+$"))) then
        redis.call("hdel", messages, id)
        dropped = dropped + 1
    elseif size > 0 and redis.call("sadd", acks, id) == 1 then
        fetched[#fetched + 1] = {id, redis.call("hget", messages, id)}
    end
end
return {dropped, fetched}
"""
"""Takes up to so many messages from a queue, with their ids, and drops what is too long to be one of ours. An id
without a message, or one that this worker has in hand already, is passed over."""


class Held:
    """The Redis ids of the messages that this process has in hand. Outlives the consumers of its queue."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._released = threading.Condition()

    def take(self, key: str) -> None:
        """In hand from now on."""
        with self._released:
            self._keys.add(key)

    def release(self, key: str) -> None:
        """No longer; harmless for a key that is not held."""
        with self._released:
            self._keys.discard(key)
            self._released.notify_all()

    def keys(self) -> set[str]:
        """A copy."""
        with self._released:
            return set(self._keys)

    def wait_for_fewer_than(self, limit: int, seconds: float) -> int:
        """How many are held, at the latest after so many seconds."""
        with self._released:
            self._released.wait_for(lambda: len(self._keys) < limit, seconds)
            return len(self._keys)


@contextmanager
def _lost_connection(client: redis.Redis) -> Iterator[None]:
    """Whatever Redis answers or fails to answer, dramatiq shall do what it does for a lost connection:
    start anew.
    """
    try:
        yield
    except REDIS_FAILURES as error:
        heed(client, error)
        raise ConnectionClosed(error) from error  # type: ignore[no-untyped-call]


class BellConsumer(Consumer):
    """Takes the messages of one queue, in one thread; `ack` and `nack` come from others.

    :param actors: the names of those that work on this queue.
    :param pulse: shows that the thread comes round.
    :param wait_seconds: how long it blocks where there is nothing, in one command.
    """

    def __init__(
        self,
        broker: RedisBroker,
        queue: str,
        prefetch: int,
        held: Held,
        pulse: Pulse,
        *,
        actors: Collection[str],
        wait_seconds: float,
        metrics: Metrics,
    ) -> None:
        self._broker = broker
        self._client: redis.Redis = broker.client
        self._queue = queue
        self._prefetch = prefetch
        self._held = held
        self._pulse = pulse
        self._actors = actors
        self._wait_seconds = wait_seconds
        self._metrics = metrics
        self._cache: list[tuple[str, bytes]] = []
        self._script = self._client.register_script(FETCH)
        self._acks = self._key(f"__acks__.{broker.broker_id}.{queue}")
        messages, heartbeats = self._key(f"{queue}.msgs"), self._key(_HEARTBEATS)
        self._kinds = {self._key(queue): b"list", messages: b"hash", self._acks: b"set", heartbeats: b"zset"}
        self._tidied: float | None = None

    def __next__(self) -> MessageProxy | None:
        """The next message; None after `wait_seconds` without one."""
        self._pulse.beat()
        with _lost_connection(self._client):
            return self._next()

    def ack(self, message: MessageProxy) -> None:
        """Done. dramatiq repeats this until Redis takes it, which does no harm."""
        key = message.options["redis_message_id"]
        self._drop(key)
        self._held.release(key)

    def nack(self, message: MessageProxy) -> None:
        """The same: a bell is rung again for what is due, so there are no dead letters."""
        self.ack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back what was fetched and not begun."""
        self._requeue({message.options["redis_message_id"] for message in messages})

    def close(self) -> None:
        """Give back what was fetched and not even looked at."""
        if self._cache:
            self._cache.clear()
            self.give_back_orphans()

    def begin(self) -> None:
        """Make sure that there is a queue to work on: a key of another kind in its place would stop it for ever."""
        with _lost_connection(self._client):
            for key, kind in self._kinds.items():
                if self._client.type(key) not in {kind, b"none"}:
                    self._client.unlink(key)
                    self._tell_dropped(1, "it lies in the place of a queue")
        self.give_back_orphans()

    def give_back_orphans(self) -> None:
        """Ring again for what this process fetched without getting to see it, because the reply was lost."""
        with _lost_connection(self._client):
            orphans = self._fetched_and_not_held()
        if orphans:
            _log.warning("Bells were fetched without reaching us; they ring again.", queue=self._queue, n=len(orphans))
            self._requeue(orphans)

    def _next(self) -> MessageProxy | None:
        if not self._cache:
            self._cache = self._fetch()
        while self._cache:
            key, data = self._cache.pop(0)
            try:
                message = read_bell(data, key, self._queue, self._actors)
            except Nonsense as error:
                self._drop(key)
                self._tell_dropped(1, str(error), data)
            else:
                self._held.take(key)
                return MessageProxy(message)
        return None

    def _fetch(self) -> list[tuple[str, bytes]]:
        """What is there, by id, as far as there are threads for it; waits where there is nothing, and returns
        nothing.
        """
        room = self._prefetch - self._held.wait_for_fewer_than(self._prefetch, self._wait_seconds)
        if room <= 0:
            self._beat()
            return []
        self._tidy()
        limits = (room, _MOST_TRIED, LONGEST, LONGEST_KEY)
        about = (int(time.time() * 1000), self._broker.broker_id, *limits)
        dropped, fetched = self._script(keys=list(self._kinds), args=about)
        self._tell_dropped(dropped, "it or its id is too long, or the id is none of ours")
        if not fetched and not dropped:
            self._wait()
        return [(key.decode("ascii"), data) for key, data in fetched]

    def _tidy(self) -> None:
        """Have what dead workers held given back, and remove what lies where no message of ours ever does: nothing is
        delayed, and nothing kept that failed.
        """
        now = time.monotonic()
        if self._tidied is not None and now - self._tidied < _TIDY_S:
            return
        self._tidied = now
        strange = [self._key(f"{self._queue}.{name}") for name in ("DQ", "DQ.msgs", "XQ", "XQ.msgs")]
        found = self._client.unlink(*strange)
        self._tell_dropped(min(found, 1), "it was delayed or put aside, which we never do")
        self._broker.do_requeue(self._queue)  # of nothing: for the sake of dramatiq's own maintenance

    def _tell_dropped(self, count: int, why: str, data: bytes | None = None) -> None:
        """Once a minute for each cause, however many there are."""
        if not count:
            return
        self._metrics.inc("messages_total", count, queue=self._queue, outcome="poison")
        shown = {} if data is None else {"start": ascii(data[:_SHOWN])}
        text = "A message in Redis is no bell of ours, so it was dropped. Does anybody else write there?"
        RARELY.warn(_log, ("nonsense", self._queue, why), text, queue=self._queue, why=why, **shown)

    def _wait(self) -> None:
        """Until the queue holds something: a move of its head onto its own head changes nothing
        (redis.io/lmove).
        """
        queue = self._key(self._queue)
        self._client.blmove(queue, queue, cast("Any", self._wait_seconds), "LEFT", "LEFT")

    def _beat(self) -> None:
        """A fetch is a heartbeat; a worker whose threads are all busy fetches nothing."""
        self._client.zadd(self._key(_HEARTBEATS), {self._broker.broker_id: int(time.time() * 1000)})

    def _fetched_and_not_held(self) -> set[str]:
        keys = cast("set[bytes]", self._client.smembers(self._acks))
        return {key.decode(errors="replace") for key in keys} - self._held.keys()

    def _drop(self, key: str) -> None:
        with _lost_connection(self._client):
            self._broker.do_ack(self._queue, key)

    def _requeue(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        if not keys:
            return
        with _lost_connection(self._client):
            self._broker.do_requeue(self._queue, *keys)
        for key in keys:
            self._held.release(key)

    def _key(self, name: str) -> str:
        return f"{self._broker.namespace}:{name}"
