"""Picking slips on their way: made, entered, finished, validated, opened again and cancelled (A34, A35, A52, A54)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.enums import SlipFault
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import DeliveryNote, DeliveryNoteLine, Depot, PickingSlip, Reservation, SalesOrder, StockMove
from intergestan_erp.picking.counts import count_waiting
from intergestan_erp.picking.listing import list_slips
from intergestan_erp.stock.waiting import is_unallocated
from intergestan_msg.money import plain
from tests.erp.picking.preparing import Preparing
from tests.site_factories import SiteToTest
from tests.statements import counted


@pytest.fixture
def agencies(a_site: SiteToTest) -> Preparing:
    return Preparing(a_site)


def test_three_depots_make_three_notes(agencies: Preparing) -> None:
    """A34, A35: one slip per depot; accepted, finished and validated each leaves its depot under a note of its own."""
    number = agencies.for_customer("ALB0002=6", L1="AB=1 RD=2 ABL=3")
    assert agencies.made(number) == "BP1 AB, BP2 RD, BP3 ABL"
    assert agencies.stand() == "AB 10/1, RD 10/2, ABL 10/3"
    assert agencies.made(number) == ""
    assert agencies.lines("BP2") == ["L1 ALB0002 2/-"]
    notes = [agencies.delivered(slip) for slip in ("BP1", "BP2", "BP3")]
    assert notes == [["BL1"], ["BL2"], ["BL3"]]
    assert agencies.stand() == "AB 9/0, RD 8/0, ABL 7/0"
    assert set(agencies.slips().values()) == {"expired"}
    moves = [(plain(row.quantity), row.document) for row in agencies.site.rows(StockMove)]
    assert moves == [("-1", "BL1"), ("-2", "BL2"), ("-3", "BL3")]
    note = agencies.site.row(DeliveryNote, number="BL3")
    assert (note.depot_id, note.establishment_id) == (agencies.ids["ABL"], 3)
    agencies.check()


def test_what_is_not_found_remains(agencies: Preparing) -> None:
    """A35, A54, I4: the rest is set aside no more, remains of the order, and another slip takes it once it is there."""
    number = agencies.for_customer("ALB0002=5", L1="AB=3 RD=2")
    agencies.make(number)
    agencies.enter_found("BP1", {1: "2"})
    finished = agencies.finish("BP1")
    assert finished.missing == {1: Decimal(1)}
    assert finished.freed.products
    assert agencies.stand() == "AB 10/2, RD 10/2, ABL 10/0"
    assert agencies.shown(number) == "L1: AB 3/2 direct, RD 2/2 direct, rest 1"
    assert agencies.delivered("BP2") == ["BL1"]
    assert [each.note for each in agencies.validate("BP1")] == ["BL2"]
    agencies.allocate(number)
    assert agencies.made(number) == "BP3 AB"
    assert agencies.delivered("BP3") == ["BL3"]
    assert agencies.stand() == "AB 7/0, RD 8/0, ABL 10/0"
    agencies.check()


def test_a_slip_is_of_its_depot_and_state(agencies: Preparing) -> None:
    """D62, I13: elsewhere both places are named; an act for another state says which; nothing is changed."""
    number = agencies.for_customer("ALB0002=2", L1="RD=2")
    agencies.make(number)
    with pytest.raises(Problem) as wrong:
        agencies.enter_found("BP1", here="AB")
    assert (wrong.value.code, wrong.value.values["depot"], wrong.value.values["here"]) == ("wrong_place", "RD", "1/AB")
    with pytest.raises(Problem, match=r"BP1 is generated: «finish» is for slips in the state entered"):
        agencies.finish("BP1")
    with pytest.raises(Problem, match=r"BP1 is generated: «validate»"):
        agencies.validate("BP1")
    with pytest.raises(Problem, match="no picking slip BP7"):
        agencies.validate("BP7", here="RD")
    with pytest.raises(Problem, match="is of establishment 1, and this was done at 2/RD"):
        agencies.make(number, here="RD")
    with pytest.raises(Problem, match="proposes 2, so 3 cannot be entered"):
        agencies.enter_found("BP1", {1: "3"})
    with pytest.raises(Problem, match="has no line 2; it has 1"):
        agencies.enter_found("BP1", {2: "1"})
    assert agencies.slips() == {"BP1": "generated"}


def test_a_line_of_which_nobody_said_what_was_found(agencies: Preparing) -> None:
    """A35: a slip is finished once something was said of each line."""
    from intergestan_erp.agencies.places import in_depot
    from intergestan_erp.picking import entering
    from tests.site_factories import NOW

    number = agencies.for_customer("ALB0002=2", "VRAC=1", L1="AB=2")
    agencies.comes("AB", "5", "VRAC")
    agencies.allocate(number)
    agencies.make(number)
    with agencies.site.database.transaction() as connection:
        place = in_depot(connection, "AB")
        entering.enter(connection, "BP1", place, {1: Decimal(2)}, by="paul", at=NOW)
    with pytest.raises(Problem, match="Of lines 2 of BP1 nobody said"):
        agencies.finish("BP1")
    agencies.enter_found("BP1")
    assert agencies.lines("BP1") == ["L1 ALB0002 2/2", "L2 VRAC 1/1"]
    agencies.finish("BP1")


def test_a_cancelled_slip_gives_its_goods_to_another_one(agencies: Preparing) -> None:
    """A35: what stood on it stays set aside for its order; the number is not given again."""
    number = agencies.for_customer("ALB0002=2", L1="AB=2")
    agencies.make(number)
    agencies.cancel_slip("BP1")
    assert agencies.stand() == "AB 10/2, RD 10/0, ABL 10/0"
    assert agencies.made(number) == "BP2 AB"
    assert agencies.slips() == {"BP1": "cancelled", "BP2": "generated"}
    agencies.ready("BP2")
    with pytest.raises(Problem, match=r"BP2 is ready: «cancel»"):
        agencies.cancel_slip("BP2")


def test_services_go_with_the_goods(agencies: Preparing) -> None:
    """A34: a service is on the slip of the order's depot, once, and nothing of it is moved."""
    number = agencies.for_customer("POSE=1", "ALB0002=2", L2="AB=2")
    assert agencies.made(number) == "BP1 AB"
    assert agencies.lines("BP1") == ["L2 ALB0002 2/-", "L1 POSE 1/-"]
    assert agencies.made(number) == ""
    assert agencies.delivered("BP1") == ["BL1"]
    assert len(agencies.site.rows(StockMove)) == 1
    alone = agencies.for_customer("POSE=2")
    assert agencies.made(alone) == "BP2 AB"
    assert agencies.delivered("BP2") == ["BL2"]


