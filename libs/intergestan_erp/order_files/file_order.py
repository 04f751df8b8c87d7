"""A purchase order as a file says it, before anybody knows whether its supplier and products exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from intergestan_msg.money import ONE, ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A line. What is None is taken from the product.

    :ivar row: the line of the file, None in a document without lines.
    :ivar products: codes under which the product may be known here; the first that is one counts.
    :ivar allowance: signed, negative takes off.
    """

    row: int | None
    line_id: str
    products: tuple[str, ...]
    quantity: Decimal
    name: str | None = None
    unit: str | None = None
    price: Decimal | None = None
    base_quantity: Decimal = ONE
    allowance: Decimal = ZERO
    vat_category: str | None = None
    vat_rate: Decimal | None = None
    note: str | None = None
    gtin: str | None = None
    supplier_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCharge:
    """A charge (port, frais), or an allowance if its amount is negative."""

    amount: Decimal
    reason: str | None = None
    vat_category: str | None = None
    vat_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """An order. Without a number it gets the next of our own.

    :ivar suppliers: identifiers and names of the supplier; the first that anybody has counts.
    :ivar followed_by: a login, which must exist; `contact`: a name or address that may be a user's.
    :ivar delivery: columns of `DeliveryColumns`.
    :ivar total_ht, total_ttc: as the file states them, to be compared with what the lines add up to.
    :ivar titles: the columns' titles in this file, by our names, for what is said about the order.
    """

    row: int | None
    number: str | None
    issue_date: date
    suppliers: tuple[str, ...]
    lines: tuple[FileLine, ...]
    charges: tuple[FileCharge, ...] = ()
    followed_by: str | None = None
    contact: tuple[str, ...] = ()
    note: str | None = None
    currency: str | None = None
    delivery: Mapping[str, str | None] = field(default_factory=dict)
    wanted_date: date | None = None
    total_ht: Decimal | None = None
    total_ttc: Decimal | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
