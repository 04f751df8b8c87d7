"""Which depots the goods of a line come from (A05, A32, A33, D45, D46): the product beside a slow oracle."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.enums import Route
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.stock.propose import UNRANKED, Invoicer, Proposal, Share, Shelf, check_route, propose, usual_route

CODES = ("AB", "RD", "ABL", "A", "Z", "MM")
OURS, THEIRS = 1, 2


def slowly(
    need: Decimal, own: str, available: Mapping[str, Decimal], ranks: Mapping[str, int]
) -> list[tuple[str, Decimal]]:
    """D45, by trying every group of depots. The remainder is of the depot «-»."""
    found = []
    taken = min(need, max(Decimal(0), available.get(own, Decimal(0))))
    if taken:
        found.append((own, taken))
        need -= taken
    others = [depot for depot in available if depot != own and available[depot] > 0]
    if not need:
        return found
    groups = [group for count in range(1, len(others) + 1) for group in itertools.combinations(others, count)]
    fit = [group for group in groups if sum(available[depot] for depot in group) >= need]
    best = min(
        fit,
        key=lambda group: (len(group), sorted(ranks[depot] for depot in group), sorted(group)),
        default=tuple(others),
    )
    for depot in sorted(best, key=lambda depot: (ranks[depot], depot)):
        found.append((depot, min(need, available[depot])))
        need -= found[-1][1]
    return [*found, ("-", need)] if need else found


def shelves(available: Mapping[str, Decimal], ranks: Mapping[str, int], folder: int = OURS) -> dict[str, Shelf]:
    return {
        code: Shelf(place, code, folder, amount, ranks.get(code, UNRANKED))
        for place, (code, amount) in enumerate(available.items(), start=1)
    }


def told(proposal: Proposal, of: Mapping[str, Shelf]) -> list[tuple[str, Decimal]]:
    codes = {shelf.depot_id: code for code, shelf in of.items()}
    shares = [(codes[share.depot_id], share.quantity) for share in proposal.shares]
    return [*shares, ("-", proposal.remainder)] if proposal.remainder else shares


@pytest.mark.parametrize(
    ("need", "in_depots", "expected"),
    [
        ("6", "10 10 10", "AB 6"),
        ("6", "1 2 10", "AB 1, ABL 5"),  # one further depot, not two
        ("6", "1 2 3", "AB 1, RD 2, ABL 3"),
        ("9", "1 2 3", "AB 1, RD 2, ABL 3, - 3"),
        ("6", "0 7 7", "RD 6"),  # the better rank
        ("0.000003", "0.000001 -1 0.000002", "AB 0.000001, ABL 0.000002"),
        ("2", "-3 0 0", "- 2"),
    ],
)
def test_proposal_of_the_three_depots(need: str, in_depots: str, expected: str) -> None:
    """D45: the own depot AB, RD of rank 1, ABL of rank 2."""
    amounts = dict(zip(("AB", "RD", "ABL"), map(Decimal, in_depots.split()), strict=True))
    of = shelves(amounts, {"RD": 1, "ABL": 2})
    found = propose(Decimal(need), of["AB"], [of["RD"], of["ABL"]])
    assert ", ".join(f"{code} {quantity}" for code, quantity in told(found, of)) == expected


QUANTITIES = st.one_of(st.integers(0, 9).map(Decimal), st.decimals("-2", "9", places=6))


@given(
    need=st.decimals("0.000001", "30", places=6) | st.integers(1, 30).map(Decimal),
    amounts=st.lists(QUANTITIES, min_size=1, max_size=len(CODES)),
    given_ranks=st.lists(st.sampled_from([1, 1, 2, 3, UNRANKED]), min_size=len(CODES), max_size=len(CODES)),
    order=st.randoms(use_true_random=False),
)
def test_proposal_is_that_of_the_oracle(
    need: Decimal, amounts: Sequence[Decimal], given_ranks: Sequence[int], order: object
) -> None:
    """D45: the fewest depots, the best ranks, the first codes, whatever order they come in; nothing lost or made up."""
    available = dict(zip(CODES, amounts, strict=False))
    ranks = dict(zip(CODES, given_ranks, strict=True))
    of = shelves(available, ranks)
    others = [shelf for code, shelf in of.items() if code != "AB"]
    order.shuffle(others)  # type: ignore[attr-defined]
    found = propose(need, of["AB"], others)
    assert told(found, of) == slowly(need, "AB", available, ranks)
    assert sum((share.quantity for share in found.shares), found.remainder) == need


def test_goods_of_another_company_come_by_way_of_the_own_depot() -> None:
    """D46: while an establishment invoices for all, another company's depot does not deliver to its customers."""
    own = Shelf(1, "AB", OURS, Decimal(1))
    theirs = Shelf(2, "RD", THEIRS, Decimal(5), 1)
    invoicer = Invoicer(1, OURS)
    found = propose(Decimal(3), own, [theirs], invoicer)
    assert found.shares == (Share(1, Route.DIRECT, Decimal(1)), Share(2, Route.INDIRECT, Decimal(2)))
    assert propose(Decimal(3), own, [theirs]).shares[1].route is Route.DIRECT  # each invoices its own
    with pytest.raises(Problem) as refused:
        check_route(theirs, own, Route.DIRECT, invoicer)
    assert (refused.value.code, refused.value.next) == (ProblemCode.NO_ROUTE, (Act.ROUTE_INDIRECT,))
    assert str(refused.value) == "RD belongs to another company, and establishment 1 invoices: choose indirect."
    check_route(theirs, own, Route.INDIRECT, invoicer)
    check_route(theirs, own, Route.DIRECT, None)


def test_the_own_depot_always_delivers_itself() -> None:
    """D46: what lies in the order's own depot leaves from there, whoever invoices."""
    own = Shelf(1, "RD", THEIRS, Decimal(1))
    invoicer = Invoicer(1, OURS)
    assert usual_route(own, own, invoicer) is Route.DIRECT
    check_route(own, own, Route.DIRECT, invoicer)
    with pytest.raises(Problem) as refused:
        check_route(own, own, Route.INDIRECT, invoicer)
    assert refused.value.next == (Act.ROUTE_DIRECT,)
