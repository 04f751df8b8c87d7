"""A buyer cancels or reduces an order by mail in the moment in which it leaves its depot: processes of ours at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_db.tables import DeliveryNote, DeliveryNoteLine, PickingSlip, SalesOrder, Stock
from intergestan_msg.answer import LineCode
from tests.at_once import go, starting
from tests.erp.pairs import held
from tests.pipeline.conftest import Pair
from tests.pipeline.test_changes import answer, cancel, edit
from tests.pipeline.test_concurrent_importers import MODULE as IMPORTER
from tests.pipeline.test_concurrent_importers import of_process
from tests.pipeline.test_prepared_orders import allocated, codes_told, prepare
from tests.pipeline.two_sites import SiteUnderTest
from tests.servers import RedisServer

__all__ = ["allocated"]

SLIPS = "tests.erp.picking.slip_process"


def at_once(seller: SiteUnderTest, redis: RedisServer, mail: bytes, act: str) -> str:
    """An importer takes a mail in while the depot does something with BP1; what the depot was told."""
    row = seller.receive(mail, take_in=False)
    url = seller.database.engine.url.render_as_string(hide_password=False)
    importer = of_process(seller, redis, "importer-1", [row.id])
    with starting(IMPORTER, *importer) as one, starting(SLIPS, url, act, "BP1") as other:
        _silent, (said,) = go([one, other])
        assert (one.returncode, other.returncode) == (0, 0)
    return said


def all_is_in_order(seller: SiteUnderTest) -> None:
    with seller.database.read() as connection:
        held.check_lines(connection)
        held.check_slips(connection)
        held.check_numbers(connection)
    assert all(row.reserved >= 0 for row in seller.rows(Stock))


def lies(seller: SiteUnderTest) -> list[tuple[int, int]]:
    """On hand and reserved, of FAI01 and LOU02."""
    return sorted((int(row.on_hand), int(row.reserved)) for row in seller.rows(Stock))


@pytest.mark.race
def test_cancelled_by_mail_while_it_leaves(allocated: Pair, session_redis: RedisServer) -> None:
    """A35, A52: it leaves, and the buyer reads code 42 of each line; or it is cancelled, and nothing leaves."""
    seller = allocated.seller
    prepare(seller, entered=True)
    said = at_once(seller, session_redis, cancel(allocated), "leave")
    states = seller.row(SalesOrder).state, seller.row(PickingSlip).state
    if said == "refused":
        assert states == ("cancelled", "cancelled")
        assert (seller.rows(DeliveryNote), lies(seller)) == ([], [(3, 0), (9, 0)])
    else:
        assert (said, states) == ("BP1 BL1", ("accepted", "expired"))
        assert lies(seller) == [(1, 0), (3, 0)]
        assert codes_told(seller) == [str(LineCode.ALREADY_DELIVERED)] * 2
    all_is_in_order(seller)
    answer(allocated)


@pytest.mark.race
def test_cancelled_by_mail_while_a_ready_slip_leaves(allocated: Pair, session_redis: RedisServer) -> None:
    """A35, A52: what is ready counts as left: it leaves, and the buyer reads code 42 whichever came first."""
    seller = allocated.seller
    prepare(seller, ready=True)
    assert at_once(seller, session_redis, cancel(allocated), "go") == "BP1 BL1"
    assert (seller.row(SalesOrder).state, seller.row(PickingSlip).state) == ("accepted", "expired")
    assert codes_told(seller) == [str(LineCode.ALREADY_DELIVERED)] * 2
    assert lies(seller) == [(1, 0), (3, 0)]
    all_is_in_order(seller)


@pytest.mark.race
def test_reduced_by_mail_while_it_leaves(allocated: Pair, session_redis: RedisServer) -> None:
    """A35, A52: all leaves that was asked for before, or the slip shrinks and as much leaves as is asked for now."""
    seller = allocated.seller
    prepare(seller, entered=True)
    said = at_once(seller, session_redis, edit(allocated, quantities={"L2": Decimal(1)}), "leave")
    assert said == "BP1 BL1"
    left = [int(row.quantity) for row in seller.rows(DeliveryNoteLine)]
    assert left in ([2, 6], [2, 1])
    if left == [2, 6]:
        assert str(LineCode.ALREADY_DELIVERED) in codes_told(seller)
    assert lies(seller) == ([(1, 0), (3, 0)] if left == [2, 6] else [(1, 0), (8, 0)])
    all_is_in_order(seller)
