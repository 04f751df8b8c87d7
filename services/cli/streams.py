"""The program's outputs: nothing on them but what can be seen, and no failure where nobody reads them any more."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from intergestan_runtime.visible_text import VisibleStream

_ASCII = frozenset({"ascii", "ansi_x3.4-1968", "us-ascii"})


class _MayBeLeft(io.FileIO):
    """A file that takes what nobody reads any more, so that the command goes on to its end and its own exit code.

    That a reader left, as after `| head -1`, is no fault of the command: what it was asked to do is done.
    """

    _left = False

    def write(self, data: Any) -> int:
        """How much was written; after the reader has left: all of it."""
        if not self._left:
            try:
                return super().write(data)
            except BrokenPipeError:
                self._left = True
        return memoryview(data).nbytes


@contextmanager
def for_people() -> Iterator[None]:
    """Whatever a command writes, whoever it is from, goes through `VisibleStream`, and may be left by its reader."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (VisibleStream(_may_be_left(stream)) for stream in before)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # what had no room was said by now
                stream.flush()
        sys.stdout, sys.stderr = before


def _may_be_left(stream: Any) -> Any:
    try:
        number = stream.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return stream  # closed by whoever started us, or a test's own
    stream.flush()
    says_all = stream.encoding.lower() not in _ASCII  # else Typer would write beside us, in UTF-8
    return io.TextIOWrapper(
        io.BufferedWriter(_MayBeLeft(number, "w", closefd=False)),
        encoding=stream.encoding if says_all else "utf-8",
        errors=stream.errors if says_all else "replace",
        line_buffering=stream.line_buffering,
    )
