"""Orders get their goods from depots and give them back (A05, A11, A32, A33, A37, D45, D46)."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from intergestan_db.enums import SalesState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Allocation, Depot, Event, Reservation, SalesOrder
from intergestan_erp.stock.allocate import release_order
from tests.erp.stock.depots import Depots
from tests.site_factories import NOW, SiteToTest


def test_one_line_from_three_depots(a_site: SiteToTest) -> None:
    """A05, A32, A33: 6 of which 1, 2 and 3 are taken from three depots, each of which delivers."""
    depots = Depots(a_site)
    number = depots.enter("ALB0002=6").number
    found = depots.allocate(number, L1="AB=1 RD=2 ABL=3")
    assert (found.lines, found.short) == (1, 0)
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 direct, ABL 3/3 direct"
    assert depots.stand() == "AB 10/1, RD 10/2, ABL 10/3"
    (event,) = a_site.rows(Event, name="allocate")
    assert event.detail == {"lines": 1, "remainders": 0}


def test_a_part_comes_by_way_of_the_own_depot(a_site: SiteToTest) -> None:
    """A37: 1 from depot 1, and 2 from depot 2 for establishment 1 to deliver."""
    depots = Depots(a_site)
    number = depots.enter("ALB0002=3").number
    depots.allocate(number, L1="AB=1 RD=2:indirect")
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 indirect"


def test_the_proposal_counts_where_nobody_chooses(a_site: SiteToTest) -> None:
    """D45: what is not there is a remainder of the own depot, and served as it comes, once."""
    depots = Depots(a_site, "1 2 3")
    number = depots.enter("ALB0002=9").number
    assert depots.allocate(number).short == 1
    assert depots.shown(number) == "L1: AB 4/1 direct, RD 2/2 direct, ABL 3/3 direct, rest 3"
    events = len(a_site.rows(Event))
    depots.allocate(number)
    assert len(a_site.rows(Event)) == events  # nothing came, so nothing was done
    depots.comes("RD", "4")
    assert depots.allocate(number).short == 1
    assert depots.shown(number) == "L1: AB 2/1 direct, RD 4/4 direct, ABL 3/3 direct, rest 1"
    depots.comes("AB", "5")
    depots.allocate(number)
    assert depots.shown(number) == "L1: AB 2/2 direct, RD 4/4 direct, ABL 3/3 direct"
    assert depots.stand() == "AB 5/2, RD 4/4, ABL 3/3"
    assert sum(depots.reserved().values()) == 9


def test_lines_of_one_product_share_what_there_is(a_site: SiteToTest) -> None:
    """D45: what one line takes the next one does not find; a choice comes before all proposals."""
    depots = Depots(a_site, "3 2 0")
    number = depots.enter("ALB0002=3", "ALB0002=3").number
    depots.allocate(number, L2="AB=2")
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 direct; L2: AB 3/2 direct, rest 1"


def test_a_service_comes_from_nowhere(a_site: SiteToTest) -> None:
    """D43: it has no stock, nothing is set aside for it, and nothing of it remains."""
    depots = Depots(a_site)
    number = depots.enter("POSE=2.5", "ALB0002=1").number
    assert depots.allocate(number).short == 0
    assert depots.shown(number) == "L1: AB 2.5/0 direct; L2: AB 1/1 direct"
    assert len(a_site.rows(Reservation)) == 1
    with pytest.raises(Problem):
        depots.allocate(number, L1="AB=1")


def test_six_decimals_are_set_aside_exactly(a_site: SiteToTest) -> None:
    depots = Depots(a_site)
    depots.comes("AB", "0.000001", "VRAC")
    depots.comes("RD", "12345.678901", "VRAC")
    number = depots.enter("VRAC=12345.678902").number
    assert depots.allocate(number).short == 0
    assert depots.stand("VRAC") == "AB 0.000001/0.000001, RD 12345.678901/12345.678901"


@pytest.mark.parametrize(
    ("choice", "code", "acts"),
    [
        ("XX=1", ProblemCode.NO_DEPOT, (Act.LIST_DEPOTS,)),
        ("AB=1 RD=9", ProblemCode.NO_VALUE, ()),  # more than the line needs
        ("AB=0.5", ProblemCode.NO_VALUE, ()),  # it is counted in pieces
        ("AB=1:indirect", ProblemCode.NO_ROUTE, (Act.ROUTE_DIRECT,)),
        ("RD=1 RD=1:direct", ProblemCode.NO_VALUE, ()),
        ("ABL=1", ProblemCode.NO_RESERVATIONS, (Act.SET_DEPOT,)),  # A10
        ("RD=3", ProblemCode.NOT_LEFT, (Act.TAKE_PROPOSAL,)),
    ],
)
def test_a_choice_that_cannot_be(a_site: SiteToTest, choice: str, code: ProblemCode, acts: tuple[Act, ...]) -> None:
    """A10, D46, I13: nothing is changed, and the person is told why."""
    depots = Depots(a_site, "10 2 10")
    with a_site.database.transaction() as connection:
        connection.execute(update(Depot).where(Depot.code == "ABL").values(manage_reservations=False))
    number = depots.enter("ALB0002=6").number
    before = (depots.stand(), a_site.rows(Event), a_site.rows(SalesOrder))
    with pytest.raises(Problem) as refused:
        depots.allocate(number, L1=choice)
    assert (refused.value.code, refused.value.next) == (code, acts)
    assert (depots.stand(), a_site.rows(Event), a_site.rows(SalesOrder)) == before
    assert not a_site.rows(Allocation)


def test_who_comes_too_late_is_told_what_is_left(a_site: SiteToTest) -> None:
    """A32: the last unit is somebody else's; a proposal is made of what there is now."""
    depots = Depots(a_site, "0 1 4")
    first, second = depots.enter("ALB0002=1").number, depots.enter("ALB0002=3").number
    depots.allocate(first, L1="RD=1")
    with pytest.raises(Problem) as refused:
        depots.allocate(second, L1="RD=1 ABL=2")
    assert str(refused.value) == (
        "Only 0 of ALB0002 are left in RD, 1 were asked; nothing was reserved. Proposal now: ABL=3."
    )
    assert depots.stand() == "AB 0/0, RD 1/1, ABL 4/0"


