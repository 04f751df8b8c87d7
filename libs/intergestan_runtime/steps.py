"""The steps of the pipeline, and how one rings for the next.

A step is handed over by name only: a process that *declared* the next step's queue would start to consume it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dramatiq import Actor, Message

from intergestan_runtime.broker import BellBroker


class Postponed(Exception):
    """A row could not be worked on now, and the log says why; it stays due."""


@dataclass(frozen=True)
class Step:
    """A queue and the actor that works on its rows."""

    name: str
    queue: str
    actor: str

    def ring(self, broker: BellBroker, *row_ids: int, first: bool = False) -> bool:
        """Say that these rows are due: one message each, all in one round trip.

        Never raises for a failure of Redis: a lost bell (False) costs seconds, for the dispatcher rings
        again for every row that the base has as due.

        :param first: they go before all others that wait.
        """
        return broker.ring(self.queue, [self._message(row_id) for row_id in row_ids], first=first)

    def work_with(self, broker: BellBroker, function: Callable[[int], None]) -> None:
        """Make `function` the actor of this step; it gets a row id and must be idempotent.

        What it raises is logged and counted, `Postponed` without a traceback, and never retried here: retry schedules
        live in the base.
        """
        options = {"throws": Postponed}
        Actor(function, broker=broker, actor_name=self.actor, queue_name=self.queue, priority=0, options=options)

    def _message(self, row_id: int) -> Message[None]:
        return Message(queue_name=self.queue, actor_name=self.actor, args=(row_id,), kwargs={}, options={})


COMPOSE = Step("compose", queue="compose", actor="compose")
SEND = Step("send", queue="send", actor="send")
IMPORT = Step("import", queue="import", actor="take_in")
NOTIFY = Step("notify", queue="notify", actor="notify")
CREDIT = Step("credit", queue="credit", actor="look_again")
"""Of customers, by the id of their party; an importer works on it. 0: count those above their maximum."""

GEOCODE = Step("geocode", queue="geocode", actor="locate")
ALLOCATE = Step("allocate", queue="allocate", actor="allocate")
"""Of sales orders."""

SERVE = Step("serve", queue="allocate", actor="serve")
"""Of products of which something is free for orders that wait for it; an allocator works on it."""

STEPS = (COMPOSE, SEND, IMPORT, NOTIFY, CREDIT, GEOCODE, ALLOCATE, SERVE)


def poll_step(worker: str) -> Step:
    """The step of one poller: each consumes only its own queue, because it owns its mailboxes."""
    return Step("poll", queue=f"poll.{worker}", actor="poll")
