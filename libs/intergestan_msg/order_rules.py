"""What must hold for an order to be one: its references can be read, its figures fit and agree.

The rules look at plain values; `order.py` says which ones of a party, a line and an order. Each rule raises
`BadDocument` with its Peppol id (transaction T01, Peppol BIS Ordering 3), or ``UBL`` where Peppol has none. A figure
that is absent is never missed; only what is stated must agree.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from unicodedata import category

from intergestan_msg.errors import BadDocument
from intergestan_msg.money import CENT, MILLIONTH, ONE, ROUNDED, ZERO, AllowanceCharge, Price, Totals, fits
from intergestan_msg.unit_factors import factor

MAX_LINES = 10_000

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


def check_line_ids(ids: list[str], rule: str) -> None:
    """No two lines have the same id, and there are not too many of them."""
    if len(ids) > MAX_LINES:
        raise BadDocument(f"{len(ids)} lines are too many: at most {MAX_LINES} are taken.")
    seen: set[str] = set()
    for line_id in ids:
        if line_id in seen:
            raise BadDocument("Two lines have the same identifier.", rule=rule, line=line_id)
        seen.add(line_id)


def check_currency(currency: str) -> None:
    """A currency is three capital letters."""
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise BadDocument(f"{currency!a} is no ISO 4217 currency code.", rule="PEPPOL-T01-R003")


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


def check_quantity(quantity: Decimal | None, line: str) -> None:
    """A quantity fits and is not negative."""
    if quantity is None:
        return
    check_fine(quantity, "quantity", line)
    if quantity < 0:
        raise BadDocument(f"The quantity {quantity} is negative.", rule="PEPPOL-T01-R004", line=line)


def check_price(price: Price, line: str, *, fine: bool = True) -> None:
    """A price fits, is not negative, and is for more than nothing.

    :param fine: whether it may have no more decimals than ours have.
    """
    if fine:
        check_fine(price.amount, "price", line)
    if price.amount < 0:
        raise BadDocument(f"The price {price.amount} is negative.", rule="PEPPOL-T01-R005", line=line)
    base = price.base_quantity
    if base is ONE:
        return
    check_fine(base, "base quantity", line)
    if base <= 0:
        raise BadDocument(f"The base quantity {base} is not above zero.", rule="PEPPOL-T01-R025", line=line)


def check_rate(percent: Decimal | None, line: str | None = None) -> None:
    """A percentage fits."""
    if percent is not None:
        check_fine(percent, "percentage", line)


def check_allowance(allowance: AllowanceCharge, line: str | None = None) -> None:
    """The amounts and rates of an allowance or charge fit, and it is not negative: its sign is its kind."""
    check_amount(allowance.amount, "allowance or charge", line)
    check_amount(allowance.base_amount, "base amount", line)
    check_rate(allowance.percent, line)
    check_rate(allowance.tax.percent if allowance.tax else None, line)
    if allowance.amount < 0:
        raise BadDocument(f"The allowance or charge {allowance.amount} is negative.", rule="PEPPOL-T01-R032", line=line)


def check_total_amounts(totals: Totals) -> None:
    """The totals of an order fit."""
    check_amount(totals.lines, "sum of the lines")
    check_amount(totals.payable, "amount to pay")
    check_amount(totals.tax_exclusive, "amount without tax")
    check_amount(totals.tax_inclusive, "amount with tax")
    check_amount(totals.allowances, "sum of the allowances")
    check_amount(totals.charges, "sum of the charges")
    check_amount(totals.prepaid, "prepaid amount")
    check_amount(totals.rounding, "rounding amount")


def check_line_figures(
    quantity: Decimal | None,
    unit: str | None,
    price: Price | None,
    total: Decimal | None,
    allowances: Iterable[AllowanceCharge],
    line: str,
) -> None:
    """The amount of a line is quantity × price and its allowances and charges, to two cents."""
    if total is None or quantity is None or price is None:
        return
    base = _base_quantity(price, unit)
    if base is None:
        return  # the units do not meet: whoever books the line says so
    expected = quantity * price.amount / base
    for allowance in allowances:
        expected += allowance.signed
    if abs(expected - total) > ROUNDED:
        raise BadDocument(
            f"The line amount {total} is not quantity × price: {expected:.2f}.",
            rule="PEPPOL-T01-R024",
            line=line,
        )


def _base_quantity(price: Price, unit: str | None) -> Decimal | None:
    """For how many of the line's unit a price is; None when nobody can say."""
    if price.base_unit is None or unit is None:
        return price.base_quantity
    times = factor(price.base_unit, unit)
    return None if times is None else price.base_quantity * times.numerator / times.denominator


def check_allowance_figures(allowance: AllowanceCharge, line: str | None = None) -> None:
    """An allowance or charge that is a share of something is that share of it, to two cents."""
    if allowance.percent is None or allowance.base_amount is None:
        return
    expected = allowance.base_amount * allowance.percent / 100
    if abs(expected - allowance.amount) > ROUNDED:
        raise BadDocument(
            f"The allowance or charge {allowance.amount} is not {allowance.percent} % of its base.",
            rule="PEPPOL-T01-R022",
            line=line,
        )


def check_totals(
    totals: Totals,
    lines: Sequence[Decimal | None],
    allowances: Sequence[AllowanceCharge],
    tax: Decimal | None,
) -> None:
    """The totals agree with the amounts of the lines, with the order's allowances and charges, and with its tax."""
    _not_negative(totals.payable, "R006")
    _not_negative(totals.lines, "R007")
    stated = [amount for amount in lines if amount is not None]
    if len(stated) == len(lines):
        _agree("sum of the lines", totals.lines, _sum(stated), "R008")
    exclusive = totals.lines - _allowances(allowances, totals) + _charges(allowances, totals)
    _agree("amount without tax", totals.tax_exclusive, exclusive, "R011")
    if totals.tax_inclusive is None:
        return
    if tax is not None:
        _agree("amount with tax", totals.tax_inclusive, exclusive + tax, "R017")
    payable = totals.tax_inclusive - (totals.prepaid or ZERO) + (totals.rounding or ZERO)
    _agree("amount to pay", totals.payable, payable, "R016")


def _allowances(allowances: Iterable[AllowanceCharge], totals: Totals) -> Decimal:
    """The document's allowances: as listed, else as their sum is stated."""
    listed = [each.amount for each in allowances if not each.is_charge]
    if not listed:
        return totals.allowances or ZERO
    _agree("sum of the allowances", totals.allowances, _sum(listed), "R009")
    return _sum(listed)


def _charges(allowances: Iterable[AllowanceCharge], totals: Totals) -> Decimal:
    listed = [each.amount for each in allowances if each.is_charge]
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
