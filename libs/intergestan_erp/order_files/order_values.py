"""From a file's order to rows of the base: what it leaves open comes from products, the totals from us.

Everything that the file states is looked at first: figures, dates, units, VAT. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Act, Fault, Problem, Remark
from intergestan_db.tables import PurchaseOrder, PurchaseOrderCharge, PurchaseOrderLine, Table
from intergestan_erp.catalogue.unit_conversion import rescaled
from intergestan_erp.inputs.identifiers import check_identifier, is_gtin, refuse_error
from intergestan_erp.inputs.units import can_be, same_unit
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.inputs.vat import rate_fits, vat_category
from intergestan_erp.order_files.file_order import USUAL, FileCharge, FileLine, FileOrder, Options
from intergestan_msg.identity import nfc
from intergestan_msg.money import (
    CENT,
    MILLIONTH,
    ROUNDED,
    ZERO,
    AllowanceCharge,
    Price,
    Sums,
    TaxCategory,
    fits,
    line_total,
    plain,
    round_half_up,
    totals_of,
)
from intergestan_msg.stated import Compared, Figure, compared
from intergestan_msg.unit_factors import exact, factor

Row = dict[str, Any]
Product = Mapping[str, Any]

_HEAD = (
    *("number", "supplier_id", "issue_date", "note", "currency", "total_ht", "total_vat", "total_ttc"),
    *("delivery_name", "delivery_line1", "delivery_line2", "delivery_postcode", "delivery_city"),
    *("delivery_country", "wanted_date", "carried"),
)
_LINE = (
    *(
        "line_id",
        "position",
        "product_code",
        "name",
        "quantity",
        "unit",
        "price",
        "base_quantity",
        "allowance",
    ),
    *("total", "vat_category", "vat_rate", "note", "gtin", "supplier_code", "wanted_date"),
)
_CHARGE = ("reason", "amount", "vat_category", "vat_rate")
_GTIN_DIGITS = 14
_LINE_END = re.compile("\r\n?")
_IDENTIFIERS = {"number", "line_id", "supplier_code", "delivery_postcode"}
"""What a document names as it likes; a product's code is one of ours."""


@dataclass(slots=True)
class OrderValues:
    """The rows of one purchase order: its head, its lines, its charges.

    :ivar kept: what has no column, and is kept with the note of the import.
    :ivar notes: what its people must know.
    """

    head: Row
    lines: list[Row]
    charges: list[Row]
    kept: dict[str, Any] = field(default_factory=dict)
    notes: tuple[Remark, ...] = ()

    def content(self, country: str) -> tuple[Any, ...]:
        """What makes two orders the same one: all that a file says, but not who follows it or its state.

        What a document of ours makes up is no difference (`intergestan_msg.as_peppol`).

        :param country: the site's, which a place that names none is in.
        """
        return (
            _said({**self.head, "delivery_country": self.head.get("delivery_country") or country}, _HEAD),
            [_said(_zero_rated(line), _LINE) for line in self.lines],
            [_said(_zero_rated(charge), _CHARGE) for charge in self.charges],
        )


def _zero_rated(row: Row) -> Row:
    return {**row, "vat_category": "Z"} if row["vat_category"] == "S" and row["vat_rate"] == ZERO else row


def _said(row: Row, names: Sequence[str]) -> list[Any]:
    """Values to be compared, texts in one encoding of their accents and of the ends of their lines."""
    return [_plain(row.get(name)) for name in names]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return _LINE_END.sub("\n", nfc(value)) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Products:
    """The products that an order may name, by code, and by GTIN of 14 digits."""

    by_code: Mapping[str, Product]
    by_gtin: Mapping[str, Sequence[Product]] = field(default_factory=dict)

    def with_gtin(self, gtin: str | None) -> Sequence[Product]:
        """Those that have a GTIN, however many zeros are before it."""
        return self.by_gtin.get(gtin.zfill(_GTIN_DIGITS), ()) if gtin is not None and is_gtin(gtin) else ()


