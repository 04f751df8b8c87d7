"""The amounts that an order states must be those that its own quantities, prices and rates give.

We book what they give. A document of Peppol's agrees line by line, or it is not read at all; others promise nothing,
and none is held to its VAT before this rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from intergestan_db.enums import HoldReason
from intergestan_erp.catalogue.unit_conversion import converted
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.facts import Facts
from intergestan_msg.money import CENT, ROUNDED, Price, Sums, TaxCategory, fits, line_total, totals_of
from intergestan_msg.order import Order, OrderLine
from intergestan_msg.stated import Stated, compared


def check(order: Order, facts: Facts) -> Iterator[Finding]:
    """Find lines, and the first total, that state another amount than they come to."""
    amounts: list[tuple[Decimal, TaxCategory | None]] = []
    for line in order.lines:
        due = _due(line, facts)
        if due is None or not fits(due, CENT):
            return  # nothing can be added up, or booked: others say why
        stated = line.line_total
        if stated is not None and abs(stated - due) > _tolerance(due, facts, ROUNDED):
            yield _finding(order, "line", stated, due, line.id)
        amounts.append((due if stated is None else stated, _tax(line, facts)))
    yield from _totals(order, facts, totals_of(amounts, order.allowances))


def _due(line: OrderLine, facts: Facts) -> Decimal | None:
    """What the line comes to at its own price; a line without one has our product's."""
    product = facts.product_of(line)
    ours = converted(line, product.unit if product else line.unit or "")
    if ours is None:
        return None
    price = ours.price or (Price(product.price) if product else None)
    return line_total(ours.quantity, price.amount, price.base_quantity, line.allowances) if price else None


def _tax(line: OrderLine, facts: Facts) -> TaxCategory | None:
    tax, product = line.item.tax, facts.product_of(line)
    if product is None or (tax is not None and tax.percent is not None):
        return tax
    return TaxCategory(product.vat_category, product.vat_rate)


def _totals(order: Order, facts: Facts, sums: Sums) -> Iterator[Finding]:
    least = CENT * len(order.lines)  # each of them may have been rounded
    for each in compared(_stated(order), sums, with_tax=_speaks_of_tax(order)):
        if abs(each.stated - each.due) > _tolerance(each.due, facts, least):
            yield _finding(order, each.figure.value, each.stated, each.due)
            return  # what follows from it would be found as well


def _stated(order: Order) -> Stated:
    """The totals that the order states."""
    totals = order.totals
    if totals is None:
        return Stated(tax=order.tax_amount)
    return Stated(
        lines=totals.lines,
        allowances=totals.allowances,
        charges=totals.charges,
        tax_exclusive=totals.tax_exclusive,
        tax=order.tax_amount,
        tax_inclusive=totals.tax_inclusive,
        prepaid=totals.prepaid,
        rounding=totals.rounding,
        payable=totals.payable,
    )


def _speaks_of_tax(order: Order) -> bool:
    """Whether the amount to pay has VAT in it: an order that says nothing of VAT leaves it out there as well."""
    if order.tax_amount is not None or (order.totals is not None and order.totals.tax_inclusive is not None):
        return True
    return any(line.item.tax is not None and line.item.tax.percent is not None for line in order.lines)


def _tolerance(due: Decimal, facts: Facts, least: Decimal) -> Decimal:
    partner = facts.partner
    return max(partner.price_tolerance, abs(due) * partner.price_tolerance_percent / 100, least)


def _finding(order: Order, variant: str, stated: Decimal, due: Decimal, line_id: str | None = None) -> Finding:
    values = {"theirs": f"{stated:f}", "ours": f"{due:f}", "currency": order.currency}
    return Finding(HoldReason.TOTAL_DIFFERENCE, values, line_id, variant)
