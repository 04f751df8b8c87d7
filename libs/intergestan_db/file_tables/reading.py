"""Files that others made are read in limited children: how a child is asked, and what its death means."""

from __future__ import annotations

from typing import Final, Self, TypeVar

import msgspec

from intergestan_db.limited_child.children import Begin, Children, ReaderDied
from intergestan_db.limited_child.limits import LimitedReader, Limits
from intergestan_db.problem import Fault, FileProblems
from intergestan_msg.shapes import Shape

T = TypeVar("T")

LIMITS: Final = Limits(memory_bytes=1024 * 2**20, cpu_seconds=60, wall_seconds=120.0, answer_bytes=256 * 2**20)


class Unread(FileProblems):
    """The child that read a file died over it, at its limits or at what nobody foresaw; nothing of it was taken."""

    def __init__(self, file: str, error: ReaderDied, limits: Limits) -> None:
        fault = Fault(
            None,
            None,
            "The file could not be read with {memory} MB of memory, in {seconds} s: {error} Make it again, as CSV if "
            "you can, or split it.",
            memory=limits.memory_bytes // 2**20,
            seconds=limits.cpu_seconds,
            error=error,
        )
        super().__init__(file, [fault])


class FileReaders:
    """Children that read files by one function, for a command. A context manager.

    A child is begun on entering, as a copy of what has nothing open yet.

    :param function: as `LimitedReader` has it; its question is JSON.
    :param begin: as of `Children`: a command has no thread, a service has.
    """

    def __init__(self, function: str, limits: Limits = LIMITS, begin: Begin = "fork") -> None:
        self._limits = limits
        self._children = Children(LimitedReader(function, limits), begin)

    def __enter__(self) -> Self:
        self._children.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._children.close()

    def ask(self, file: str, question: object, data: bytes, answer: Shape[T]) -> T:
        """Let a child read a file.

        :raises Unread: the child died over it.
        :raises NoReader: there is no child to read it.
        """
        try:
            return self._children.ask(msgspec.json.encode(question), data, answer)
        except ReaderDied as error:
            raise Unread(file, error, self._limits) from error
