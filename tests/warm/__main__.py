"""`python -m tests.warm SOCKET`: imports everything, then forks what the tests ask for, until they are gone."""

from __future__ import annotations

import atexit
import ctypes
import faulthandler
import functools
import gc
import importlib
import json
import multiprocessing.util
import os
import pkgutil
import re
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from intergestan_db.tables.types import Table
from intergestan_runtime.die_with_parent import die_with_parent
from tests.warm import LONGEST, Popen, WarmParent, Wish, module_of

_ROOT = Path(__file__).parents[2]
_WHEN_USED = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite")
"""What our modules let others import when it is used."""
_APART = re.compile(r"\.migrations\.|\.otlp_tracer$")
"""Not imported: Alembic runs the first by their paths, and redis-py does more where the second's packages are."""


def main() -> None:
    """Be the warm process of the tests; in each child, become what was asked for."""
    door = socket.socket(fileno=int(sys.argv[1]))
    _import_all()
    multiprocessing.util.spawnv_passfds = _spawn
    assert _threads() == 1, f"a fork would lose a thread: {threading.enumerate()}"
    gc.collect()
    gc.freeze()  # what the children share stays shared
    _serve(door)


def _import_all() -> None:
    """All our modules, and what they import and make only when it is used."""
    for folder in (*_ROOT.glob("libs/intergestan_*"), _ROOT / "services"):
        for module in pkgutil.walk_packages([str(folder)], f"{folder.name}."):
            if not _APART.search(module.name):
                importlib.import_module(module.name)
    for name in _WHEN_USED:
        importlib.import_module(name)
    for table in Table.__subclasses__():
        assert table.__table__ is not None  # made


def _serve(door: socket.socket) -> None:
    """Fork what is asked for, until nobody is left who asks. A child never comes back from here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at a terminal is for who asks
    while wanted := _next(door):
        wish, files = wanted
        pid = _fork()
        if pid == 0:
            door.detach()
            _become(wish, files)
            _run(wish.module, wish.arguments)
        door.send(str(pid).encode())
        for file in files:
            os.close(file)


def _next(door: socket.socket) -> tuple[Wish, list[int]] | None:
    data, files, _flags, _address = socket.recv_fds(door, LONGEST, 3)
    return (Wish(**json.loads(data)), files) if data else None


def _fork() -> int:
    """0 in a new process whose parent is gone, so that who asks has it; its id in this one."""
    told, telling = os.pipe()
    waiting, going = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            child = os.fork()
        except OSError:
            traceback.print_exc()
            os._exit(1)
        if child:
            os.write(telling, str(child).encode())
            os._exit(0)
        for end in (told, telling, going):
            os.close(end)
        os.read(waiting, 1)  # until the process between is gone
        os.close(waiting)
        return 0
    os.close(telling)
    os.waitpid(between, 0)
    pid = int(os.read(told, 100))
    for end in (told, waiting, going):
        os.close(end)
    return pid


def _become(wish: Wish, files: Sequence[int]) -> None:
    """Be what a new interpreter would be with this environment and these files."""
    if wish.new_session:
        os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
    _close_all_but()
    die_with_parent(wish.parent)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGHUP, signal.SIGQUIT):  # where the tests run under nohup, or in a shell's background
        signal.signal(ignored, signal.SIG_DFL)
    os.chdir(wish.folder)
    os.umask(wish.umask)
    os.environ.clear()
    os.environ.update(wish.environment)
    time.tzset()
    tempfile.tempdir = None
    like = functools.partial(open, encoding=sys.stdout.encoding, closefd=False)  # the files live as long as we do
    sys.stdin = sys.__stdin__ = like(0, errors=sys.stdout.errors)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = like(1, "w", errors=sys.stdout.errors)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = like(2, "w", buffering=1, errors="backslashreplace")  # type: ignore[misc]
    if wish.environment.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()
    if wish.has_family:
        _have_family()


def _run(module: str, arguments: Sequence[str]) -> None:
    """Be `python -m module`. To take a thousand modules apart at the end costs more than the fork: that is left out."""
    _call_ourselves([sys.executable, "-m", module, *arguments])
    sys.argv[1:] = arguments
    sys.path[0] = str(Path.cwd())
    sys.modules["__main__"] = ModuleType("__main__")
    for name in [name for name in sys.modules if name == module or name.endswith(".__main__")]:
        del sys.modules[name]  # it is to be run once more, as the program
    code: Any = 0
    try:
        runpy._run_module_as_main(module)  # type: ignore[attr-defined]
    except SystemExit as ended:
        code = 0 if ended.code is None else ended.code
        if not isinstance(code, int):
            raise
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def _call_ourselves(command: Sequence[str]) -> None:
    """Put a command line where /proc has ours (proc(5), arg_start and arg_end)."""
    fields = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    words = b"".join(word.encode() + b"\0" for word in command)[: end - start - 1]
    ctypes.memmove(start, words.ljust(end - start, b"\0"), end - start)


def _close_all_but(*kept: int) -> None:
    """Close all files but the first three and these."""
    last = 2
    for file in sorted(kept):
        os.closerange(last + 1, file)
        last = file
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


# -- what the children start ---------------------------------------------------------------------------------------

_spawn_by_exec = multiprocessing.util.spawnv_passfds
_execv = os.execv


def _have_family() -> None:
    """Have a warm process of our own, which forks what we start, as our child."""
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    us = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        door.close()
        die_with_parent(us)
        _serve(theirs)
        os._exit(0)
    theirs.close()
    WarmParent(door, pid).adopt()
    subprocess.Popen = Popen  # type: ignore[misc]
    os.execv = _become_another


def _become_another(path: Any, argv: Sequence[Any]) -> Any:
    """In place of `os.execv` in a process with a family: what is ours runs here, and its command line is ours."""
    ours = module_of(argv)
    if ours is None or _threads() > 1:
        return _execv(path, list(argv))
    _close_all_but(WarmParent.ours().door.fileno())
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    return _run(*ours)


def _spawn(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """In place of multiprocessing's way to start its two servers, `python -c CODE` with these files: fork for them too.

    A process that has threads by now executes them.
    """
    if _threads() > 1:
        return _spawn_by_exec(path, args, passfds)
    pid = os.fork()
    if pid:
        return pid
    _close_all_but(*passfds)
    try:
        exec(args[-1], {"__name__": "__main__"})
    except Exception:  # noqa: BLE001 - we must not go on as the process that forked
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
