"""Goods come, are counted and go to other depots: what lies where, at which cost, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.enums import StockReason
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, Product, Stock, StockMove
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.stock.entry import Goods, count, receive, transfer
from intergestan_erp.stock.levels import Level, average_after
from intergestan_erp.stock.listing import list_moves, list_stock
from intergestan_erp.stock.moves import Move, Moved, Short, moved
from tests.clock import Clock
from tests.erp.agencies.test_settings import refused
from tests.erp.agencies.three_agencies import Agencies

ZERO = Decimal(0)


def goods(quantity: str, cost: str | None = None) -> list[Goods]:
    return [Goods("alb0002", Decimal(quantity), None if cost is None else Decimal(cost))]


def lying(agencies: Agencies) -> dict[str, tuple[str, str]]:
    """On hand and average cost, by depot."""
    rows = agencies.asked(list_stock).rows
    return {row.depot: (f"{row.on_hand.normalize():f}", f"{row.average_cost:f}") for row in rows}


def test_what_comes(base: Database) -> None:
    """Stock: an average of what came, with six decimals; what nobody says the cost of, costs what lies there does."""
    agencies = Agencies(base)
    place = agencies.at("AB")
    agencies.did(receive, place, goods("2", "5"), document="BR 1")
    agencies.did(receive, place, goods("1", "5.1"))
    assert lying(agencies) == {"AB": ("3", "5.033333")}
    agencies.did(receive, place, goods("3"))
    assert lying(agencies) == {"AB": ("6", "5.033333")}
    agencies.did(receive, agencies.at("RD"), goods("4"), opening=True)
    assert lying(agencies)["RD"] == ("4", "6.000000")
    moves = agencies.asked(list_moves).rows
    found = [(each.depot, each.reason, each.quantity, each.unit_cost, each.document) for each in moves]
    assert found[0] == ("RD", StockReason.OPENING, Decimal(4), Decimal(6), None)
    assert found[-1] == ("AB", StockReason.RECEIPT, Decimal(2), Decimal(5), "BR 1")


def test_what_is_counted(base: Database) -> None:
    """Stock: the difference is a move, none where there is none; less than is set aside is refused."""
    agencies = Agencies(base, opening=10)
    place = agencies.at("RD")
    for found, moves in (("8", [Decimal(-2)]), ("8", []), ("9", [Decimal(1)]), ("0", [Decimal(-9)])):
        before = len(agencies.rows(StockMove))
        agencies.did(count, place, {"ALB0002": Decimal(found)})
        new = agencies.rows(StockMove)[before:]
        assert [move.quantity for move in new] == moves
        assert {move.reason for move in new} <= {StockReason.COUNT}
    noted = agencies.rows(Event, subject="stock", name="count")[0]
    assert noted.detail == {"depot": "RD", "product": "ALB0002", "was": "10", "counted": "8"}
    set_aside(agencies, "AB", 4)
    refused(ProblemCode.NOT_IN_STOCK, agencies.did, count, agencies.at("AB"), {"ALB0002": Decimal(3)})
    agencies.did(count, agencies.at("AB"), {"ALB0002": Decimal(4)})


def test_what_goes_to_another_depot(base: Database) -> None:
    """Stock: at the cost at which it lay there, no more than is available; nothing gets lost on the way."""
    agencies = Agencies(base, opening=10)
    agencies.did(receive, agencies.at("AB"), goods("10", "7"))
    agencies.did(transfer, agencies.at("AB"), goods("4"), "rd", document="Camion")
    assert lying(agencies) == {"AB": ("16", "6.500000"), "ABL": ("10", "6.000000"), "RD": ("14", "6.142857")}
    moves = [(each.depot, each.reason, each.quantity) for each in agencies.asked(list_moves).rows[:2]]
    assert moves == [("RD", "transfer_in", Decimal(4)), ("AB", "transfer_out", Decimal(-4))]
    set_aside(agencies, "AB", 15)
    problem = refused(ProblemCode.NOT_IN_STOCK, agencies.did, transfer, agencies.at("AB"), goods("2"), "RD")
    assert (problem.values["left"], problem.values["wanted"], problem.values["depot"]) == ("1", "2", "AB")
    refused(ProblemCode.NO_PLACE, agencies.did, transfer, agencies.at("AB"), goods("1"), "AB")
    refused(ProblemCode.NO_PLACE, agencies.did, transfer, agencies.at("AB"), goods("1"), "NONE")
    agencies.set(establishments_are_companies=True)
    agencies.own_books(2, 2)
    refused(ProblemCode.OTHER_COMPANY, agencies.did, transfer, agencies.at("AB"), goods("1"), "RD")


def test_what_others_may_have_now(base: Database) -> None:
    """A11: what came, was found or went to another depot may be served to whom waits; what is missing may not."""
    agencies = Agencies(base, opening=10)
    place, (product,) = agencies.at("AB"), (row.id for row in agencies.rows(Product, code="ALB0002"))
    received = agencies.did(receive, place, goods("1"))
    assert (received.stocked[0].available, received.freed.products) == (Decimal(11), (product,))
    moved_on = agencies.did(transfer, place, goods("1"), "RD")
    assert ([each.depot for each in moved_on.stocked], moved_on.freed.products) == (["AB", "RD"], (product,))
    for found, freed in (("12", (product,)), ("12", ()), ("3", ())):
        assert agencies.did(count, place, {"ALB0002": Decimal(found)}).freed.products == freed


def set_aside(agencies: Agencies, depot: str, quantity: int) -> None:
    with agencies.base.transaction() as connection:
        where = Stock.depot_id == agencies.depot_id(depot)
        connection.execute(update(Stock).where(where).values(reserved=Decimal(quantity)))


def test_less_than_nothing_where_it_is_allowed(base: Database) -> None:
    """Stock: a depot may say so; what comes then costs what it cost."""
    agencies = Agencies(base, opening=1)
    refused(ProblemCode.NOT_IN_STOCK, agencies.did, transfer, agencies.at("RD"), goods("3"), "AB")
    agencies.did(set_depot, "RD", {"allow_negative": True})
    agencies.did(transfer, agencies.at("RD"), goods("3"), "AB")
    assert lying(agencies)["RD"] == ("-2", "6.000000")
    agencies.did(receive, agencies.at("RD"), goods("5", "8"))
    assert lying(agencies)["RD"] == ("3", "8.000000")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (goods("0"), ProblemCode.NO_AMOUNT),
        (goods("-1"), ProblemCode.NO_AMOUNT),
        (goods("0.5"), ProblemCode.NO_AMOUNT),
        (goods("1", "-1"), ProblemCode.NO_AMOUNT),
        (goods("1", "0.0000001"), ProblemCode.NO_AMOUNT),
        (goods("1") * 2, ProblemCode.NO_VALUE),
        ([Goods("NONE", Decimal(1))], ProblemCode.NO_PRODUCT),
        (goods("999999999999"), ProblemCode.TOO_LARGE),
    ],
)
def test_what_cannot_come(base: Database, change: list[Goods], code: ProblemCode) -> None:
    """Stock: no part of a piece, nothing twice, no more than can be written down; nothing is changed then."""
    agencies = Agencies(base, opening=1)
    refused(code, agencies.did, receive, agencies.at("AB"), change)
    assert lying(agencies)["AB"] == ("1", "6.000000")


def test_services_lie_nowhere(base: Database) -> None:
    """Stock: of a product of supply `services` there is no stock."""
    agencies = Agencies(base)
    with base.transaction() as connection:
        connection.execute(update(Product).values(supply="services"))
    refused(ProblemCode.NO_PRODUCT, agencies.did, receive, agencies.at("AB"), goods("1"))


def test_without_stock(base: Database) -> None:
    """D38: what is not managed is not entered."""
    agencies = Agencies(base)
    agencies.set(manage_reservations=False)
    agencies.set(manage_stock=False)
    refused(ProblemCode.STOCK_NOT_MANAGED, agencies.did, receive, agencies.at("AB"), goods("1"))
    refused(ProblemCode.STOCK_NOT_MANAGED, agencies.did, count, agencies.at("AB"), {"ALB0002": ZERO})


def test_pages_and_days(base: Database, clock: Clock) -> None:
    """A32: by product and depot, a page at a time; as it was at the end of a day of the site."""
    agencies = Agencies(base, opening=10)
    clock.now += timedelta(days=1)
    agencies.did(count, agencies.at("RD"), {"ALB0002": Decimal(7)})
    first = agencies.asked(list_stock, product="alb0002", size=2)
    assert [(row.depot, row.available) for row in first.rows] == [("AB", Decimal(10)), ("ABL", Decimal(10))]
    (last,) = agencies.asked(list_stock, product="alb0002", size=2, after=first.after).rows
    assert (last.depot, last.on_hand, last.reserved) == ("RD", Decimal(7), ZERO)
    then: Any = agencies.asked(list_stock, depot="rd", day=date(2026, 11, 20)).rows
    assert [(row.on_hand, row.reserved, row.available, row.average_cost) for row in then] == [
        (Decimal(10), None, None, None)
    ]
    assert agencies.asked(list_stock, day=date(2026, 11, 19)).rows == ()
    assert [row.quantity for row in agencies.asked(list_moves, depot="RD", size=1).rows] == [Decimal(-3)]


QUANTITY = st.decimals(min_value="-99999", max_value="99999", places=6)
COST = st.decimals(min_value="0", max_value="9999", places=6)


@given(moves=st.lists(st.tuples(QUANTITY, st.none() | COST), max_size=12))
def test_moves_add_up(moves: list[tuple[Decimal, Decimal | None]]) -> None:
    """What lies there is the sum of its moves, never below what is set aside; the average lies among the costs."""
    level = Level(1, 1, Decimal(3), Decimal(2), Decimal(5), negative_ok=False)
    made, costs = [], {Decimal(5)}
    for quantity, cost in moves:
        result = moved({(1, 1): level}, [Move(1, 1, quantity, StockReason.COUNT, cost)])
        if isinstance(result, Short):
            assert level.available + quantity < 0
            continue
        assert isinstance(result, Moved)
        level = result.levels[1, 1]
        made.append(quantity)
        costs.update(() if cost is None else (cost,))
    assert level.on_hand == 3 + sum(made)
    assert level.on_hand >= level.reserved
    assert min(costs) <= level.average_cost <= max(costs)


def test_the_average_of_large_numbers() -> None:
    """Stock: six decimals, halves up, also where the figures are as long as they may be."""
    assert average_after(Decimal(2), Decimal("0.000001"), Decimal(2), Decimal("0.000002")) == Decimal("0.000002")
    largest = Decimal("999999999999.999999")
    assert average_after(largest, largest, Decimal("0.000001"), Decimal(0)) <= largest
    assert average_after(Decimal(-5), Decimal(7), Decimal(1), Decimal(3)) == Decimal(3)


def test_the_first_problem_names_all(base: Database) -> None:
    """Stock: of several products the one that is missing is named, and none is moved."""
    agencies = Agencies(base, opening=1)
    with pytest.raises(Problem, match="Only 1 of ALB0002 are available in AB, 9 were asked"):
        agencies.did(transfer, agencies.at("AB"), goods("9"), "RD")
