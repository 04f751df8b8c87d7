"""The one table of a file that a person hands in: a CSV file, or the sheet of a workbook that has the titles."""

from __future__ import annotations

from intergestan_db.file_tables.csv_table import csv_rows
from intergestan_db.file_tables.csv_text import Encoding
from intergestan_db.file_tables.rows import Rows
from intergestan_db.file_tables.zip_safety import MAGIC
from intergestan_db.problem import Fault, FileProblems, Remark
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.inputs.table import Columns, has_titles, titles_in

_PAGES = (b"<html", b"<!doctype html", b"<table", b"<meta")


def table_of(file: str, data: bytes, columns: Columns, findings: Findings) -> Rows:
    """The rows of a file, titles first, by what its bytes begin with.

    :param columns: what the table may have, by which a sheet is chosen; of several sheets without its titles the first.
    :raises FileProblems: several sheets have such a table, of which all but one would be lost; or it is no such file.
    """
    if not data.startswith(MAGIC):
        refuse_page(file, data)
        return csv_table(file, data, columns, findings)
    from intergestan_db.file_tables.workbooks import read_sheets

    rows_of = {name: list(rows) for name, rows in read_sheets(file, data).items()}
    fitting = [name for name, rows in rows_of.items() if has_titles(rows, columns)]
    filled = [name for name in fitting if len(rows_of[name]) > 1]
    if len(filled) > 1:
        raise FileProblems(
            file,
            [
                Fault(
                    None,
                    None,
                    "The sheets {sheets} have such a table, and one is read: put them into one sheet, or make a file "
                    "of each.",
                    sheets=", ".join(f"«{name}»" for name in filled),
                )
            ],
        )
    for name in (filled or fitting)[:1]:
        if len(rows_of) > 1:
            findings.remarks.append(Remark(None, None, "The sheet «{sheet}» was read, and no other.", sheet=name))
        return rows_of[name]
    return next(iter(rows_of.values()), [])


def csv_table(file: str, data: bytes, columns: Columns, findings: Findings, part: str | None = None) -> Rows:
    """The rows of a CSV file, whose encoding its sender may have said.

    :param columns: what the table may have, by which is told what stands between the cells.
    :param part: what findings call the table.
    :raises FileProblems: where the bytes are no CSV.
    """

    def say(encoding: Encoding) -> None:
        findings.remarks.append(
            Remark(
                None,
                None,
                "The file was read as {encoding}, which nothing in it proves: look at letters with accents.",
                part=part,
                encoding=encoding.title(),
            )
        )

    titles = titles_in(columns)
    return csv_rows(file, data, encoding=findings.encoding, titles_in=titles, guessed=say)


def refuse_page(file: str, data: bytes) -> None:
    """Refuse a web page, which programs offer under the name of a workbook.

    :raises FileProblems: it is one.
    """
    start = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:14].lower().startswith(_PAGES):
        raise FileProblems(
            file,
            [Fault(None, None, "This is a web page under the name of a workbook: open it and save it as XLSX.")],
        )
