"""The child's side: read within the limits until the parent goes away."""

from __future__ import annotations

import gc
import os
import resource
import signal
import traceback
from importlib import import_module
from multiprocessing.connection import Connection

from intergestan_db.limited_child.limits import LimitedReader, Limits

READY, ANSWER, FAILED = b"ready", b"answer", b"failed"


def serve(pipe: Connection, reader: LimitedReader, *, is_fork: bool) -> None:
    """Be a child.

    :param is_fork: it began as a copy of its parent: then it gives up whatever that one has open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at a terminal is for the parent to act upon
    try:
        _serve(pipe, reader, is_fork=is_fork)
    except BrokenPipeError:
        return  # the parent went away before we were ready


def _serve(pipe: Connection, reader: LimitedReader, *, is_fork: bool) -> None:
    if is_fork:
        gc.freeze()  # else the first collection would copy every page that is shared with the parent
        _close_all_but(pipe)
    module, _, name = reader.function.partition(":")
    read = getattr(import_module(module), name)
    limit_memory(reader.limits)
    pipe.send_bytes(READY)
    while True:
        try:
            question, data = pipe.recv_bytes(), pipe.recv_bytes()
            allow_more_cpu(reader.limits)
            kind, answer = ANSWER, read(question, data)
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 - the parent is told, and this child has ended its work
            kind, answer = FAILED, _said(error).encode("utf-8", "replace")
        try:
            pipe.send_bytes(kind)
            pipe.send_bytes(answer)
        except OSError:  # nobody waits for it any more
            return
        if kind is FAILED:
            return


def limit_memory(limits: Limits) -> None:
    """Let this process grow so much and no more. Without a core file: it would show other people's orders."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _size() + limits.memory_bytes
    resource.setrlimit(
        resource.RLIMIT_AS, (most, most) if hard == resource.RLIM_INFINITY or most < hard else (hard,) * 2
    )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_more_cpu(limits: Limits) -> None:
    """The CPU limit counts a process's whole life, so it is raised for each reading."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + limits.cpu_seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _size() -> int:
    """The address space that this process has; 0 where the system does not say (it then has no such limit either)."""
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - pathlib would cost the child its import
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _close_all_but(pipe: Connection) -> None:
    """The parent's end of this pipe is among it: while we had it, we would not hear that the parent has gone."""
    kept = pipe.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _said(error: Exception) -> str:
    """What happened, and where."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f" ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in last)
    said = f": {error}"[:500] if str(error) else ""
    return f"{type(error).__name__}{said}{place}"
