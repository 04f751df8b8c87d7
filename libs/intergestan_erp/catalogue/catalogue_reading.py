"""A catalogue in a file as it was read. Others' files are read by `LimitedCatalogues`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from intergestan_db.file_tables.reading import FileReaders
from intergestan_db.limited_child.children import Begin
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark
from intergestan_erp.catalogue.whole_catalogue import Catalogue, KnownCodes
from intergestan_erp.inputs.figure import Mark
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class CatalogueAsked:
    """What a child must know of a file: the decimal mark and the currency of its amounts, what the base has."""

    decimal_mark: Mark | None = None
    currency: str | None = None
    known: KnownCodes = field(default_factory=KnownCodes)


@dataclass(frozen=True, slots=True)
class CatalogueReading:
    """A catalogue, and what must be known of how it was read."""

    catalogue: Catalogue
    said: tuple[Remark, ...] = ()


ReadCatalogue = Callable[[str, bytes, CatalogueAsked], CatalogueReading]
"""Reads a file, by its name for the faults. Raises `FileProblems` with every fault."""


@dataclass(frozen=True, slots=True)
class CatalogueRead:
    """What a child says of a file: its faults, or its catalogue."""

    catalogue: Catalogue | None = None
    said: tuple[PlainFault, ...] = ()
    faults: tuple[PlainFault, ...] = ()

    @classmethod
    def of(cls, reading: CatalogueReading) -> Self:
        """What was read, as plain data."""
        return cls(reading.catalogue, tuple(remark.plain() for remark in reading.said))

    def reading(self, file: str) -> CatalogueReading:
        """What was read.

        :raises FileProblems: with the faults, if there are any.
        """
        if self.faults or self.catalogue is None:
            raise FileProblems(file, list(map(Fault.of, self.faults)))
        return CatalogueReading(self.catalogue, tuple(map(Remark.of, self.said)))


CATALOGUE_ASKED, CATALOGUE_READ = Shape(CatalogueAsked), Shape(CatalogueRead)


class LimitedCatalogues(FileReaders):
    """Reads catalogues in limited children. A context manager; `read` is a `ReadCatalogue`."""

    def __init__(self, begin: Begin = "fork") -> None:
        super().__init__("intergestan_erp.catalogue.read_catalogues:answer", begin=begin)

    def read(self, file: str, data: bytes, question: CatalogueAsked) -> CatalogueReading:
        """Read a file in a child.

        :raises FileProblems: with every fault of the file; `Unread` where the child died over it.
        :raises NoReader: there is no child to read it.
        """
        return self.ask(file, question, data, CATALOGUE_READ).reading(file)
