"""From the bytes of a file to its orders. Runs in a limited child process: what it reads others made.

Only children import this module, so that their parents stay small, and whoever reads a file that this program has made.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from intergestan_db.problem import FileProblems
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.inputs.one_table import refuse_page, table_of
from intergestan_erp.order_files.file_order import USUAL, FileOrder, Options
from intergestan_erp.order_files.order_csv import read_order_rows, table_for
from intergestan_erp.order_files.order_reading import ORDERS_ASKED, OrderReading, OrdersRead
from intergestan_erp.site.day import zone_of


def answer(question: bytes, data: bytes) -> bytes:
    """What a child says of a file: an `OrdersRead` as JSON, to a `OrdersAsked`."""
    asked = ORDERS_ASKED.decode(question)
    zone = None if asked.zone is None else zone_of(asked.zone)
    try:
        said = OrdersRead.of(read_here("", data, asked.options, zone))
    except FileProblems as problems:
        said = OrdersRead(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def read_here(file: str, data: bytes, options: Options, zone: ZoneInfo | None) -> OrderReading:
    """Read a file in this process: a `ReadOrders`."""
    findings = Findings(options.decimal_mark, zone, encoding=options.encoding)
    orders = read_orders(file, data, findings, options)
    return OrderReading(tuple(orders), tuple(findings.remarks))


def read_orders(file: str, data: bytes, findings: Findings | None = None, options: Options = USUAL) -> list[FileOrder]:
    """The orders of a file, by what its bytes begin with: XML is UBL, a zip a workbook, anything else CSV.

    :param findings: where what must be known goes, beside the faults that are raised.
    :raises FileProblems: with every fault that the file itself has.
    """
    start = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"} and b"<" in data[:4]
    if start.startswith(b"<") or utf16:
        refuse_page(file, data)
        from intergestan_erp.order_files.order_ubl import read_ubl_orders

        return read_ubl_orders(file, data)
    found = Findings() if findings is None else findings
    columns = table_for(options)
    return read_order_rows(file, table_of(file, data, columns, found), found, columns, options.supplier)