@dataclass(frozen=True, slots=True)
class Around:
    """What an order is judged by beside its file.

    :ivar currency: for an order that names none.
    :ivar like: the code of a product that somebody may have meant.
    :ivar listed: what so much of a product costs at the order's supplier by our price lists, per unit of the product;
        None where no list says it.
    :ivar named: what a name of the order's supplier means: a product, or the code of one that is not there; None where
        nobody said.
    """

    products: Products
    currency: str
    options: Options = USUAL
    like: Callable[[str], str | None] = lambda _code: None
    listed: Callable[[Product, Decimal], Decimal | None] = lambda _product, _quantity: None
    named: Callable[[str], Product | str | None] = lambda _name: None


@dataclass(frozen=True, slots=True)
class _Priced:
    """A price in the line's unit, and what it is from."""

    price: Decimal
    base_quantity: Decimal
    source: str


FROM_CATALOGUE, FROM_LIST, FROM_AMOUNT, FROM_FILE = "catalogue", "list", "amount", "file"
"""What a price is from: our product, a price list of ours, the line's amount by its quantity, the file itself."""


def order_values(order: FileOrder, around: Around, faults: list[Fault]) -> OrderValues | None:
    """The rows of an order without its supplier; None when a line does not stand.

    :param faults: where everything that is wrong is noted.
    """
    of_lines = [_line(line, position, around, faults) for position, line in enumerate(order.lines, start=1)]
    _check_currency(order, around, faults)
    complete = [found for found in of_lines if found is not None]
    charges = [_charge(order, charge, faults) for charge in order.charges]
    if len(complete) < len(of_lines):
        return None
    lines = [row for row, _ in complete]
    wanted = _spread_days(order, lines)
    sums = _sums([row["total"] for row in lines], lines, charges)
    totals = sums.totals
    if not _check_figures(order, lines, charges, sums, faults):
        return None
    _compare(order, lines, charges, faults)
    if totals.payable < 0 or totals.lines < 0:
        faults.append(
            Fault(order.row, None, "The allowances are more than the order is worth: no mail can carry that.")
        )
    head = {
        "number": order.number,
        "issue_date": order.issue_date,
        "note": order.note,
        "currency": order.currency or around.currency,
        "total_ht": totals.tax_exclusive,
        "total_vat": sums.tax_amount,
        "total_ttc": totals.payable,
        "wanted_date": wanted,
        "carried": dict(order.carried) or None,
        **{name: None for name in _HEAD if name.startswith("delivery_")},
        **order.delivery,
    }
    for name, why in _bad_texts(PurchaseOrder, head):
        faults.append(Fault.at(order.row, name, why))
    for line, row in zip(order.lines, lines, strict=True):
        for name, why in _bad_texts(PurchaseOrderLine, row):
            faults.append(Fault.at(line.row, _place(line, name), why))
    for charge in charges:
        for name, why in _bad_texts(PurchaseOrderCharge, charge):
            faults.append(Fault.at(order.row, name, why))
    kept = {**order.kept, "prices": {row["line_id"]: source for row, source in complete if source != FROM_FILE}}
    return OrderValues(head, lines, charges, kept, order.notes)


def _spread_days(order: FileOrder, lines: Sequence[Row]) -> date | None:
    """The day on which all of an order is wanted; where lines differ, each gets its own and the order has none."""
    days = [line.wanted_date or order.wanted_date for line in order.lines]
    same = len(set(days)) == 1
    for row, day in zip(lines, days, strict=True):
        row["wanted_date"] = None if same else day
    return days[0] if same else None


def _check_currency(order: FileOrder, around: Around, faults: list[Fault]) -> None:
    """Our catalogue's prices are in our own currency."""
    asked = any(line.price is None and line.amount is None for line in order.lines)
    if order.currency not in {None, around.currency} and asked:
        faults.append(
            Fault(
                order.row,
                "price" if order.row else "cbc:DocumentCurrencyCode",
                "The order is in {currency}, and the catalogue's prices are in {ours}: give each line its price.",
                currency=order.currency,
                ours=around.currency,
            )
        )


# -- lines -------------------------------------------------------------------------------------------------------


