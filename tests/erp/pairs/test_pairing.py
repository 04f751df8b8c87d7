"""Who orders what from whom between establishments: the pure part (A12 to A16, A43, D37)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_erp.pairs.pairing import Agency, AgencyDepot, Goods, Obstacle, Pending, Refused, pair_up

DAY = date(2026, 6, 5)
GOODS = Goods(7, "ALB0002", "Article", "C62", None, Decimal(10), "S", Decimal(20), None, Decimal(6))


def agency(number: int, own_folder: int | None = None) -> Agency:
    return Agency(number * 11, 1, number, f"Agence {number}", own_folder, own_folder or 1)


def depot(code: str, owner: Agency, customer: int | None = 1, supplier: int | None = 1) -> AgencyDepot:
    return AgencyDepot(sum(code.encode()), code, owner, customer, supplier)


AB, RD, ABL = depot("AB", agency(1), 101, 201), depot("RD", agency(2), 102, 202), depot("ABL", agency(3), 103, 203)


def pending(
    allocation_id: int, source: AgencyDepot = RD, destination: AgencyDepot = AB, order_id: int = 1, quantity: str = "2"
) -> Pending:
    return Pending(
        *(allocation_id, order_id, f"CCL{order_id}", 1, "L1", "Stauber", DAY + timedelta(days=order_id), GOODS),
        *(Decimal(quantity), Decimal(0), source, destination),
    )


def test_case_3_of_the_seed() -> None:
    """A12, A14, D49: 2 of RD for an order of AB, in one company: at the average cost, without VAT."""
    pairing = pair_up([pending(1)])
    (pair,) = pairing.pairs
    assert (pair.requesting.number, pair.supplying.number, pair.billable) == (1, 2, False)
    assert (pair.customer_id, pair.supplier_id) == (101, 202)  # AB's customer, RD's supplier: A16
    (line,) = pair.lines({})
    assert (line.number, line.vat_category) == (1, "O")
    assert [line.price, line.total, line.vat_rate] == [6, 12, 0]
    assert not pairing.refused


@pytest.mark.parametrize(
    ("one", "other", "billable", "vat"),
    [
        (None, None, False, "O"),
        (None, 2, True, "S"),
        (1, None, True, "O"),  # A48: re-invoiced, but inside one company there is no VAT (D57)
        (1, 2, True, "S"),
    ],
)
def test_the_table_of_what_is_invoiced(one: int | None, other: int | None, billable: bool, vat: str) -> None:  # noqa: FBT001 - a table
    """A14, A15, A47, A48, D37."""
    destination, source = replace(AB, agency=agency(1, one)), replace(RD, agency=agency(2, other))
    (pair,) = pair_up([pending(1, source, destination)]).pairs
    (line,) = pair.lines({1: Decimal(8)} if billable else {})
    assert (pair.billable, line.vat_category) == (billable, vat)
    assert line.price == (8 if billable else 6)


def test_pairs_ascend_and_their_lines_too() -> None:
    """A43: whatever is behind them, one pair for each two establishments."""
    found = pair_up([pending(4, ABL, RD), pending(3, RD, AB, 2), pending(2, ABL, AB, 2), pending(1, RD, AB, 1)])
    assert [(each.requesting.number, each.supplying.number) for each in found.pairs] == [(1, 2), (1, 3), (2, 3)]
    assert [line.pending.order for line in found.pairs[0].lines({})] == ["CCL1", "CCL2"]
    assert found.pairs[0].requested == DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("one", "refused"),
    [
        (pending(1, replace(RD, supplier_id=None)), ("RD", "supplier")),
        (pending(1, RD, replace(AB, customer_id=None)), ("AB", "customer")),
        (pending(1, RD, replace(AB, supplier_id=None)), ("AB", "supplier")),  # takes part with both or not at all
    ],
)
def test_a_depot_without_its_parties_takes_no_part(one: Pending, refused: tuple[str, str]) -> None:
    """A16: the depot and the missing side are named; others go on."""
    found = pair_up([one, pending(2, ABL)])
    assert found.refused == (Refused(one, Obstacle.NO_PARTY, *refused),)
    assert len(found.pairs) == 1


def test_what_is_ordered_already_is_not_ordered_once_more() -> None:
    """A43: more of an allocation that a pair brings cannot be ordered as well."""
    one = replace(pending(1), ordered_by="CFR1")
    assert pair_up([one]).refused == (Refused(one, Obstacle.ORDERED_BEFORE),)


DEPOTS = st.builds(
    lambda number, second, customer, supplier: depot(
        f"D{number}{second}", agency(number), customer and 100 + number, supplier and 200 + number
    ),
    st.integers(1, 4),
    st.sampled_from("AB"),
    st.sampled_from((1, 1, 1, None)),
    st.sampled_from((1, 1, 1, None)),
)
QUANTITIES = st.decimals("0.000001", "999999", places=6)


@given(
    st.lists(
        st.tuples(DEPOTS, DEPOTS, st.integers(1, 5), QUANTITIES).filter(lambda four: four[0].agency != four[1].agency),
        max_size=30,
    )
)
def test_every_allocation_once_and_two_orders_for_each_pair(
    drawn: list[tuple[AgencyDepot, AgencyDepot, int, Decimal]],
) -> None:
    """I6, A43: n pairs of establishments, each once, ascending; all that can be ordered stands on exactly one line."""
    wanted = [
        pending(number, source, destination, order_id, str(quantity))
        for number, (source, destination, order_id, quantity) in enumerate(drawn)
    ]
    found = pair_up(wanted)
    lines = [line.pending.allocation_id for pair in found.pairs for line in pair.lines({})]
    refused = [each.pending.allocation_id for each in found.refused]
    assert sorted(lines + refused) == [each.allocation_id for each in wanted]
    sides = [(pair.requesting.number, pair.supplying.number) for pair in found.pairs]
    assert sides == sorted(set(sides))
    for pair in found.pairs:
        assert {each.source.agency for each in pair.pending} == {pair.supplying}
        assert {each.destination.agency for each in pair.pending} == {pair.requesting}
        assert [line.number for line in pair.lines({})] == list(range(1, len(pair.pending) + 1))
        assert all(each.source.supplier_id and each.destination.customer_id for each in pair.pending)
