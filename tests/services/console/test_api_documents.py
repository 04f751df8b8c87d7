"""What programs make by the API: orders, quotes, payments, slips, moves of stock; once, at the place that they name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from intergestan_db.problem import ProblemCode
from intergestan_db.tables import Event, Party, Payment, SalesOrder, StockMove
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.agencies.dossiers import set_dossier
from intergestan_erp.parties.ceilings import Ceiling
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.site.preferences import set_preference
from intergestan_exchange.credit_holds import acts
from services.console.api.problems import Word
from tests.services.console.desk import Desk
from tests.services.console.programs import API, Program, program

pytestmark = pytest.mark.mainly_on("postgresql")

HERE = {"establishment": 1, "depot": "PRINCIPAL"}
ORDER = {"customer": "DUP", "here": HERE, "lines": [{"product": "CAS16", "quantity": "2"}]}


def key(text: str) -> dict[str, str]:
    return {"idempotency-key": text}


@pytest.fixture
def carl(desk: Desk) -> Program:
    return program(desk)


def manage_stock(desk: Desk) -> None:
    who: Any = {"by": "marie", "at": desk.site.database.now()}
    with desk.site.database.transaction() as connection:
        stock = {"manage_stock": True, "manage_reservations": True, "reserve_at_entry": True}
        set_dossier(connection, 1, stock, **who)
        set_depot(connection, "PRINCIPAL", {"manage_reservations": True}, **who)


def test_a_sales_order_is_entered_once(desk: Desk, carl: Program) -> None:
    before = len(desk.site.rows(SalesOrder))
    made = carl.post("/sales-orders", ORDER, **key("a"))
    assert (made.status, made.json["total_ht"], made.json["warnings"], made.json["to_arbitrate"]) == (
        201,
        "20.00",
        [],
        False,
    )
    number = made.json["number"]
    assert made.headers["location"] == f"{API}/sales-orders/{number}"
    assert carl.post("/sales-orders", ORDER, **key("a")).json == made.json
    assert len(desk.site.rows(SalesOrder)) == before + 1
    shown = carl.get(f"/sales-orders/{number}").json
    assert (shown["state"], shown["customer_code"], shown["depot"]) == ("accepted", "DUP", "PRINCIPAL")
    assert carl.post("/sales-orders", ORDER).problem == (422, Word.KEY_MISSING)
    assert {row.who for row in desk.site.rows(Event, subject="sales_order")} >= {"carl/erp"}


def test_what_passes_the_maximum_is_told_in_figures(desk: Desk, carl: Program) -> None:
    """T20: nothing is made, and nobody passes it by the API."""
    who: Any = {"by": "marie", "at": desk.site.database.now()}
    with desk.site.database.transaction() as connection:
        set_preference(connection, "credit.block_from", "order", **who)
        party = int(desk.site.row(Party, code="DUP").id)
        acts.set_ceiling(connection, party, Ceiling(Decimal(30)), **who)
    owes = carl.get("/parties/DUP/credit").json["total"]
    refused = carl.post("/sales-orders", ORDER, **key("a"))
    assert refused.problem == (409, ProblemCode.CREDIT_BLOCKED)
    assert {name: refused.json[name] for name in ("next", "exposure", "maximum", "delta")} == {
        "next": "enter_payment",
        "exposure": owes,
        "maximum": "30.00",
        "delta": "24.00",
    }
    assert carl.post("/sales-orders", {**ORDER, "override": "x"}, **key("a")).problem == (422, Word.WRONG_FIELDS)


def test_a_place_that_is_none_does_nothing(desk: Desk, carl: Program) -> None:
    before = len(desk.site.rows(SalesOrder))
    for here in ({"establishment": 7}, {"establishment": 7, "depot": "PRINCIPAL"}, {"establishment": 1, "depot": "NO"}):
        refused = carl.post("/sales-orders", {**ORDER, "here": here}, **key(str(here).replace(" ", "")))
        assert refused.problem == (422, ProblemCode.NO_PLACE), here
    assert carl.post("/sales-orders", {**ORDER, "here": {}}, **key("c")).problem == (422, Word.WRONG_FIELDS)
    assert len(desk.site.rows(SalesOrder)) == before


def test_a_quote_becomes_one_order(carl: Program) -> None:
    body = {**ORDER, "valid_until": "2020-12-31"}
    quote = carl.post("/quotes", body, **key("a"))
    assert (quote.status, quote.json["state"], quote.json["total_ht"]) == (201, "open", "20.00")
    path = f"/quotes/{quote.json['number']}"
    assert quote.headers["location"] == f"{API}{path}"
    accepted = carl.post(f"{path}/accept", {"here": HERE}, **key("b"))
    assert (accepted.status, accepted.json["total_ttc"]) == (201, quote.json["total_ttc"])
    assert carl.get(path).json["order"] == accepted.json["number"]
    assert carl.post(f"{path}/accept", {"here": HERE}, **key("c")).status in {409, 422}
    other = carl.post("/quotes", body, **key("d")).json["number"]
    refused = carl.post(f"/quotes/{other}/refuse", {"reason": "trop cher"})
    assert (refused.status, refused.json) == (200, {"number": other, "state": "refused"})


def test_a_payment_settles_and_is_taken_back(desk: Desk, carl: Program) -> None:
    """T21: on account, then by an invoice's instalment; once."""
    database = desk.site.database
    with database.transaction() as connection:
        note = deliver(connection, "CCL1", None, by="marie", at=database.now())
        made = invoice(connection, [note], by="marie", at=database.now())
    body = {"party": "DUP", "amount": "30.00", "method": "transfer", "here": {"establishment": 1}, "settle": []}
    paid = carl.post("/payments", body, **key("a"))
    assert (paid.status, paid.json["settled"], paid.json["left"], paid.json["released"]) == (201, [], "30.00", [])
    number = paid.json["payment"]
    assert carl.post("/payments", body, **key("a")).json == paid.json
    assert len(desk.site.rows(Payment)) == 1
    settled = carl.post(
        f"/payments/{number}/settle", {"settle": [{"invoice": made, "n": 1, "amount": "24.00"}]}, **key("b")
    )
    assert settled.json["settled"] == [{"invoice": made, "n": 1, "amount": "24.00"}]
    assert settled.json["left"] == "6.00"
    assert carl.get(f"/payments/{number}").json["left"] == "6.00"
    (due,) = carl.get(f"/invoices/{made}/dues").json["items"]
    assert (due["settled"], due["open"]) == ("24.00", "0.00")
    too_much = {"settle": [{"invoice": made, "amount": "1.00"}]}
    assert carl.post(f"/payments/{number}/settle", too_much, **key("c")).status in {409, 422}
    failed = carl.post(f"/payments/{number}/fail", {})
    assert (failed.status, failed.json["state"], failed.json["open"]) == (200, "failed", [made])
    assert carl.post("/payments/RG9/cancel").status in {404, 422}
    adele = program(desk, "adele")
    cheque = {**body, "method": "cheque", "reference": "77"}
    again = adele.post("/payments", cheque, **key("d")).json["payment"]
    assert adele.post(f"/payments/{again}/cancel").json == {"payment": again, "state": "cancelled", "open": []}