def _line(line: FileLine, position: int, around: Around, faults: list[Fault]) -> tuple[Row, str] | None:
    """The row of a line and what its price is from; None, and faults noted, when it does not stand."""
    before = len(faults)
    product = _product(line, around, faults)
    if product is None:
        return None
    unit = line.unit or product["unit"]
    _check_quantity(line, unit, faults)
    category, rate = _vat(line, product, faults)
    priced = _price(line, product, unit, around) if line.quantity > 0 else None
    if isinstance(priced, Fault):
        faults.append(priced)
    if priced is None or isinstance(priced, Fault) or len(faults) > before:
        return None
    allowance = AllowanceCharge(is_charge=True, amount=line.allowance)
    row = {
        "line_id": line.line_id,
        "position": position,
        "product_code": product["code"],
        "name": line.name or product["name"],
        "quantity": line.quantity,
        "unit": unit,
        "price": priced.price,
        "base_quantity": priced.base_quantity,
        "allowance": line.allowance,
        "total": line_total(line.quantity, priced.price, priced.base_quantity, [allowance]),
        "vat_category": category,
        "vat_rate": rate,
        "note": line.note,
        "gtin": line.gtin or product["gtin"],
        "supplier_code": line.supplier_code if line.supplier_code != product["code"] else None,
    }
    return row, priced.source


def _place(line: FileLine, column: str) -> str:
    """Where a line's fault is: the title in a table, else the line of the document."""
    return column if line.row else f"cac:OrderLine {line.line_id}"


def _product(line: FileLine, around: Around, faults: list[Fault]) -> Product | None:
    """The product that a line names: by a code of ours, else by its GTIN; without both by what its name means."""
    if line.only_name is not None:
        return _named(line, line.only_name, around, faults)
    products = around.products
    with_gtin = products.with_gtin(line.gtin)
    named = next((products.by_code[code] for code in line.products if code in products.by_code), None)
    if named is not None:
        if with_gtin and all(each["code"] != named["code"] for each in with_gtin):
            faults.append(
                Fault(
                    line.row,
                    _place(line, "gtin"),
                    "The line names the product {code}, and the GTIN {gtin} of {other}: correct one of them.",
                    code=named["code"],
                    gtin=line.gtin,
                    other=with_gtin[0]["code"],
                )
            )
        return named
    found = with_gtin or next(filter(None, map(products.with_gtin, line.products)), ())
    if len(found) == 1:
        return found[0]
    if found:
        faults.append(
            Fault(
                line.row,
                _place(line, "product"),
                "The GTIN {gtin} is that of several products: {codes}. Write the code of the one you mean.",
                gtin=found[0]["gtin"],
                codes=", ".join(each["code"] for each in found),
            )
        )
        return None
    faults.append(_unknown(line, next((code for code in map(around.like, line.products) if code is not None), None)))
    return None


def _named(line: FileLine, name: str, around: Around, faults: list[Fault]) -> Product | None:
    """What the line's name means. A fault has the whole name in one line: whoever answers it says that very name."""
    whole = " ".join(name.split())
    before = len(faults)
    for _column, why in _bad_texts(PurchaseOrderLine, {"name": whole}):
        faults.append(Fault.at(line.row, _place(line, "name"), why))
    if len(faults) > before:
        return None
    meant = around.named(name)
    if isinstance(meant, str):
        fault = Fault(
            line.row,
            _place(line, "name"),
            "The line «{name}» was said to be the product {code}, which is not in the base or not in use: say which "
            "one it is, or enter it.",
            acts=(Act.SAY_WHAT_IS_NAMED,),
            name=whole,
            code=meant,
        )
    elif meant is None:
        fault = Fault(
            line.row,
            _place(line, "name"),
            "The line «{name}» has neither code nor GTIN, and a name alone may mean several products: say once which "
            "one this supplier means by it, or give the line a code or its GTIN.",
            acts=(Act.SAY_WHAT_IS_NAMED,),
            name=whole,
        )
    else:
        return meant
    faults.append(fault)
    return None


