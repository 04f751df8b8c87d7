"""A partner whose Odoo imports with OCA's modules gets orders that these read; a site of ours reads them as well."""

from __future__ import annotations

import pytest

from intergestan_db.problem import Problem
from intergestan_db.tables import Ledger, PurchaseOrder
from intergestan_erp.order_files import order_export
from intergestan_exchange.partners.partners import find_partner, set_partner
from intergestan_msg.flavour import Flavour
from tests.oca.importer import Refused, read
from tests.pipeline.conftest import Pair
from tests.pipeline.test_changes import answer, sent
from tests.pipeline.test_peppol import attachments

pytestmark = pytest.mark.mainly_on("postgresql")


def choose(sites: Pair, flavour: str) -> None:
    with sites.buyer.database.transaction() as connection:
        partner = find_partner(connection, sites.seller.code)
        set_partner(connection, partner, {"flavour": flavour}, by="anne", at=sites.buyer.database.now())


def test_a_partner_gets_orders_in_the_flavour_that_a_person_chose(sites: Pair) -> None:
    choose(sites, "oca")
    mail = sent(sites)
    (document,) = attachments(sites.buyer)
    found = read(document)
    assert (found["order_ref"], [line["qty"] for line in found["lines"]]) == ("CFR1", [2, 6])
    sites.seller.receive(mail)
    assert [row.outcome for row in sites.seller.rows(Ledger)] == ["created"]
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_without_a_word_it_is_that_of_peppol(sites: Pair) -> None:
    sent(sites)
    (document,) = attachments(sites.buyer)
    with pytest.raises(Refused, match="does not contain the version"):
        read(document)


def test_a_flavour_that_nobody_knows_is_refused(sqlite_sites: Pair) -> None:
    with pytest.raises(Problem):
        choose(sqlite_sites, "strawberry")


@pytest.mark.parametrize("kind", [order_export.PURCHASE, order_export.SALES], ids=["bought", "sold"])
def test_a_file_may_be_for_them_as_well(sqlite_sites: Pair, kind: order_export.Kind) -> None:
    sqlite_sites.seller.receive(sent(sqlite_sites))
    answer(sqlite_sites)
    bought = kind is order_export.PURCHASE
    site, number = (sqlite_sites.buyer, "CFR1") if bought else (sqlite_sites.seller, "CCL1")
    with site.database.read() as connection:
        ids = order_export.to_export(connection, kind, [number], again=True)
        orders = order_export.read_orders(connection, kind, ids)
        (document,) = order_export.as_documents(connection, kind, orders, Flavour.OCA)
    assert read(order_export.write_ubl(document, Flavour.OCA))["order_ref"] == number
