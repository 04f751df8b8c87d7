"""What must hold for an order to be one: its references can be read, its figures fit and agree.

Each rule raises `BadDocument` with its Peppol id (transaction T01, Peppol BIS Ordering 3), or ``UBL`` where
Peppol has none. A figure that is absent is never missed; only what is stated must agree.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING
from unicodedata import category

from intergestan_msg.errors import BadDocument
from intergestan_msg.money import CENT, MILLIONTH, ONE, ZERO, AllowanceCharge, Price, Totals, fits

if TYPE_CHECKING:
    from intergestan_msg.order import Order, OrderLine, Party

MAX_LINES = 10_000

_SLACK = Decimal("0.02")  # what R022 and R024 grant for roundings

# Control, format (direction marks among them), surrogate, line and paragraph separators.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def check_references(references: Iterable[str | None], line: str | None = None) -> None:
    """Refuse a reference (an id, a code) with what nobody sees in it: it could pass for another one."""
    for reference in references:
        if reference is None:
            continue
        if reference.strip() != reference:
            raise BadDocument(f"The reference {reference!a} has white space at an end.", line=line)
        if not reference.isprintable() and any(category(each) in _UNSEEN for each in reference):
            raise BadDocument(f"The reference {reference!a} has control or direction characters.", line=line)


def check_party(party: "Party") -> None:
    """The references of a party can be read."""
    check_references([party.vat_id, *(identifier.value for identifier in party.identifiers)])
    for identifier in (party.endpoint, party.legal_id):
        if identifier is not None:
            check_references([identifier.value, identifier.scheme])


def check_line(line: "OrderLine") -> None:
    """What one line must hold by itself."""
    item = line.item
    if not line.id:
        raise BadDocument("A line has no identifier.", rule="PEPPOL-T01-R001")
    references = [line.id, line.unit, item.buyers_id, item.sellers_id]
    if item.standard_id is not None:
        references.append(item.standard_id.value)
    check_references(references, line.id)
    _check_quantity(line.quantity, line.id)
    if line.price is not None:
        _check_price(line.price, line.id)
    check_amount(line.line_total, "line amount", line.id)
    check_amount(line.tax_amount, "tax amount", line.id)
    _check_rate(item.tax.percent if item.tax else None, line.id)
    for allowance in line.allowances:
        _check_allowance(allowance, line.id)


def check_order(order: "Order") -> None:
    """What an order must hold beside its lines' own rules, apart from the agreement of its figures."""
    if not order.id:
        raise BadDocument("The order has no number.")
    if not (len(order.currency) == 3 and order.currency.isascii() and order.currency.isupper()):
        raise BadDocument(f"{order.currency!a} is no ISO 4217 currency code.", rule="PEPPOL-T01-R003")
    references = (order.id, order.type_code, order.customer_reference)
    check_references((*references, order.quotation_id, order.originator_order_id))
    if not order.lines:
        raise BadDocument("The order has no line.")
    check_line_ids([line.id for line in order.lines], "PEPPOL-T01-R001")
    check_amount(order.tax_amount, "tax amount")
    for allowance in order.allowances:
        _check_allowance(allowance)
    if order.totals is not None:
        _check_total_amounts(order.totals)


def check_line_ids(ids: list[str], rule: str) -> None:
    """No two lines have the same id, and there are not too many of them."""
    if len(ids) > MAX_LINES:
        raise BadDocument(f"{len(ids)} lines are too many: at most {MAX_LINES} are taken.")
    seen: set[str] = set()
    for line_id in ids:
        if line_id in seen:
            raise BadDocument("Two lines have the same identifier.", rule=rule, line=line_id)
        seen.add(line_id)


def check_figures(order: "Order") -> None:
    """The stated figures agree, as far as the Peppol rules want it: sums to the cent, products to two."""
    for line in order.lines:
        _check_line_figures(line)
    for allowance in order.allowances:
        _check_allowance_figures(allowance)
    if order.totals is not None:
        _check_totals(order, order.totals)


def check_amount(amount: Decimal | None, what: str, line: str | None = None) -> None:
    """An amount has at most 2 decimals and 16 digits before them."""
    if amount is not None and not fits(amount, CENT):
        raise BadDocument(
            f"The {what} {amount} has more than 2 decimals or is too large.",
            rule="PEPPOL-T01-R028",
            line=line,
        )


def check_fine(value: Decimal, what: str, line: str | None) -> None:
    """A quantity, a price or a rate has at most 6 decimals and 12 digits before them."""
    if not fits(value, MILLIONTH):
        raise BadDocument(f"The {what} {value} has more than 6 decimals or is too large.", line=line)


