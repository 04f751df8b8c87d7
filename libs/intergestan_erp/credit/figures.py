"""What a customer owes and may owe, figure by figure, as programs and people are told (T22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from intergestan_db.enums import Stage
from intergestan_erp.credit.customers import CreditAt, CustomerCredit
from intergestan_erp.site.credit_rules import CreditRules
from intergestan_msg.money import CENT


@dataclass(frozen=True, slots=True)
class FiguresAt:
    """What a customer owes and may owe to one establishment."""

    establishment: int
    total: Decimal
    max: Decimal
    insured: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """What a customer owes on a day, by parts, and may owe.

    :ivar orders: ordered and not delivered; `delivered`: delivered and not invoiced; `invoices`: invoiced and not
        settled; `on_account`: paid or credited, and settling nothing.
    :ivar max: None: there is no ceiling, and so nothing of it is `authorised` or `free`.
    :ivar blocked_from: from which kind of document on it stops one that is above; None: none is stopped.
    """

    day: date
    orders: Decimal
    delivered: Decimal
    invoices: Decimal
    on_account: Decimal
    total: Decimal
    max: Decimal | None
    insured: Decimal
    authorised: Decimal | None
    free: Decimal | None
    blocked_from: Stage | None
    establishments: tuple[FiguresAt, ...]


def figures_of(customer: CustomerCredit, delivered: Decimal, day: date, rules: CreditRules) -> Figures:
    """The figures of a customer. :param delivered: what of it was delivered and not invoiced."""
    parts = customer.exposure
    return Figures(
        day=day,
        orders=_amount(parts.not_invoiced - delivered),
        delivered=_amount(delivered),
        invoices=_amount(parts.invoices),
        on_account=_amount(parts.on_account),
        total=_amount(parts.total),
        max=None if customer.maximum is None else _amount(customer.maximum),
        insured=_amount(customer.insured),
        authorised=None if customer.authorised is None else _amount(customer.authorised),
        free=None if customer.free is None else _amount(customer.free),
        blocked_from=rules.block_from,
        establishments=tuple(map(_at, customer.places)),
    )


def _at(place: CreditAt) -> FiguresAt:
    total = place.exposure.total
    figures = (total, place.maximum, place.insured, place.maximum - total)
    return FiguresAt(place.number, *map(_amount, figures))


def _amount(figure: Decimal) -> Decimal:
    """With its cents: that nothing is owed is 0.00, too."""
    return figure.quantize(CENT)
