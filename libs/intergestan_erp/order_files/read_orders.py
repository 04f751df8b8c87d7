"""From the bytes of a file to its orders. Runs in a limited child process: what it reads others made.

Only children import this module, so that their parents stay small, and whoever reads a file that this program has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from intergestan_db.file_tables.rows import Rows
from intergestan_db.file_tables.zip_safety import MAGIC
from intergestan_db.problem import Fault, FileProblems, Remark
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.inputs.table import has_titles
from intergestan_erp.order_files.file_order import FileOrder, Options
from intergestan_erp.order_files.order_csv import TABLE, read_csv_orders, read_order_rows
from intergestan_erp.order_files.order_reading import ORDERS_ASKED, OrderReading, OrdersRead
from intergestan_erp.site.day import zone_of


def answer(question: bytes, data: bytes) -> bytes:
    """What a child says of a file: an `OrdersRead` as JSON, to a `OrdersAsked`."""
    asked = ORDERS_ASKED.decode(question)
    zone = None if asked.zone is None else zone_of(asked.zone)
    try:
        said = OrdersRead.of(read_here("", data, Options(asked.decimal_mark), zone))
    except FileProblems as problems:
        said = OrdersRead(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def read_here(file: str, data: bytes, options: Options, zone: ZoneInfo | None) -> OrderReading:
    """Read a file in this process: a `ReadOrders`."""
    findings = Findings(options.decimal_mark, zone)
    orders = read_orders(file, data, findings)
    return OrderReading(tuple(orders), tuple(findings.remarks))


def read_orders(file: str, data: bytes, findings: Findings | None = None) -> list[FileOrder]:
    """The orders of a file, by what its bytes begin with: XML is UBL, a zip a workbook, anything else CSV.

    :param findings: where what must be known goes, beside the faults that are raised.
    :raises FileProblems: with every fault that the file itself has.
    """
    found = Findings() if findings is None else findings
    if data.startswith(MAGIC):
        from intergestan_db.file_tables.xlsx_in import read_sheets

        return read_order_rows(file, _sheet(file, read_sheets(file, data), found), found)
    start = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:14].lower().startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        raise FileProblems(
            file,
            [Fault(None, None, "This is a web page under the name of a workbook: open it and save it as XLSX.")],
        )
    utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"} and b"<" in data[:4]
    if not start.startswith(b"<") and not utf16:
        return read_csv_orders(file, data, found)
    from intergestan_erp.order_files.order_ubl import read_ubl_orders

    return read_ubl_orders(file, data)


def _sheet(file: str, sheets: Mapping[str, Rows], findings: Findings) -> Rows:
    """The one sheet that has the titles of orders; the first of all, where none has.

    :raises FileProblems: when several have orders: those of the others would be lost.
    """
    rows_of = {name: list(rows) for name, rows in sheets.items()}
    fitting = [name for name, rows in rows_of.items() if has_titles(rows, TABLE)]
    filled = [name for name in fitting if len(rows_of[name]) > 1]
    if len(filled) > 1:
        raise FileProblems(
            file,
            [
                Fault(
                    None,
                    None,
                    "The sheets {sheets} have orders, and one is read: put them into one sheet, or make a file of "
                    "each.",
                    sheets=", ".join(f"«{name}»" for name in filled),
                )
            ],
        )
    for name in (filled or fitting)[:1]:
        if len(rows_of) > 1:
            findings.remarks.append(Remark(None, None, "The orders were read from the sheet «{sheet}».", sheet=name))
        return rows_of[name]
    return next(iter(rows_of.values()), [])
