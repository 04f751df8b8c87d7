"""Children that read mails for us: warm, limited, replaceable (`design.md` §9).

They come from a forkserver that is started before any thread. A child that eats memory or time is killed by its
own limits or by us; the parent only ever sees JSON, or that the child died.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import resource
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from intergestan_exchange.inbox.reading import READING, Reading
from intergestan_msg.shapes import Shape

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 10
WALL_SECONDS = 20.0
START_SECONDS = 60.0
MAILS_PER_CHILD = 500
_LONGEST_FOLDER = 70  # bytes; the forkserver's socket adds 32, and the path of a socket ends at 103 (macOS) or 107
_NOT_WHOLE = "A reader ended before it could read. Is this installation whole?"
_KEYS = Shape(dict[str, bytes])


class ReaderDied(Exception):
    """The child died or hung over this mail; the mail itself is untouched in the archive."""


class NoReader(ChildProcessError):
    """No child could be started: this installation or this machine is at fault, not the mail."""


class ReaderPool:
    """As many children as threads use it at the same time; made before the process has any thread."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["intergestan_exchange.inbox.read", "intergestan_msg.jws"])
        with _room_for_a_socket():
            forkserver.ensure_running()
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()

    def read(self, raw: bytes, keys: Mapping[str, bytes]) -> Reading:
        """Read a mail in a child.

        :param keys: the pinned public keys, 32 bytes each, by key id.
        :raises ReaderDied: the child was killed by its limits, hung, or answered nonsense.
        :raises NoReader: there is no child to read it.
        """
        with self._child() as child:
            return child.read(raw, keys)

    def close(self) -> None:
        """End all idle children."""
        while not self._idle.empty():
            self._idle.get_nowait().end()

    @contextmanager
    def _child(self) -> Iterator[_Child]:
        child = self._living() or _started(self._context)
        try:
            yield child
        except BaseException:
            child.end()
            raise
        if child.mails < MAILS_PER_CHILD:
            self._idle.put(child)
        else:
            child.end()

    def _living(self) -> _Child | None:
        """An idle child that the machine has not ended meanwhile, for want of memory say; None: there is none."""
        while True:
            try:
                child = self._idle.get_nowait()
            except queue.Empty:
                return None
            if child.is_alive:
                return child
            child.end()


def _started(context: Any) -> _Child:
    """A new child. Whatever prevents it, such as no room for a process or no memory, is not the mail's fault."""
    try:
        return _Child(context)
    except NoReader:
        raise
    except (OSError, EOFError, MemoryError) as error:
        raise NoReader(f"No reader could be started: {error or type(error).__name__}.") from error


@contextmanager
def _room_for_a_socket() -> Iterator[None]:
    """The forkserver listens in the temporary folder; where that path is too long for a socket, in /tmp."""
    before = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER:
        tempfile.tempdir = "/tmp"  # noqa: S108 - multiprocessing makes a private folder in it
    try:
        yield
    finally:
        tempfile.tempdir = before


class _Child:
    def __init__(self, context: Any) -> None:
        self.mails = 0
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), name="reader", daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()
        try:
            if not self._pipe.poll(START_SECONDS):
                raise NoReader(f"A reader did not start within {START_SECONDS:.0f} s.")
            self._pipe.recv_bytes()
        except (OSError, EOFError) as error:
            self.end()
            raise error if isinstance(error, NoReader) else NoReader(_NOT_WHOLE) from error

    @property
    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    def read(self, raw: bytes, keys: Mapping[str, bytes]) -> Reading:
        self.mails += 1
        try:
            self._pipe.send_bytes(msgspec.json.encode(keys))
            self._pipe.send_bytes(raw)
            if not self._pipe.poll(WALL_SECONDS):
                raise ReaderDied(f"Reading took more than {WALL_SECONDS:.0f} s.")
            return READING.decode(self._pipe.recv_bytes())
        except (OSError, EOFError) as error:
            raise ReaderDied(f"The reader ended: {error or 'it was killed by its limits'}.") from error
        except msgspec.MsgspecError as error:
            raise ReaderDied(f"The reader answered nonsense: {error}") from error

    def end(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def serve(pipe: Connection) -> None:
    """The child: read mails until the parent goes away."""
    from intergestan_exchange.inbox.read import read
    from intergestan_msg.seal import PublicKey

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at a terminal is for the parent to act upon
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe.send_bytes(b"ready")
    while True:
        try:
            keys = _KEYS.decode(pipe.recv_bytes())
            raw = pipe.recv_bytes()
        except EOFError:
            return
        _allow_more_cpu()
        reading = read(raw, {kid: PublicKey(key) for kid, key in keys.items()})
        pipe.send_bytes(msgspec.json.encode(reading))


def _allow_more_cpu() -> None:
    """The CPU limit counts a process's whole life, so it is raised for each mail."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + CPU_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
