"""A file of a form: as it was posted, or kept in the form from when it was looked at until it is taken."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from intergestan_db.problem import FileProblems, Problem, ProblemCode
from intergestan_operations.language.wording import sentence
from services.console.visit import Visit

FILE, KEPT, NAME = "fichier", "fichier_garde", "nom_fichier"
"""The fields: of the file, of its bytes when they were looked at, and of its name then."""
MOST_BYTES: Final = 8_000_000
MOST_SHOWN: Final = 500
"""More rows than this nobody looks through before a file is taken."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file as it was posted, or kept from when it was looked at."""

    name: str
    data: bytes

    @property
    def kept(self) -> str:
        """The same in a field of the form that takes it."""
        return base64.b64encode(self.data).decode()


def given_file(visit: Visit) -> Given:
    """The file of the form.

    :raises Problem: there is none, or it is too large.
    """
    for upload in visit.files.get(FILE, ()):
        given = Given(upload.name, upload.read())
        if len(given.data) > MOST_BYTES:
            raise Problem("The file is larger than 8 MB: split it.", ProblemCode.TOO_MANY)
        return given
    try:
        data = base64.b64decode(visit.form.get(KEPT, ""), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise Problem("No file is chosen: choose one, or drop it on the field.", ProblemCode.NO_VALUE)
    return Given(visit.form.get(NAME, ""), data)


def no_reader() -> Problem:
    """What is said where no child can read the file."""
    return Problem("No file can be read at the moment; nothing was taken. Try again.", ProblemCode.READER_DIED)


def faults_of(visit: Visit, problems: FileProblems | None) -> list[tuple[int | None, str, str]]:
    """The faults of a file, as a table shows them: row, column, what is wrong."""
    if problems is None:
        return []
    return [(each.row, each.column or "", sentence(each, visit.language)) for each in problems.faults[:MOST_SHOWN]]
