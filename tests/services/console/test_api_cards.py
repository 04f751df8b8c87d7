"""What programs set by the API: third parties and what they may owe, fees, terms, settings; deliveries and invoices."""

from __future__ import annotations

import pytest

from intergestan_db.problem import ProblemCode
from intergestan_db.tables import Event, Party
from services.console.api.problems import Word
from tests.services.console.desk import Desk
from tests.services.console.programs import API, Program, program

pytestmark = pytest.mark.mainly_on("postgresql")

NEW = {"name": "Martin SA", "is_customer": True, "code": "MARTIN", "postcode": "88100", "city": "PAIR ET GRANDRUPT"}


def key(text: str) -> dict[str, str]:
    return {"idempotency-key": text}


@pytest.fixture
def carl(desk: Desk) -> Program:
    return program(desk)


def test_a_third_party_is_entered_once_and_changed_from_what_was_seen(desk: Desk, carl: Program) -> None:
    """T01 to T05."""
    made = carl.post("/parties", NEW, **key("a"))
    assert (made.status, made.json["code"], made.json["accounts"]) == (201, "MARTIN", {"customer": "411MARTIN"})
    assert made.headers["location"] == f"{API}/parties/MARTIN"
    assert carl.post("/parties", NEW, **key("a")).json == made.json
    assert carl.post("/parties", NEW, **key("b")).problem == (422, ProblemCode.CODE_TAKEN)
    seen = carl.get("/parties/MARTIN")
    change = {"city": "SAINT-DIÉ", "minimum_order": "100.00", "fees": {"PORT": "7.50"}, "term": "30JFDM10"}
    assert carl.ask("PUT", "/parties/MARTIN", change).problem == (428, Word.VERSION_NEEDED)
    put = carl.ask("PUT", "/parties/MARTIN", change, **{"if-match": seen.headers["etag"]})
    assert put.status == 200
    assert (put.json["minimum_order"], put.json["term"], put.json["addresses"][0]["city"]) == (
        "100.00",
        "30JFDM10",
        "SAINT-DIÉ",
    )
    assert [(fee["code"], fee["amount"]) for fee in put.json["fees"]] == [("PORT", "7.50")]
    assert put.json["name"] == "Martin SA"
    stale = carl.ask("PUT", "/parties/MARTIN", {"city": "X"}, **{"if-match": seen.headers["etag"]})
    assert stale.problem == (412, Word.STALE)
    assert carl.get("/parties/MARTIN").headers["etag"] == put.headers["etag"]
    row = desk.site.row(Party, code="MARTIN")
    assert {event.who for event in desk.site.rows(Event, subject="party", subject_id=row.id)} == {"carl/erp"}
    assert carl.ask("PUT", "/parties/NONE", {}, **{"if-match": "*"}).status in {404, 422}
    assert carl.post("/parties", {**NEW, "code": "X", "siret": "123"}, **key("c")).status == 422
    assert carl.post("/parties", {**NEW, "code": "X", "secret": 1}, **key("c")).problem == (422, Word.WRONG_FIELDS)


def test_what_a_customer_may_owe(desk: Desk) -> None:
    """T18: whoever may say so."""
    adele = program(desk, "adele")
    put = adele.ask("PUT", "/parties/DUP/credit", {"max": "10000.00", "insured": "6000.00"})
    assert put.json == {"max": "10000.00", "insured": "6000.00", "authorised": "4000.00", "released": []}
    refused = adele.ask("PUT", "/parties/DUP/credit", {"max": "10.00", "insured": "20.00"})
    assert refused.problem == (422, ProblemCode.INSURED_TOO_MUCH)
    assert adele.get("/parties/DUP").json["credit"]["max"] == "10000.00"
    assert adele.ask("PUT", "/parties/DUP/credit", {"max": None}).json["max"] is None


