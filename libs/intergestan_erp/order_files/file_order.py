"""A purchase order as a file says it, before anybody knows whether its supplier and products exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from intergestan_db.file_tables.csv_text import Encoding
from intergestan_db.problem import Remark
from intergestan_erp.inputs.figure import Mark
from intergestan_msg.money import ONE, ZERO
from intergestan_msg.stated import NOTHING_STATED, Stated


@dataclass(frozen=True, slots=True)
class Options:
    """What whoever hands a file in says about it.

    :ivar decimal_mark: of all its numbers, where nothing else decides.
    :ivar any_dates: whether its dates are meant, however old or far they are.
    :ivar prices_required: whether a line without a price is a fault; else it gets our catalogue's.
    :ivar buyer: the name, SIRET or VAT number of the buyer whose documents these are; None: they are ours.
    :ivar encoding: of a CSV file, where it does not show it itself.
    :ivar titles: what titles of its columns mean, by plain title (`layouts.Layout`).
    :ivar supplier: of rows of tables that name none.
    :ivar names: what names of things mean, by `thing_key` the code of a product: for lines with neither code nor GTIN.
    """

    decimal_mark: Mark | None = None
    any_dates: bool = False
    prices_required: bool = False
    buyer: str | None = None
    encoding: Encoding | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    supplier: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


USUAL: Final = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A line. What is None is taken from the product.

    :ivar row: the line of the file, None in a document without lines.
    :ivar products: codes under which the product may be known here; the first that is one counts.
    :ivar allowance: signed, negative takes off.
    :ivar price: of `base_quantity` units, in `base_unit` if that is not the line's unit.
    :ivar wanted_date: its own, where it differs from the order's.
    :ivar amount: what the line comes to, as the file states it; `tax`: its VAT, in the same way.
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
    base_unit: str | None = None
    amount: Decimal | None = None
    tax: Decimal | None = None
    wanted_date: date | None = None

    @property
    def only_name(self) -> str | None:
        """What the line calls its thing, where it has neither code nor GTIN."""
        return None if self.products or self.gtin is not None else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCharge:
    """A charge (port, frais), or an allowance if its amount is negative."""

    amount: Decimal
    reason: str | None = None
    vat_category: str | None = None
    vat_rate: Decimal | None = None


class SumOf(StrEnum):
    """What a row of totals adds up."""

    ANY = "any"
    EXCLUSIVE = "exclusive"
    TAX = "tax"
    INCLUSIVE = "inclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSum:
    """What a row of totals states: of the order above it, of the orders since `since`, or of all that stand above it.

    :ivar since: the row from which it may count; the one behind the row of totals before it.
    :ivar quantity: how many pieces or lines it states.
    """

    row: int
    title: str
    since: int
    amounts: tuple[tuple[SumOf, Decimal], ...] = ()
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBuyer:
    """Who orders, as a document says it: all its numbers and names, as far as there are any."""

    sirets: tuple[str, ...] = ()
    sirens: tuple[str, ...] = ()
    vat_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys((*self.names[:1], *self.sirets, *self.sirens, *self.vat_ids)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """An order. Without a number it gets the next of our own.

    :ivar suppliers: identifiers and names of the supplier; the first that anybody has counts.
    :ivar followed_by: a login, which must exist; `contact`: a name or address that may be a user's.
    :ivar delivery: columns of `DeliveryColumns`.
    :ivar total_ht, total_ttc: as a table states them, to be compared with what the lines add up to; `stated`: the
        totals of a document. `figures` are both.
    :ivar titles: the columns' titles in this file, by our names, for what is said about the order.
    :ivar carried: what goes to the supplier with the order and has no column: fields of `Order` by name.
    :ivar kept: what has no column and is kept with the note of the import: the type, references.
    :ivar notes: what the reader of the file has to say.
    :ivar sums: what rows of totals behind its lines state.
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
    stated: Stated = NOTHING_STATED
    buyer: FileBuyer | None = None
    carried: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Remark, ...] = ()
    sums: tuple[FileSum, ...] = ()

    @property
    def figures(self) -> Stated:
        """Every total that the file states."""
        if self.total_ht is None and self.total_ttc is None:
            return self.stated
        return replace(self.stated, tax_exclusive=self.total_ht, tax_inclusive=self.total_ttc)
