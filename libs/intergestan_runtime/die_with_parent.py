"""Run a program that dies as soon as the process that started it is gone, however that ended.

``python die_with_parent.py PARENT_PID PROGRAM ARGUMENT…`` becomes PROGRAM. Only the standard library: this
file is also run by its path, with ``-I -S``, because that starts three times as fast.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent dies; leave at once if it is dead already.

    "Parent" is the *thread* that forked (prctl(2)): start such children from a thread that lives on.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def bound(argv: Sequence[str]) -> list[str]:
    """The command that runs `argv` as a child which dies with this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv]


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is wanted