def test_an_invoice_is_taken_back_and_a_cheque_goes_to_the_bank(desk: Desk) -> None:
    adele, database = program(desk, "adele"), desk.site.database
    with database.transaction() as connection:
        note = deliver(connection, "CCL1", None, by="marie", at=database.now())
        made = invoice(connection, [note], by="marie", at=database.now())
    body = {"invoice": made, "reason": "retour", "lines": [{"line": 1, "quantity": "1"}]}
    credited = adele.post("/credit-notes", body, **key("a"))
    assert (credited.status, credited.json["total_ttc"], credited.json["left"]) == (201, "12.00", "0.00")
    assert credited.json["settled"] == [{"invoice": made, "n": 1, "amount": "12.00"}]
    assert adele.post("/credit-notes", body, **key("a")).json == credited.json
    number = credited.json["credit_note"]
    assert adele.get(f"/credit-notes/{number}").json["invoice"] == made
    assert [each["number"] for each in adele.get("/credit-notes?customer=DUP").json["items"]] == [number]
    assert program(desk, "carl").post("/credit-notes", body, **key("b")).problem == (403, Word.NOT_ALLOWED)
    cheque = {"party": "DUP", "amount": "12.00", "method": "cheque", "reference": "1", "here": {"establishment": 1}}
    paid = adele.post("/payments", cheque, **key("c")).json["payment"]
    banked = adele.post(f"/payments/{paid}/bank", {})
    assert (banked.status, banked.json["payment"], banked.json["amount"]) == (200, paid, "12.00")
    assert adele.post(f"/payments/{paid}/bank", {}).status in {409, 422}