def _unknown(line: FileLine, meant: str | None) -> Fault:
    code = " / ".join(dict.fromkeys((*line.products, *filter(None, [line.gtin]))))
    if meant is not None:
        return Fault(
            line.row,
            _place(line, "product"),
            "The product {code} is not in the base. Did you mean {meant}? If it is new, enter it first.",
            acts=(Act.IMPORT_CATALOGUE,),
            code=code,
            meant=meant,
        )
    return Fault(
        line.row,
        _place(line, "product"),
        "The product {code} is not in the base: correct the code, or enter it first.",
        acts=(Act.IMPORT_CATALOGUE,),
        code=code,
    )


def _check_quantity(line: FileLine, unit: str, faults: list[Fault]) -> None:
    if line.quantity <= 0:
        faults.append(
            Fault(
                line.row,
                _place(line, "quantity"),
                "The quantity is {quantity}: write how many are ordered, more than 0, or leave the line out.",
                quantity=plain(line.quantity),
            )
        )
    elif not can_be(line.quantity, unit):
        faults.append(
            Fault(
                line.row,
                _place(line, "quantity"),
                "{quantity} is no number of pieces: the unit {unit} is counted. Correct the quantity or the unit.",
                quantity=plain(line.quantity),
                unit=unit,
            )
        )


def _price(line: FileLine, product: Product, unit: str, around: Around) -> _Priced | Fault:
    """What the line's price is: as the file states it, else as its amount gives it, else ours."""
    if line.price is not None:
        return _stated_price(line, line.price, unit)
    if line.amount is not None:
        return _price_of_amount(line, line.amount)
    return _own_price(line, product, unit, around)


def _stated_price(line: FileLine, amount: Decimal, unit: str) -> _Priced | Fault:
    price = Price(amount, line.base_quantity)
    base_unit = line.base_unit or unit
    if not same_unit(base_unit, unit):
        times = factor(base_unit, unit)
        converted = rescaled(price, times) if times is not None else None
        if converted is None:
            return Fault(
                line.row,
                _place(line, "price"),
                "The price is for {base} {base_unit}, the quantity in {unit}: one cannot be said exactly in the other. "
                "Give the price in the unit of the quantity.",
                base=plain(line.base_quantity),
                base_unit=base_unit,
                unit=unit,
            )
        price = converted
    if not fits(price.amount, MILLIONTH):
        return _rounded_price(line, price)
    return _Priced(price.amount, price.base_quantity, FROM_FILE)


def _rounded_price(line: FileLine, price: Price) -> _Priced | Fault:
    """A price of more decimals than we keep, where the amount that the line states comes out all the same."""
    allowance = [AllowanceCharge(is_charge=True, amount=line.allowance)]
    rounded = price.amount.quantize(MILLIONTH, ROUND_HALF_UP) if abs(price.amount) < 10**12 else None
    if (
        rounded is not None
        and line.amount is not None
        and abs(line_total(line.quantity, rounded, price.base_quantity, allowance) - line.amount) <= ROUNDED
        and line_total(line.quantity, rounded, price.base_quantity, allowance)
        == line_total(line.quantity, price.amount, price.base_quantity, allowance)
    ):
        return _Priced(rounded, price.base_quantity, FROM_FILE)
    return Fault(
        line.row,
        _place(line, "price"),
        "The price {price} has more than 6 decimals or is too large, and no amount of the line agrees with it when it "
        "is rounded: give it fewer decimals, or a price for more units.",
        price=f"{price.amount:f}",
    )


def _price_of_amount(line: FileLine, amount: Decimal) -> _Priced | Fault:
    """The line's amount by its quantity, where that is exact."""
    price = exact(Fraction(amount - line.allowance) / Fraction(line.quantity))
    if price is None or price < 0:
        return Fault(
            line.row,
            _place(line, "price"),
            "The line states {amount} for {quantity}, and no price: that is no exact price for one. Give the price.",
            amount=plain(amount),
            quantity=plain(line.quantity),
        )
    return _Priced(price, Decimal(1), FROM_AMOUNT)


