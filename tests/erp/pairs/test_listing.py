"""How far pairs of orders are, and what one comes to line by line (A43, A46)."""

from __future__ import annotations

from itertools import product

from sqlalchemy import select

from intergestan_db.enums import SalesState
from intergestan_db.tables import AgencyOrder
from intergestan_erp.pairs.listing import ListedPair, ShownPair, Stage, WhichPairs, list_pairs, show_pair, stage_of
from intergestan_erp.pairs.ordering import order_pairs
from intergestan_erp.pairs.pending import Wanted, read_pending
from intergestan_msg.money import plain
from tests.erp.pairs.agencies import Arrivals
from tests.site_factories import NOW, SiteToTest


def listed(agencies: Arrivals, wanted: WhichPairs | None = None) -> tuple[ListedPair, ...]:
    with agencies.site.database.read() as connection:
        return list_pairs(connection, wanted).rows


def shown(agencies: Arrivals, number: str) -> ShownPair:
    with agencies.site.database.read() as connection:
        found = show_pair(connection, number)
    assert found is not None
    return found


def aside(pair: ShownPair) -> list[str]:
    """What is set aside for whom, line by line: of the pair's order, awaited, and in the customer's own depot."""
    return [f"{plain(line.reserved)} {plain(line.inbound)} {plain(line.stock)}" for line in pair.lines]


def test_a_pair_from_its_order_to_its_receipt(a_site: SiteToTest) -> None:
    """A45, A46: what is set aside for whom, and where the goods are."""
    agencies = Arrivals(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    agencies.order_pairs(order=number)
    (pair,) = listed(agencies)
    assert (pair.purchase_order, pair.sales_order, pair.stage, pair.lines) == ("CFR1", "CCL2", Stage.TO_PREPARE, 1)
    first = shown(agencies, "CFR1")
    (line,) = first.lines
    assert (first.source, first.depot, line.order, line.order_line) == ("RD", "AB", number, "L1")
    assert aside(first) == ["2 2 0"]
    note = agencies.send()
    (pair,) = listed(agencies)
    assert (pair.stage, pair.notes, pair.receipts) == (Stage.IN_TRANSIT, (note,), ())
    agencies.receive(note)
    last = shown(agencies, "CCL2")
    assert (last.head.stage, last.head.receipts, aside(last)) == (Stage.RECEIVED, ("BR1",), ["0 0 2"])
    assert [(plain(each.delivered), plain(each.received)) for each in last.lines] == [("2", "2")]


def test_a_pair_that_was_cancelled_says_so(a_site: SiteToTest) -> None:
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    agencies.cancel_pair("CFR1")
    assert [each.stage for each in listed(agencies)] == [Stage.CANCELLED]
    assert shown(agencies, "CFR1").lines == ()


def test_lists_are_narrowed(a_site: SiteToTest) -> None:
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=1:indirect ABL=1:indirect"))
    with a_site.database.read() as connection:
        runs = connection.execute(select(AgencyOrder.run).distinct()).scalars().all()
        others = {row.supplying_id for row in a_site.rows(AgencyOrder)}
    assert [each.supplying for each in listed(agencies, WhichPairs(run=runs[0]))] == [3, 2]
    assert [len(listed(agencies, WhichPairs(establishment_id=each))) for each in sorted(others)] == [1, 1]
    day = listed(agencies)[0].day
    assert len(listed(agencies, WhichPairs(first=day, last=day))) == 2
    assert listed(agencies, WhichPairs(run="other")) == ()


def test_only_what_was_seen_is_ordered(a_site: SiteToTest) -> None:
    """What came after somebody looked waits for the next look."""
    agencies = Arrivals(a_site)
    agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    with a_site.database.read() as connection:
        seen = [each.allocation_id for each in read_pending(connection, Wanted())]
    agencies.for_customer("ALB0002=3", L1="RD=3:indirect")
    made = list(order_pairs(a_site.database, Wanted(), by="m", at=NOW, only=seen, run="a run"))
    assert [(each.purchase_order, [plain(line.pending.quantity) for line in each.lines]) for each in made] == [
        ("CFR1", ["2"])
    ]
    assert a_site.row(AgencyOrder).run == "a run"
    assert list(order_pairs(a_site.database, Wanted(), by="m", at=NOW, only=seen)) == []
    assert len(agencies.order_pairs()) == 1


def test_each_pair_is_at_one_stage() -> None:
    for moving, prepared, left, has_left in product([False, True], repeat=4):
        facts = {"is_moving": moving, "is_prepared": prepared, "is_left": left, "has_left": has_left}
        stage = stage_of(SalesState.ACCEPTED, **facts)
        assert (stage is Stage.IN_TRANSIT) is moving
        assert stage is not Stage.RECEIVED or (has_left and not left)
        assert stage_of(SalesState.CANCELLED, **facts) is Stage.CANCELLED