def test_books_are_kept_by_whoever_may(desk: Desk) -> None:
    """A program enters with the right of its person, and its name stands in the books' events."""
    adele = program(desk, "adele")
    lines = [{"account": "627000", "debit": "12.00"}, {"account": "512000", "credit": "12.00"}]
    entry = {"folder": 1, "journal": "OD", "piece": "R1", "label": "Frais", "lines": lines}
    named = {"titles": {"627000": "Services bancaires"}}
    made = adele.post("/entries", {**entry, **named}, **key("a"))
    assert (made.status, made.json) == (201, {"entry": "OD1"})
    assert adele.post("/entries", {**entry, **named}, **key("a")).json == made.json
    (shown,) = adele.get("/entries?folder=1&journal=OD").json["items"]
    assert [(line["account"], line["debit"], line["credit"]) for line in shown["lines"]] == [
        ("627000", "12.00", "0.00"),
        ("512000", "0.00", "12.00"),
    ]
    one_sided = {**entry, "lines": [lines[0], lines[0]]}
    assert adele.post("/entries", one_sided, **key("b")).problem == (422, ProblemCode.NOT_BALANCED)
    assert adele.post("/entries", {**entry, "journal": "VE"}, **key("c")).problem == (422, ProblemCode.NO_JOURNAL)
    back = adele.post("/entries/OD1/reverse", {"folder": 1}, **key("d"))
    assert back.json == {"entry": "OD2"}
    assert adele.post("/entries/OD1/reverse", {"folder": 1}, **key("e")).status in {409, 422}
    none = {"folder": 1, "account": "411DUP", "entries": ["OD1"]}
    assert adele.post("/letterings", none, **key("f")).status in {409, 422}
    years = adele.get("/fiscal-years?folder=1").json["items"]
    assert [each["closed"] for each in years] == [False]
    assert {event.who for event in desk.site.rows(Event, subject="entry")} <= {"adele/erp"}


def test_goods_come_in_are_prepared_and_leave(desk: Desk, carl: Program) -> None:
    """A34, A35: received, set aside, entered, finished, validated, each from the version that was seen."""
    manage_stock(desk)
    received = carl.post(
        "/stock-moves",
        {"kind": "receive", "here": HERE, "lines": [{"product": "CAS16", "quantity": "5", "cost": "6"}]},
        **key("a"),
    )
    assert received.status == 201
    (lies,) = received.json["stock"]
    assert (lies["product"], lies["on_hand"], lies["available"], lies["average_cost"]) == ("CAS16", "5", "5", "6")
    order = carl.post("/sales-orders", ORDER, **key("b")).json["number"]
    made = carl.post("/picking-slips", {"orders": [order], "here": HERE}, **key("c"))
    assert (made.status, made.json["waiting"], made.json["error"]) == (201, [], [])
    (slip,) = made.json["slips"]
    path = f"/picking-slips/{slip}"
    assert carl.post("/picking-slips", {"orders": [order], "here": HERE}, **key("c")).json == made.json
    entered = carl.post(f"{path}/enter", {"here": HERE, "version": 1, "accept": True})
    assert entered.json["lines"][0]["prepared"] == "2"
    assert carl.post(f"{path}/finish", {"here": HERE, "version": 1}).problem == (412, Word.STALE)
    seen = int(entered.headers["etag"].strip('"'))
    finished = carl.post(f"{path}/finish", {"here": HERE, "version": seen})
    assert finished.json == {"slip": slip, "missing": {}}
    left = carl.post(f"{path}/validate", {"here": HERE}, **key("d"))
    (done,) = left.json["done"]
    assert (left.status, left.json["error"], done["slip"]) == (200, [], slip)
    assert carl.post(f"{path}/validate", {"here": HERE}, **key("d")).json == left.json
    assert carl.get(f"/deliveries/{done['delivery_note']}").json["lines"][0]["quantity"] in {"2", "2.000000"}
    assert carl.post(f"{path}/cancel", {"here": HERE}).status in {409, 422}
    back = {"delivery_note": done["delivery_note"], "here": HERE, "reason": "abîmé"}
    returned = carl.post("/returns", {**back, "lines": [{"line": 1, "quantity": "1"}]}, **key("e"))
    assert (returned.status, returned.json["lines"][0]["quantity"], returned.json["credit_notes"]) == (201, "1", [])
    counted = carl.post(
        "/stock-moves", {"kind": "count", "here": HERE, "lines": [{"product": "CAS16", "quantity": "9"}]}, **key("f")
    )
    assert counted.json["stock"][0]["on_hand"] == "9"
    assert [row.reason for row in desk.site.rows(StockMove)] == ["receipt", "delivery", "return", "count"]
    assert {row.created_by for row in desk.site.rows(StockMove)} == {"carl/erp"}


