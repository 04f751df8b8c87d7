"""Files that people post are read in limited children: what others made is parsed in no process that serves pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from intergestan_db.file_tables.reading import FileReaders

Reader = TypeVar("Reader", bound=FileReaders)


class Readers:
    """Makes readers when they are asked for: a console that is handed no file has no further process.

    Its children come from a forkserver, which a process with threads may start: it is a new program, not a copy.
    """

    def __init__(self) -> None:
        self._starting = threading.Lock()

    @contextmanager
    def of(self, make: Callable[..., Reader]) -> Iterator[Reader]:
        """A reader for the files of one request; its children end with it."""
        with self._starting:
            reader = make(begin="forkserver")
        try:
            yield reader
        finally:
            reader.__exit__()
