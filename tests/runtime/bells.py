"""A step of the tests: its worker, and what it was rung for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dramatiq import Worker

from intergestan_runtime.broker import BellBroker, make_broker
from intergestan_runtime.steps import Step
from tests.patience import PATIENCE

WAIT = 0.3
STEP = Step("import", queue="import", actor="take_in")


class Work:
    """An actor that notes its rows; `hold` keeps it from ending."""

    def __init__(self, failing: frozenset[Any] = frozenset()) -> None:
        self.rows: list[Any] = []
        self.hold = threading.Event()
        self.hold.set()
        self._failing = failing
        self._changed = threading.Condition()

    def __call__(self, row_id: Any) -> None:
        self.hold.wait(PATIENCE)
        with self._changed:
            self.rows.append(row_id)
            self._changed.notify_all()
        if row_id in self._failing:
            raise ValueError(f"row {row_id} is bad")

    def wait_for(self, *rows: Any) -> None:
        with self._changed:
            done = self._changed.wait_for(lambda: set(rows) <= set(self.rows), PATIENCE)
        assert done, f"{set(rows) - set(self.rows)} did not come; {self.rows} did"


def broker_for(url: str, site: str = "a") -> BellBroker:
    return make_broker(url, site, wait_seconds=WAIT)


@contextmanager
def working(url: str, work: Work, *, threads: int = 2, step: Step = STEP, site: str = "a") -> Iterator[BellBroker]:
    """A worker of this step, until the end of the block."""
    broker = broker_for(url, site)
    step.work_with(broker, work)
    worker = Worker(broker, queues={step.queue}, worker_timeout=50, worker_threads=threads)
    worker.start()
    try:
        yield broker
    finally:
        work.hold.set()
        worker.stop(timeout=int(PATIENCE * 1000))
        broker.client.close()