def test_depots_are_chosen_and_a_slip_is_cancelled(desk: Desk, carl: Program) -> None:
    manage_stock(desk)
    goods = [{"product": "CAS16", "quantity": "5"}]
    carl.post("/stock-moves", {"kind": "receive", "here": HERE, "lines": goods, "opening": True}, **key("a"))
    order = carl.post("/sales-orders", ORDER, **key("b")).json["number"]
    (line,) = carl.get(f"/sales-orders/{order}/allocations").json["lines"]
    chosen = {"lines": [{"line": line["line"], "take": [{"depot": "PRINCIPAL", "quantity": "1"}]}]}
    put = carl.ask("PUT", f"/sales-orders/{order}/allocations", chosen)
    assert put.status == 200
    assert Decimal(put.json["lines"][0]["allocations"][0]["reserved"]) == 1
    assert carl.ask("PUT", f"/sales-orders/{order}/allocations", {}).status == 200
    (slip,) = carl.post("/picking-slips", {"orders": [order], "here": HERE}, **key("c")).json["slips"]
    assert carl.post(f"/picking-slips/{slip}/reopen", {"here": HERE}).status in {409, 422}
    cancelled = carl.post(f"/picking-slips/{slip}/cancel", {"here": HERE, "version": 1})
    assert cancelled.json == {"slip": slip, "state": "cancelled"}
    two = carl.post("/picking-slips", {"orders": [order, "CCL99"], "here": HERE}, **key("d")).json
    assert (len(two["slips"]), [each["order"] for each in two["error"]]) == (1, ["CCL99"])
    assert carl.post("/picking-slips", {"orders": ["CCL99"], "here": HERE}, **key("e")).status == 404
    moved = {"kind": "move", "here": HERE, "lines": goods}
    assert carl.post("/stock-moves", moved, **key("f")).problem == (422, Word.WRONG_FIELDS)


def test_what_would_be_invoiced(desk: Desk, carl: Program) -> None:
    """A29: it writes nothing."""
    database = desk.site.database
    with database.transaction() as connection:
        note = deliver(connection, "CCL1", None, by="marie", at=database.now())
    body = {"from": "2020-11-01", "to": "2020-11-30", "here": {"establishment": 1}, "preview": True}
    seen = carl.post("/invoice-runs", body).json
    assert (seen["notes"], seen["refused"]) == (1, [])
    assert seen["invoices"][0]["delivery_notes"] == [note]
    assert seen["invoices"][0]["customer"] == "DUP"
    assert carl.post("/invoice-runs", {**body, "preview": False}).problem == (422, Word.WRONG_FIELDS)
    assert carl.get("/invoices").json["items"] == []


def test_nothing_is_ordered_between_agencies_of_one(carl: Program) -> None:
    assert carl.get("/agency-orders/preview").json == {"pairs": [], "refused": []}
    assert carl.post("/agency-orders", {}, **key("a")).json == {"pairs": [], "refused": []}
    assert carl.post("/agency-orders", {"order": "CCL99"}, **key("b")).status == 404
    assert carl.post("/agency-orders/CFR1/cancel", {}).status in {404, 409, 422}
    receipt = {"delivery_note": "BL99", "here": HERE}
    assert carl.post("/goods-receipts", receipt, **key("c")).status in {404, 409, 422}
