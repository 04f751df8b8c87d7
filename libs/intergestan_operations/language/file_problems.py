"""What is wrong with a file, or in it, in words."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from intergestan_db.problem import Fault, FileProblems
from intergestan_operations.language.wording import about, sentence, translated
from intergestan_runtime.said import marked

OF_FILES: Mapping[int, str] = {
    errno.ENOENT: marked("there is no such file or folder"),
    errno.ENOTDIR: marked("a folder of this path is a file"),
    errno.EISDIR: marked("this is a folder, and a file is needed"),
    errno.EEXIST: marked("there is one already"),
    errno.EACCES: marked("you have no right to it"),
    errno.EPERM: marked("you have no right to it"),
    errno.EROFS: marked("this disk can only be read"),
    errno.ENOSPC: marked("the disk is full"),
    errno.EDQUOT: marked("there is no room left for you on this disk"),
    errno.EFBIG: marked("it may not grow any more"),
    errno.ENAMETOOLONG: marked("the name is too long"),
}
"""What is wrong with a file, in words; for the rest the machine has its own."""

NOTHING_TAKEN = marked("Nothing of {file} was taken. Correct it and import it again.")

_OF_UBL = ("cac:", "cbc:", "ext:")
"""How an element of a document begins; all else is a column."""


def file_problems(error: FileProblems, language: str) -> str:
    """All faults of a file, a line each, and what becomes of it."""
    lines = [about(error.file, in_place(fault, language), language) for fault in error.faults]
    lines.append(translated(NOTHING_TAKEN, language).format(file=error.file))
    return "\n".join(lines)


def in_place(fault: Fault, language: str) -> str:
    """A fault or a remark of a file, with its place before it."""
    place = [fault.part] if fault.part else []
    place += [translated("row {row}", language).format(row=fault.row)] if fault.row else []
    if fault.column:
        of_document = fault.column.startswith(_OF_UBL)
        place.append(
            fault.column if of_document else translated("column {column}", language).format(column=fault.column)
        )
    said = sentence(fault, language)
    return about(", ".join(place), said, language) if place else said
