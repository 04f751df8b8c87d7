"""What is wrong with a file, or in it, or with what a person entered, in words."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from intergestan_db.problem import EntryProblems, Fault, FileProblems
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

NOTHING_ENTERED = marked("Nothing was entered or changed.")

FIELDS: Mapping[str, str] = {
    "allowance": marked("allowance"),
    "base_quantity": marked("price for"),
    "charge": marked("charge"),
    "currency": marked("currency"),
    "date": marked("date"),
    "delivery_city": marked("city"),
    "delivery_country": marked("country"),
    "delivery_line1": marked("address"),
    "delivery_line2": marked("address"),
    "delivery_name": marked("name"),
    "delivery_postcode": marked("postcode"),
    "followed_by": marked("followed by"),
    "gtin": marked("GTIN"),
    "name": marked("name"),
    "note": marked("note"),
    "price": marked("price"),
    "product": marked("product"),
    "quantity": marked("quantity"),
    "reason": marked("charge"),
    "supplier": marked("supplier"),
    "supplier_code": marked("supplier's code"),
    "unit": marked("unit"),
    "vat_category": marked("VAT category"),
    "vat_rate": marked("VAT rate"),
    "wanted_date": marked("wanted on"),
}
"""What the fields of a form are called, by their names in `EntryProblems`."""

_OF_UBL = ("cac:", "cbc:", "ext:")
"""How an element of a document begins; all else is a column."""


def file_problems(error: FileProblems, language: str) -> str:
    """All faults of a file, a line each, and what becomes of it."""
    lines = [about(error.file, in_place(fault, language), language) for fault in error.faults]
    lines.append(translated(NOTHING_TAKEN, language).format(file=error.file))
    return "\n".join(lines)


def entry_problems(error: EntryProblems, language: str) -> str:
    """All faults of what a person entered, a line each, and what becomes of it."""
    return "\n".join((*(_at_field(fault, language) for fault in error.faults), translated(NOTHING_ENTERED, language)))


def _at_field(fault: Fault, language: str) -> str:
    place = [translated("line {row}", language).format(row=fault.row)] if fault.row else []
    place += [translated(FIELDS.get(fault.column, fault.column), language)] if fault.column else []
    said = sentence(fault, language)
    return about(", ".join(place), said, language) if place else said


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