def _own_price(line: FileLine, product: Product, unit: str, around: Around) -> _Priced | Fault:
    """What our price lists say, else our catalogue (D42)."""
    if around.options.prices_required:
        return Fault(
            line.row,
            _place(line, "price"),
            "The line states no price: give it one, or let the catalogue's price count.",
            acts=(Act.PRICES_OF_CATALOGUE,),
        )
    times = factor(product["unit"], unit)
    quantity = line.quantity if times is None else line.quantity * times.denominator / times.numerator
    listed = around.listed(product, quantity)
    own = product["purchase_price"] if listed is None else listed
    if own is None:
        return Fault(
            line.row,
            _place(line, "price"),
            "The product {code} has no purchase price: give the line a price, or the product.",
            code=product["code"],
        )
    price = Price(own)
    if not same_unit(product["unit"], unit):
        converted = rescaled(price, times) if times is not None else None
        if converted is None:
            return Fault(
                line.row,
                _place(line, "price"),
                "The line states no price, and our catalogue's is for one {ours}, not {unit}: give the line a price.",
                ours=product["unit"],
                unit=unit,
            )
        price = converted
    return _Priced(price.amount, price.base_quantity, FROM_CATALOGUE if listed is None else FROM_LIST)


# -- VAT ---------------------------------------------------------------------------------------------------------


def _vat(line: FileLine, product: Product, faults: list[Fault]) -> tuple[str, Decimal]:
    """Category and rate: what the file leaves open comes from the product, as far as it fits."""
    ours: tuple[str, Decimal] = product["vat_category"], product["vat_rate"]
    if line.vat_category is None and line.vat_rate is None:
        return ours
    rate = line.vat_rate
    if line.row is None and rate is not None and 0 < rate < 1 and rate * 100 == ours[1]:
        faults.append(
            Fault(
                line.row,
                _place(line, "vat_rate"),
                "The rate {rate} is a percentage, and our product's card has {ours} %: write {ours}, or correct the "
                "card.",
                rate=plain(rate),
                ours=plain(ours[1]),
            )
        )
        return ours
    found = _fitting(line.vat_category, line.vat_rate, ours)
    if line.row is not None and line.vat_category is None and not rate_fits(ours[0], line.vat_rate or ZERO):
        found = "misfit"  # a table has a column for the category; a document may be of a program that knows none
    if found == "misfit" and line.price == 0 and line.vat_rate is not None:
        return line.vat_category or ours[0], line.vat_rate  # nothing is paid: no rate is wrong
    if isinstance(found, tuple):
        return found
    column = "vat_category" if line.vat_rate is None else "vat_rate"
    category = line.vat_category or ours[0]
    faults.append(_vat_fault(found, line.row, _place(line, column), category, line.vat_rate))
    return ours


def _fitting(category: str | None, rate: Decimal | None, ours: tuple[str, Decimal] | None) -> tuple[str, Decimal] | str:
    """Category and rate that a file states in part; else why there are none."""
    if category is None:
        assert rate is not None
        if ours is not None and rate_fits(ours[0], rate):
            return ours[0], rate
        return ("S" if rate else "Z"), rate
    code = vat_category(category)
    if code is None:
        return "none"
    if rate is None:
        if ours is not None and code == ours[0]:
            return ours
        return (code, ZERO) if rate_fits(code, ZERO) else "no_rate"
    return (code, rate) if rate_fits(code, rate) else "misfit"


def _vat_fault(why: str, row: int | None, place: str, category: str | None, rate: Decimal | None) -> Fault:
    if why == "none":
        return Fault(
            row,
            place,
            "«{category}» is no VAT category: S, Z, E, AE, K, G and O are the usual ones.",
            category=category,
        )
    if why == "no_rate":
        return Fault(row, place, "The VAT category {category} needs its rate: write it.", category=category)
    return Fault(
        row,
        place,
        "The VAT category {category} does not have the rate {rate}: S has one above 0, Z, E, AE, K, G and O have 0. "
        "Correct one of them.",
        category=category,
        rate=plain(rate or ZERO),
    )


def _charge(order: FileOrder, charge: FileCharge, faults: list[Fault]) -> Row:
    row = {name: getattr(charge, name) for name in _CHARGE}
    if charge.vat_category is None and charge.vat_rate is None:
        return row
    found = _fitting(charge.vat_category, charge.vat_rate, None)
    if isinstance(found, tuple):
        row["vat_category"], row["vat_rate"] = found
    else:
        place = "vat_category" if order.row else f"cac:AllowanceCharge {charge.reason or ''}".rstrip()
        faults.append(_vat_fault(found, order.row, place, charge.vat_category, charge.vat_rate))
    return row