def test_fees_terms_and_settings(desk: Desk) -> None:
    """T16, T17, D20."""
    adam = program(desk, "adam")
    fee = {"code": "URGENT", "name": "Urgence", "amount": "12.00", "vat_category": "S", "vat_rate": "20"}
    made = adam.post("/fees", fee)
    assert (made.status, made.json["code"], made.json["kind"], made.json["amount"]) == (201, "URGENT", "other", "12.00")
    assert adam.post("/fees", fee).problem == (422, ProblemCode.CODE_TAKEN)
    del fee["code"]
    put = adam.ask("PUT", "/fees/URGENT", {**fee, "active": False})
    assert (put.status, put.json["active"]) == (200, False)
    assert "URGENT" not in {each["code"] for each in adam.get("/fees").json["items"]}
    assert adam.ask("PUT", "/fees/NONE", fee).status in {404, 422}
    term = {
        "code": "2X",
        "name": "En deux fois",
        "lines": [{"percent": "50", "days": 30}, {"percent": "50", "days": 60}],
    }
    entered = adam.post("/payment-terms", term)
    assert (entered.status, [line["days"] for line in entered.json["lines"]]) == (201, [30, 60])
    bad = {**term, "code": "BAD", "lines": [{"percent": "50", "days": 30}]}
    assert adam.post("/payment-terms", bad).problem == (422, ProblemCode.NO_TERM)
    chosen = adam.ask("PATCH", "/settings/parties", {"settings": {"terms.default": "2X"}})
    assert (chosen.status, chosen.json["terms.default"]) == (200, "2X")
    assert adam.ask("PATCH", "/settings/parties", {"settings": {"none": "1"}}).status == 422
    assert adam.get("/settings/parties").json == chosen.json


def test_what_leaves_is_invoiced(carl: Program) -> None:
    here = {"establishment": 1, "depot": "PRINCIPAL"}
    left = carl.post("/deliveries", {"order": "CCL1", "here": here}, **key("a"))
    assert left.status == 201
    note = left.json["delivery_note"]
    assert carl.post("/deliveries", {"order": "CCL1", "here": here}, **key("a")).json == left.json
    assert carl.post("/deliveries", {"order": "CCL1", "here": here}, **key("b")).status in {409, 422}
    made = carl.post("/invoices", {"numbers": [note], "here": {"establishment": 1}}, **key("c"))
    assert (made.status, made.json["total_ttc"], made.json["warnings"]) == (201, "24.00", [])
    number = made.json["invoice"]
    assert made.headers["location"] == f"{API}/invoices/{number}"
    assert carl.get(f"/invoices/{number}").json["delivery_notes"] == [note]
    assert carl.post("/invoices", {"numbers": [note], "here": {"establishment": 1}}, **key("d")).status in {409, 422}


def test_agencies_and_depots(desk: Desk) -> None:
    """A02, A10: the cards that an administrator keeps; what is left out stays."""
    adam = program(desk, "adam")
    changed = adam.ask("PATCH", "/dossiers/1", {"manage_stock": True, "incomplete": "wait"})
    assert (changed.status, changed.json["stock"]["manage_stock"], changed.json["stock"]["incomplete"]) == (
        200,
        True,
        "wait",
    )
    made = adam.post("/establishments", {"number": 2, "name": "Agence 2", "city": "MULHOUSE"})
    assert (made.status, made.json["name"], made.json["folder"], made.json["books"]) == (201, "Agence 2", None, 1)
    assert adam.post("/establishments", {"number": 2, "name": "Autre"}).problem == (422, ProblemCode.CODE_TAKEN)
    depot = adam.post("/depots", {"code": "rd", "establishment": 2, "name": "Dépôt RD", "customer": "DUP"})
    assert (depot.status, depot.json["code"], depot.json["customer"]) == (201, "RD", "DUP")
    put = adam.ask("PUT", "/depots/RD", {"manage_reservations": True})
    assert (put.json["manage_reservations"], put.json["customer"], put.json["name"]) == (True, "DUP", "Dépôt RD")
    assert adam.ask("PUT", "/depots/RD", {"customer": None}).json["customer"] is None
    assert adam.ask("PUT", "/depots/NONE", {}).status in {404, 422}
    assert adam.ask("PUT", "/establishments/2", {"name": "Agence de Mulhouse"}).json["city"] == "MULHOUSE"
    here = adam.ask("PUT", "/me/position", {"establishment": 2, "depot": "RD"})
    assert here.json == {"establishment": 2, "depot": "RD", "dossier": 1, "folder": 1}
    assert adam.get("/me/position").json == here.json
    wrong = adam.ask("PUT", "/me/position", {"establishment": 1, "depot": "RD"})
    assert wrong.problem == (422, ProblemCode.NO_PLACE)
