"""`invoices`, `payments`, `terms`: what customers owe, and how it is settled, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_msg.money import AllowanceCharge
from tests.desk import Desk
from tests.erp.selling.test_terms_of_invoices import UNSTATED
from tests.factories import an_order
from tests.services.cli.conftest import Run
from tests.site_factories import NOW


def site_with(folder: Path, *charges: AllowanceCharge) -> Path:
    """The supplier's site with the sales orders CCL1 and CCL2: L1 and L2 of 1 and 2 pieces, 33.50 without VAT."""
    base = Database(f"sqlite:///{folder / 'site.db'}", lambda: NOW)
    desk = Desk.at(base)
    orders = [an_order(number, 2, charges=charges) for number in ("CFR1", "CFR2")]
    desk.know_products_of(orders[0])
    desk.book(*orders)
    base.dispose()
    return folder


@pytest.fixture
def seller(stauber: Path, run: Run) -> Path:
    folder = site_with(stauber)
    assert run("sales", "deliver", "CCL1", cwd=folder).code == 0
    return folder


def test_from_the_invoice_to_the_last_cent(seller: Path, run: Run) -> None:
    """D20, D32: a term of two parts, a payment, a credit note, and nothing is open."""
    added = run(
        "terms", "add", "2x", "--name", "Deux fois", "--part", "30=0", "--part", "70=30+fdm", "--json", cwd=seller
    )
    assert added.json == {"code": "2X", "name": "Deux fois", "parts": ["30=0", "70=30+eom"], "warnings": []}
    assert run("parties", "set", "Mulhouse", "--term", "2x", cwd=seller).code == 0
    assert run("parties", "show", "Mulhouse", "--json", cwd=seller).json["term"] == "2X"
    made = run("sales", "invoice", "CCL1", "--json", cwd=seller).json
    assert [(part["n"], part["amount"], part["open"]) for part in made["due"]] == [
        (1, "12.06", "12.06"),
        (2, "28.14", "28.14"),
    ]
    assert (made["total_ttc"], made["due_date"], made["warnings"]) == ("40.20", made["due"][1]["due_date"], [])
    paid = run(
        "payments", "add", "--customer", "Mulhouse", "--amount", "20,06", "--method", "transfer", "--json", cwd=seller
    )
    assert paid.json == {
        "payment": "RG1",
        "settled": [{"invoice": "FA1", "n": 1, "amount": "12.06"}, {"invoice": "FA1", "n": 2, "amount": "8.00"}],
        "left": "0.00",
        "released": [],
    }
    (due,) = run("invoices", "due", "--json", cwd=seller).json["due"]
    assert (due["invoice"], due["n"], due["open"], due["customer"]) == ("FA1", 2, "20.14", "Mulhouse")
    noted = run("invoices", "credit", "fa1", "--reason", "Cassé", "--line", "1=1", "--json", cwd=seller)
    assert noted.json == {
        "credit_note": "AV1",
        "invoice": "FA1",
        "total_ttc": "12.60",
        "settled": [{"invoice": "FA1", "n": 2, "amount": "12.60"}],
        "left": "0.00",
        "released": [],
    }
    (invoice,) = run("invoices", "list", "--open", "--json", cwd=seller).json["invoices"]
    assert (invoice["number"], invoice["credited"], invoice["open"]) == ("FA1", "12.60", "7.54")
    rest = run("--lang", "fr", "invoices", "credit", "FA1", "--reason", "Tout", cwd=seller)
    assert "AV2 reprend 27,60 de FA1" in rest.err
    assert "20,06 de AV2 sont en acompte" in rest.err
    assert run("invoices", "list", "--open", "--json", cwd=seller).json["invoices"] == []
    assert run("invoices", "due", "--json", cwd=seller).json == {"due": [], "after": None}
    shown = run("--lang", "fr", "sales", "show", "FA1", cwd=seller).out
    for words in ("AV1", "AV2", "À régler", "Condition de règlement", "28,14"):
        assert words in shown
    note = run("--lang", "fr", "sales", "show", "AV1", cwd=seller).out
    for words in ("FA1", "Cassé", "12,60", "pièce"):
        assert words in note


def test_payments_come_and_go(seller: Path, run: Run) -> None:
    """D32: two that lie on account, one that comes back, one by mistake."""
    assert run("sales", "invoice", "CCL1", cwd=seller).code == 0
    pay = ("payments", "add", "--customer", "Mulhouse", "--method", "bill", "--amount")
    first = run(
        *pay, "50", "--reference", "4711", "--invoice", "FA1=10", "--invoice", "FA1/1=5,50", "--json", cwd=seller
    )
    assert (first.json["left"], len(first.json["settled"])) == ("34.50", 1)
    assert "5.00 settle FA1, instalment 1." in run(*pay, "5", cwd=seller).err
    settled = run("payments", "settle", "RG1", "--json", cwd=seller).json
    part = {"invoice": "FA1", "n": 1, "amount": "19.70"}
    assert settled == {"payment": "RG1", "settled": [part], "left": "14.80", "released": []}
    listed = run("payments", "list", "--on-account", "--json", cwd=seller).json["payments"]
    assert [(row["number"], row["left"], row["reference"]) for row in listed] == [("RG1", "14.80", "4711")]
    assert run("payments", "cancel", "RG2", "--json", cwd=seller).json == {
        "payment": "RG2",
        "state": "cancelled",
        "open": ["FA1"],
    }
    failed = run("--lang", "fr", "payments", "fail", "rg1", cwd=seller)
    assert "RG1 est revenu impayé" in failed.err
    assert "De nouveau à régler : FA1" in failed.err.replace("\u00a0", " ")
    shown = run("--lang", "fr", "payments", "list", cwd=seller).out
    assert "impayé" in shown
    assert "annulé" in shown
    (due,) = run("invoices", "due", "--json", cwd=seller).json["due"]
    assert due["open"] == "40.20"


