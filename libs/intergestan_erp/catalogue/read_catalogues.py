"""From the bytes of a file to a catalogue, or to what one is compared with. Runs in a limited child process.

Only children import this module, so that their parents stay small, and whoever reads a file that this program has made.
"""

from __future__ import annotations

import msgspec

from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue_file import read_file
from intergestan_erp.catalogue.catalogue_reading import QUESTION, Answer, CatalogueReading, Question
from intergestan_erp.inputs.cells import Findings


def answer(question: bytes, data: bytes) -> bytes:
    """What a child says of a file: an `Answer` with its catalogue, as JSON, to a `Question`."""
    asked = QUESTION.decode(question)
    try:
        said = Answer.of(read_here("", data, asked))
    except FileProblems as problems:
        said = Answer(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def answer_digest(question: bytes, data: bytes) -> bytes:
    """The same with what a catalogue is compared with: a `DigestAnswer`."""
    from intergestan_erp.catalogue.catalogue_drift import is_digest, read_digest, stated
    from intergestan_erp.catalogue.digest_reading import DigestAnswer

    try:
        if is_digest(data):
            said = DigestAnswer(read_digest("", data))
        else:
            reading = read_here("", data, QUESTION.decode(question))
            said = DigestAnswer(stated("", reading.catalogue.products), Answer.of(reading).said)
    except FileProblems as problems:
        said = DigestAnswer(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def read_here(file: str, data: bytes, question: Question) -> CatalogueReading:
    """Read a file in this process: a `ReadCatalogue`."""
    findings = Findings(question.decimal_mark, currency=question.currency)
    catalogue = read_file(file, data, question.known, findings)
    return CatalogueReading(catalogue, tuple(findings.remarks))
