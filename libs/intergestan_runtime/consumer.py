"""How a worker takes the messages of one queue from Redis; `broker.py` says why so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed, DecodeError
from structlog import get_logger

from intergestan_runtime.liveness import Pulse
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.redis_client import REDIS_FAILURES, heed

_log = get_logger(__name__)


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
        wait_seconds: float,
        metrics: Metrics,
    ) -> None:
        self._broker = broker
        self._client: redis.Redis = broker.client
        self._queue = queue
        self._prefetch = prefetch
        self._held = held
        self._pulse = pulse
        self._wait_seconds = wait_seconds
        self._metrics = metrics
        self._cache: list[bytes] = []

    def __next__(self) -> MessageProxy | None:
        """The next message; None after `wait_seconds` without one."""
        self._pulse.beat()
        with _lost_connection(self._client):
            return self._next()

    def ack(self, message: MessageProxy) -> None:
        """Done. dramatiq repeats this until Redis takes it, which does no harm."""
        self._finish("ack", message)

    def nack(self, message: MessageProxy) -> None:
        """To the dead letters, where it is kept for 7 days."""
        self._finish("nack", message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back what was fetched and not begun."""
        self._requeue({message.options["redis_message_id"] for message in messages})

    def close(self) -> None:
        """Give back what was fetched and not even looked at."""
        if self._cache:
            self._cache.clear()
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
            data = self._cache.pop(0)
            message = self._read(data)
            if message is not None:
                self._held.take(message.options["redis_message_id"])
                return MessageProxy(message)
            self._bury(data)
        return None

    def _fetch(self) -> list[bytes]:
        """What is there, as far as there are threads for it; waits where there is nothing, and returns
        nothing.
        """
        room = self._prefetch - self._held.wait_for_fewer_than(self._prefetch, self._wait_seconds)
        if room <= 0:
            self._beat()
            return []
        fetched = cast("list[bytes | None]", self._broker.do_fetch(self._queue, room))
        if not fetched:
            self._wait()
        return [data for data in fetched if data is not None]  # None: an id whose message is gone

    def _wait(self) -> None:
        """Until the queue holds something: a move of its head onto its own head changes nothing
        (redis.io/lmove).
        """
        queue = self._key(self._queue)
        self._client.blmove(queue, queue, cast("Any", self._wait_seconds), "LEFT", "LEFT")

    def _beat(self) -> None:
        """Every command of dramatiq's script is a heartbeat; a worker whose threads are all busy sends
        none.
        """
        heartbeat = {self._broker.broker_id: int(time.time() * 1000)}
        self._client.zadd(self._key("__heartbeats__"), heartbeat)

    def _read(self, data: bytes) -> Message[Any] | None:
        """The row id, its actor, and nothing else that an attacker in Redis might have put into a message."""
        try:
            told = Message.decode(data)
            (row_id,) = told.args
            key = told.options["redis_message_id"]
        except (DecodeError, ValueError, KeyError, TypeError):
            return None
        texts = (told.actor_name, told.message_id, key)
        if not all(isinstance(text, str) for text in texts) or not isinstance(told.message_timestamp, int | float):
            return None
        return Message(
            queue_name=self._queue,
            actor_name=told.actor_name,
            args=(row_id,),
            kwargs={},
            options={"redis_message_id": key},
            message_id=told.message_id,
            message_timestamp=told.message_timestamp,
        )

    def _bury(self, data: bytes) -> None:
        """Put a message that cannot be read into the dead letters. Its id is found by its content."""
        _log.error("A message cannot be read; it is now in the dead letters.", queue=self._queue, start=data[:200])
        self._metrics.inc("messages_total", queue=self._queue, outcome="poison")
        messages = self._key(f"{self._queue}.msgs")
        for key in self._fetched_and_not_held():
            if self._client.hget(messages, key) == data:
                self._broker.do_nack(self._queue, key)

    def _fetched_and_not_held(self) -> set[str]:
        acks = self._key(f"__acks__.{self._broker.broker_id}.{self._queue}")
        keys = cast("set[bytes]", self._client.smembers(acks))
        return {key.decode(errors="replace") for key in keys} - self._held.keys()

    def _finish(self, command: str, message: MessageProxy) -> None:
        key = message.options["redis_message_id"]
        with _lost_connection(self._client):
            getattr(self._broker, f"do_{command}")(self._queue, key)
        self._held.release(key)

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
