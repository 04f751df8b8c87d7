"""Prices, taxes and totals, and how they follow from each other.

Every figure is a `Decimal` in the document's one currency. Amounts have at most 2 decimals, prices, quantities
and rates at most 6, and none needs more than 18 digits in its scale: what a signed 64-bit column holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

CENT = Decimal("0.01")
MILLIONTH = Decimal("0.000001")
ZERO = Decimal(0)
ONE = Decimal(1)
ROUNDED = 2 * CENT
"""What Peppol's R022 and R024 grant an amount for roundings."""

# Wide enough for quantity × price (36 digits) and a quotient that must be rounded only once.
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_EXACT = Context(prec=18, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True)
class TaxCategory:
    """A VAT category (UNCL 5305: S, Z, E, AE, K, G, O …, empty if not stated) and its rate in percent."""

    code: str
    percent: Decimal | None = None
    scheme: str = "VAT"


@dataclass(frozen=True, slots=True)
class AllowanceCharge:
    """A charge (port, frais) or an allowance (remise) of a document or a line; `amount` is never negative."""

    is_charge: bool
    amount: Decimal
    reason: str | None = None
    reason_code: str | None = None
    base_amount: Decimal | None = None
    percent: Decimal | None = None
    tax: TaxCategory | None = None

    @property
    def signed(self) -> Decimal:
        """The amount as it adds to a total: an allowance is negative."""
        return self.amount if self.is_charge else -self.amount


@dataclass(frozen=True, slots=True)
class Price:
    """A net unit price for `base_quantity` units (UBL `cac:Price`)."""

    amount: Decimal
    base_quantity: Decimal = ONE
    base_unit: str | None = None


def in_millionths(price: Price) -> Price | None:
    """The same price with at most 6 decimals, for ten, a hundred … times as many units; None where it is too large."""
    if not price.amount.is_finite():
        return None
    exponent = price.amount.normalize(_WIDE).as_tuple().exponent
    places = max(0, -int(exponent) - 6)
    amount, base = price.amount.scaleb(places, _WIDE), price.base_quantity.scaleb(places, _WIDE)
    fitting = fits(amount, MILLIONTH) and fits(base, MILLIONTH)
    return Price(amount, base, price.base_unit) if fitting else None


@dataclass(frozen=True, slots=True)
class Totals:
    """UBL `cac:AnticipatedMonetaryTotal`; HT is `tax_exclusive`, TTC is `tax_inclusive`."""

    lines: Decimal
    payable: Decimal
    tax_exclusive: Decimal | None = None
    tax_inclusive: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Vat:
    """What one tax category and rate sum up to in a document."""

    category: TaxCategory
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """The totals of a document, its whole tax, and that tax per category and rate in order of appearance."""

    totals: Totals
    tax_amount: Decimal
    vat: tuple[Vat, ...]

    @property
    def largest(self) -> Decimal:
        """The figure that is furthest from zero: where it fits, all of them do."""
        totals = self.totals
        figures = (
            totals.lines,
            totals.allowances,
            totals.charges,
            totals.tax_exclusive,
            totals.payable,
            self.tax_amount,
        )
        of_vat = (figure for each in self.vat for figure in (each.base, each.amount))
        return max((figure for figure in (*figures, *of_vat) if figure is not None), key=abs)


def fits(value: Decimal, unit: Decimal) -> bool:
    """Whether `value` is finite, a multiple of `unit` and within 18 digits of it."""
    try:
        return value.quantize(unit, None, _EXACT).is_finite()
    except (Inexact, InvalidOperation):
        return False


def round_half_up(value: Decimal) -> Decimal:
    """`value` to the cent, halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP, _WIDE)


def plain(figure: Decimal) -> str:
    """`figure` without zeros at the end of its decimals, such as 12.5, neither 12.500000 nor 1E+1."""
    return f"{figure.normalize():f}"


def without_zeros(figure: Decimal) -> Decimal:
    """`figure` without zeros at the end of its decimals, for a sentence."""
    return Decimal(plain(figure))


def line_total(
    quantity: Decimal, price: Decimal, base: Decimal = ONE, allowances: Iterable[AllowanceCharge] = ()
) -> Decimal:
    """A line's amount without tax: quantity × price / base + charges − allowances, rounded once, half up."""
    amount = _WIDE.divide(_WIDE.multiply(quantity, price), base)
    for allowance in allowances:
        amount = _WIDE.add(amount, allowance.signed)
    return round_half_up(amount)


def totals_of(lines: Iterable[tuple[Decimal, TaxCategory | None]], allowances: Iterable[AllowanceCharge] = ()) -> Sums:
    """Add up a document: each line's amount without tax and tax category, its own allowances and charges.

    VAT is computed per category and rate on the summed bases, half up; what has no rate bears no tax.
    """
    bases: dict[TaxCategory, Decimal] = {}
    of_lines = taken = added = ZERO
    for amount, tax in lines:
        of_lines += amount
        _add_base(bases, tax, amount)
    for allowance in allowances:
        if allowance.is_charge:
            added += allowance.amount
        else:
            taken += allowance.amount
        _add_base(bases, allowance.tax, allowance.signed)
    vat = tuple(Vat(tax, base, _tax_on(base, tax)) for tax, base in bases.items())
    tax_amount = sum((each.amount for each in vat), ZERO)
    exclusive = of_lines - taken + added
    inclusive = exclusive + tax_amount
    totals = Totals(of_lines, inclusive, exclusive, inclusive, taken or None, added or None)
    return Sums(totals, tax_amount, vat)


def _add_base(bases: dict[TaxCategory, Decimal], tax: TaxCategory | None, amount: Decimal) -> None:
    if tax is not None:
        bases[tax] = bases.get(tax, ZERO) + amount


def _tax_on(base: Decimal, tax: TaxCategory) -> Decimal:
    return round_half_up(base * (tax.percent or ZERO) / 100)