# -- figures -----------------------------------------------------------------------------------------------------


def _sums(amounts: Sequence[Decimal], lines: Sequence[Row], charges: Sequence[Row]) -> Sums:
    """The totals and the whole VAT, as the message will state them, of lines with these amounts."""
    of_lines = [
        (amount, TaxCategory(line["vat_category"], line["vat_rate"]))
        for amount, line in zip(amounts, lines, strict=True)
    ]
    of_charges = [
        AllowanceCharge(
            is_charge=charge["amount"] >= 0,
            amount=abs(charge["amount"]),
            tax=TaxCategory(charge["vat_category"] or "S", charge["vat_rate"])
            if charge["vat_rate"] is not None
            else None,
        )
        for charge in charges
    ]
    return totals_of(of_lines, of_charges)


def _compare(order: FileOrder, lines: Sequence[Row], charges: Sequence[Row], faults: list[Fault]) -> None:
    """Refuse stated figures that differ from ours by more than other software's roundings.

    A line may differ by two cents, a total by one cent for each line and charge. Totals follow from the lines' amounts
    as the file states them.
    """
    stated = order.figures
    if stated.prepaid:
        faults.append(
            Fault(
                order.row,
                "cbc:PrepaidAmount",
                "{amount} is stated as prepaid. That changes what is to be paid, and an order here cannot say it: "
                "import the order without it.",
                amount=plain(stated.prepaid),
            )
        )
    amounts = []
    for line, row in zip(order.lines, lines, strict=True):
        faults.extend(_of_line(line, row))
        amounts.append(row["total"] if line.amount is None else line.amount)
    with_tax = (
        stated.tax is not None
        or stated.tax_inclusive is not None
        or any(line.vat_rate is not None or line.vat_category is not None for line in order.lines)
    )
    slack = CENT * (len(lines) + len(charges))
    for figure in compared(stated, _sums(amounts, lines, charges), with_tax=with_tax):
        if abs(figure.stated - figure.due) > slack:
            faults.append(_total_fault(order, figure, charges))
            return  # what follows from it would be found as well


def _of_line(line: FileLine, row: Row) -> Iterator[Fault]:
    if line.amount is not None and abs(line.amount - row["total"]) > ROUNDED:
        yield Fault(
            line.row,
            _place(line, "total"),
            "The line states {stated}; {quantity} × {price} for {base} {unit} come to {ours}: correct the amount, the "
            "price or what it is for.",
            stated=_money(line.amount),
            quantity=plain(row["quantity"]),
            price=plain(row["price"]),
            base=plain(row["base_quantity"]),
            unit=row["unit"],
            ours=_money(row["total"]),
        )
    due = round_half_up(row["total"] * row["vat_rate"] / 100)
    if line.tax is not None and abs(line.tax - due) > ROUNDED:
        yield Fault(
            line.row,
            _place(line, "vat_rate"),
            "The line states {stated} of VAT; {rate} % of {amount} are {ours}: correct the VAT, the rate or the "
            "product's card.",
            stated=_money(line.tax),
            rate=plain(row["vat_rate"]),
            amount=_money(row["total"]),
            ours=_money(due),
        )


_ELEMENTS = {
    Figure.LINES: "cac:AnticipatedMonetaryTotal/cbc:LineExtensionAmount",
    Figure.ALLOWANCES: "cac:AnticipatedMonetaryTotal/cbc:AllowanceTotalAmount",
    Figure.CHARGES: "cac:AnticipatedMonetaryTotal/cbc:ChargeTotalAmount",
    Figure.EXCLUSIVE: "cac:AnticipatedMonetaryTotal/cbc:TaxExclusiveAmount",
    Figure.TAXABLE: "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount",
    Figure.TAX_OF: "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount",
    Figure.TAX: "cac:TaxTotal/cbc:TaxAmount",
    Figure.INCLUSIVE: "cac:AnticipatedMonetaryTotal/cbc:TaxInclusiveAmount",
    Figure.PAYABLE: "cac:AnticipatedMonetaryTotal/cbc:PayableAmount",
}
_TITLES = {Figure.EXCLUSIVE: "total_ht", Figure.INCLUSIVE: "total_ttc"}
_OF_TAX = {Figure.TAX, Figure.TAX_OF, Figure.TAXABLE, Figure.INCLUSIVE, Figure.PAYABLE}


