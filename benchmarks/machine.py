"""The servers of the benchmarks, what the processes use of the machine, and what they run on."""

from __future__ import annotations

import os
import platform
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TypeVar

import psutil

from tests.servers import Certificates, Dovecot, Postfix, PostgresServer

T = TypeVar("T")


class DurablePostgres(PostgresServer):
    """The tests' PostgreSQL, but with every commit on the disk, as at a site."""

    def _command(self) -> list[str | Path]:
        return [*super()._command(), "--fsync=on", "--full_page_writes=on", "--autovacuum=on", "--shared_buffers=256MB"]


class Servers:
    """All that a site needs but its Redis; each on loopback, started when it is asked for first."""

    def __init__(self, folder: Path, started: ExitStack) -> None:
        self.folder = folder
        self._started = started

    @cached_property
    def dovecot(self) -> Dovecot:
        return self._started.enter_context(Dovecot(Certificates(self.folder)))

    @cached_property
    def postfix(self) -> Postfix:
        return self._started.enter_context(Postfix(self.dovecot))

    @cached_property
    def postgres(self) -> PostgresServer:
        return self._started.enter_context(DurablePostgres())

    def pids(self) -> list[int]:
        """The roots of their process trees."""
        return [self.dovecot.pid, self.postfix.pid, self.postgres.pid]


@contextmanager
def servers() -> Iterator[Servers]:
    """Those that are asked for, until the end."""
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="intergestan-bench-")))
        yield Servers(folder, started)


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU time that this process and these trees have used so far, with that of children that have ended."""
    total = time.process_time()
    for root in roots:
        for process in _tree(root):
            try:
                total += sum(process.cpu_times()[:4])  # user and system, its own and its ended children's
            except psutil.NoSuchProcess:
                continue  # its time counts with its parent's from now on
    return total


def _tree(root: int) -> list[psutil.Process]:
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


def alternate(rounds: int, *measures: Callable[[], T]) -> list[list[T]]:
    """Measure in turn, so many times, so that what else the machine does meets all alike."""
    results: list[list[T]] = [[] for _ in measures]
    for _ in range(rounds):
        for result, measure in zip(results, measures, strict=True):
            result.append(measure())
    return results


def ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """The median of the ratios of the pairs."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def interpreter() -> str:
    """What runs us: performance.md asks every report to name it."""
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    build = "PGO" if "--enable-optimizations" in flags else "built without --enable-optimizations"
    return f"{platform.python_implementation()} {platform.python_version()} ({build}), {os.cpu_count()} cores"
