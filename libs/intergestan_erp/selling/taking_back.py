"""How much of an invoice a credit note takes back. Pure (D32)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP as HALF_UP
from decimal import Context, Decimal

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.inputs.units import can_be
from intergestan_msg.money import MILLIONTH, ZERO, fits, round_half_up, without_zeros

_WIDE = Context(prec=60, rounding=HALF_UP)

Category = tuple[str, Decimal]
"""A category of VAT and its rate in percent."""


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """A line of an invoice. :ivar credited: the quantity that was taken back of it."""

    id: int
    n: int
    quantity: Decimal
    unit: str
    total: Decimal
    category: Category
    credited: Decimal

    def cost_of(self, quantity: Decimal) -> Decimal:
        """The amount of so much of the line: all of it is its total."""
        return round_half_up(_WIDE.divide(_WIDE.multiply(self.total, quantity), self.quantity))


@dataclass(frozen=True, slots=True)
class InvoicedCharge:
    """A charge of an invoice, which is taken back whole. Those of before had perhaps no category of VAT."""

    id: int
    n: int
    amount: Decimal
    category: Category | None
    credited: bool


@dataclass(frozen=True, slots=True)
class InvoicedVat:
    """The VAT of an invoice for one category and rate, and what was taken back of it."""

    category: Category
    base: Decimal
    amount: Decimal
    credited_base: Decimal
    credited: Decimal

    def on(self, base: Decimal) -> Decimal:
        """The VAT on so much of the base: on all of it what the invoice has."""
        return self.amount if base == self.base else round_half_up(base * self.category[1] / 100)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice. :ivar left: what of its total was not taken back."""

    number: str
    left: Decimal
    lines: Sequence[InvoicedLine]
    charges: Sequence[InvoicedCharge]
    vat: Sequence[InvoicedVat]


@dataclass(frozen=True, slots=True)
class TakenPart:
    """So much of a line, or a charge."""

    invoice_line_id: int | None
    invoice_charge_id: int | None
    quantity: Decimal | None
    total: Decimal


@dataclass(frozen=True, slots=True)
class TakenVat:
    """The VAT of a credit note for one category and rate."""

    category: Category
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Taken:
    """What a credit note takes back."""

    parts: tuple[TakenPart, ...]
    vat: tuple[TakenVat, ...]
    total_ht: Decimal

    @property
    def total_vat(self) -> Decimal:
        """Its VAT."""
        return sum((each.amount for each in self.vat), ZERO)

    @property
    def total_ttc(self) -> Decimal:
        """Its total with VAT."""
        return self.total_ht + self.total_vat


def take_back_all(invoiced: Invoiced) -> Taken:
    """Take back all that is left of an invoice.

    :raises Problem: nothing is.
    """
    lines = {line.n: line.quantity - line.credited for line in invoiced.lines if line.credited < line.quantity}
    charges = [charge.n for charge in invoiced.charges if not charge.credited]
    if not invoiced.left:
        raise Problem(
            "All of {invoice} was credited already; nothing was entered.",
            ProblemCode.NO_CREDIT,
            invoice=invoiced.number,
        )
    return take_back(invoiced, lines, charges)


def take_back(invoiced: Invoiced, lines: Mapping[int, Decimal], charges: Collection[int]) -> Taken:
    """Take back quantities of lines, and whole charges, by their numbers.

    :raises Problem: there is no such line or charge, or more would be taken back than is left.
    """
    of_lines = [_of_line(invoiced, n, quantity) for n, quantity in lines.items()]
    of_charges = [_of_charge(invoiced, n) for n in dict.fromkeys(charges)]
    bases: dict[Category, Decimal] = {}
    for category, part in (*of_lines, *of_charges):
        if category is not None:
            bases[category] = bases.get(category, ZERO) + part.total
    parts = tuple(part for _category, part in (*of_lines, *of_charges))
    vat = tuple(_vat(each, bases[each.category]) for each in invoiced.vat if each.category in bases)
    taken = Taken(parts, vat, sum((part.total for part in parts), ZERO))
    if taken.total_ttc <= ZERO or taken.total_vat < ZERO or taken.total_ht < ZERO:
        raise Problem(
            "A credit note takes back more than nothing; this one would be {amount}. Nothing was entered.",
            ProblemCode.NO_CREDIT,
            amount=round_half_up(taken.total_ttc),
        )
    if taken.total_ttc > invoiced.left:
        raise _too_much(invoiced.number, round_half_up(invoiced.left), round_half_up(taken.total_ttc))
    for each in invoiced.vat:
        after = each.credited_base + bases.get(each.category, ZERO)
        if not min(each.base, ZERO) <= after <= max(each.base, ZERO):
            left = each.base - each.credited_base
            raise _too_much(invoiced.number, round_half_up(left), round_half_up(bases[each.category]))
    return taken


def _of_line(invoiced: Invoiced, n: int, quantity: Decimal) -> tuple[Category, TakenPart]:
    line = next((line for line in invoiced.lines if line.n == n), None)
    if line is None:
        raise _none(invoiced, str(n), [line.n for line in invoiced.lines])
    left = line.quantity - line.credited
    if not fits(quantity, MILLIONTH) or quantity <= ZERO or (quantity != left and not can_be(quantity, line.unit)):
        raise Problem(
            "{quantity} is no quantity of line {line} of {invoice}; nothing was entered.",
            ProblemCode.NO_AMOUNT,
            quantity=without_zeros(quantity),
            line=n,
            invoice=invoiced.number,
        )
    if quantity > left:
        raise _too_much(f"{invoiced.number}/{n}", without_zeros(left), without_zeros(quantity))
    total = line.cost_of(line.credited + quantity) - line.cost_of(line.credited)
    return line.category, TakenPart(line.id, None, quantity, total)


def _of_charge(invoiced: Invoiced, n: int) -> tuple[Category | None, TakenPart]:
    charge = next((charge for charge in invoiced.charges if charge.n == n), None)
    if charge is None:
        raise _none(invoiced, str(n), [charge.n for charge in invoiced.charges])
    if charge.credited:
        raise _too_much(invoiced.number, ZERO, round_half_up(charge.amount))
    return charge.category, TakenPart(None, charge.id, None, charge.amount)


def _vat(invoiced: InvoicedVat, base: Decimal) -> TakenVat:
    after = invoiced.credited_base + base
    return TakenVat(invoiced.category, base, invoiced.on(after) - invoiced.on(invoiced.credited_base))


def _too_much(what: str, left: Decimal, amount: Decimal) -> Problem:
    return Problem(
        "{invoice} has {open} left that was not credited, less than {amount}; nothing was entered.",
        ProblemCode.CREDIT_TOO_MUCH,
        invoice=what,
        open=left,
        amount=amount,
    )


def _none(invoiced: Invoiced, n: str, known: Sequence[int]) -> Problem:
    return Problem(
        "{invoice} has no line or charge {n} of that kind; there are: {known}. Nothing was entered.",
        ProblemCode.NO_INVOICE,
        (Act.LIST_INVOICES,),
        invoice=invoiced.number,
        n=n,
        known=", ".join(map(str, known)) or "–",
    )
