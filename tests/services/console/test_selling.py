"""Sales orders in the pages: accepted, refused, delivered, invoiced; BL and invoices; over ASGI."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import (
    CreditOverride,
    DeliveryNote,
    DeliveryNoteLine,
    Invoice,
    Party,
    SalesOrder,
    SalesOrderLine,
    User,
    UserRight,
)
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.site.preferences import set_preference
from tests.console.forms import act_of
from tests.erp.selling.by_hand import a_line
from tests.services.console.browser import Answer, Browser, fields_in
from tests.services.console.desk import PASSWORD, Desk
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")


def fields_of(answer: Answer) -> dict[str, str]:
    """What the acting form of a page would send, its visible fields with it."""
    return {**fields_in(answer.text.partition("<main")[2]), "jeton_acte": act_of(answer.text)}


def send(browser: Browser, path: str, **changes: str) -> Answer:
    page = browser.get(path)
    assert page.status == 200, page.said
    return browser.post(path.partition("?")[0], {**fields_of(page), **changes})


def in_review(desk: Desk, **line: Any) -> None:
    with desk.site.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="review"))
        if line:
            connection.execute(update(SalesOrderLine).values(**line))


def test_an_order_is_delivered_in_parts_and_invoiced_once(desk: Desk) -> None:
    """G03: quantities stand as what remains; a form that comes twice delivers and invoices once."""
    carl = desk.browser("carl")
    ordered = desk.site.row(SalesOrderLine).quantity
    page = carl.get("/ventes/CCL1/livrer")
    fields = {**fields_of(page), "quantite.L1": "1", "remarque": "<b>fragile</b>"}
    assert 'name="quantite.L1" value="2"' in page.text
    answers = [carl.post("/ventes/CCL1/livrer", fields) for _ in range(2)]
    assert [each.headers["location"] for each in answers] == ["/bl/BL1"] * 2
    assert "&lt;b&gt;fragile&lt;/b&gt;" in carl.get("/bl/BL1").text
    assert desk.site.row(DeliveryNote).created_by == "carl"
    assert "/factures/nouvelle?de=BL1" in carl.get("/bl/BL1").text
    assert send(carl, "/ventes/CCL1/livrer").headers["location"] == "/bl/BL2"
    assert sum(row.quantity for row in desk.site.rows(DeliveryNoteLine)) == ordered
    assert "Il ne reste rien" in carl.get("/ventes/CCL1/livrer").said
    looked = carl.get("/factures/nouvelle?de=BL2,CCL1,RIEN,BL1,BL2")
    shown = re.findall(r"<li><strong>(\w+)</strong>.*?· ([^<]+)</li>", looked.text)
    customer = html.escape(desk.site.row(Party, id=desk.site.row(SalesOrder).customer_id).name)
    assert shown == [(number, customer) for number in ("BL2", "CCL1", "BL1")], "in the order of the address, once"
    page = carl.get("/factures/nouvelle?de=CCL1")
    fields = fields_of(page)
    made = [carl.post("/factures/nouvelle", fields).headers["location"] for _ in range(2)]
    assert made == ["/factures/FA1"] * 2
    assert len(desk.site.rows(Invoice)) == 1
    assert send(carl, "/factures/nouvelle?de=CCL1").status == 422
    for path in ("/bl", "/factures", "/factures?ouvertes=1", "/factures/FA1", "/ventes/CCL1", "/bl?client=DUP"):
        answer = carl.get(path)
        assert answer.status == 200
        assert "BL1" in answer.said or "FA1" in answer.said, path
    assert 'href="/factures/FA1"' in carl.get("/ventes/CCL1").text
    note = carl.get("/bl/BL1").text
    assert ('href="/factures/FA1"' in note, "/factures/nouvelle" in note) == (True, False)
    assert carl.get("/bl?client=nobody&du=32/13").status == 422


@pytest.mark.parametrize("quantity", ["99", "x", "-1", ""])
def test_what_cannot_leave_is_said_and_stays(desk: Desk, quantity: str) -> None:
    carl = desk.browser("carl")
    answer = send(carl, "/ventes/CCL1/livrer", **{"quantite.L1": quantity, "remarque": "à garder"})
    assert answer.status == 422
    assert 'value="à garder"' in answer.text
    assert quantity == "" or f'name="quantite.L1" value="{quantity}"' in answer.text
    assert not desk.site.rows(DeliveryNote)


def test_an_order_in_review_is_accepted_with_its_product(desk: Desk) -> None:
    in_review(desk, product_id=None, product_code="EUX-1")
    carl = desk.browser("carl")
    assert "/ventes/CCL1/accepter" in carl.get("/ventes/CCL1").text
    refused = send(carl, "/ventes/CCL1/accepter", **{"produit.L1": "RIEN"})
    assert (refused.status, 'value="RIEN"' in refused.text) == (422, True)
    assert send(carl, "/ventes/CCL1/accepter").status == 422
    assert send(carl, "/ventes/CCL1/accepter", **{"produit.L1": "CAS16"}).status == 303
    assert desk.site.row(SalesOrder).state == "accepted"
    assert desk.site.row(SalesOrderLine).product_code == "CAS16"
    again = carl.get("/ventes/CCL1/accepter")
    assert (again.status, again.headers["location"]) == (303, "/ventes/CCL1")


def test_an_order_in_review_is_refused(desk: Desk) -> None:
    in_review(desk)
    carl = desk.browser("carl")
    assert send(carl, "/ventes/CCL1/refuser", motif="plus en stock").status == 303
    assert desk.site.row(SalesOrder).state == "cancelled"
    assert "est refusée" in carl.get("/ventes/CCL1").said


def test_who_passes_a_maximum_says_why(desk: Desk) -> None:
    """T20: only a person with that right is asked for a reason, and it is written down."""
    in_review(desk)
    with desk.site.database.transaction() as connection:
        set_preference(connection, "credit.block_from", "order", by="marie", at=NOW)
        connection.execute(update(Party).where(Party.code == "DUP").values(credit_max=Decimal(1)))
    carl = desk.browser("carl")
    answer = send(carl, "/ventes/CCL1/accepter")
    assert (answer.status, "motif_depassement" in answer.text) == (422, False)
    carl_id = desk.site.row(User, login="carl").id
    with desk.site.database.transaction() as connection:
        connection.execute(insert(UserRight).values(user_id=carl_id, right="override_credit"))
    answer = send(carl, "/ventes/CCL1/accepter")
    assert "motif_depassement" in answer.text
    fields = {**fields_of(answer), "motif_depassement": "le chèque est là"}
    assert carl.post("/ventes/CCL1/accepter", fields).status == 303
    assert desk.site.row(CreditOverride).reason == "le chèque est là"


def order_of(desk: Desk, *lines: TypedLine) -> str:
    """The address at which a new order with these lines is delivered."""
    customer_id = desk.site.row(Party, code="DUP").id
    with desk.site.database.transaction() as connection:
        typed = Typed(customer_id=customer_id, lines=lines)
        made = enter_order(connection, typed, add_fee=False, by="marie", at=NOW)
    return f"/ventes/{made.number}/livrer"


def test_a_quantity_that_was_cleared_stays_so(desk: Desk) -> None:
    """It leaves nothing of its line; neither a fault elsewhere nor a new login makes it all that remains."""
    carl, path = desk.browser("carl"), order_of(desk, a_line("CAS16", 2), a_line("CAS20", 3))
    page = carl.get(path)
    fields = {**fields_of(page), "quantite.L1": "", "quantite.L2": "abc"}
    wrong = carl.post(path, fields)
    shown = fields_of(wrong)
    assert (wrong.status, shown["quantite.L1"], shown["quantite.L2"]) == (422, "", "abc")
    desk.move(hours=13)
    login = carl.post(path, {**shown, "quantite.L2": "1"})
    assert login.status == 401
    again = carl.post("/entrer", {**login.kept(), "login": "carl", "mot_de_passe": PASSWORD})
    shown = fields_of(again)
    assert (again.status, shown["quantite.L1"], shown["quantite.L2"]) == (200, "", "1")
    assert carl.post(path, shown).status == 303
    assert [row.quantity for row in desk.site.rows(DeliveryNoteLine)] == [1]


@pytest.mark.parametrize(
    ("language", "quantity", "shown"), [("en", "1234", "1,234"), ("fr", "1.234", "1,234"), ("en", "1.234", "1.234")]
)
def test_what_the_page_wrote_is_read_as_it_is_meant(desk: Desk, language: str, quantity: str, shown: str) -> None:
    """`1,234` may be two numbers, but not on a page that wrote it."""
    carl, path = desk.browser("carl"), order_of(desk, a_line("CAS20", quantity))
    page = carl.get(f"{path}?langue={language}")
    fields = fields_of(page)
    assert fields["quantite.L1"] == shown
    answer = carl.post(f"{path}?langue={language}", fields)
    assert answer.status == 303, answer.said
    assert desk.site.row(DeliveryNoteLine).quantity == Decimal(quantity)


def test_a_point_in_a_french_page_may_be_either_and_is_asked_about(desk: Desk) -> None:
    carl = desk.browser("carl")
    answer = send(carl, order_of(desk, a_line("CAS20", 5000)), **{"quantite.L1": "1.234"})
    assert (answer.status, fields_of(answer)["quantite.L1"]) == (422, "1.234")
    assert not desk.site.rows(DeliveryNote)
