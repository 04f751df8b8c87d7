"""A catalogue in a file as it was read. Others' files are read by `LimitedCatalogues` and `LimitedDigests`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from intergestan_db.file_tables.reading import FileReaders
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark
from intergestan_erp.catalogue.catalogue_drift import Digest
from intergestan_erp.catalogue.whole_catalogue import Catalogue, KnownCodes
from intergestan_erp.inputs.figure import Mark
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class Question:
    """What a child must know of a file: the decimal mark and the currency of its amounts, what the base has."""

    decimal_mark: Mark | None = None
    currency: str | None = None
    known: KnownCodes = field(default_factory=KnownCodes)


@dataclass(frozen=True, slots=True)
class CatalogueReading:
    """A catalogue, and what must be known of how it was read."""

    catalogue: Catalogue
    said: tuple[Remark, ...] = ()


ReadCatalogue = Callable[[str, bytes, Question], CatalogueReading]
"""Reads a file, by its name for the faults. Raises `FileProblems` with every fault."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child says of a file: its faults, or its catalogue, or the digest to compare with."""

    catalogue: Catalogue | None = None
    digest: Digest | None = None
    said: tuple[PlainFault, ...] = ()
    faults: tuple[PlainFault, ...] = ()

    @classmethod
    def of(cls, reading: CatalogueReading) -> Self:
        """What was read, as plain data."""
        return cls(reading.catalogue, said=tuple(remark.plain() for remark in reading.said))

    def remarks(self, file: str) -> tuple[Remark, ...]:
        """What must be known of how the file was read.

        :raises FileProblems: with the faults, if there are any.
        """
        if self.faults:
            raise FileProblems(file, list(map(Fault.of, self.faults)))
        return tuple(map(Remark.of, self.said))


QUESTION, ANSWER = Shape(Question), Shape(Answer)


class LimitedCatalogues(FileReaders):
    """Reads catalogues in limited children. A context manager; `read` is a `ReadCatalogue`."""

    def __init__(self) -> None:
        super().__init__("intergestan_erp.catalogue.read_catalogues:answer")

    def read(self, file: str, data: bytes, question: Question) -> CatalogueReading:
        """Read a file in a child.

        :raises FileProblems: with every fault of the file; `Unread` where the child died over it.
        :raises NoReader: there is no child to read it.
        """
        answer = self.ask(file, question, data, ANSWER)
        said = answer.remarks(file)
        return CatalogueReading(answer.catalogue or Catalogue(), said)


class LimitedDigests(FileReaders):
    """Reads what catalogues are compared with, an export or a digest, in limited children. A context manager."""

    def __init__(self) -> None:
        super().__init__("intergestan_erp.catalogue.read_catalogues:answer_digest")

    def read(self, file: str, data: bytes, question: Question) -> tuple[Digest, tuple[Remark, ...]]:
        """Read a file in a child; what must be known of how it was read. Raises what `LimitedCatalogues.read` does."""
        answer = self.ask(file, question, data, ANSWER)
        said = answer.remarks(file)
        digest = answer.digest or Digest(file, {})
        return digest if digest.is_hashed else replace(digest, site=file), said
