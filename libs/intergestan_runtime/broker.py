"""The bell between processes: dramatiq over Redis, made to survive what Redis and its client can do to it.

A message carries a row id. It may be lost, doubled or late, and no harm is done, for the base is the truth;
so what counts here is that a worker *always* comes back to work by itself. How this differs from dramatiq's
own broker:

- an idle consumer blocks on its queue instead of polling it: a hop takes milliseconds, an idle queue few
  commands;
- after any failure of Redis, a time-out included, the consumer starts anew, and first gives back what this
  process had fetched without ever getting to see it (the reply was lost on the way);
- a message that is no bell of ours is dropped and hides no other (`bell_message`);
- there are no delays and no dead letters, hence no queues of them: retry schedules live in the base.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

import redis
from dramatiq import Consumer, Message
from dramatiq.brokers.redis import RedisBroker
from prometheus_client import CollectorRegistry
from structlog import get_logger

from intergestan_runtime.consumer import BellConsumer, Held
from intergestan_runtime.liveness import CONSUMER_S, Pulse, hanging
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.middleware import Jobs, LogMiddleware, MetricsMiddleware
from intergestan_runtime.redis_client import REDIS_FAILURES, connect, heed
from intergestan_runtime.said import Said

MAX_CLOCK_SKEW = 2.0
"""Seconds. A process with a wrong clock makes living workers look dead, and their work is done twice."""

_HEARTBEAT_TIMEOUT_MS = 10_000
_ALWAYS = 1_000_000  # per million: the consumer says when dramatiq looks for messages that dead workers held
_ASK_CLOCK_S = 10.0
_TRIAL_S = 10
_LATE_REPLY = 1.5  # seconds after which a silent Redis counts as frozen

_log = get_logger(__name__)


class ClockSkew(Exception):
    """The clocks of this machine and of Redis differ too much to start; the message names the cure."""


def make_broker(url: str, site_code: str, *, wait_seconds: float = 1.0, metrics: Metrics | None = None) -> BellBroker:
    """The broker of one process for one site. Nothing is connected yet, except to a cluster.

    Several sites may share one server: every key starts with ``{intergestan:<site code>}``.

    :param url: of a server, of sentinels or of a cluster, see `redis_client`.
    :param wait_seconds: how long an idle consumer blocks in one command. A command to a frozen server gives
        up after this plus 1.5 s.
    :param metrics: where bells are counted; without it nobody reads the counts.
    """
    client = connect(url, patience=wait_seconds + _LATE_REPLY)
    return BellBroker(client, site_code, wait_seconds, metrics or Metrics(CollectorRegistry()))


def check_clock(client: redis.Redis) -> None:
    """Raise `ClockSkew` where our clock and that of Redis differ by more than 2 s."""
    skew = clock_skew(client)
    if abs(skew) > MAX_CLOCK_SKEW:
        raise ClockSkew(
            Said(
                "The clock of this machine is {seconds} s {direction} that of Redis; at most {most} s is safe. "
                "Set both by NTP (timedatectl set-ntp true) and start again.",
                seconds=Decimal(f"{abs(skew):.1f}"),
                direction=Said("ahead of") if skew > 0 else Said("behind"),
                most=MAX_CLOCK_SKEW,
            )
        )


def clock_skew(client: redis.Redis) -> float:
    """Our clock minus that of Redis, in seconds. Raises `REDIS_FAILURES`."""
    before = time.time()
    seconds, microseconds = client.time()
    ours = (before + time.time()) / 2
    return ours - (seconds + microseconds / 1e6)


class ClockCheck:
    """Says what is wrong with our clock against that of Redis, which it asks every ten seconds; None while Redis is
    away.
    """

    def __init__(self, broker: BellBroker) -> None:
        self._broker = broker
        self._asked: float | None = None
        self._problem: str | None = None

    def __call__(self) -> str | None:
        """What was wrong when it asked last."""
        now = time.monotonic()
        if self._asked is None or now - self._asked >= _ASK_CLOCK_S:
            self._asked = now
            try:
                check_clock(self._broker.client)
                self._problem = None
            except ClockSkew as error:
                self._problem = str(error)
            except REDIS_FAILURES:
                self._problem = None
        return self._problem


def try_writing(client: redis.Redis, key: str) -> None:
    """Write something small under this key; it goes by itself within seconds.

    :raises REDIS_FAILURES: no answer, or a server that answers and takes no writes: a replica, one without room or
        without enough replicas, one that loads or cannot save.
    """
    try:
        client.set(key, "trial", ex=_TRIAL_S)
    except REDIS_FAILURES as error:
        heed(client, error)
        raise


class BellBroker(RedisBroker):
    """A dramatiq broker without delays and retries. Made by `make_broker`."""

    def __init__(self, client: redis.Redis, site_code: str, wait_seconds: float, metrics: Metrics) -> None:
        self.jobs = Jobs()
        super().__init__(  # type: ignore[no-untyped-call]
            client=client,
            namespace=f"{{intergestan:{site_code}}}",
            middleware=[MetricsMiddleware(metrics), LogMiddleware(), self.jobs],
            heartbeat_timeout=_HEARTBEAT_TIMEOUT_MS,
            maintenance_chance=_ALWAYS,
        )
        self.client: redis.Redis = client
        self.metrics = metrics
        self.wait_seconds = wait_seconds
        self._held: dict[str, Held] = {}
        self._pulses: dict[str, Pulse] = {}
        self._silent = False

    def ring(self, queue: str, messages: Sequence[Message[Any]], *, first: bool = False) -> bool:
        """Enqueue in one round trip. False, and never an exception, where Redis fails: the dispatcher rings
        again.

        :param first: before all that waits there.
        """
        try:
            self._push(queue, messages, first=first)
        except REDIS_FAILURES as error:
            heed(self.client, error)
            self.metrics.inc("rings_total", len(messages), queue=queue, outcome="lost")
            self._say_once(f"Redis does not take bells, the dispatcher will ring again: {error!r}", silent=True)
            return False
        self.metrics.inc("rings_total", len(messages), queue=queue, outcome="rung")
        self._say_once("Redis takes bells again.", silent=False)
        return True

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """What dramatiq itself calls. Raises `REDIS_FAILURES`, and ValueError for a delay."""
        if delay is not None:
            raise ValueError("There are no delays: what is due later stands in the base.")
        self._push(message.queue_name, [message])
        return message

    def declare_queue(self, queue_name: str) -> None:
        """Without the delay queue that dramatiq adds, and would poll."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(
        self,
        queue_name: str,
        prefetch: int = 2,
        timeout: int = 1000,  # noqa: ARG002 - the signature is dramatiq's
    ) -> Consumer:
        """One message for each thread (dramatiq asks for two): none waits while another process is idle."""
        held, pulse = self._held.setdefault(queue_name, Held()), self.pulse_of(queue_name)
        pulse.beat()
        actors = {name for name, actor in self.actors.items() if actor.queue_name == queue_name}
        consumer = BellConsumer(
            *(self, queue_name, max(1, prefetch // 2), held, pulse),
            actors=actors,
            wait_seconds=self.wait_seconds,
            metrics=self.metrics,
        )
        consumer.begin()
        return consumer

    def pulse_of(self, queue_name: str) -> Pulse:
        """Shows that the thread that takes this queue's messages comes round."""
        return self._pulses.setdefault(queue_name, Pulse(f"consumer of {queue_name}", CONSUMER_S))

    def hanging(self) -> str | None:
        """Which consumers and jobs of this process hang, as a check of /live."""
        return hanging(list(self._pulses.values())) or self.jobs.hanging()

    def key(self, name: str) -> str:
        """The full name of a key of this site."""
        return f"{self.namespace}:{name}"

    def queue_lengths(self, queues: Iterable[str]) -> dict[str, int]:
        """How many bells wait in each queue, in one round trip. Raises `REDIS_FAILURES`."""
        names = list(queues)
        with self.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.llen(self.key(name))
            return dict(zip(names, pipe.execute(), strict=True))

    def memory(self) -> dict[str, Any]:
        """INFO memory of the server that has our queues. Raises `REDIS_FAILURES`."""
        client: Any = self.client
        if isinstance(client, redis.RedisCluster):
            return client.info("memory", target_nodes=client.get_node_from_key(self.namespace))  # type: ignore[no-untyped-call]
        return self.client.info("memory")

    def try_writing(self) -> None:
        """Write something small, which goes by itself. Raises `REDIS_FAILURES`: a replica or a full server refuses."""
        try_writing(self.client, self.key("trial"))

    def _push(self, queue: str, messages: Sequence[Message[Any]], *, first: bool = False) -> None:
        if not messages:
            return
        payloads = {}
        for message in messages:
            key = str(uuid4())
            payloads[key] = message.copy(options={"redis_message_id": key}).encode()
        # What dramatiq's script does to enqueue, for many at once, and without its heartbeat.
        with self.client.pipeline(transaction=True) as pipe:
            pipe.hset(self.key(f"{queue}.msgs"), mapping=cast("Any", payloads))
            if first:
                pipe.lpush(self.key(queue), *reversed(payloads))
            else:
                pipe.rpush(self.key(queue), *payloads)
            pipe.execute()

    def _say_once(self, text: str, *, silent: bool) -> None:
        if self._silent != silent:
            self._silent = silent
            _log.warning(text)