def test_what_cannot_be_delivered_is_in_error(agencies: Preparing) -> None:
    """A52: the reason is kept, the others of the run leave; once the cause is gone it is entered again."""
    first = agencies.for_customer("ALB0002=2", L1="AB=2")
    second = agencies.for_customer("ALB0002=3", L1="AB=3")
    for number in (first, second):
        agencies.make(number)
    agencies.ready("BP1", {1: "0"})
    agencies.ready("BP2")
    done = agencies.validate(here="AB")
    assert [(each.slip, each.note) for each in done] == [("BP1", None), ("BP2", "BL1")]
    assert agencies.site.row(PickingSlip, number="BP1").fault == SlipFault.NOTHING
    assert agencies.validate(here="AB") == []
    agencies.reopen("BP1")
    assert agencies.slips()["BP1"] == "entered"
    agencies.cancel_slip("BP1")
    agencies.allocate(first)
    assert agencies.made(first) == "BP3 AB"
    agencies.ready("BP3")
    with agencies.site.database.transaction() as connection:
        connection.execute(update(Depot).where(Depot.code == "AB").values(active=False))
    with pytest.raises(Problem):
        agencies.validate("BP3", here="AB")


@pytest.mark.parametrize(
    ("table", "values", "fault"),
    [
        (SalesOrder, {"state": "cancelled"}, SlipFault.ORDER_STATE),
        (Reservation, {"picking_slip_line_id": None}, SlipFault.NOT_RESERVED),
    ],
)
def test_what_changed_past_the_slip(agencies: Preparing, table: type, values: dict[str, object], fault: str) -> None:
    """A52: whatever got past the acts of ours, no goods leave that are not ordered or not set aside."""
    agencies.make(agencies.for_customer("ALB0002=2", L1="AB=2"))
    agencies.ready("BP1")
    with agencies.site.database.transaction() as connection:
        connection.execute(update(table).values(**values))
    (done,) = agencies.validate("BP1")
    assert done.problem is not None
    assert agencies.site.row(PickingSlip).fault == fault
    assert agencies.stand() == "AB 10/2, RD 10/0, ABL 10/0"
    assert not agencies.site.rows(DeliveryNoteLine)