def _total_fault(order: FileOrder, found: Compared, charges: Sequence[Row]) -> Fault:
    place = _TITLES.get(found.figure) if order.row else None
    place = place or _ELEMENTS[found.figure]
    figures: Mapping[str, Any] = {"stated": _money(found.stated), "ours": _money(found.due)}
    without = [charge["reason"] or _money(charge["amount"]) for charge in charges if charge["vat_rate"] is None]
    if found.figure in _OF_TAX and without:
        return Fault(
            order.row,
            place,
            "The file says {stated}, the lines add up to {ours}; the charge «{charge}» states no VAT, so none is "
            "computed on it: give it its VAT, or correct the total.",
            charge=without[0],
            **figures,
        )
    if found.figure in {Figure.TAX, Figure.TAX_OF, Figure.TAXABLE}:
        return Fault(
            order.row,
            place,
            "The file says {stated}, the VAT rates of the lines and of our products give {ours}: correct the rate or "
            "the total.",
            **figures,
        )
    return Fault(
        order.row,
        place,
        "The file says {stated}, the lines add up to {ours}: check prices, quantities and VAT rates.",
        **figures,
    )


def _check_figures(
    order: FileOrder, lines: Sequence[Row], charges: Sequence[Row], sums: Sums, faults: list[Fault]
) -> bool:
    """Refuse what a file with this order could not say again: every figure has at most 12 digits before its decimals.

    :returns: whether all of them have; a sum of figures that are too large is not looked at.
    """
    before = len(faults)
    for line, row in zip(order.lines, lines, strict=True):
        large = [name for name in ("price", "base_quantity", "allowance") if not fits(row[name], MILLIONTH)]
        faults.extend(_too_large(line.row, _place(line, name), row[name]) for name in large)
        if not large and not fits(row["total"], MILLIONTH):
            faults.append(
                Fault(
                    line.row,
                    _place(line, "quantity"),
                    "{quantity} × {price} for {base} {unit} come to {amount}, and a figure here has at most 12 digits "
                    "before its decimals: correct the quantity, the price or what it is for.",
                    quantity=plain(row["quantity"]),
                    price=plain(row["price"]),
                    base=plain(row["base_quantity"]),
                    unit=row["unit"],
                    amount=_money(row["total"]),
                )
            )
    for charge in charges:
        if not fits(charge["amount"], MILLIONTH):
            place = "charge" if order.row else f"cac:AllowanceCharge {charge['reason'] or ''}".rstrip()
            faults.append(_too_large(order.row, place, charge["amount"]))
    if len(faults) == before and not fits(sums.largest, MILLIONTH):
        faults.append(
            Fault(
                order.row,
                None,
                "A total of the order is {amount}, and a figure here has at most 12 digits before its decimals: "
                "correct quantities and prices, or make several orders of it.",
                amount=_money(sums.largest),
            )
        )
    return len(faults) == before


def _too_large(row: int | None, place: str, value: Decimal) -> Fault:
    return Fault(
        row,
        place,
        "{value} is too large: a figure here has at most 12 digits before its decimals. Correct it.",
        value=_money(value),
    )


def _bad_texts(table: type[Table], values: Row) -> Iterator[tuple[str, Problem]]:
    """The columns whose text has no room, or could not stand in a table, whose cells were looked at one by one."""
    for name, limit in too_long(table, values):
        yield name, Unreadable("The text is too long: at most {limit} characters fit.", limit=limit)
    for name, value in values.items():
        if isinstance(value, str):
            try:
                (check_identifier if name in _IDENTIFIERS else refuse_error)(value)
            except Unreadable as bad:
                yield name, bad


def _money(amount: Decimal) -> str:
    """An amount with two decimals, or all that it has."""
    return f"{amount:.2f}" if fits(amount, CENT) else f"{amount:f}"
