"""From the bytes of a file to a catalogue, or to what one is compared with. Runs in a limited child process.

Only children import this module, so that their parents stay small, and whoever reads a file that this program has made.
"""

from __future__ import annotations

import msgspec

from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue_file import read_file
from intergestan_erp.catalogue.catalogue_reading import CATALOGUE_ASKED, CatalogueAsked, CatalogueRead, CatalogueReading
from intergestan_erp.inputs.cells import Findings


def answer(question: bytes, data: bytes) -> bytes:
    """What a child says of a file: a `CatalogueRead` with its catalogue, as JSON, to a `CatalogueAsked`."""
    asked = CATALOGUE_ASKED.decode(question)
    try:
        said = CatalogueRead.of(read_here("", data, asked))
    except FileProblems as problems:
        said = CatalogueRead(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def answer_digest(question: bytes, data: bytes) -> bytes:
    """The same with what a catalogue is compared with: a `DigestRead`."""
    from intergestan_erp.catalogue.catalogue_drift import is_digest, read_digest, stated
    from intergestan_erp.catalogue.digest_reading import DigestRead

    try:
        if is_digest(data):
            said = DigestRead(read_digest("", data))
        else:
            reading = read_here("", data, CATALOGUE_ASKED.decode(question))
            said = DigestRead(stated("", reading.catalogue.products), CatalogueRead.of(reading).said)
    except FileProblems as problems:
        said = DigestRead(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def read_here(file: str, data: bytes, question: CatalogueAsked) -> CatalogueReading:
    """Read a file in this process: a `ReadCatalogue`."""
    findings = Findings(question.decimal_mark, currency=question.currency)
    catalogue = read_file(file, data, question.known, findings)
    return CatalogueReading(catalogue, tuple(findings.remarks))
