"""Invoices before they have a number: however an order is invoiced, it adds up (I10), and what is refused is not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.amounts import cost_of
from intergestan_erp.selling.invoice_draft import OpenCharge, OpenLine, Running

S20 = ("S", Decimal(20))


def a_line(
    n: int,
    quantity: Decimal,
    *,
    ordered: Decimal,
    price: Decimal = Decimal(10),
    allowance: Decimal = Decimal(0),
    invoiced: Decimal = Decimal(0),
    of: int = 1,
) -> OpenLine:
    goods = ("P", "Product", quantity, "KGM", price, Decimal(1), allowance)
    return OpenLine(n, n, 1, of, *goods, *S20, ordered, invoiced)


def a_charge(amount: str, vat: str | None = "S") -> OpenCharge:
    return OpenCharge(1, 1, "CCL1", "Port", Decimal(amount), vat, None if vat is None else Decimal(20))


@given(
    parts=st.lists(st.integers(1, 5_000_000), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 8), max_size=4),
    price=st.decimals("0", "9999", places=6),
    allowance=st.decimals("0", "50", places=2),
    before=st.integers(0, 3_000_000),
)
def test_any_split_of_an_order_adds_up(
    parts: list[int], cuts: list[int], price: Decimal, allowance: Decimal, before: int
) -> None:
    """I10: whatever was invoiced before, in one invoice or in many, the amounts are those of the order's line."""
    quantities = [Decimal(part).scaleb(-6) for part in parts]
    invoiced = Decimal(before).scaleb(-6)
    ordered = sum(quantities, invoiced)
    lines = [
        a_line(n, quantity, ordered=ordered, price=price, allowance=allowance, invoiced=invoiced)
        for n, quantity in enumerate(quantities, start=1)
    ]
    running = Running()
    total = sum((running.draft(some, []).total_ht for some in divided(lines, cuts)), Decimal(0))
    whole = cost_of(lines[0], ordered)
    earlier = cost_of(lines[0], invoiced) if invoiced else Decimal(0)
    assert total == whole - earlier


def divided(lines: Sequence[OpenLine], cuts: list[int]) -> list[Sequence[OpenLine]]:
    """The lines in as many invoices as there are cuts, and one more; none is empty."""
    places = [0, *sorted(set(cuts)), len(lines)]
    pieces = (lines[first:last] for first, last in pairwise(places))
    return [piece for piece in pieces if piece]


def test_a_charge_is_on_the_first_that_takes_it() -> None:
    """D53: once, whoever asks again."""
    running, charge = Running(), a_charge("5")
    lines = [a_line(n, Decimal(1), ordered=Decimal(3)) for n in (1, 2, 3)]
    drafts = [running.draft([line], [charge]) for line in lines]
    assert [str(draft.total_ht) for draft in drafts] == ["15.00", "10.00", "10.00"]
    assert [len(draft.charges) for draft in drafts] == [1, 0, 0]


def test_what_is_refused_counts_as_if_it_had_not_been_asked_for() -> None:
    """D33: a charge without a category of VAT beside goods that bear it; the next invoice goes on from before."""
    running = Running()
    first, second = (a_line(n, Decimal("0.5"), ordered=Decimal(1), price=Decimal("0.01")) for n in (1, 2))
    with pytest.raises(Problem) as caught:
        running.draft([first], [a_charge("5", None)])
    assert caught.value.code is ProblemCode.CHARGE_WITHOUT_VAT
    assert [running.draft([line], []).total_ht for line in (second, first)] == [Decimal("0.01"), Decimal("0.00")]
    assert running.draft([a_line(3, Decimal(1), ordered=Decimal(1), of=2)], [a_charge("5")]).charges != ()


def test_inside_the_company_nothing_bears_vat() -> None:
    """D57: neither the goods nor a charge, whatever it came with."""
    draft = Running().draft([a_line(1, Decimal(1), ordered=Decimal(1))], [a_charge("5", None)], inside_company=True)
    assert (draft.total_ht, draft.total_ttc) == (Decimal(15), Decimal(15))
    assert {each.category.code for each in draft.sums.vat} == {"O"}


def test_what_delivery_notes_come_to() -> None:
    """A29: without charges, by their ids."""
    lines = [a_line(n, Decimal(n), ordered=Decimal(6)) for n in (1, 2, 3)]
    draft = Running().draft(lines, [a_charge("5")])
    assert draft.of_notes() == {1: Decimal(10), 2: Decimal(20), 3: Decimal(30)}
    assert draft.orders == (1,)
