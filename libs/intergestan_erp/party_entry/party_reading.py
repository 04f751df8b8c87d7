"""A file of third parties as it was read. Others' files are read by `LimitedParties`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from intergestan_db.enums import PartyRole
from intergestan_db.file_tables.reading import FileReaders
from intergestan_db.limited_child.children import Begin
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark
from intergestan_erp.party_entry.party_table import PartyRow
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class PartiesAsked:
    """What a child must know of a file: what those are for us of which the file says neither."""

    roles: tuple[PartyRole, ...] = ()


@dataclass(frozen=True, slots=True)
class PartyReading:
    """The third parties of a file, in its order, and what must be known of how it was read."""

    rows: tuple[PartyRow, ...]
    said: tuple[Remark, ...] = ()


ReadParties = Callable[[str, bytes, PartiesAsked], PartyReading]
"""Reads a file, by its name for the faults. Raises `FileProblems` with every fault that the file itself has."""


@dataclass(frozen=True, slots=True)
class PartiesRead:
    """What a child says of a file: its faults, or its third parties."""

    rows: tuple[PartyRow, ...] = ()
    said: tuple[PlainFault, ...] = ()
    faults: tuple[PlainFault, ...] = ()

    @classmethod
    def of(cls, reading: PartyReading) -> Self:
        """What was read, as plain data."""
        return cls(reading.rows, tuple(remark.plain() for remark in reading.said))

    def reading(self, file: str) -> PartyReading:
        """What was read.

        :raises FileProblems: with the faults, if there are any.
        """
        if self.faults:
            raise FileProblems(file, list(map(Fault.of, self.faults)))
        return PartyReading(self.rows, tuple(map(Remark.of, self.said)))


PARTIES_ASKED, PARTIES_READ = Shape(PartiesAsked), Shape(PartiesRead)


class LimitedParties(FileReaders):
    """Reads files of third parties in limited children. A context manager; `read` is a `ReadParties`."""

    def __init__(self, begin: Begin = "fork") -> None:
        super().__init__("intergestan_erp.party_entry.read_parties:answer", begin=begin)

    def read(self, file: str, data: bytes, question: PartiesAsked) -> PartyReading:
        """Read a file in a child.

        :raises FileProblems: with every fault of the file; `Unread` where the child died over it.
        :raises NoReader: there is no child to read it.
        """
        return self.ask(file, question, data, PARTIES_READ).reading(file)