def test_a_person_chooses_once_more(a_site: SiteToTest) -> None:
    """A32: what the line held is free for its own new choice, in one act."""
    depots = Depots(a_site, "2 2 2")
    number = depots.enter("ALB0002=4").number
    depots.allocate(number, L1="AB=2 RD=2")
    freed = depots.allocate(number, L1="RD=2 ABL=2").freed
    assert depots.shown(number) == "L1: RD 2/2 direct, ABL 2/2 direct"
    assert depots.stand() == "AB 2/0, RD 2/2, ABL 2/2"
    assert len(freed.products) == 1


def test_another_company_delivers_by_way_of_the_own_depot(a_site: SiteToTest) -> None:
    """D46: where one establishment invoices for all, who invoices must have bought."""
    depots = Depots(a_site, "1 9 9")
    depots.gives_company("RD")
    number = depots.enter("ALB0002=3").number
    with pytest.raises(Problem) as refused:
        depots.allocate(number, L1="AB=1 RD=2:direct")
    assert refused.value.next == (Act.ROUTE_INDIRECT,)
    depots.allocate(number)
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 indirect"


def test_a_dossier_that_sets_nothing_aside(a_site: SiteToTest) -> None:
    """A10: reservations are the dossier's and the depot's to manage."""
    depots = Depots(a_site)
    number = depots.enter("ALB0002=1").number
    depots.sets(manage_reservations=False)
    with pytest.raises(Problem) as refused:
        depots.allocate(number)
    assert (refused.value.code, refused.value.next) == (ProblemCode.NO_RESERVATIONS, (Act.SET_DOSSIER,))


def test_more_may_be_promised_where_that_is_allowed(a_site: SiteToTest) -> None:
    """I2: a depot that may go below 0 covers what no depot has, also of what it never had."""
    depots = Depots(a_site, "1 2 0")
    with a_site.database.transaction() as connection:
        depots.allow_negative(connection, "AB")
    number = depots.enter("ALB0002=9", "VRAC=1").number
    assert depots.allocate(number).short == 0
    assert depots.shown(number) == "L1: AB 7/7 direct, RD 2/2 direct; L2: AB 1/1 direct"
    assert (depots.stand(), depots.stand("VRAC")) == ("AB 1/7, RD 2/2, ABL 0/0", "AB 0/1")


