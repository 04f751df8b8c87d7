"""Processes of ours, forked from one that has imported everything: milliseconds in place of a second and more.

`Popen` and `run` are those of `subprocess` for `[sys.executable, "-m", module, …]`. Arguments, environment, folder,
files, session, signals, exit code and what is written are those of a new process, and it is a child of the tests,
which dies with them. It differs in what `exec` alone makes new: the options of the interpreter, and modules that were
imported before. A test whose subject is the start uses `subprocess`.

The one that has imported everything is `python -m tests.warm`: without threads, without open files, one for each
process of pytest, from the first process that is asked for until the tests end.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, AnyStr, ClassVar

from intergestan_runtime.die_with_parent import bound

LONGEST = 2**17
"""The bytes of a wish, at most."""
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_PADDING = " " * 1000
"""Room for the command lines of the children, which stand where the warm process's own was."""


@dataclass(frozen=True)
class Wish:
    """A process that is wanted; its three files come beside it.

    :ivar parent: the process of the tests, with which it dies.
    :ivar has_family: whether the processes of ours that it starts are forked as well.
    """

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    umask: int
    new_session: bool
    parent: int
    has_family: bool


class Popen(subprocess.Popen[AnyStr]):
    """`subprocess.Popen`, which forks what is ours."""

    _has_family: ClassVar[bool] = False

    def _execute_child(self, args: Sequence[str | Path], *given: Any) -> None:
        """Called by the constructor: like the method it replaces, it starts the process and closes what that has."""
        ours = module_of(args)
        pass_fds, cwd, env = given[3:6]
        files, umask, new_session = given[9:15], given[19], given[20]
        if ours is None or pass_fds:
            super()._execute_child(args, *given)  # type: ignore[misc]
            return
        wish = Wish(
            *ours,
            environment=dict(os.environ if env is None else env),
            folder=os.path.abspath(cwd or "."),  # noqa: PTH100 - Path would follow links
            umask=umask if umask >= 0 else _umask(),
            new_session=new_session,
            parent=os.getpid(),
            has_family=self._has_family,
        )
        theirs = [file if file >= 0 else number for number, file in enumerate((files[0], files[3], files[5]))]
        self.pid = WarmParent.ours().child(wish, theirs)
        self._child_created = True
        self._close_pipe_fds(*files)  # type: ignore[attr-defined]


class FamilyPopen(Popen[AnyStr]):
    """For a process that starts others of ours, or becomes one by `execv`: these are forked as well, as its own."""

    _has_family = True


def run(
    args: Sequence[str | Path],
    *,
    input: AnyStr | None = None,  # noqa: A002 - as `subprocess.run` calls it
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[AnyStr]:
    """`subprocess.run`, which forks what is ours."""
    if input is not None:
        options["stdin"] = subprocess.PIPE
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen[AnyStr](args, **options) as process:
        try:
            out, err = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def module_of(command: Sequence[str | Path]) -> tuple[str, list[str]] | None:
    """The module that a command runs, and its arguments; None where it runs something else."""
    words = [os.fspath(word) for word in command]
    bind = bound([])
    if words[: len(bind)] == bind:  # whatever we fork dies with its parent
        words = words[len(bind) :]
    return (words[2], words[3:]) if words[:2] == [sys.executable, "-m"] else None


class WarmParent:
    """The warm process, as the one sees it that wants children."""

    _ours: ClassVar[WarmParent | None] = None

    def __init__(self, door: socket.socket, pid: int) -> None:
        self.pid = pid
        self.door = door
        self._asking = threading.Lock()

    @classmethod
    def ours(cls) -> WarmParent:
        """This process's own, which starts when it is asked for first."""
        if cls._ours is None:
            door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = bound([sys.executable, "-m", __name__, str(theirs.fileno()), _PADDING])
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
            cls._ours = cls(door, process.pid)
            atexit.register(_end, door, process)
        return cls._ours

    def adopt(self) -> None:
        """From now on `ours` is this one."""
        type(self)._ours = self

    def child(self, wish: Wish, files: Sequence[int]) -> int:
        """Start a process with these files as its first three; its process id, which is that of a child of ours.

        The kernel hands a child whose parent is gone to the nearest ancestor that wants such children. We want none
        but this one: others would stay as zombies.
        """
        with self._asking:
            _prctl(_SET_CHILD_SUBREAPER, 1)
            try:
                socket.send_fds(self.door, [json.dumps(asdict(wish)).encode()], files)
                answer = self.door.recv(LONGEST)
            finally:
                _prctl(_SET_CHILD_SUBREAPER, 0)
        if not answer:
            raise OSError("The warm process has ended: it says why on standard error.")
        return int(answer)


def _end(door: socket.socket, process: subprocess.Popen[bytes]) -> None:
    door.close()
    process.wait()


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
