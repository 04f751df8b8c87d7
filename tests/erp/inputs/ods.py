"""OpenDocument workbooks for tests: their XML as LibreOffice writes it, with what a test says of rows and cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

TITLES = ("ID Pièce", "Date", "Fournisseur", "Produit", "Quantité", "Prix", "TVA", "EAN", "Livraison code postal")
TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = {
    "office": "office:1.0",
    "table": "table:1.0",
    "text": "text:1.0",
    "style": "style:1.0",
    "number": "datastyle:1.0",
}
NAMESPACES = " ".join(
    [
        *(f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}"' for prefix, name in _NAMES.items()),
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"',
    ]
)
EMPTY = '<table:table-cell table:number-columns-repeated="16300"/>'
REST = f'<table:table-row table:number-rows-repeated="1048500">{EMPTY}</table:table-row>'


def cell(inside: str, more: str = 'office:value-type="string"') -> str:
    """A cell with this in it."""
    return f"<table:table-cell {more}>{inside}</table:table-cell>"


def text(shown: str, more: str = "") -> str:
    """A cell with a text."""
    return f'<table:table-cell office:value-type="string" {more}><text:p>{escape(shown)}</text:p></table:table-cell>'


def number(value: str, shown: str | None = None, *, style: str = "", kind: str = "float", more: str = "") -> str:
    """A cell with a number."""
    named = f"table:style-name={quoteattr(style)}" if style else ""
    stated = f'office:value-type="{kind}" office:value="{value}" {named} {more}'
    return f"<table:table-cell {stated}><text:p>{escape(shown or value)}</text:p></table:table-cell>"


def day(value: str, shown: str = "20/11/26") -> str:
    """A cell with a day."""
    stated = f'office:value-type="date" office:date-value="{value}"'
    return f"<table:table-cell {stated}><text:p>{shown}</text:p></table:table-cell>"


def cells(**changed: str) -> str:
    """The cells of an order X1 of 2 A-1 at 4.50, by column (`A`), in which a test puts others."""
    usual = {
        "A": text("X1"),
        "B": day("2026-11-20"),
        "C": text("LIEF"),
        "D": text("A-1"),
        "E": number("2"),
        "F": number("4.5", "4,50"),
        **dict.fromkeys("GHI", "<table:table-cell/>"),
    }
    return "".join({**usual, **changed}.values())


def row(inside: str, more: str = "") -> str:
    return f"<table:table-row {more}>{inside}{EMPTY}</table:table-row>"


def table(
    *rows: str, name: str = "Commandes", more: str = "", columns: str = "", titles: Sequence[str] = TITLES
) -> str:
    """A sheet: its titles, these rows, and the empty rest of it."""
    all_rows = row("".join(map(text, titles))) + "".join(rows)
    return f"<table:table table:name={quoteattr(name)} {more}>{columns}{all_rows}{REST}</table:table>"


def content(*tables: str, styles: str = "", before: str = "") -> str:
    """The part that has the sheets."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )


def zipped(xml: str | bytes, **parts: str) -> bytes:
    """The workbook; `parts` are others of it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"mimetype": TYPE, "content.xml": xml, **parts}.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def ods(*rows: str, styles: str = "", columns: str = "", **parts: str) -> bytes:
    """A workbook with one sheet of these rows."""
    return zipped(content(table(*rows, columns=columns), styles=styles), **parts)