def _check_quantity(quantity: Decimal | None, line: str) -> None:
    if quantity is None:
        return
    check_fine(quantity, "quantity", line)
    if quantity < 0:
        raise BadDocument(f"The quantity {quantity} is negative.", rule="PEPPOL-T01-R004", line=line)


def _check_price(price: Price, line: str) -> None:
    check_fine(price.amount, "price", line)
    if price.amount < 0:
        raise BadDocument(f"The price {price.amount} is negative.", rule="PEPPOL-T01-R005", line=line)
    base = price.base_quantity
    if base is ONE:
        return
    check_fine(base, "base quantity", line)
    if base <= 0:
        raise BadDocument(f"The base quantity {base} is not above zero.", rule="PEPPOL-T01-R025", line=line)


def _check_rate(percent: Decimal | None, line: str | None = None) -> None:
    if percent is not None:
        check_fine(percent, "percentage", line)


def _check_allowance(allowance: AllowanceCharge, line: str | None = None) -> None:
    check_amount(allowance.amount, "allowance or charge", line)
    check_amount(allowance.base_amount, "base amount", line)
    _check_rate(allowance.percent, line)
    _check_rate(allowance.tax.percent if allowance.tax else None, line)
    if allowance.amount < 0:
        raise BadDocument(f"The allowance or charge {allowance.amount} is negative.", rule="PEPPOL-T01-R032", line=line)


def _check_total_amounts(totals: Totals) -> None:
    check_amount(totals.lines, "sum of the lines")
    check_amount(totals.payable, "amount to pay")
    check_amount(totals.tax_exclusive, "amount without tax")
    check_amount(totals.tax_inclusive, "amount with tax")
    check_amount(totals.allowances, "sum of the allowances")
    check_amount(totals.charges, "sum of the charges")
    check_amount(totals.prepaid, "prepaid amount")
    check_amount(totals.rounding, "rounding amount")


def _check_line_figures(line: "OrderLine") -> None:
    for allowance in line.allowances:
        _check_allowance_figures(allowance, line.id)
    if line.line_total is None or line.quantity is None or line.price is None:
        return
    expected = line.quantity * line.price.amount / line.price.base_quantity
    for allowance in line.allowances:
        expected += allowance.signed
    if abs(expected - line.line_total) > _SLACK:
        raise BadDocument(
            f"The line amount {line.line_total} is not quantity × price: {expected:.2f}.",
            rule="PEPPOL-T01-R024",
            line=line.id,
        )


def _check_allowance_figures(allowance: AllowanceCharge, line: str | None = None) -> None:
    if allowance.percent is None or allowance.base_amount is None:
        return
    expected = allowance.base_amount * allowance.percent / 100
    if abs(expected - allowance.amount) > _SLACK:
        raise BadDocument(
            f"The allowance or charge {allowance.amount} is not {allowance.percent} % of its base.",
            rule="PEPPOL-T01-R022",
            line=line,
        )


def _check_totals(order: "Order", totals: Totals) -> None:
    _not_negative(totals.payable, "R006")
    _not_negative(totals.lines, "R007")
    stated = [line.line_total for line in order.lines if line.line_total is not None]
    if len(stated) == len(order.lines):
        _agree("sum of the lines", totals.lines, _sum(stated), "R008")
    exclusive = totals.lines - _allowances(order, totals) + _charges(order, totals)
    _agree("amount without tax", totals.tax_exclusive, exclusive, "R011")
    if totals.tax_inclusive is None:
        return
    if order.tax_amount is not None:
        _agree("amount with tax", totals.tax_inclusive, exclusive + order.tax_amount, "R017")
    payable = totals.tax_inclusive - (totals.prepaid or ZERO) + (totals.rounding or ZERO)
    _agree("amount to pay", totals.payable, payable, "R016")


def _allowances(order: "Order", totals: Totals) -> Decimal:
    """The document's allowances: as listed, else as their sum is stated."""
    listed = [each.amount for each in order.allowances if not each.is_charge]
    if not listed:
        return totals.allowances or ZERO
    _agree("sum of the allowances", totals.allowances, _sum(listed), "R009")
    return _sum(listed)


def _charges(order: "Order", totals: Totals) -> Decimal:
    listed = [each.amount for each in order.allowances if each.is_charge]
    if not listed:
        return totals.charges or ZERO
    _agree("sum of the charges", totals.charges, _sum(listed), "R010")
    return _sum(listed)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _not_negative(amount: Decimal, rule: str) -> None:
    if amount < 0:
        raise BadDocument(f"The total {amount} is negative.", rule=f"PEPPOL-T01-{rule}")


def _agree(what: str, stated: Decimal | None, expected: Decimal, rule: str) -> None:
    if stated is not None and stated != expected:
        raise BadDocument(
            f"The {what} is stated as {stated}, the document adds up to {expected}.",
            rule=f"PEPPOL-T01-{rule}",
        )
