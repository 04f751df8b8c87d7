"""The parent's side: a pool of children. It only ever sees the bytes of an answer, or that a child died.

Children of a service come from a forkserver that is started before any thread. A command has one thread and reads a few
files: its child is a fork of itself, made before anything is opened, which costs a few milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any, Literal, TypeVar

import msgspec

from intergestan_db.limited_child.child import ANSWER, serve
from intergestan_db.limited_child.limits import LimitedReader
from intergestan_db.problem import Problem, ProblemCode
from intergestan_msg.shapes import Shape

T = TypeVar("T")

Begin = Literal["forkserver", "fork"]

START_SECONDS = 60.0
READINGS_PER_CHILD = 500
_LONGEST_FOLDER = 70  # bytes; the forkserver's socket adds 32, and the path of a socket ends at 103 (macOS) or 107
_NOT_WHOLE = "A reader ended before it could read. Is this installation whole?"


class ReaderDied(Problem):
    """The child died, hung or failed over what it was given; whoever gave it still has it."""

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template, ProblemCode.READER_DIED, **values)


class NoReader(ChildProcessError):
    """No child could be started: this installation or this machine is at fault, not what was to be read."""


class Children:
    """As many children as threads use it at the same time.

    :param begin: `forkserver`, made before the process has any thread; or `fork`, for a process that has none.
    """

    def __init__(self, reader: LimitedReader, begin: Begin) -> None:
        self._reader = reader
        self._context: Any = multiprocessing.get_context(begin)
        if begin == "forkserver":
            from multiprocessing import forkserver

            self._context.set_forkserver_preload([reader.module, *reader.preload])
            with _room_for_a_socket():
                forkserver.ensure_running()
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()

    def start(self) -> None:
        """Begin a child now, to be ready when it is asked.

        :raises NoReader: it could not be started.
        """
        self._idle.put(self._started())

    def ask(self, question: bytes, data: bytes, answer: Shape[T]) -> T:
        """Let a child read.

        :raises ReaderDied: the child was killed by its limits, hung, failed, or answered nonsense.
        :raises NoReader: there is no child to read it.
        """
        with self._child() as child:
            return child.ask(question, data, answer)

    def close(self) -> None:
        """End all idle children."""
        while not self._idle.empty():
            self._idle.get_nowait().end()

    @contextmanager
    def _child(self) -> Iterator[_Child]:
        child = self._living() or self._started()
        try:
            child.wait_until_ready()
            yield child
        except BaseException:
            child.end()
            raise
        if child.readings < READINGS_PER_CHILD:
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

    def _started(self) -> _Child:
        """A new child. What prevents it, such as no room for a process or no memory, is not the fault of a mail."""
        try:
            return _Child(self._context, self._reader)
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
    def __init__(self, context: Any, reader: LimitedReader) -> None:
        self.readings = 0
        self._is_ready = self._is_late = False
        self._limits = reader.limits
        self._pipe, theirs = context.Pipe()
        is_fork = {"is_fork": context.get_start_method() == "fork"}
        self._process = context.Process(target=serve, args=(theirs, reader), kwargs=is_fork, name="reader", daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()

    @property
    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    def wait_until_ready(self) -> None:
        """:raises NoReader: it does not get ready."""
        if self._is_ready:
            return
        try:
            if not self._pipe.poll(START_SECONDS):
                raise NoReader(f"A reader did not start within {START_SECONDS:.0f} s.")
            self._pipe.recv_bytes()
        except (OSError, EOFError) as error:
            raise error if isinstance(error, NoReader) else NoReader(_NOT_WHOLE) from error
        self._is_ready = True

    def ask(self, question: bytes, data: bytes, answer: Shape[T]) -> T:
        self.readings += 1
        end = Timer(self._limits.wall_seconds, self._end_late)  # also where it does not even take the question
        end.start()
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # it says why it does not take them
                self._pipe.send_bytes(question)
                self._pipe.send_bytes(data)
            kind = self._pipe.recv_bytes(len(ANSWER))
            said = self._pipe.recv_bytes(self._limits.answer_bytes)
            if kind != ANSWER:
                raise ReaderDied("The reader failed: {error}.", error=said.decode("utf-8", "replace"))
            return answer.decode(said)
        except (OSError, EOFError) as error:
            if self._is_late:
                raise ReaderDied(
                    "Reading took more than {seconds} s.", seconds=f"{self._limits.wall_seconds:.0f}"
                ) from error
            if isinstance(error, EOFError):
                raise ReaderDied("The reader was ended, by its limits or by this machine.") from error
            raise ReaderDied("The reader cannot be heard: {error}.", error=str(error)) from error
        except msgspec.MsgspecError as error:
            raise ReaderDied("The reader answered nonsense: {error}.", error=str(error)) from error
        finally:
            end.cancel()
            end.join()

    def _end_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._pipe.close()
        self._process.join()
        self._process.close()
