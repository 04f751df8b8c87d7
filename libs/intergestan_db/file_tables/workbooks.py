"""Workbooks as people save them: XLSX, and OpenDocument (ODS)."""

from __future__ import annotations

from intergestan_db.file_tables import ods_in, xlsx_in, xlsx_parts
from intergestan_db.file_tables.rows import Row
from intergestan_db.file_tables.zip_safety import open_zip
from intergestan_db.problem import Fault, FileProblems


def is_workbook(file: str, data: bytes) -> bool:
    """Whether a zip is a workbook.

    :raises FileProblems: when it cannot be opened without harm.
    """
    archive = open_zip(file, data)
    return xlsx_parts.BOOK in archive.namelist() or ods_in.is_ods(file, archive)


def read_sheets(file: str, data: bytes) -> dict[str, list[Row]]:
    """The visible sheets that have a cell, by name, without the rows that have none.

    :raises FileProblems: when it is no workbook, or one that cannot be read.
    """
    archive = open_zip(file, data)
    if xlsx_parts.BOOK in archive.namelist():
        return xlsx_in.sheets_of(file, archive)
    if ods_in.is_ods(file, archive):
        return ods_in.sheets_of(file, archive)
    raise FileProblems(file, [Fault(None, None, "This zip file is no workbook: save it as XLSX or ODS.")])