def test_what_is_given_back_is_free(a_site: SiteToTest) -> None:
    """I3: reserved is what is set aside, before and after."""
    depots = Depots(a_site, "1 2 3")
    number = depots.enter("ALB0002=6", "POSE=1").number
    order_id = depots.allocate(number).order_id
    with a_site.database.transaction() as connection:
        freed = release_order(connection, order_id, by="marie", at=NOW)
    assert len(freed.products) == 1
    assert depots.stand() == "AB 1/0, RD 2/0, ABL 3/0"
    assert not a_site.rows(Allocation)
    assert not a_site.rows(Reservation)


def test_only_accepted_orders_are_allocated(a_site: SiteToTest) -> None:
    depots = Depots(a_site)
    number = depots.enter("ALB0002=1").number
    with a_site.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state=SalesState.CANCELLED))
    for wanted, code in ((number, ProblemCode.OTHER_STATE), ("CCL9", ProblemCode.NO_ORDER)):
        with pytest.raises(Problem) as refused:
            depots.allocate(wanted)
        assert refused.value.code is code
    assert not a_site.rows(Reservation)


def test_goods_are_set_aside_while_an_order_is_entered(a_site: SiteToTest) -> None:
    """A11: with the number of the order as the last lock; what a person chose counts in any case."""
    depots = Depots(a_site, "2 2 2")
    plain = depots.enter("ALB0002=1")
    assert (plain.allocated, depots.stand()) == (None, "AB 2/0, RD 2/0, ABL 2/0")
    chosen = depots.enter("ALB0002=1", "ALB0002=1", L2="RD=1")
    assert chosen.allocated is not None
    assert depots.shown(chosen.number) == "L1: rest 1; L2: RD 1/1 direct"
    depots.sets(reserve_at_entry=True)
    whole = depots.enter("ALB0002=6", "POSE=1")
    assert whole.allocated is not None
    assert (whole.allocated.lines, whole.allocated.short) == (2, 1)
    assert depots.shown(whole.number) == "L1: AB 3/2 direct, RD 1/1 direct, ABL 2/2 direct, rest 1; L2: AB 1/0 direct"
    with pytest.raises(Problem) as refused:
        depots.enter("ALB0002=1", L1="RD=1")
    assert refused.value.code is ProblemCode.NOT_LEFT
    with pytest.raises(Problem) as strange:
        depots.enter("ALB0002=1", L2="RD=1")
    assert strange.value.code is ProblemCode.NO_LINE
    assert len(a_site.rows(SalesOrder)) == 3
    assert depots.order("CCL3").allocated_at == NOW


def test_allocations_follow_what_we_change(a_site: SiteToTest) -> None:
    """I4: less gives back what is not there first, then what was allocated last; more takes what there is."""
    depots = Depots(a_site, "1 2 2")
    number = depots.enter("ALB0002=6").number
    depots.allocate(number)
    assert depots.shown(number) == "L1: AB 2/1 direct, RD 2/2 direct, ABL 2/2 direct, rest 1"
    depots.change(number, L1="4")
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 direct, ABL 1/1 direct"
    assert depots.stand() == "AB 1/1, RD 2/2, ABL 2/1"
    depots.change(number, L1="7")
    assert depots.shown(number) == "L1: AB 3/1 direct, RD 2/2 direct, ABL 2/2 direct, rest 2"
    depots.cancel(number)
    assert depots.stand() == "AB 1/0, RD 2/0, ABL 2/0"
    assert not a_site.rows(Allocation)


def test_an_order_that_nobody_allocated_is_changed_as_ever(a_site: SiteToTest) -> None:
    """D38: what holds nothing in depots asks nothing of them."""
    depots = Depots(a_site)
    number = depots.enter("ALB0002=2").number
    depots.change(number, L1="3")
    assert not a_site.rows(Allocation)
    assert depots.cancel(number).products == ()


def test_another_product_takes_the_place(a_site: SiteToTest) -> None:
    """I3: what was set aside of the first product is free, and the second one is set aside."""
    depots = Depots(a_site)
    depots.comes("RD", "5", "VRAC")
    number = depots.enter("ALB0002=2").number
    depots.allocate(number)
    depots.replace(number, "L1", "VRAC")
    assert depots.shown(number) == "L1: RD 2/2 direct"
    assert (depots.stand(), depots.stand("VRAC")) == ("AB 10/0, RD 10/0, ABL 10/0", "RD 5/2")