def test_a_depot_that_sets_nothing_aside(agencies: Preparing) -> None:
    """A34, A10: what lies there is prepared, and leaves if it still lies there."""
    agencies.sets(manage_reservations=False)
    agencies.comes("AB", "3")
    number = agencies.enter("ALB0002=5").number
    assert agencies.made(number) == "BP1 AB; waits 2 of None"
    assert agencies.lines("BP1") == ["L1 ALB0002 3/-"]
    assert agencies.made(number) == "; waits 2 of None"
    agencies.ready("BP1")
    agencies.comes("AB", "2")
    (done,) = agencies.validate("BP1")
    assert done.problem is not None
    assert done.problem.code is ProblemCode.NOT_IN_STOCK
    agencies.comes("AB", "4")
    agencies.reopen("BP1")
    agencies.ready("BP1")
    assert [each.note for each in agencies.validate("BP1")] == ["BL1"]
    assert agencies.stand() == "AB 1/0, RD 10/0, ABL 10/0"


def test_what_was_not_found_stays_away_from_a_slip_that_is_opened_again(agencies: Preparing) -> None:
    """A52, I3: it proposes what is set aside still; what its order gives up meanwhile goes from it, too."""
    number = agencies.for_customer("ALB0002=5", L1="AB=5")
    agencies.make(number)
    agencies.ready("BP1", {1: "3"})
    with agencies.site.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="review"))
    agencies.validate("BP1")
    with agencies.site.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="accepted"))
    assert agencies.slips() == {"BP1": "error"}
    agencies.change(number, L1="2")
    assert agencies.lines("BP1") == ["L1 ALB0002 2/2"]
    agencies.reopen("BP1")
    with pytest.raises(Problem, match="proposes 2"):
        agencies.enter_found("BP1", {1: "3"})
    finished = agencies.finish("BP1")
    assert finished.missing == {}
    assert [each.note for each in agencies.validate("BP1")] == ["BL1"]
    assert agencies.stand() == "AB 8/0, RD 10/0, ABL 10/0"
    agencies.check()


def test_what_left_at_once_waits_for_no_allocation(agencies: Preparing) -> None:
    """A11, D38: an order of which all left without ever being allocated is none that the allocator is missed for."""
    number = agencies.enter("ALB0002=3").number
    agencies.sets(reserve_at_entry=True)
    order_id = agencies.order(number).id
    for lines, waits in (({"L1": 2}, True), (None, False)):
        agencies.send(number, lines=lines)
        with agencies.site.database.read() as connection:
            assert is_unallocated(connection, order_id) is waits


@pytest.mark.parametrize("make_database", ["sqlite"], indirect=True)
def test_slips_that_wait_are_found_among_those_that_wait(agencies: Preparing) -> None:
    """Not among all that were ever delivered. SQLite has no statistics; PostgreSQL reads so few rows as a whole."""
    base = agencies.site.database
    agencies.make(agencies.for_customer("ALB0002=6", L1="AB=1 RD=2 ABL=3"))
    with counted(base) as statements:
        agencies.validate(here="AB")
        with base.read() as connection:
            list_slips(connection)
            count_waiting(connection)
    with base.read() as connection:
        plans = [
            str(row.detail)
            for statement in statements
            if statement.startswith("SELECT") and "picking_slip" in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?"))
        ]
    indexes = ("ix_picking_slip_open", "ix_picking_slip_waiting")
    assert sum(any(index in plan for index in indexes) for plan in plans) == 3, plans
    assert "SCAN picking_slip" not in plans
