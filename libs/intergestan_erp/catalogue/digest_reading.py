"""What a catalogue is compared with, an export or a digest, as it was read by a limited child."""

from __future__ import annotations

from dataclasses import dataclass, replace

from intergestan_db.file_tables.reading import FileReaders
from intergestan_db.limited_child.children import Begin
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark
from intergestan_erp.catalogue.catalogue_drift import Digest
from intergestan_erp.catalogue.catalogue_reading import CatalogueAsked
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class DigestRead:
    """What a child says of a file: its faults, or what it says of products."""

    digest: Digest | None = None
    said: tuple[PlainFault, ...] = ()
    faults: tuple[PlainFault, ...] = ()


_DIGEST_READ = Shape(DigestRead)


class LimitedDigests(FileReaders):
    """Reads what catalogues are compared with in limited children. A context manager."""

    def __init__(self, begin: Begin = "fork") -> None:
        super().__init__("intergestan_erp.catalogue.read_catalogues:answer_digest", begin=begin)

    def read(self, file: str, data: bytes, question: CatalogueAsked) -> tuple[Digest, tuple[Remark, ...]]:
        """Read a file in a child; what must be known of how it was read. Raises what `LimitedCatalogues.read` does."""
        answer = self.ask(file, question, data, _DIGEST_READ)
        if answer.faults or answer.digest is None:
            raise FileProblems(file, list(map(Fault.of, answer.faults)))
        digest = answer.digest if answer.digest.is_hashed else replace(answer.digest, site=file)
        return digest, tuple(map(Remark.of, answer.said))
