"""The search box: numbers as they are typed, ours before the customers'."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import insert

from intergestan_db.database import Database
from intergestan_db.tables import Partner, SalesOrder
from intergestan_erp.listing.search import MOST, find_orders
from intergestan_erp.parties.parties import NewParty
from tests.site_factories import NOW, add_party, make_site


def test_our_own_number_is_found_before_those_of_customers(sqlite_base: Database) -> None:
    """However many orders have theirs that begin so, and numbers of ours that sort before it."""
    make_site(sqlite_base)
    with sqlite_base.transaction() as connection:
        customer = add_party(connection, NewParty(code="C001", name="Mulhouse", is_customer=True))
        partner: dict[str, object] = {
            "site_code": "73282932000074",
            "name": "Mulhouse",
            "party_id": customer,
            "answer_address": "a@b.test",
            "created_at": NOW,
        }
        partner_id = connection.execute(insert(Partner).values(partner).returning(Partner.id)).scalar_one()
        totals = dict.fromkeys(("total_ht", "total_vat", "total_ttc"), Decimal(1))
        head = {"customer_id": customer, "state": "accepted", "issue_date": date(2020, 11, 15), "currency": "EUR"}
        numbers = [(f"A{n}", f"V1-{n}") for n in range(MOST)] + [("V1", "other")]
        for number, theirs in numbers:
            row = {"number": number, "customer_order_number": theirs, "partner_id": partner_id, "created_at": NOW}
            connection.execute(insert(SalesOrder).values({**row, **head, **totals}))
    with sqlite_base.read() as connection:
        found = find_orders(connection, "v1")
    assert found.exactly("v1") == ("sale", "V1")
    assert [each.number for each in found.sales] == ["V1", *(f"A{n}" for n in range(MOST - 1))]
