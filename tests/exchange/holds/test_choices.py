"""What a person says once when they release an order counts for the partner's next orders as well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.bells import Bells
from intergestan_db.database import Database
from intergestan_db.problem import Act, Problem
from intergestan_db.tables import CustomerMatch, Event, Partner, Party, Product, SalesOrder
from intergestan_exchange.holds import hold_acts
from intergestan_exchange.holds.choices import Choices
from intergestan_exchange.holds.holds import Hold, list_holds
from intergestan_msg.order import Identifier, Order
from tests.desk import Desk
from tests.factories import BUYER, a_line, an_order

SIRET, OTHER_SIRET = "73282932000074", "55210055400013"
VAT_ONLY = replace(BUYER, endpoint=None, identifiers=(), legal_id=None, vat_id="FR 44 732829320")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def holds(desk: Desk) -> list[Hold]:
    with desk.base.read() as connection:
        return list_holds(connection)


def release(desk: Desk, *refs: str, **choices: Any) -> Bells:
    with desk.base.transaction() as connection:
        return hold_acts.release(connection, refs, by="anne", at=desk.base.now(), choices=Choices(**choices))


def a_customer(desk: Desk, code: str, **values: Any) -> None:
    with desk.base.transaction() as connection:
        connection.execute(insert(Party).values(code=code, name=code, is_customer=True, is_supplier=False, **values))


def strange(number: str, **item: Any) -> Order:
    """An order with one line whose product we do not know by that code."""
    line = a_line(1)
    return an_order(number, (replace(line, item=replace(line.item, **item)),))


@pytest.mark.parametrize(
    "item",
    [
        {"sellers_id": None, "buyers_id": "X-77", "standard_id": None},
        {"sellers_id": "X-77", "buyers_id": "Y-1", "standard_id": None},
        {"sellers_id": None, "buyers_id": None, "standard_id": Identifier("3999999999999", "0160")},
        {"sellers_id": None, "buyers_id": None, "standard_id": None},
    ],
    ids=["buyers", "sellers", "gtin", "name"],
)
def test_a_foreign_code_is_our_product_from_then_on(desk: Desk, item: dict[str, Any]) -> None:
    desk.know_products_of(an_order("known", (a_line(1),)))
    _, transfer = desk.book(strange("A1", **item))
    (hold,) = holds(desk)
    assert hold.next == (Act.RELEASE_WITH_PRODUCT,)
    bells = release(desk, hold.ref, products={"L1": "CAS0001"})
    assert len(bells.take_in) == 1
    desk.book(strange("A1", **item), transfer=transfer)
    desk.book(strange("A2", **item))
    assert holds(desk) == []
    assert [row.customer_order_number for row in desk.rows(SalesOrder)] == ["A1", "A2"]
    assert desk.rows(Event, name="match")[0].who == "anne"


def test_a_choice_that_does_not_fit_changes_nothing(desk: Desk) -> None:
    desk.know_products_of(an_order("known", (a_line(1),)))
    desk.book(strange("A1", sellers_id="X", buyers_id=None, standard_id=None))
    desk.book(strange("A2", sellers_id="Y", buyers_id=None, standard_id=None))
    first, second = [hold.ref for hold in holds(desk)]
    for refs, choices, told in (
        ((first,), {"products": {"L9": "CAS0001"}}, "Line L9"),
        ((first,), {"products": {"L1": "NONE"}}, "no product NONE"),
        ((first,), {"customer": SIRET}, "choice of a customer"),
        ((first, second), {"products": {"L1": "CAS0001"}}, "one order"),
    ):
        with pytest.raises(Problem, match=told):
            release(desk, *refs, **choices)
    assert [hold.ref for hold in holds(desk)] == [first, second]


def test_another_product_for_a_unit_that_does_not_fit(desk: Desk) -> None:
    order = an_order("A1", (a_line(1),))
    desk.know_products_of(order, an_order("known", (a_line(2, "3", "10.00"),)))
    with desk.base.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "CAS0001").values(unit="KGM"))
    _, transfer = desk.book(order)
    (hold,) = holds(desk)
    assert hold.reason == "unit_mismatch"
    release(desk, hold.ref, products={"L1": "CAS0002"})
    desk.book(order, transfer=transfer)
    assert len(desk.rows(SalesOrder)) == 1


def order_of(number: str, buyer: Any = VAT_ONLY) -> Order:
    return an_order(number, (a_line(1),), buyer=buyer)


@pytest.fixture
def shared(desk: Desk) -> Desk:
    """The partner and one of our other customers have the same VAT number."""
    desk.know_products_of(order_of("known"))
    with desk.base.transaction() as connection:
        connection.execute(update(Party).values(vat_id="FR44732829320"))
        connection.execute(update(Partner).values(vat_id="FR44732829320"))
    a_customer(desk, "AGENCE", vat_id="FR44732829320")
    return desk


def test_two_customers_that_fit(shared: Desk) -> None:
    """A person says once which of two customers an order is for."""
    desk = shared
    _, transfer = desk.book(order_of("A1"))
    (hold,) = holds(desk)
    assert hold.reason == "two_customers"
    assert "AGENCE" in hold.what("fr")
    with pytest.raises(Problem, match="NOBODY"):
        release(desk, hold.ref, customer="NOBODY")
    release(desk, hold.ref, customer="AGENCE")
    desk.book(order_of("A1"), transfer=transfer)
    desk.book(order_of("A2"))
    (agency,) = desk.rows(Party, code="AGENCE")
    assert [row.customer_id for row in desk.rows(SalesOrder)] == [agency.id, agency.id]
    assert holds(desk) == []


def test_a_choice_can_be_changed(shared: Desk) -> None:
    from intergestan_exchange.partners.customer_matches import remember_customer

    desk = shared
    (own,) = [row.id for row in desk.rows(Party) if row.code != "AGENCE"]
    (agency,) = desk.rows(Party, code="AGENCE")
    with desk.base.transaction() as connection:
        for party_id in (agency.id, own):
            remember_customer(connection, desk.partner_id, "FR44732829320", party_id, by="anne", at=desk.base.now())
    desk.book(order_of("A1"))
    assert [row.customer_id for row in desk.rows(SalesOrder)] == [own]
    assert len(desk.rows(CustomerMatch)) == 1


def test_the_partners_own_siret_leaves_no_doubt(shared: Desk) -> None:
    a_customer(shared, "DOUBLE", siret=SIRET)
    shared.book(order_of("A1", BUYER))
    assert [row.partner_id for row in shared.rows(SalesOrder)] == [shared.partner_id]
    assert shared.rows(SalesOrder)[0].customer_id != shared.rows(Party, code="DOUBLE")[0].id


def test_a_partner_without_siret_that_orders_for_another_customer(desk: Desk) -> None:
    buyer = replace(VAT_ONLY, vat_id=None, legal_id=Identifier(OTHER_SIRET, "0009"))
    desk.know_products_of(order_of("known"))
    with desk.base.transaction() as connection:
        connection.execute(update(Partner).values(siret=None))
    desk.book(order_of("A1", buyer))
    assert holds(desk) == [], "nobody else has this SIRET"
    a_customer(desk, "AGENCE", siret=OTHER_SIRET)
    desk.book(order_of("A2", buyer))
    (hold,) = holds(desk)
    assert hold.reason == "two_customers"
    assert OTHER_SIRET in hold.what("en")
