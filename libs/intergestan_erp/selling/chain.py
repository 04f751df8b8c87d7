"""What ties each document of a series to the one before it, so that nobody changes, adds or removes one unseen (D39).

The chain of a document is the SHA-256, in hexadecimal, of the chain of the document before it in its series (nothing
for the first), followed by the document as canonical JSON: UTF-8, no white space, names in order of their characters,
amounts with 2 decimals and quantities, prices and rates with 6, all as texts, days as ISO 8601. What is in it says
`docs/agencies.md`, by which anybody recomputes it from the rows. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

AMOUNTS: Final = frozenset({"total_ht", "total_vat", "total_ttc", "total", "amount", "base"})
"""The columns that have 2 decimals; other figures have 6."""
HEAD: Final = (
    *("number", "kind", "issue_date", "customer_id", "establishment_id", "accounting_folder_id", "currency"),
    *("total_ht", "total_vat", "total_ttc"),
)
HEAD_OF_INVOICE: Final = (*HEAD, "due_date", "note")
HEAD_OF_CREDIT_NOTE: Final = (*HEAD, "invoice_id", "reason")
LINE: Final = (
    *("position", "delivery_note_line_id", "product_code", "name", "quantity", "unit", "price", "base_quantity"),
    *("total", "vat_category", "vat_rate"),
)
LINE_OF_CREDIT_NOTE: Final = ("position", "invoice_line_id", "invoice_charge_id", "quantity", "total")
CHARGE: Final = ("sales_order_charge_id", "reason", "amount", "vat_category", "vat_rate")
VAT: Final = ("vat_category", "vat_rate", "base", "amount")
DUE: Final = ("n", "due_date", "amount")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A document with all that its chain covers, as its rows have it.

    :ivar identity: seller and buyer as they were that day.
    :ivar charges: empty for a credit note, whose lines take them back; so is `due`, which only invoices have.
    """

    head: Row
    identity: Row
    lines: Iterable[Row]
    vat: Iterable[Row]
    charges: Iterable[Row] = ()
    due: Iterable[Row] = ()


def chain_of_invoice(before: str | None, document: Sealed) -> str:
    """The chain of an invoice.

    :param before: that of the invoice before it in its series.
    """
    return _chain(
        before,
        {
            "head": _plain(document.head, HEAD_OF_INVOICE),
            "identity": dict(document.identity),
            "lines": [_plain(row, LINE) for row in document.lines],
            "charges": [_plain(row, CHARGE) for row in document.charges],
            "vat": [_plain(row, VAT) for row in document.vat],
            "due": [_plain(row, DUE) for row in document.due],
        },
    )


def chain_of_credit_note(before: str | None, document: Sealed) -> str:
    """The chain of a credit note.

    :param before: that of the credit note before it in its series.
    """
    return _chain(
        before,
        {
            "head": _plain(document.head, HEAD_OF_CREDIT_NOTE),
            "identity": dict(document.identity),
            "lines": [_plain(row, LINE_OF_CREDIT_NOTE) for row in document.lines],
            "vat": [_plain(row, VAT) for row in document.vat],
        },
    )


def _chain(before: str | None, document: Mapping[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(((before or "") + text).encode()).hexdigest()


def _plain(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(name, row[name]) for name in names}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return _figure(value, 2 if name in AMOUNTS else 6)
    return value.isoformat() if isinstance(value, date) else value


@lru_cache(maxsize=4096)
def _figure(value: Decimal, places: int) -> str:
    """Quantities, prices and rates come again and again."""
    return f"{value:.{places}f}"
