"""Which instalments an amount settles, and how much of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.paying.open_amounts import OpenInstalment
from intergestan_msg.money import CENT, ZERO, fits, round_half_up, without_zeros


@dataclass(frozen=True, slots=True)
class Share:
    """So much for an invoice, as a person says it. `n`: for this instalment of it; None: for its oldest."""

    invoice: str
    n: int | None
    amount: Decimal

    @property
    def ref(self) -> str:
        """`FA1/2`, or `FA1`."""
        return self.invoice if self.n is None else f"{self.invoice}/{self.n}"


@dataclass(frozen=True, slots=True)
class Part:
    """So much that settles an instalment."""

    due_id: int
    invoice: str
    n: int
    amount: Decimal


def oldest_first(instalments: Iterable[OpenInstalment], left: Decimal) -> list[Part]:
    """The parts of an amount: each instalment takes what is open of it, in this order, until nothing is left."""
    parts = []
    for each in instalments:
        amount = min(each.open, left)
        if amount <= ZERO:
            break
        parts.append(Part(each.id, each.invoice, each.n, amount))
        left -= amount
    return parts


def as_said(instalments: Sequence[OpenInstalment], shares: Sequence[Share], left: Decimal) -> list[Part]:
    """The parts of an amount as a person shares it out; what is said twice of an instalment adds up.

    :raises Problem: more than is open, or more than is left.
    """
    still = {each.id: each.open for each in instalments}
    taken: dict[int, Decimal] = {}
    for share in shares:
        wanted = in_cents(share.amount)
        meant = [each for each in instalments if each.invoice == share.invoice and share.n in {None, each.n}]
        there = sum((still[each.id] for each in meant), ZERO)
        if wanted > there:
            raise Problem(
                "{instalment} has {open} open, less than {amount}; nothing was entered.",
                ProblemCode.SETTLE_TOO_MUCH,
                (Act.LIST_DUE,),
                instalment=share.ref,
                open=round_half_up(there),
                amount=round_half_up(wanted),
            )
        rest = wanted
        for each in meant:
            amount = min(still[each.id], rest)
            if amount > ZERO:
                still[each.id] -= amount
                rest -= amount
                taken[each.id] = taken.get(each.id, ZERO) + amount
    whole = sum(taken.values(), ZERO)
    if whole > left:
        raise Problem(
            "{left} can be settled, less than {amount}; nothing was entered.",
            ProblemCode.SETTLE_TOO_MUCH,
            left=round_half_up(left),
            amount=round_half_up(whole),
        )
    return [Part(each.id, each.invoice, each.n, taken[each.id]) for each in instalments if each.id in taken]


def in_cents(amount: Decimal) -> Decimal:
    """An amount of money that changes hands, to the cent.

    :raises Problem: it is not above zero, has more decimals, or no column would hold it.
    """
    if not fits(amount, CENT) or amount <= ZERO:
        raise Problem(
            "{amount} is no amount: it is above zero, with at most 2 decimals. Nothing was entered.",
            ProblemCode.NO_AMOUNT,
            amount=without_zeros(amount),
        )
    return amount.quantize(CENT)
