"""Which slips are made of an order, and what of it waits: cascade, indirect deliveries, credit, cards (A21 to A39)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.enums import Incomplete
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Address, Event, Party, PickingSlip, SalesOrder, Setting
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.picking.cascade import Counting, Level, what_counts
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.picking.header import set_incomplete
from intergestan_erp.picking.making import Refused, make_all, make_slips
from intergestan_exchange.changes.close_order import Closed, close_order
from intergestan_msg.money import plain
from tests.erp.picking.preparing import Preparing
from tests.site_factories import NOW, SiteToTest


@pytest.fixture
def agencies(a_site: SiteToTest) -> Preparing:
    return Preparing(a_site)


@pytest.mark.parametrize(
    ("customer", "address", "order", "counts"),
    [
        (None, None, None, ("pick", Level.DOSSIER)),
        ("wait", None, None, ("wait", Level.CUSTOMER)),
        ("wait", "pick", None, ("pick", Level.ADDRESS)),
        ("wait", "pick", "wait", ("wait", Level.ORDER)),
        (None, "wait", None, ("wait", Level.ADDRESS)),
    ],
)
def test_the_most_particular_word_counts(
    a_site: SiteToTest, customer: str | None, address: str | None, order: str | None, counts: tuple[str, Level]
) -> None:
    """A38, A39: dossier, customer, address, head of the order; what says nothing inherits."""
    assert what_counts("pick", customer, address, order) == Counting(Incomplete(counts[0]), counts[1])
    agencies = Preparing(a_site, "1 0 0")
    agencies.card(incomplete=customer)
    with a_site.database.transaction() as connection:
        values = {"party_id": agencies.customer_id, "kind": "main", "line1": "1 rue du Four", "incomplete": address}
        connection.execute(insert(Address).values(**values))
    number = agencies.for_customer("ALB0002=2")
    if order is not None:
        with a_site.database.transaction() as connection:
            set_incomplete(connection, number, Incomplete(order), by="marie", at=NOW)
    assert agencies.site.row(SalesOrder).address_id is not None
    made = agencies.make(number)
    assert (made.counting.incomplete, made.counting.said_by) == counts
    assert len(made.slips) == (counts[0] == "pick")
    assert [plain(each.quantity) for each in made.waiting] == ["1"]


def test_an_order_by_mail_goes_to_an_address_that_is_written_alike(agencies: Preparing) -> None:
    """A39: its address says what counts, too."""
    number = agencies.for_customer("ALB0002=2")
    place = {"line1": "2 quai Nord", "postcode": "13002", "city": "Marseille"}
    with agencies.site.database.transaction() as connection:
        own = {"party_id": agencies.customer_id, "kind": "other", "incomplete": "wait"}
        connection.execute(insert(Address).values(**own, **place))
        written = {f"delivery_{name}": value for name, value in place.items()}
        connection.execute(update(SalesOrder).values(address_id=None, **written))
    assert agencies.make(number).counting == Counting(Incomplete.WAIT, Level.ADDRESS)


def test_an_order_waits_until_all_of_it_is_there(agencies: Preparing) -> None:
    """A37, A38, A46, D47, case 3: what is on its way is named by its order; then a slip of the own depot ships all."""
    agencies.sets(incomplete="wait")
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    assert agencies.made(number) == "; waits 2 of RD"
    agencies.order_pairs(order=number)
    assert agencies.made(number) == "; waits 2 of CFR1"
    assert agencies.made("CCL2", here="RD") == "BP1 RD"
    assert agencies.delivered("BP1") == ["BL1"]
    assert agencies.stand() == "AB 10/1, RD 8/0, ABL 10/0"
    agencies.receive("BL1")
    assert agencies.made(number) == "BP2 AB"
    assert agencies.lines("BP2") == ["L1 ALB0002 1/-", "L1 ALB0002 2/-"]
    assert agencies.delivered("BP2") == ["BL2"]
    assert agencies.stand() == "AB 9/0, RD 8/0, ABL 10/0"
    agencies.check()


def test_what_is_there_is_picked(agencies: Preparing) -> None:
    """A38, A54: with `pick` the own part goes first, the rest once it came in."""
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.order_pairs(order=number)
    assert agencies.made(number) == "BP1 AB; waits 2 of CFR1"
    agencies.delivered("BP1")
    agencies.make("CCL2", here="RD")
    agencies.delivered("BP2")
    agencies.receive("BL2")
    assert agencies.made(number) == "BP3 AB"
    assert agencies.delivered("BP3") == ["BL3"]
    assert agencies.stand() == "AB 9/0, RD 8/0, ABL 10/0"


def test_all_depots_must_be_covered(agencies: Preparing) -> None:
    """A38, D47: with direct deliveries from several depots nothing leaves before all of them have their part."""
    agencies.sets(incomplete="wait")
    agencies.comes("RD", "1")
    number = agencies.for_customer("ALB0002=4", L1="AB=2 RD=1")
    assert agencies.made(number) == "; waits 1 of None"
    agencies.allocate(number)
    assert agencies.made(number) == "BP1 AB, BP2 RD"


def test_the_card_excludes_slips(agencies: Preparing) -> None:
    """A22: the customer's card counts before the dossier's; `sales deliver` goes all the same."""
    number = agencies.for_customer("ALB0002=1")
    agencies.card(picking_mode="none")
    with pytest.raises(Problem, match=r"The card of Stauber says: no picking slips\.") as refused:
        agencies.make(number)
    assert (refused.value.code, refused.value.next) == (ProblemCode.NO_SLIPS, (Act.SET_PARTY,))
    agencies.card(picking_mode=None)
    agencies.sets(picking_mode="none")
    with pytest.raises(Problem, match="Dossier 1 says: no picking slips"):
        agencies.make(number)
    agencies.card(picking_mode="slip")
    assert agencies.made(number) == "BP1 AB"
    agencies.cancel_slip("BP1")
    agencies.card(picking_mode="none")
    assert agencies.send(number) == "BL1"


def test_credit_stops_slips_and_notes(agencies: Preparing) -> None:
    """A21, A52, T20: the ceiling is looked at when slips are made, and again when they become notes."""
    number = agencies.for_customer("ALB0002=2")
    other = agencies.for_customer("ALB0002=1")
    with agencies.site.database.transaction() as connection:
        connection.execute(insert(Setting).values(name="credit.block_from", value="delivery"))
        connection.execute(update(Party).where(Party.id == agencies.customer_id).values(credit_max=Decimal(1)))
    with pytest.raises(Problem) as refused:
        agencies.make(number)
    assert refused.value.code is ProblemCode.CREDIT_BLOCKED
    assert not agencies.site.rows(PickingSlip)
    agencies.card(credit_max=Decimal(100_000))
    agencies.make(number)
    agencies.make(other)
    agencies.ready("BP1")
    agencies.card(credit_max=Decimal(1))
    (done,) = agencies.validate("BP1")
    assert done.problem is not None
    assert (done.problem.code, agencies.slips()["BP1"]) == (ProblemCode.CREDIT_BLOCKED, "error")
    agencies.card(credit_max=None)
    agencies.reopen("BP1")
    agencies.finish("BP1")
    assert [each.note for each in agencies.validate("BP1")] == ["BL1"]


def test_what_of_an_order_cannot_be_prepared(agencies: Preparing) -> None:
    """A34: an order that is not accepted, and a dossier that counts no stock, are said."""
    number = agencies.for_customer("ALB0002=1")
    agencies.cancel(number)
    with pytest.raises(Problem, match="only accepted orders are prepared"):
        agencies.make(number)
    agencies.sets(manage_stock=False)
    with pytest.raises(Problem, match="does not manage stock"):
        agencies.make(agencies.enter("ALB0002=1").number)
    with pytest.raises(Problem, match="no sales order CCL9"):
        agencies.make("CCL9")


def test_all_orders_of_here(agencies: Preparing) -> None:
    """A34: each in its own transaction, the oldest first; one that is refused does not keep the others."""
    first, second = agencies.for_customer("ALB0002=1"), agencies.for_customer("ALB0002=2")
    third = agencies.for_customer("ALB0002=1")
    agencies.send(third)
    agencies.cancel(second)
    fourth = agencies.for_customer("ALB0002=1")
    database = agencies.site.database
    with database.read() as connection:
        place, elsewhere = in_depot(connection, "AB"), in_depot(connection, "RD")
    found = list(make_all(database, place, by="marie", at=NOW))
    assert [each.order for each in found] == [first, fourth]
    assert list(make_all(database, elsewhere, by="marie", at=NOW)) == []
    agencies.card(picking_mode="none")
    assert all(isinstance(each, Refused) for each in make_all(database, place, by="marie", at=NOW))
    assert list(make_all(database, place, first=NOW.date().replace(year=2100), by="marie", at=NOW)) == []


def test_slips_of_a_customer_become_one_note(agencies: Preparing) -> None:
    """A53, D48: those that go to one place and are invoiced alike; another payment term stands alone."""
    agencies.card(group_slips=True)
    numbers = [agencies.for_customer(f"ALB0002={quantity}") for quantity in (1, 2, 3)]
    with agencies.site.database.transaction() as connection:
        third = SalesOrder.number == numbers[2]
        connection.execute(update(SalesOrder).where(third).values(delivery_city="Lyon"))
    for number in numbers:
        agencies.make(number)
    for slip in ("BP1", "BP2", "BP3"):
        agencies.ready(slip)
    done = agencies.validate("BP1", "BP2", "BP3")
    assert [(each.slip, each.note, each.alone) for each in done] == [
        ("BP1", "BL1", True),
        ("BP2", "BL1", True),
        ("BP3", "BL2", True),
    ]
    assert agencies.stand() == "AB 4/0, RD 10/0, ABL 10/0"
    agencies.check()


def test_one_of_a_group_is_in_error(agencies: Preparing) -> None:
    """A52, A53: the others of its group leave together."""
    agencies.card(group_slips=True)
    for quantity in (1, 2):
        agencies.make(agencies.for_customer(f"ALB0002={quantity}"))
    agencies.ready("BP1", {1: "0"})
    agencies.ready("BP2")
    done = agencies.validate(here="AB")
    assert [(each.slip, each.note) for each in done] == [("BP1", None), ("BP2", "BL1")]


def test_a_change_of_ours_shrinks_the_slip(agencies: Preparing) -> None:
    """A35, I4: on a slip that is not ready; what is ready counts as left. Choosing depots anew leaves slips alone."""
    number = agencies.for_customer("ALB0002=5", L1="AB=3 RD=2")
    agencies.make(number)
    agencies.enter_found("BP2")
    agencies.change(number, L1="4")
    assert (agencies.lines("BP1"), agencies.lines("BP2")) == (["L1 ALB0002 3/-"], ["L1 ALB0002 1/1"])
    with pytest.raises(Problem, match="needs 0 of ALB0002"):
        agencies.allocate(number, L1="ABL=1")
    assert agencies.shown(number) == "L1: AB 3/3 direct, RD 1/1 direct"
    agencies.ready("BP1")
    with pytest.raises(Problem, match=r"3 of line L1 of CCL1 have left already"):
        agencies.change(number, L1="2")
    with pytest.raises(Problem, match="goods have left"):
        agencies.cancel(number)
    agencies.change(number, L1="3")
    assert agencies.slips() == {"BP1": "ready", "BP2": "cancelled"}
    assert agencies.validate("BP1")[0].note == "BL1"
    agencies.check()


def test_a_cancelled_order_takes_its_slips_with_it(agencies: Preparing) -> None:
    """A35: services on them, too."""
    number = agencies.for_customer("POSE=1", "ALB0002=2", L2="AB=2")
    agencies.make(number)
    agencies.cancel(number)
    assert agencies.slips() == {"BP1": "cancelled"}
    assert agencies.stand() == "AB 10/0, RD 10/0, ABL 10/0"


def test_delivering_at_once_is_a_slip(agencies: Preparing) -> None:
    """D38: made, entered, finished and validated in one transaction; what is on another slip does not leave so."""
    number = agencies.for_customer("ALB0002=5", L1="AB=3")
    agencies.make(number)
    with agencies.site.database.transaction() as connection:
        place = in_depot(connection, "RD")
        assert deliver(connection, number, {"L1": Decimal(2)}, by="paul", at=NOW, place=place) == "BL1"
    assert agencies.slips() == {"BP1": "generated", "BP2": "expired"}
    assert agencies.shown(number) == "L1: AB 3/3 direct, RD 2/0 direct"
    with pytest.raises(Problem) as refused:
        agencies.send(number)
    assert refused.value.code is ProblemCode.ON_SLIPS
    events = [row.name for row in agencies.site.rows(Event, subject="picking_slip")]
    assert events == ["make", "make", "enter", "finish", "validate"]
    assert agencies.delivered("BP1") == ["BL2"]
    assert agencies.stand() == "AB 7/0, RD 8/0, ABL 10/0"
    agencies.check()


def close(agencies: Preparing, number: str, lines: list[str] | None = None) -> Closed:
    with agencies.site.database.transaction() as connection:
        return close_order(connection, number, lines, by="marie", at=NOW)


def test_what_remains_is_ended_by_hand(agencies: Preparing) -> None:
    """A54, I4: what left, is set aside or on a slip stays ordered; nobody waits for the rest."""
    agencies.comes("AB", "3")
    number = agencies.for_customer("ALB0002=6", "VRAC=1", L1="AB=3")
    agencies.make(number)
    with pytest.raises(Problem, match="has no line L7"):
        close(agencies, number, ["L7"])
    assert close(agencies, number, ["L1"]).lines == {"L1": Decimal(3)}
    assert agencies.shown(number) == "L1: AB 3/3 direct; L2: AB 1/0 direct, rest 1"
    assert agencies.delivered("BP1") == ["BL1"]
    assert close(agencies, number).lines == {"L2": Decimal(1)}
    with pytest.raises(Problem) as refused:
        close(agencies, number)
    assert refused.value.code is ProblemCode.NOTHING_REMAINS
    order_id = agencies.site.row(SalesOrder).id
    with agencies.site.database.read() as connection:
        names = connection.execute(select(Event.name).where(Event.subject_id == order_id, Event.name == "close"))
        assert len(names.all()) == 2


def test_nothing_is_made_twice_or_for_nothing(agencies: Preparing) -> None:
    """A34: an order that left wholly has nothing to prepare; that is no error."""
    number = agencies.for_customer("ALB0002=1")
    agencies.send(number)
    with agencies.site.database.transaction() as connection:
        made = make_slips(connection, number, in_depot(connection, "AB"), by="marie", at=NOW)
    assert (made.slips, made.waiting) == ((), ())


def test_a_pair_that_is_prepared(agencies: Preparing) -> None:
    """A45, A46, I6: a cancelled pair takes its slips with it; once they are ready it stands, and does not shrink."""
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.order_pairs(order=number)
    agencies.make("CCL2", here="RD")
    agencies.cancel_pair("CFR1")
    assert agencies.slips() == {"BP1": "cancelled"}
    assert agencies.stand() == "AB 10/1, RD 10/2, ABL 10/0"
    agencies.order_pairs(order=number)
    agencies.make("CCL3", here="RD")
    agencies.change(number, L1="2")
    assert agencies.lines("BP2") == ["1 ALB0002 1/-"]
    agencies.ready("BP2")
    with pytest.raises(Problem, match="goods have left"):
        agencies.cancel_pair("CFR2")
    agencies.change(number, L1="1")
    assert agencies.slips()["BP2"] == "ready"
    assert [each.note for each in agencies.validate("BP2")] == ["BL1"]
    agencies.receive("BL1")
    assert agencies.stand() == "AB 11/1, RD 9/0, ABL 10/0"
