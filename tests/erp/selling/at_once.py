"""Several people do something at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from intergestan_db.problem import Problem
from tests.patience import PATIENCE


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What each is told, sorted: what it made, or why not."""
    gate = threading.Barrier(len(acts))
    told: list[str] = []

    def act(do: Callable[[], object]) -> None:
        gate.wait(PATIENCE)
        try:
            told.append(str(do()))
        except Problem as problem:
            told.append(str(problem))

    threads = [threading.Thread(target=act, args=(each,)) for each in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return sorted(told)
