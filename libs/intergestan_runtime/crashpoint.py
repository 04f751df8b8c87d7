"""Places at which a test lets a process die, as if by kill -9.

What the environment says in INTERGESTAN_CRASH is either `commit:K`, `commit:K:after` (before or after the K-th commit
of this process, whatever it is of), or the name of a point between commits: where a file was written, or another
program told. No commit needs a name.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable

ENVIRONMENT = "INTERGESTAN_CRASH"
_COMMIT = "commit:"
_AFTER = ":after"


def crashpoint(name: str) -> None:
    """Die here, at once, where the environment says INTERGESTAN_CRASH=<name>; else do nothing."""
    if os.environ.get(ENVIRONMENT) == name:
        _die()


def dying_at_commit() -> Callable[[str], None] | None:
    """What `Database.at_commit` shall be, where the environment names a commit; else None.

    :raises ValueError: it names none, such as `commit:first`.
    """
    told = os.environ.get(ENVIRONMENT, "")
    if not told.startswith(_COMMIT):
        return None
    moment = "after" if told.endswith(_AFTER) else "before"
    number = int(told.removeprefix(_COMMIT).removesuffix(_AFTER))
    commits = itertools.count(1)

    def at_commit(now: str) -> None:
        if now == moment and next(commits) == number:
            _die()

    return at_commit


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
