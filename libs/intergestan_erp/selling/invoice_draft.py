"""What invoices will say, before they have a number and a day. Pure.

An amount is the difference of two running totals of its order's line: what all up to it costs, and what all before it
costs. So the amounts of an order add up to it to the cent, however it is delivered and invoiced. VAT is computed per
category and rate on what the invoice comes to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.amounts import cost_of
from intergestan_msg.money import CENT, ZERO, AllowanceCharge, Sums, TaxCategory, fits, plain, totals_of

OUTSIDE_VAT: Final = "O"
"""UNCL 5305: outside the scope of tax."""


class OpenLine(NamedTuple):
    """A line of a delivery note that is on no invoice, with the prices of its order; a run reads very many.

    :ivar ordered: all of the order's line; `invoiced`: what of that is on invoices.
    """

    id: int
    delivery_note_id: int
    sales_order_id: int
    sales_order_line_id: int
    product_code: str | None
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    allowance: Decimal
    vat_category: str
    vat_rate: Decimal
    ordered: Decimal
    invoiced: Decimal


@dataclass(frozen=True, slots=True)
class OpenCharge:
    """A charge of an order that is on no invoice; `order_number` is the order's."""

    id: int
    sales_order_id: int
    order_number: str
    reason: str | None
    amount: Decimal
    vat_category: str | None
    vat_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of an invoice: a delivered line, and what it comes to without VAT."""

    line: OpenLine
    total: Decimal
    tax: TaxCategory


@dataclass(frozen=True, slots=True)
class DraftCharge:
    """A charge as the invoice has it; `id` is the order's."""

    id: int
    reason: str | None
    amount: Decimal
    tax: TaxCategory


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """All of an invoice but its number, its day and who it is from and to."""

    lines: tuple[DraftLine, ...]
    charges: tuple[DraftCharge, ...]
    sums: Sums

    @property
    def total_ht(self) -> Decimal:
        """Without VAT."""
        assert self.sums.totals.tax_exclusive is not None
        return self.sums.totals.tax_exclusive

    @property
    def total_ttc(self) -> Decimal:
        """With VAT."""
        return self.sums.totals.payable

    @property
    def orders(self) -> tuple[int, ...]:
        """The ids of the orders that it is of."""
        return tuple(dict.fromkeys(each.line.sales_order_id for each in self.lines))

    def of_notes(self) -> dict[int, Decimal]:
        """What each delivery note comes to on it, without VAT and without charges, by its id."""
        found: dict[int, Decimal] = {}
        for each in self.lines:
            note = each.line.delivery_note_id
            found[note] = found.get(note, ZERO) + each.total
        return found


class Running:
    """How much of the lines of orders is invoiced, while one invoice after the other is drafted."""

    def __init__(self) -> None:
        self._quantities: dict[int, tuple[Decimal, Decimal]] = {}
        self._charges: set[int] = set()

    def draft(
        self, lines: Sequence[OpenLine], charges: Iterable[OpenCharge], *, inside_company: bool = False
    ) -> InvoiceDraft:
        """The next invoice, of these lines and of those of these charges that are on none before it.

        :param inside_company: between establishments of one taxable person: no VAT is on it (D57).
        :raises Problem: it cannot be an invoice; what was drafted before counts as if it had not been asked for.
        """
        after = dict[int, tuple[Decimal, Decimal]]()
        drafted = tuple(self._lines(lines, after, inside_company=inside_company))
        fresh = [charge for charge in charges if charge.id not in self._charges]
        with_tax = tuple(_with_category(fresh, drafted, inside_company=inside_company))
        draft = InvoiceDraft(drafted, with_tax, _sums(drafted, with_tax))
        _check(draft)
        self._quantities |= after
        self._charges.update(charge.id for charge in fresh)
        return draft

    def _lines(
        self, lines: Sequence[OpenLine], after: dict[int, tuple[Decimal, Decimal]], *, inside_company: bool
    ) -> Iterable[DraftLine]:
        taxes: dict[tuple[str, Decimal], TaxCategory] = {}
        outside = TaxCategory(OUTSIDE_VAT, ZERO)
        for line in lines:
            key = line.sales_order_line_id
            before = after.get(key) or self._quantities.get(key)
            if before is None:
                before = line.invoiced, cost_of(line, line.invoiced) if line.invoiced else ZERO
            quantity = before[0] + line.quantity
            cost = cost_of(line, quantity)
            after[key] = quantity, cost
            rate = line.vat_category, line.vat_rate
            tax = outside if inside_company else taxes.get(rate) or taxes.setdefault(rate, TaxCategory(*rate))
            yield DraftLine(line, cost - before[1], tax)


def _with_category(
    charges: Sequence[OpenCharge], lines: Sequence[DraftLine], *, inside_company: bool
) -> Iterable[DraftCharge]:
    """The charges, each with a category of VAT: EN 16931 asks for one (BR-32, BR-37), and buyers may leave it out.

    Where nothing else of the invoice bears VAT, such a charge does not either (D33).

    :raises Problem: something else does, and nobody can tell whether the charge is to.
    """
    none_bears_vat = inside_company or not any((*(line.tax.percent for line in lines), *(c.vat_rate for c in charges)))
    for charge in charges:
        if not charge.vat_category and not none_bears_vat:
            raise Problem(
                "Nothing was invoiced: the charge «{reason}» of {number} has no VAT category.",
                ProblemCode.CHARGE_WITHOUT_VAT,
                (Act.CHARGE_VAT,),
                reason=charge.reason or plain(charge.amount),
                number=charge.order_number,
            )
        outside = inside_company or not charge.vat_category
        tax = (
            TaxCategory(OUTSIDE_VAT, ZERO)
            if outside
            else TaxCategory(charge.vat_category or "", charge.vat_rate or ZERO)
        )
        yield DraftCharge(charge.id, charge.reason, charge.amount, tax)


def _sums(lines: Sequence[DraftLine], charges: Sequence[DraftCharge]) -> Sums:
    allowances = [
        AllowanceCharge(is_charge=charge.amount > 0, amount=abs(charge.amount), tax=charge.tax) for charge in charges
    ]
    return totals_of(((line.total, line.tax) for line in lines), allowances)


def _check(draft: InvoiceDraft) -> None:
    if draft.total_ttc < 0:
        raise Problem(
            "Nothing was invoiced: the allowances are more than what was delivered. Deliver more first.",
            ProblemCode.NOT_BILLABLE,
            (Act.DELIVER,),
        )
    if not fits(draft.sums.largest, CENT):
        raise Problem(
            "Nothing was invoiced: a total of the invoice would be {amount}, and an amount has at most 16 digits "
            "before its decimals. Name fewer orders or delivery notes at a time.",
            ProblemCode.TOO_LARGE,
            amount=plain(draft.sums.largest),
        )


def by_order(charges: Iterable[OpenCharge]) -> Mapping[int, list[OpenCharge]]:
    """Charges by the id of their order."""
    found: dict[int, list[OpenCharge]] = {}
    for charge in charges:
        found.setdefault(charge.sales_order_id, []).append(charge)
    return found
