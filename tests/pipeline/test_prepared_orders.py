"""A buyer changes or cancels by mail an order that is being prepared (A35): what is ready counts as left."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Connection, select

from intergestan_db.tables import Depot, PickingSlip, PickingSlipLine, PurchaseOrder, SalesOrder
from intergestan_erp.agencies.places import Place, in_depot
from intergestan_erp.picking import entering
from intergestan_erp.picking.making import make_slips
from intergestan_exchange.changes.close_order import close_order
from intergestan_msg.answer import LineCode
from tests.pipeline.conftest import Pair
from tests.pipeline.test_allocated_orders import allocator_of, manage, reserved
from tests.pipeline.test_changes import answer, cancel, edit, sent
from tests.pipeline.two_sites import SiteUnderTest
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")


def here(connection: Connection) -> Place:
    return in_depot(connection, connection.execute(select(Depot.code)).scalar_one())


def prepare(seller: SiteUnderTest, *, entered: bool = False, ready: bool = False) -> None:
    """Make the slip of CCL1, and let it be entered, or ready, too."""
    with seller.database.transaction() as connection:
        place = here(connection)
        make_slips(connection, "CCL1", place, by="marie", at=NOW)
        if entered or ready:
            entering.enter(connection, "BP1", place, {}, accept=True, by="paul", at=NOW)
        if ready:
            entering.finish(connection, "BP1", place, by="paul", at=NOW)


def on_slip(seller: SiteUnderTest) -> list[int]:
    return [int(row.proposed) for row in seller.rows(PickingSlipLine)]


@pytest.fixture
def allocated(sites: Pair) -> Pair:
    """The buyer's order of 2 FAI01 and 6 LOU02, wholly set aside."""
    mail = sent(sites)
    manage(sites.seller, FAI01=3, LOU02=9)
    sites.seller.receive(mail)
    answer(sites)
    allocator_of(sites.seller).allocate(sites.seller.row(SalesOrder).id)
    return sites


def test_a_slip_shrinks_with_its_order(allocated: Pair) -> None:
    """A35, I3: what the buyer takes back goes from the slip, too; cancelled wholly, the slip is cancelled with it."""
    seller = allocated.seller
    prepare(seller)
    assert on_slip(seller) == [2, 6]
    seller.receive(edit(allocated, quantities={"L1": Decimal(5), "L2": Decimal(1)}))
    answer(allocated)
    assert on_slip(seller) == [2, 1]
    assert reserved(seller) == {"FAI01": 2, "LOU02": 1}
    seller.receive(cancel(allocated))
    assert (seller.row(SalesOrder).state, seller.row(PickingSlip).state) == ("cancelled", "cancelled")
    assert on_slip(seller) == []
    assert reserved(seller) == {"FAI01": 0, "LOU02": 0}


def test_what_is_ready_counts_as_left(allocated: Pair) -> None:
    """A35: less is refused, and so is a cancellation: the buyer reads code 42 of each line."""
    seller = allocated.seller
    prepare(seller, ready=True)
    seller.receive(edit(allocated, quantities={"L2": Decimal(1)}))
    assert on_slip(seller) == [2, 6]
    answer(allocated)
    seller.receive(cancel(allocated))
    answer(allocated)
    assert (seller.row(SalesOrder).state, seller.row(PickingSlip).state) == ("accepted", "ready")
    assert reserved(seller) == {"FAI01": 2, "LOU02": 6}
    assert codes_told(seller) == [str(LineCode.ALREADY_DELIVERED)] * 2


def test_a_line_that_nobody_names_keeps_its_goods(allocated: Pair) -> None:
    """A11, I4: a change of one line gives up nothing of the others."""
    seller = allocated.seller
    seller.receive(edit(allocated, quantities={"L2": Decimal(1)}))
    assert reserved(seller) == {"FAI01": 2, "LOU02": 1}


def test_a_partner_is_told_that_nothing_more_follows(sites: Pair) -> None:
    """A54: what no depot has is ended by hand; the buyer reads how much comes, as of any change of ours."""
    mail = sent(sites)
    seller = sites.seller
    manage(seller, FAI01=3, LOU02=4)
    seller.receive(mail)
    answer(sites)
    allocator_of(seller).allocate(seller.row(SalesOrder).id)
    with seller.database.transaction() as connection:
        closed = close_order(connection, "CCL1", by="marie", at=seller.database.now())
    assert closed.lines == {"L2": Decimal(2)}
    assert len(closed.bells.compose) == 1
    answer(sites)
    told = {line["id"]: line["quantity"] for line in _lines_told(seller)}
    assert Decimal(told["L2"]) == 4
    assert sites.buyer.row(PurchaseOrder).state == "changed"


def codes_told(seller: SiteUnderTest) -> list[str]:
    """What the newest answer says of each line."""
    return [line["code"] for line in _lines_told(seller)]


def _lines_told(seller: SiteUnderTest) -> list[dict[str, str]]:
    from intergestan_db.tables import Answer

    newest = max(seller.rows(Answer), key=lambda row: row.id)
    return list(newest.lines or ())
