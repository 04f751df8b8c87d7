"""A purchase order as a person enters it, and the same as the orders of files are judged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from intergestan_db.problem import Fault
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.currencies import currency_code
from intergestan_erp.inputs.units import unit_code
from intergestan_erp.order_files.file_order import FileCharge, FileLine, FileOrder
from intergestan_msg.identity import nfc
from intergestan_msg.money import ONE, ZERO

_CURRENCY, _CHARGE = "cbc:DocumentCurrencyCode", "cac:AllowanceCharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLine:
    """So much of a product; what is None is the product's.

    :ivar line_id: of a line that was there before; None: a new one.
    :ivar price: for `base_quantity` units; None: what price lists or the catalogue say.
    :ivar allowance: signed, negative takes off.
    :ivar wanted_date: its own, where it is not the order's.
    """

    product: str
    quantity: Decimal
    line_id: str | None = None
    price: Decimal | None = None
    base_quantity: Decimal = ONE
    name: str | None = None
    unit: str | None = None
    allowance: Decimal = ZERO
    vat_category: str | None = None
    vat_rate: Decimal | None = None
    note: str | None = None
    gtin: str | None = None
    supplier_code: str | None = None
    wanted_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCharge:
    """A charge of the whole order, an allowance if the amount is negative."""

    reason: str | None
    amount: Decimal
    vat_category: str | None = None
    vat_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPlace:
    """Where the goods go, where that is not the site's own address."""

    name: str | None = None
    line1: str | None = None
    line2: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedOrder:
    """A purchase order as a person enters it.

    :ivar supplier: code, SIRET, VAT number or name.
    :ivar issue_date: None: today.
    :ivar followed_by: login, mail address or name of a user.
    :ivar currency: None: the site's.
    """

    supplier: str
    lines: tuple[TypedLine, ...]
    charges: tuple[TypedCharge, ...] = ()
    issue_date: date | None = None
    followed_by: str | None = None
    note: str | None = None
    wanted_date: date | None = None
    currency: str | None = None
    delivery: DeliveryPlace | None = None

    def days(self) -> tuple[date | None, ...]:
        """All days that it states."""
        return self.issue_date, self.wanted_date, *(line.wanted_date for line in self.lines)


def as_file_order(
    typed: TypedOrder,
    day: date,
    number: str | None = None,
    carried: Mapping[str, str] | None = None,
    kept: Mapping[str, Any] | None = None,
) -> FileOrder:
    """The order as a file would say it. Its rows are the places of its lines, the head's is 0.

    :param day: of its issue, where it states none.
    :param carried: what its document says besides, `kept`: what has no column, of an order that is there.
    """
    lines = tuple(
        FileLine(
            row=place,
            line_id=line_id,
            products=(_text(line.product) or "",),
            quantity=line.quantity,
            name=_text(line.name),
            unit=None if line.unit is None else unit_code(line.unit),
            price=line.price,
            base_quantity=line.base_quantity,
            allowance=line.allowance,
            vat_category=line.vat_category,
            vat_rate=line.vat_rate,
            note=_text(line.note),
            gtin=_text(line.gtin),
            supplier_code=_text(line.supplier_code),
            wanted_date=line.wanted_date,
        )
        for place, (line, line_id) in enumerate(zip(typed.lines, _line_ids(typed.lines), strict=True), start=1)
    )
    charges = tuple(
        FileCharge(
            amount=charge.amount,
            reason=_text(charge.reason),
            vat_category=charge.vat_category,
            vat_rate=charge.vat_rate,
        )
        for charge in typed.charges
    )
    to = typed.delivery
    return FileOrder(
        row=0,
        number=number,
        issue_date=typed.issue_date or day,
        suppliers=(nfc(typed.supplier.strip()),),
        lines=lines,
        charges=charges,
        followed_by=_text(typed.followed_by),
        note=_text(typed.note),
        currency=None if typed.currency is None else currency_code(typed.currency),
        delivery={} if to is None else _delivery(to),
        wanted_date=typed.wanted_date,
        carried=carried or {},
        kept=kept or {},
    )


def _delivery(to: DeliveryPlace) -> dict[str, str | None]:
    texts = {each.name: _text(getattr(to, each.name)) for each in fields(to)}
    country = texts["country"]
    texts["country"] = None if country is None else country_code(country)
    return {f"delivery_{name}": text for name, text in texts.items()}


def as_entered(faults: Iterable[Fault]) -> list[Fault]:
    """Faults with the places of a form: its line, or none for the head; and the name of the field."""
    named = list(faults)
    for fault in named:
        fault.row = fault.row or None
        if fault.column == _CURRENCY:
            fault.column = "currency"
        elif (fault.column or "").startswith(_CHARGE):
            fault.column = "charge"
    return sorted(named, key=lambda fault: fault.row or 0)


def as_new(typed: TypedOrder) -> TypedOrder:
    """The same order anew: of today, wanted on no day, with lines that nobody named yet."""
    lines = tuple(replace(line, line_id=None, wanted_date=None) for line in typed.lines)
    return replace(typed, lines=lines, issue_date=None, wanted_date=None)


def _line_ids(lines: Sequence[TypedLine]) -> Iterator[str]:
    """Each line's own id, or the next number that none has."""
    there = [nfc(line.line_id) for line in lines if line.line_id is not None]
    last = max((int(each) for each in there if each.isascii() and each.isdigit()), default=0)
    seen = set[str]()
    for line in lines:
        own = None if line.line_id is None else nfc(line.line_id)
        if own is None or own in seen:
            last += 1
            own = str(last)
        seen.add(own)
        yield own


def _text(text: str | None) -> str | None:
    """In the encoding in which texts are kept; None for an empty one."""
    return nfc(text.strip()) or None if text is not None else None
