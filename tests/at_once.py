"""Processes that begin at the same moment: each says that it started, and goes on once it is told to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from tests import warm
from tests.patience import PATIENCE


def at_once(module: str, *arguments: Sequence[object]) -> list[list[str]]:
    """The lines that each of these processes wrote, all of which ended well.

    :param module: what is run; it prints `started`, waits for a line, and then does what it is there for.
    :param arguments: of one process each.
    """
    with ExitStack() as stack:
        processes = [stack.enter_context(starting(module, *each)) for each in arguments]
        said = go(processes)
    assert [process.returncode for process in processes] == [0] * len(processes)
    return said


@contextmanager
def starting(
    module: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that has started and waits, with `environment` besides ours. In the end it is gone, come what may."""
    with warm.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


def go(processes: Sequence[subprocess.Popen[str]]) -> list[list[str]]:
    """Let them begin, and wait for their end; the lines that each of them wrote."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate(timeout=PATIENCE)[0].splitlines() for process in processes]