def test_what_is_refused(seller: Path, run: Run) -> None:
    """D20, D32: with what to do, and a usage error for what cannot be read."""
    assert run("sales", "invoice", "CCL1", cwd=seller).code == 0
    pay = ("payments", "add", "--customer", "Mulhouse", "--method", "cash", "--amount")
    for arguments, code, words in (
        ((*pay, "50", "--invoice", "FA1=50"), 1, "FA1 has 40.20 open, less than 50.00"),
        ((*pay, "50", "--invoice", "FA1"), 2, "write FA1=500"),
        ((*pay, "50", "--invoice", "=5"), 2, "write FA1=500"),
        ((*pay, "fifty"), 2, "is not a number"),
        ((*pay, "50 USD"), 2, "has a currency"),
        ((*pay, "0"), 1, "is no amount"),
        (("payments", "add", "--customer", "X", "--method", "cash", "--amount", "5"), 2, "not name exactly one"),
        (("payments", "settle", "RG9"), 1, "payments list"),
        (("payments", "fail", "RG9", "--on", "31/02/2026"), 2, "no such day"),
        (("invoices", "credit", "FA1", "--reason", "x", "--line", "L1=1"), 2, "no number of a line"),
        (("invoices", "credit", "FA1", "--reason", "x", "--line", "1=2"), 1, "FA1/1 has 1 left"),
        (("invoices", "credit", "FA9", "--reason", "x"), 1, "invoices list"),
        (("invoices", "due", "--after", "x"), 1, "not where a page"),
        (("terms", "add", "A", "--name", "a", "--part", "soon"), 1, "no part of a payment term"),
        (("terms", "add", "A", "--name", "a", "--part", "99=30"), 1, "add up to 100 %"),
        (("terms", "add", "30j", "--name", "a", "--part", "30"), 1, "terms list"),
        (("parties", "set", "Mulhouse", "--term", "X"), 1, "there are: 30J"),
        (("settings", "set", "terms.default", "X"), 1, "there are: 30J"),
        (("sales", "charge", "CCL1", "1", "--vat", "S"), 2, "S:20"),
        (("sales", "charge", "CCL1", "1", "--vat", "S:20"), 1, "has no charge 1: it has 0"),
        (("sales", "show", "AV9"), 1, "invoice or credit note"),
    ):
        ended = run(*arguments, cwd=seller)
        assert (ended.code, words in ended.err) == (code, True), (arguments, ended.err)
    assert run("payments", "list", "--json", cwd=seller).json["payments"] == []


def test_a_term_that_is_too_long_is_warned_of(seller: Path, run: Run) -> None:
    """D20: it is taken all the same; an invoice of several deliveries has a limit of its own."""
    added = run("--lang", "fr", "terms", "add", "90J", "--name", "90 jours", "--part", "90", cwd=seller)
    assert added.code == 0
    assert "La loi permet au plus 60 jours" in added.err
    assert "100=90" in run("terms", "list", cwd=seller).out
    assert run("settings", "set", "terms.default", "90j", cwd=seller).code == 0
    assert run("sales", "deliver", "CCL2", cwd=seller).code == 0
    made = run("sales", "invoice", "CCL1", "CCL2", "--json", cwd=seller).json
    assert "within 45 days" in made["warnings"][0]


def test_a_charge_whose_vat_nobody_stated(stauber: Path, run: Run) -> None:
    """D33: refused with the cure; once it is said, the buyer is told and the invoice is made."""
    seller = site_with(stauber, UNSTATED)
    assert run("sales", "deliver", "CCL1", cwd=seller).code == 0
    refused = run("sales", "invoice", "CCL1", cwd=seller)
    assert refused.code == 1
    assert "«Emballage» of CCL1 has no VAT category. `intergestan sales charge` gives it one." in refused.err
    said = run("sales", "charge", "ccl1", "1", "--vat", "s:20", "--json", cwd=seller)
    assert said.json["order"] == "CCL1", said.err
    again = run("sales", "charge", "CCL1", "1", "--vat", "E", cwd=seller)
    assert "has the VAT category S already" in again.err
    assert run("sales", "show", "CCL1", "--json", cwd=seller).json["total_ttc"] == "49.20"
    assert run("sales", "invoice", "CCL1", "--json", cwd=seller).json["total_ttc"] == "49.20"


def test_doctor_looks_at_the_sums(seller: Path, run: Run) -> None:
    """D32: whoever writes beside the program is found out."""
    assert run("sales", "invoice", "CCL1", cwd=seller).code == 0

    def found() -> tuple[bool, str]:
        (row,) = [row for row in run("doctor", "--json", cwd=seller).json if row["subject"] == "Invoices"]
        return row["ok"], row["text"]

    assert found()[0]
    base = Database(f"sqlite:///{seller / 'site.db'}", lambda: NOW)
    with base.transaction() as connection:
        connection.exec_driver_sql("DROP TRIGGER frozen_invoice_due")
        connection.exec_driver_sql("UPDATE invoice_due SET amount = amount - 1")
    base.dispose()
    assert found() == (False, "these do not add up: FA1")
