"""What must hold for an order to be one: its references can be read, its figures fit and agree.

The rules look at plain values; `order.py` says which ones of a party, a line and an order. Each rule raises
`BadDocument` with its Peppol id (transaction T01, Peppol BIS Ordering 3), or ``UBL`` where Peppol has none; documents
of other transactions are read within `peppol.rules_of`. A figure that is absent is never missed; only what is stated
must agree.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from unicodedata import category

from intergestan_msg.diagnosis import Term, Wrong
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
            raise BadDocument(Wrong.REFERENCE_SPACE, reference=ascii(reference), line=line)
        if not reference.isprintable() and any(category(each) in _UNSEEN for each in reference):
            raise BadDocument(Wrong.REFERENCE_HIDDEN, reference=ascii(reference), line=line)


def check_line_ids(ids: list[str], rule: str) -> None:
    """No two lines have the same id, and there are not too many of them."""
    if len(ids) > MAX_LINES:
        raise BadDocument(Wrong.LINES_TOO_MANY, count=len(ids), most=MAX_LINES)
    seen: set[str] = set()
    for line_id in ids:
        if line_id in seen:
            raise BadDocument(Wrong.LINE_TWICE, rule=rule, line=line_id)
        seen.add(line_id)


def check_currency(currency: str) -> None:
    """A currency is three capital letters."""
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise BadDocument(Wrong.NO_CURRENCY, currency=ascii(currency), rule="PEPPOL-T01-R003")


def check_amount(amount: Decimal | None, what: Term, line: str | None = None) -> None:
    """An amount has at most 2 decimals and 16 digits before them."""
    if amount is not None and not fits(amount, CENT):
        raise BadDocument(Wrong.TWO_DECIMALS, what=what, value=amount, rule="PEPPOL-T01-R028", line=line)


def check_fine(value: Decimal, what: Term, line: str | None) -> None:
    """A quantity, a price or a rate has at most 6 decimals and 12 digits before them."""
    if not fits(value, MILLIONTH):
        raise BadDocument(Wrong.SIX_DECIMALS, what=what, value=value, line=line)


def check_quantity(quantity: Decimal | None, line: str) -> None:
    """A quantity fits and is not negative."""
    if quantity is None:
        return
    check_fine(quantity, Term.QUANTITY, line)
    if quantity < 0:
        raise BadDocument(Wrong.QUANTITY_NEGATIVE, quantity=quantity, rule="PEPPOL-T01-R004", line=line)


def check_price(price: Price, line: str, *, fine: bool = True) -> None:
    """A price fits, is not negative, and is for more than nothing.

    :param fine: whether it may have no more decimals than ours have.
    """
    if fine:
        check_fine(price.amount, Term.PRICE, line)
    if price.amount < 0:
        raise BadDocument(Wrong.PRICE_NEGATIVE, price=price.amount, rule="PEPPOL-T01-R005", line=line)
    base = price.base_quantity
    if base is ONE:
        return
    check_fine(base, Term.BASE_QUANTITY, line)
    if base <= 0:
        raise BadDocument(Wrong.BASE_NOT_POSITIVE, base=base, rule="PEPPOL-T01-R025", line=line)


def check_rate(percent: Decimal | None, line: str | None = None) -> None:
    """A percentage fits."""
    if percent is not None:
        check_fine(percent, Term.PERCENTAGE, line)


def check_allowance(allowance: AllowanceCharge, line: str | None = None) -> None:
    """The amounts and rates of an allowance or charge fit, and it is not negative: its sign is its kind."""
    check_amount(allowance.amount, Term.ALLOWANCE, line)
    check_amount(allowance.base_amount, Term.BASE_AMOUNT, line)
    check_rate(allowance.percent, line)
    check_rate(allowance.tax.percent if allowance.tax else None, line)
    if allowance.amount < 0:
        raise BadDocument(Wrong.ALLOWANCE_NEGATIVE, amount=allowance.amount, rule="PEPPOL-T01-R032", line=line)


def check_total_amounts(totals: Totals) -> None:
    """The totals of an order fit."""
    check_amount(totals.lines, Term.SUM_OF_LINES)
    check_amount(totals.payable, Term.PAYABLE)
    check_amount(totals.tax_exclusive, Term.TAX_EXCLUSIVE)
    check_amount(totals.tax_inclusive, Term.TAX_INCLUSIVE)
    check_amount(totals.allowances, Term.SUM_OF_ALLOWANCES)
    check_amount(totals.charges, Term.SUM_OF_CHARGES)
    check_amount(totals.prepaid, Term.PREPAID)
    check_amount(totals.rounding, Term.ROUNDING)


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
        rule = "PEPPOL-T01-R024"
        raise BadDocument(Wrong.LINE_AMOUNT, total=total, expected=f"{expected:.2f}", rule=rule, line=line)


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
        amount, rule = allowance.amount, "PEPPOL-T01-R022"
        raise BadDocument(Wrong.ALLOWANCE_NO_SHARE, amount=amount, percent=allowance.percent, rule=rule, line=line)


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
        _agree(Term.SUM_OF_LINES, totals.lines, _sum(stated), "R008")
    exclusive = totals.lines - _allowances(allowances, totals) + _charges(allowances, totals)
    _agree(Term.TAX_EXCLUSIVE, totals.tax_exclusive, exclusive, "R011")
    if totals.tax_inclusive is None:
        return
    if tax is not None:
        _agree(Term.TAX_INCLUSIVE, totals.tax_inclusive, exclusive + tax, "R017")
    payable = totals.tax_inclusive - (totals.prepaid or ZERO) + (totals.rounding or ZERO)
    _agree(Term.PAYABLE, totals.payable, payable, "R016")


def _allowances(allowances: Iterable[AllowanceCharge], totals: Totals) -> Decimal:
    """The document's allowances: as listed, else as their sum is stated."""
    listed = [each.amount for each in allowances if not each.is_charge]
    if not listed:
        return totals.allowances or ZERO
    _agree(Term.SUM_OF_ALLOWANCES, totals.allowances, _sum(listed), "R009")
    return _sum(listed)


def _charges(allowances: Iterable[AllowanceCharge], totals: Totals) -> Decimal:
    listed = [each.amount for each in allowances if each.is_charge]
    if not listed:
        return totals.charges or ZERO
    _agree(Term.SUM_OF_CHARGES, totals.charges, _sum(listed), "R010")
    return _sum(listed)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _not_negative(amount: Decimal, rule: str) -> None:
    if amount < 0:
        raise BadDocument(Wrong.TOTAL_NEGATIVE, total=amount, rule=f"PEPPOL-T01-{rule}")


def _agree(what: Term, stated: Decimal | None, expected: Decimal, rule: str) -> None:
    if stated is not None and stated != expected:
        rule = f"PEPPOL-T01-{rule}"
        raise BadDocument(Wrong.SUM_DIFFERS, what=what, stated=stated, expected=expected, rule=rule)
