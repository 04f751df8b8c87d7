"""Orders that are changed and cancelled on their way, between real processes, through Postfix and Dovecot."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_db.tables import PurchaseOrder, PurchaseOrderChange, PurchaseOrderLine, SalesOrder, SalesOrderLine
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_exchange.changes import answer_seller_change, change_sales_order
from intergestan_exchange.outbox import changes
from intergestan_runtime.steps import COMPOSE
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import eventually
from tests.servers import Postfix

pytestmark = pytest.mark.mainly_on("sqlite")


def test_changes_of_mind_travel_both_ways(sites: PairOfSites, postfix: Postfix) -> None:
    """The buyer changes one order and cancels another; the seller changes the first, and the buyer agrees."""
    for site in sites.sites:
        site.use_relay("localhost", postfix.smtp, tls=True)
    buyer, seller = sites.buyer, sites.seller
    one, two = sites.enter(2, lines=2)
    sites.send([one, two])
    sites.wait_answered([one, two])

    with buyer.database.transaction() as connection:
        who = {"by": "anne", "at": buyer.database.now()}
        edits = Edits(quantities={"L1": Decimal(5)})
        changed = changes.request_edits(connection, one, edits, buyer.user_id, **who)  # type: ignore[arg-type]
        ended = changes.request_cancellation(connection, two, None, buyer.user_id, **who)  # type: ignore[arg-type]
    COMPOSE.ring(buyer.broker, changed.mail_id, ended.mail_id)
    wait_settled(sites, 2)
    assert state_of(sites, two) == ("cancelled", "cancelled")
    assert lines_of(sites, one)["L1"] == Decimal(5)

    number = seller.rows(SalesOrder, customer_order_number=one)[0].number
    with seller.database.transaction() as connection:
        wanted = change_sales_order.OwnChanges(quantities={"L2": Decimal(1)})
        (mail_id,) = change_sales_order.change_sales_order(
            connection, number, wanted, by="jean", at=seller.database.now()
        ).compose
    COMPOSE.ring(seller.broker, mail_id)
    eventually(lambda: state_of(sites, one)[0] == "changed", what="the seller's change arrived")
    with buyer.database.transaction() as connection:
        agreed = answer_seller_change.accept(connection, one, (), buyer.user_id, by="anne", at=buyer.database.now())
    COMPOSE.ring(buyer.broker, agreed.mail_id)
    wait_settled(sites, 3)
    sites.wait_at_rest()
    assert state_of(sites, one) == ("accepted", "accepted")
    assert lines_of(sites, one) == {"L1": Decimal(5), "L2": Decimal(1)}


def wait_settled(sites: PairOfSites, many: int) -> None:
    """Until so many changes are accepted."""

    def settled() -> bool:
        return len(sites.buyer.rows(PurchaseOrderChange, state="accepted")) == many

    try:
        eventually(settled, what=f"{many} changes accepted")
    except AssertionError as late:
        late.add_note(sites.picture())
        raise


def state_of(sites: PairOfSites, number: str) -> tuple[str, str]:
    (order,) = sites.buyer.rows(PurchaseOrder, number=number)
    (sale,) = sites.seller.rows(SalesOrder, customer_order_number=number)
    return order.state, sale.state


def lines_of(sites: PairOfSites, number: str) -> dict[str, Decimal]:
    """The quantities, which are the same at both."""
    (order,) = sites.buyer.rows(PurchaseOrder, number=number)
    (sale,) = sites.seller.rows(SalesOrder, customer_order_number=number)
    bought = {row.line_id: row.quantity for row in sites.buyer.rows(PurchaseOrderLine, purchase_order_id=order.id)}
    sold = {row.line_id: row.quantity for row in sites.seller.rows(SalesOrderLine, sales_order_id=sale.id)}
    assert bought == sold
    return bought
