"""Runs one service: its worker threads, its own loops, its health port; until it is told to stop."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from dramatiq import Worker
from structlog import get_logger

from intergestan_runtime.broker import BellBroker, ClockSkew, check_clock
from intergestan_runtime.health import HealthServer
from intergestan_runtime.liveness import USUAL, Bounds, Pulse, PulsingStop, hanging, pulse_of_this_thread, verdict_of
from intergestan_runtime.notify import Notifier
from intergestan_runtime.redis_client import REDIS_FAILURES
from intergestan_runtime.steps import Step
from intergestan_runtime.stopping import stop_on_signals

_log = get_logger(__name__)

Loop = Callable[[threading.Event], None]
"""Works until the event is set."""


def run_service(
    name: str,
    broker: BellBroker,
    *,
    steps: Sequence[Step] = (),
    threads: int = 4,
    loops: Sequence[Loop] = (),
    health: HealthServer,
    stop_seconds: float = 30.0,
    stop: threading.Event | None = None,
    bounds: Bounds = USUAL,
    end: Callable[[int], object] = os._exit,
) -> int:
    """Run until SIGTERM, SIGINT or `stop`; the exit code. The caller has declared the actors of `steps`.

    On stopping no work is begun; what is under way has `stop_seconds` to end (the sender: 11 minutes). A
    Redis that is away, wiped or frozen stops nothing: the consumers come back within seconds of its return.
    A loop that ends by itself ends the service with 1, for its supervisor to start anew. The service manager hears
    when it is ready and, while /live is well, that it lives (`Notifier`). A process whose /live fails for a minute
    ends itself with 1, and at once: what hangs cannot be waited for.

    :param bounds: when a thread hangs, and for how long.
    :param end: ends the process, whatever its threads do.
    :raises ClockSkew: our clock and that of Redis differ too much to start.
    """
    stop = stop or stop_on_signals()
    notifier = Notifier()
    crew = [_LoopThread(loop, stop, bounds.longest) for loop in loops]
    broker.jobs.longest = bounds.longest
    try:
        _check_redis(broker)
        worker = _start_worker(broker, steps, threads)
        for thread in crew:
            thread.start()
        health.live_when("threads", lambda: _dead_threads([*_threads_of(worker), *crew]))
        health.live_when("loops", lambda: hanging([thread.pulse for thread in crew]))
        health.live_when("work", broker.hanging)
        health.ready_when("redis", lambda: _redis_problem(broker))
        health.start()
        _log.info("Started.", service=name, queues=[step.queue for step in steps], health_port=health.port)
        notifier.ready(f"The {name} works.")
        if not _wait(stop, health, notifier, bounds):
            _log.critical("This process hangs, so it ends itself.", failing=health.failing("/live"))
            _flush()
            end(1)
            return 1
        notifier.stopping(stop_seconds)
        _log.info("Stopping.", service=name)
        if worker is not None:
            worker.stop(timeout=int(stop_seconds * 1000))
        for thread in crew:
            thread.join(stop_seconds)
    finally:
        health.stop()
    return int(any(thread.failed for thread in crew))


def _wait(stop: threading.Event, health: HealthServer, notifier: Notifier, bounds: Bounds) -> bool:
    """Until told to stop. False: we hang."""
    verdict = verdict_of(bounds)
    while not stop.wait(min(bounds.look, notifier.pause or bounds.look)):
        failing = bool(health.failing("/live"))
        if not failing:
            notifier.beat()
        if verdict.is_over(failing, time.monotonic()):
            return False
    return True


def _flush() -> None:
    """What was logged must be read, though no exit function runs."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _start_worker(broker: BellBroker, steps: Sequence[Step], threads: int) -> Worker | None:
    if not steps:
        return None
    broker.metrics.set("worker_threads", threads)
    worker = Worker(broker, queues={step.queue for step in steps}, worker_threads=threads)
    worker.start()
    return worker


class _LoopThread(threading.Thread):
    def __init__(self, loop: Loop, stop: threading.Event, longest: float) -> None:
        super().__init__(name=getattr(loop, "__name__", "loop"), daemon=True)
        self.failed = False
        self.pulse = Pulse(self.name, longest)
        self._loop = loop
        self._stop_event = PulsingStop(stop, self.pulse)

    def run(self) -> None:
        try:
            with pulse_of_this_thread(self.pulse):
                self._loop(self._stop_event)
        except Exception:  # noqa: BLE001 - logged, and it ends the service
            _log.exception("A loop failed; the service ends.", loop=self.name)
        if not self._stop_event.is_set():
            self.failed = True
            self._stop_event.set()


def _threads_of(worker: Worker | None) -> list[threading.Thread]:
    return [] if worker is None else [*worker.workers, *worker.consumers.values()]


def _dead_threads(threads: Sequence[threading.Thread]) -> str | None:
    dead = [thread.name for thread in threads if not thread.is_alive()]
    return f"These threads are dead: {', '.join(dead)}." if dead else None


def _check_redis(broker: BellBroker) -> None:
    try:
        check_clock(broker.client)
    except REDIS_FAILURES as error:
        _log.warning("Redis is away; we start all the same and wait for it.", error=repr(error))


def _redis_problem(broker: BellBroker) -> str | None:
    try:
        check_clock(broker.client)
        broker.try_writing()
    except (*REDIS_FAILURES, ClockSkew) as error:
        return str(error)
    return None
