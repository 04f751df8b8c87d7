"""What the API shows of third parties, money, goods, agencies and books: the fields of the specification."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from intergestan_db.tables import Party
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.agencies.dossiers import set_dossier
from intergestan_erp.agencies.places import usual_place
from intergestan_erp.parties.ceilings import Ceiling
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.picking.making import make_slips
from intergestan_erp.selling.drafts import Typed
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.stock.entry import Goods, receive
from intergestan_exchange.credit_holds import acts
from tests.erp.selling.by_hand import a_line
from tests.services.console.desk import Desk
from tests.services.console.programs import Program, program

pytestmark = pytest.mark.mainly_on("sqlite")


@pytest.fixture
def carl(desk: Desk) -> Program:
    return program(desk)


def prepared(desk: Desk) -> tuple[str, str]:
    """An order of DUP for 2 CAS16 of which 5 lie there, with its slip."""
    database = desk.site.database
    who: Any = {"by": "marie", "at": database.now()}
    dup = customer_of(desk)
    with database.transaction() as connection:
        stock = {"manage_stock": True, "manage_reservations": True, "reserve_at_entry": True}
        set_dossier(connection, 1, stock, **who)
        set_depot(connection, "PRINCIPAL", {"manage_reservations": True}, **who)
        place = usual_place(connection)
        receive(connection, place, [Goods("CAS16", Decimal(5), Decimal(6))], **who)
        typed = Typed(customer_id=dup, lines=(a_line("CAS16", 2),))
        number = enter_order(connection, typed, place=place, **who).number
        made = make_slips(connection, number, place, **who)
    return number, made.slips[0].number


def customer_of(desk: Desk) -> int:
    return int(desk.site.row(Party, code="DUP").id)


def test_a_third_party_with_all_that_is_known(carl: Program) -> None:
    found = carl.get("/parties/DUP").json
    assert (found["code"], found["name"], found["is_customer"], found["is_supplier"]) == ("DUP", "Dupont", True, False)
    assert found["credit"] == {"max": None, "insured": "0.00", "authorised": None}
    assert carl.get("/parties/DUP/addresses").json["items"] == found["addresses"]
    assert "id" not in found
    listed = carl.get("/parties?role=customer").json["items"]
    assert {"DUP"} <= {each["code"] for each in listed}
    assert carl.get("/parties/find?q=dup&role=customer").json["found"][0]["code"] == "DUP"
    assert carl.get("/parties/NONE").problem == (404, "not_one_party")


def test_what_a_customer_owes_and_may_owe(desk: Desk, carl: Program) -> None:
    """T19 to T22."""
    with desk.site.database.transaction() as connection:
        ceiling = Ceiling(Decimal(10), Decimal(4))
        acts.set_ceiling(connection, customer_of(desk), ceiling, by="marie", at=desk.site.database.now())
    order = carl.get("/sales-orders/CCL1").json
    owes = carl.get("/parties/DUP/credit").json
    assert owes["orders"] == order["total_ttc"]
    assert (owes["max"], owes["insured"], owes["authorised"], owes["held"]) == ("10.00", "4.00", "6.00", [])
    assert Decimal(owes["free"]) == 10 - Decimal(owes["total"])
    (over,) = carl.get("/credit?over=true").json["items"]
    assert over["code"] == "DUP"
    assert {name: over[name] for name in owes if name != "held"} == {
        name: owes[name] for name in owes if name != "held"
    }
    assert carl.get("/credit/overrides?to=9999-12-31").json == {"items": [], "next": None}
    assert carl.get("/parties/STAUBER/credit").status == 404


def test_stock_and_what_is_prepared_of_it(desk: Desk, carl: Program) -> None:
    """A32, A34: figures without zeros at their ends."""
    order, slip = prepared(desk)
    (row,) = carl.get("/stock?product=CAS16").json["items"]
    assert {name: row[name] for name in ("product", "depot", "on_hand", "reserved", "available", "average_cost")} == {
        "product": "CAS16",
        "depot": "PRINCIPAL",
        "on_hand": "5",
        "reserved": "2",
        "available": "3",
        "average_cost": "6",
    }
    (move,) = carl.get("/stock-moves?depot=PRINCIPAL").json["items"]
    assert (move["reason"], move["quantity"], move["by"]) == ("receipt", "5", "marie")
    (listed,) = carl.get(f"/picking-slips?order={order}").json["items"]
    assert (listed["slip"], listed["state"], listed["order"], listed["reason"]) == (slip, "generated", order, None)
    shown = carl.get(f"/picking-slips/{slip}")
    assert shown.json["lines"][0] == {
        "position": 1,
        "line": shown.json["lines"][0]["line"],
        "product": "CAS16",
        "name": shown.json["lines"][0]["name"],
        "unit": "C62",
        "proposed": "2",
        "prepared": None,
    }
    assert shown.headers["etag"] == '"1"'
    (line,) = carl.get(f"/sales-orders/{order}/allocations").json["lines"]
    assert [each["depot"] for each in line["allocations"]] == ["PRINCIPAL"]
    assert carl.get("/picking-slips/BP99").problem == (404, "no_slip")
    assert carl.get("/stock?depot=NONE").problem == (404, "no_place")


def test_agencies_depots_and_books(desk: Desk, carl: Program) -> None:
    assert carl.get("/dossiers/1").json["stock"]["manage_stock"] is False
    assert carl.get("/establishments/1").json["depots"] == ["PRINCIPAL"]
    assert carl.get("/establishments/7").problem == (404, "no_place")
    folder = carl.get("/folders/1").json
    assert (folder["number"], folder["establishments"], folder["locked_until"]) == (1, [1], None)
    here = carl.get("/me/position").json
    assert here == {"establishment": 1, "depot": "PRINCIPAL", "dossier": 1, "folder": 1}
    assert carl.get("/folders/9").problem == (404, "no_folder")
    adele = program(desk, "adele")
    assert adele.get("/entries?folder=1").json == {"items": [], "next": None}
    assert adele.get("/entries?folder=9").problem == (404, "no_folder")
    assert adele.get("/results?folder=1").json["items"] == []


def test_prices_fees_and_terms(carl: Program) -> None:
    assert carl.get("/prices?product=CAS16&customer=DUP&quantity=2").json == {
        "product": "CAS16",
        "price": carl.get("/products/CAS16").json["sale_price"],
        "list": None,
    }
    assert carl.get("/prices?product=NONE&customer=DUP").problem == (404, "no_product")
    port = carl.get("/fees/PORT").json
    assert (port["code"], port["active"]) == ("PORT", True)
    assert port in carl.get("/fees?all=true").json["items"]
    assert carl.get("/payment-terms/30J").json["lines"][0]["written"] == "100=30"
    settings = carl.get("/settings/parties").json
    assert settings["credit.block_from"]
    assert "maps.google_key" not in settings


def test_what_is_due(desk: Desk, carl: Program) -> None:
    database = desk.site.database
    with database.transaction() as connection:
        note = deliver(connection, "CCL1", None, by="marie", at=database.now())
        made = invoice(connection, [note], by="marie", at=database.now())
    (due,) = carl.get(f"/invoices/{made}/dues").json["items"]
    total = carl.get(f"/invoices/{made}").json["total_ttc"]
    assert (due["n"], due["amount"], due["settled"], due["open"], due["days_late"]) == (1, total, "0.00", total, 0)
    desk.move(days=31)
    (late,) = carl.get("/dues?customer=DUP").json["items"]
    assert (late["invoice"], late["days_late"]) == (made, 1)
    assert carl.get("/invoices/FA9/dues").problem == (404, "no_invoice")
    assert carl.get("/credit-notes/AV9").problem == (404, "no_invoice")
