"""The program's own outputs where nobody reads them any more, as after `| head -1`."""

from __future__ import annotations

import io
import sys
from typing import Any


class _MayBeLeft(io.FileIO):
    """A file that takes what nobody reads any more, so that the command goes on to its end and its own exit code.

    That a reader left is no fault of the command: what it was asked to do is done, and said in the code alone.
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


def bear_readers_that_leave() -> None:
    """From now on, standard output and standard error never fail because their reader has ended."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            number = stream.fileno()
        except (AttributeError, io.UnsupportedOperation):
            continue  # closed by whoever started us, or a test's own
        stream.flush()
        raw = _MayBeLeft(number, "w", closefd=False)
        buffered = io.BufferedWriter(raw)
        text = io.TextIOWrapper(
            buffered, encoding=stream.encoding, errors=stream.errors, line_buffering=stream.line_buffering
        )
        setattr(sys, name, text)
