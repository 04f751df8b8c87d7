"""Runs of deferred invoicing that one request cannot write: a thread of the console does each, beside the pages.

The process may end at any moment: what was committed stands, and `start` does the rest of the run, whoever asks for it.
"""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_erp.selling.invoice_runs import go_on
from intergestan_erp.selling.kept_runs import KeptRun
from intergestan_operations.opening.outage import ANY_REFUSAL, tell_outage

_END_S: Final = 2.0
SILENT: Final = timedelta(seconds=30)
"""A batch takes a second or two: who wrote nothing for so long is at work no more."""


class Runs:
    """Those that are at work in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._threads: dict[int, threading.Thread] = {}
        self._why: dict[int, Problem] = {}
        self._ends = threading.Event()

    def start(self, run_id: int, by: str) -> None:
        """Do what is left of a run; nothing is begun twice in this process."""
        with self._lock:
            if run_id in self._threads or self._ends.is_set():
                return
            self._why.pop(run_id, None)
            thread = threading.Thread(target=self._work, args=(run_id, by), name=f"invoice run {run_id}", daemon=True)
            self._threads[run_id] = thread
        thread.start()

    def is_interrupted(self, run: KeptRun, now: datetime) -> bool:
        """Whether nobody does what is left of it."""
        if run.ended_at is not None or run.id in self._threads:
            return False
        return run.id in self._why or run.worked_at is None or now - run.worked_at > SILENT

    def why(self, run_id: int) -> Problem | None:
        """What ended it before it was over, if it was refused."""
        return self._why.get(run_id)

    def end(self) -> None:
        """Let each finish its batch, and begin no more."""
        self._ends.set()
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(_END_S)

    def _work(self, run_id: int, by: str) -> None:
        try:
            with closing(go_on(self._database, run_id, by=by)) as made:
                for _outcome in made:
                    if self._ends.is_set():
                        return
        except Problem as problem:
            self._why[run_id] = problem
        except ANY_REFUSAL as error:
            tell_outage(error, "A run of invoices was interrupted; its page goes on with it.", run=run_id)
        finally:
            with self._lock:
                del self._threads[run_id]
