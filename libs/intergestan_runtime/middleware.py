# ruff: noqa: ARG002 - the signatures are those of dramatiq
"""What happens around every message: it is counted, timed, and every log line of its work names it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from dramatiq import Middleware

from intergestan_runtime.liveness import USUAL

if TYPE_CHECKING:
    from dramatiq import Broker, MessageProxy

    from intergestan_runtime.metrics import Metrics


class MetricsMiddleware(Middleware):
    """Counts messages by outcome, and measures how long they waited and how long the work took, also where there
    was nothing to do. A step times its own work.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._started: dict[str, float] = {}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Started."""
        waited = max(0.0, time.time() - message.message_timestamp / 1000)
        self._metrics.observe("queue_wait_seconds", waited, queue=message.queue_name)
        self._metrics.inc("messages_in_progress", queue=message.queue_name)
        self._started[message.message_id] = time.monotonic()

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        """Ended, well or not."""
        taken = time.monotonic() - self._started.pop(message.message_id)
        self._metrics.observe("message_duration_seconds", taken, queue=message.queue_name)
        self._metrics.inc("messages_in_progress", -1, queue=message.queue_name)
        outcome = "failed" if exception else "done"
        self._metrics.inc("messages_total", queue=message.queue_name, outcome=outcome)


class Jobs(Middleware):
    """Knows what this process works on, and since when: a job that takes too long hangs (`liveness`).

    :ivar longest: seconds that one may take.
    """

    def __init__(self, longest: float = USUAL.longest) -> None:
        self.longest = longest
        self._started: dict[str, tuple[float, str]] = {}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Started."""
        self._started[message.message_id] = (time.monotonic(), f"{message.queue_name} {message.args[0]}")

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        """Ended, well or not."""
        self._started.pop(message.message_id, None)

    def hanging(self) -> str | None:
        """Which of them take too long, as a check of /live."""
        now = time.monotonic()
        names = [name for since, name in list(self._started.values()) if now - since > self.longest]
        return f"This work hangs: {', '.join(names)}." if names else None


class LogMiddleware(Middleware):
    """Binds queue, row and message id; the exception of an actor is logged by dramatiq while they are
    bound.
    """

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Started."""
        structlog.contextvars.bind_contextvars(
            queue=message.queue_name, row=message.args[0], message_id=message.message_id
        )

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        """Ended: also what the actor bound is forgotten."""
        structlog.contextvars.clear_contextvars()
