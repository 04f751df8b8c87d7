"""A file of price lists as it was read. Others' files are read by `LimitedPrices`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from intergestan_db.file_tables.reading import FileReaders
from intergestan_db.limited_child.children import Begin
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark
from intergestan_erp.price_entry.price_table import PriceRow
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class PricesAsked:
    """What a child must know of a file: the site's currency."""

    currency: str


@dataclass(frozen=True, slots=True)
class PriceReading:
    """The lines of a file's price lists, in its order, and what must be known of how it was read."""

    rows: tuple[PriceRow, ...]
    said: tuple[Remark, ...] = ()


ReadPrices = Callable[[str, bytes, PricesAsked], PriceReading]
"""Reads a file, by its name for the faults. Raises `FileProblems` with every fault that the file itself has."""


@dataclass(frozen=True, slots=True)
class PricesRead:
    """What a child says of a file: its faults, or its lines."""

    rows: tuple[PriceRow, ...] = ()
    said: tuple[PlainFault, ...] = ()
    faults: tuple[PlainFault, ...] = ()

    @classmethod
    def of(cls, reading: PriceReading) -> Self:
        """What was read, as plain data."""
        return cls(reading.rows, tuple(remark.plain() for remark in reading.said))

    def reading(self, file: str) -> PriceReading:
        """What was read.

        :raises FileProblems: with the faults, if there are any.
        """
        if self.faults:
            raise FileProblems(file, list(map(Fault.of, self.faults)))
        return PriceReading(self.rows, tuple(map(Remark.of, self.said)))


PRICES_ASKED, PRICES_READ = Shape(PricesAsked), Shape(PricesRead)


class LimitedPrices(FileReaders):
    """Reads files of price lists in limited children. A context manager; `read` is a `ReadPrices`."""

    def __init__(self, begin: Begin = "fork") -> None:
        super().__init__("intergestan_erp.price_entry.read_prices:answer", begin=begin)

    def read(self, file: str, data: bytes, question: PricesAsked) -> PriceReading:
        """Read a file in a child.

        :raises FileProblems: with every fault of the file; `Unread` where the child died over it.
        :raises NoReader: there is no child to read it.
        """
        return self.ask(file, question, data, PRICES_READ).reading(file)
