"""Drafts whose mails never left are deleted; those of which a mail left are not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, OutboundMail, OutboundOrder, Partner, PurchaseOrder
from intergestan_erp.ordering.drafts import enter_order
from intergestan_erp.ordering.typed_order import TypedLine, TypedOrder
from intergestan_erp.purchasing.purchase_orders import unconfirm
from intergestan_exchange.outbox import outbound
from intergestan_exchange.outbox.delete_drafts import delete_drafts
from tests.site_factories import NOW, SiteToTest, add_products

Sites = tuple[SiteToTest, SiteToTest]


@pytest.fixture
def shop(paired_sites: Sites) -> SiteToTest:
    """CFR1 was chosen to be sent, in out-1."""
    site = paired_sites[0]
    with site.database.transaction() as connection:
        add_products(connection, "CAS0001")
        connection.execute(update(Partner).values(order_address="appros@stauber.test"))
    supplier = site.row(Partner).site_code
    typed = TypedOrder(supplier="STAUBER", lines=(TypedLine(product="CAS0001", quantity=Decimal(1)),))
    enter_order(site.database, typed, by="marie", confirm=True)
    site.request(supplier, "CFR1")
    return site


def test_a_draft_that_was_called_back_is_deleted(shop: SiteToTest) -> None:
    (mail,) = shop.rows(OutboundMail)
    with shop.database.transaction() as connection:
        outbound.abandon(connection, [mail.id], by="marie", at=NOW)
        unconfirm(connection, ["CFR1"], by="marie", at=NOW)
        assert delete_drafts(connection, ["CFR1"], by="marie", at=NOW) == ["CFR1"]
    assert (shop.rows(PurchaseOrder), shop.rows(OutboundOrder)) == ([], [])
    assert shop.row(OutboundMail).state == "abandoned"
    names = [event.name for event in shop.rows(Event, subject="purchase_order")]
    assert names == ["enter", "request", "abandon", "unconfirm", "delete"]


def test_what_is_on_its_way_stays_whole(shop: SiteToTest) -> None:
    with pytest.raises(Problem) as told, shop.database.transaction() as connection:
        delete_drafts(connection, ["CFR1"], by="marie", at=NOW)
    assert told.value.code is ProblemCode.OTHER_STATE
    assert len(shop.rows(OutboundOrder)) == 1
    assert shop.row(PurchaseOrder).state == "transmitting"
