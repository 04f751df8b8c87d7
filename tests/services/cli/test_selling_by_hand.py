"""`fees`, `quotes`, `sales enter`, `sales cancel`, `sales charge`: selling by hand from the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.services.cli.conftest import Run, data


@pytest.fixture
def counter(shop: Path, run: Run) -> Path:
    """A site with the catalogue of the demo, the customer DUP and the fees PORT and PETITE."""
    for arguments in (
        ("catalog", "import", data("catalogue_shop.csv")),
        ("fees", "add", "port", "--name", "Port", "--amount", "7,50", "--vat", "S:20", "--kind", "port"),
        ("fees", "add", "PETITE", "--name", "Petite commande", "--amount", "15", "--vat", "s:20 %"),
        ("settings", "set", "fees.default", "PORT"),
        ("settings", "set", "orders.minimum_default", "100,00"),
        ("settings", "set", "orders.minimum_fee", "PETITE"),
        ("parties", "add", "--name", "Dupont SA", "--customer", "--code", "DUP"),
    ):
        ran = run(*arguments, cwd=shop)
        assert ran.code == 0, ran.err
    return shop


def test_fees(counter: Path, run: Run) -> None:
    """T16, T17: the catalogue, and what a customer bears of it, in both languages."""
    listed = run("fees", "list", "--json", cwd=counter).json
    assert [(fee["code"], fee["amount"], fee["vat_rate"]) for fee in listed["fees"]] == [
        ("PETITE", "15.00", "20.000000"),
        ("PORT", "7.50", "20.000000"),
    ]
    added = run("fees", "add", "GEST", "--name", "Gestion", "--percent", "2,5", "--vat", "S:20", "--json", cwd=counter)
    assert added.json["percent"] == "2.5"
    card = ("parties", "add", "--name", "Duval", "--customer", "--code", "DUV", "--json")
    assert run(*card, "--fee", "gest", "--fee", "PORT=5,25", cwd=counter).json["fees"] == [
        {"code": "GEST", "name": "Gestion", "amount": None, "percent": "2.500000"},
        {"code": "PORT", "name": "Port", "amount": "5.25", "percent": "0.000000"},
    ]
    shown = run("--lang", "fr", "parties", "show", "DUV", cwd=counter).out
    assert "Gestion (2,50 %), Port (5,25)" in shown
    assert re.search(r"Minimum de commande +100,00\n", shown)
    none = ("parties", "add", "--name", "Durand", "--customer", "--code", "DUR", "--no-fees", "--json")
    assert run(*none, "--minimum-order", "0", cwd=counter).json["fees"] == []
    assert run("parties", "set", "DUR", "--fee", "PETITE", "--minimum-order", "", cwd=counter).code == 0
    changed = run("parties", "show", "DUR", "--json", cwd=counter).json
    assert ([fee["code"] for fee in changed["fees"]], changed["minimum_order"]) == (["PETITE"], None)
    assert run("parties", "set", "DUR", "--no-fees", cwd=counter).code == 0
    assert run("fees", "set", "GEST", "--amount", "3", "--inactive", cwd=counter).code == 0
    assert "Gestion" not in run("fees", "list", cwd=counter).out
    assert "3,00" in run("--lang", "fr", "fees", "list", "--all", cwd=counter).out
    page = run("fees", "list", "--limit", "1", "--json", cwd=counter).json
    assert [fee["code"] for fee in run("fees", "list", "--after", page["after"], "--json", cwd=counter).json["fees"]]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("fees", "add", "X", "--name", "X", "--vat", "S:20"), 2, "--amount or --percent"),
        (("fees", "add", "X", "--name", "X", "--vat", "S", "--amount", "1"), 2, "S:20"),
        (("fees", "add", "X", "--name", " ", "--vat", "S:20", "--amount", "1"), 1, "A fee needs a name"),
        (("fees", "add", "PORT", "--name", "X", "--vat", "S:20", "--amount", "1"), 1, "already a fee"),
        (("fees", "add", "É", "--name", "X", "--vat", "S:20", "--amount", "1"), 1, "code of a fee"),
        (("fees", "add", "X", "--name", "X", "--vat", "S:20", "--amount", "0,001"), 2, "not an amount"),
        (("fees", "set", "PROT", "--amount", "1"), 1, "Did you mean «PORT»"),
        (("fees", "set", "PORT"), 2, "at least one option"),
        (("parties", "add", "--name", "X", "--code", "X", "--supplier", "--fee", "PORT"), 2, "--customer"),
        (("parties", "set", "DUP", "--fee", "PORT=x"), 2, "not a number"),
        (("settings", "set", "fees.default", "PORT,NONE"), 1, "no fee «NONE»"),
        (("sales", "enter", "--customer", "DUP", "--line", "CAS16"), 2, "CAS16=2"),
        (("sales", "enter", "--customer", "DUP", "--line", "CAS16=2@"), 2, "is no line"),
        (("sales", "enter", "--customer", "NO", "--line", "CAS16=2"), 2, "exactly one third party"),
        (("sales", "enter", "--customer", "DUP", "--line", "NO=2"), 1, "no active product NO"),
        (("sales", "charge", "CCL1", "1", "--vat", "20"), 2, "S:20"),
        (("sales", "cancel", "CCL1"), 1, "no sales order"),
        (("quotes", "accept", "DV1"), 1, "no quote DV1"),
        (("quotes", "show", "DV1"), 1, "`intergestan quotes list --all`"),
    ],
)
def test_what_is_refused(counter: Path, run: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    """T17, D17: in words, and nothing is entered."""
    ended = run(*arguments, cwd=counter)
    assert (ended.code, words in ended.err) == (code, True), ended.err
    assert run("sales", "list", "--all", "--json", cwd=counter).json == []


def test_an_order_by_hand(counter: Path, run: Run) -> None:
    """D17, T23, T24: without a terminal the warning is told, and only --add-fee adds the fee."""
    entered = run("sales", "enter", "--customer", "dupont sa", "--line", "CAS-16=2@10", "--json", cwd=counter)
    warning = {"kind": "below_minimum", "minimum": "100.00", "amount": "20.00", "fee": "PETITE", "added": False}
    assert entered.json == {"order": "CCL1", "total_ht": "27.50", "total_ttc": "33.00", "warnings": [warning]}
    with_fee = run(
        *("--lang", "fr", "sales", "enter", "--customer", "DUP", "--line", "CAS-16=2@10", "--add-fee"), cwd=counter
    )
    assert "CCL2 : 20,00 HT est inférieur au minimum de commande de 100,00." in with_fee.err.replace("\u00a0", " ")
    assert "Petite commande" in with_fee.err
    large = run("sales", "enter", "--customer", "DUP", "--line", "CAS-16=10@10", "--json", cwd=counter).json
    assert (large["total_ttc"], large["warnings"]) == ("129.00", [])
    listed = run("sales", "list", "--json", cwd=counter).json
    assert [(row["number"], row["below_minimum"]) for row in listed] == [
        ("CCL1", True),
        ("CCL2", True),
        ("CCL3", False),
    ]
    shown = run("--lang", "fr", "sales", "show", "CCL2", cwd=counter).out
    assert "Petite commande" in shown
    assert "commande sous le minimum du client" in shown
    assert "sales order below the customer's minimum" in run("trace", "CCL2", cwd=counter).out
    changed = run("sales", "change", "CCL1", "--line", "L1=1", "--json", cwd=counter)
    assert changed.json == {"order": "CCL1", "mail": None}
    assert run("sales", "deliver", "CCL1", cwd=counter).code == 0
    assert run("sales", "invoice", "CCL1", "--json", cwd=counter).json["total_ttc"] == "21.00"
    assert run("sales", "cancel", "CCL1", cwd=counter).code == 1
    assert run("sales", "cancel", "CCL2", "--reason", "Client parti", "--json", cwd=counter).json == {
        "cancelled": "CCL2",
        "released": [],
    }
    assert run("sales", "charge", "CCL3", "1", "--vat", "S:20", cwd=counter).code == 1


def test_delivered_goods_leave_the_depot(counter: Path, run: Run) -> None:
    """D38: with stock managed, what was set aside leaves with the delivery, and no more than is there."""
    for arguments in (
        ("dossier", "set", "--stock", "--reservations"),
        ("depots", "set", "PRINCIPAL", "--reservations"),
        ("stock", "receive", "CAS-16=5", "--cost", "6"),
        ("sales", "enter", "--customer", "DUP", "--line", "CAS-16=4@50"),
        ("sales", "enter", "--customer", "DUP", "--line", "CAS-16=2@50"),
        ("sales", "allocate", "CCL1"),
        ("sales", "deliver", "CCL1", "--line", "L1=3"),
    ):
        ran = run(*arguments, cwd=counter)
        assert ran.code == 0, ran.err
    (lies,) = run("stock", "show", "CAS-16", "--json", cwd=counter).json["stock"]
    assert (lies["on_hand"], lies["reserved"], lies["available"]) == ("2", "1", "1")
    refused = run("--lang", "fr", "sales", "deliver", "CCL2", cwd=counter)
    assert refused.code == 1
    assert "Il ne reste que 1 CAS-16 au dépôt PRINCIPAL pour CCL2, et 2 devaient partir." in refused.err
    assert "`intergestan stock show`" in refused.err
    assert run("sales", "deliver", "CCL2", "--line", "L1=1", "--json", cwd=counter).json == {"delivery_note": "BL2"}
    assert "BL1" in run("stock", "moves", "CAS-16", cwd=counter).out


def test_a_person_at_the_terminal_is_asked(counter: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """T24: «Ajouter les frais …» is asked before the order is entered."""
    monkeypatch.setattr("services.cli.selling.enter.may_ask", lambda: True)
    enter = ("--lang", "fr", "sales", "enter", "--customer", "DUP", "--line", "CAS-16=2@10")
    asked = run(*enter, cwd=counter, stdin="o\n")
    assert asked.code == 0, asked.err
    assert "Petite commande" in asked.err
    run(*enter, cwd=counter, stdin="\n")
    run(*enter[:-1], "CAS-16=10@10", cwd=counter)  # nothing to ask
    rows = run("sales", "list", "--json", cwd=counter).json
    assert [row["total_ttc"] for row in rows] == ["51.00", "33.00", "129.00"]


def test_quotes(counter: Path, run: Run) -> None:
    """D17: entered, listed, shown, accepted once, refused."""
    line = ("--customer", "DUP", "--line", "CAS-16=2@10")
    made = run("quotes", "enter", *line, "--valid-until", "31/12/2099", "--json", cwd=counter)
    assert made.json == {"quote": "DV1", "total_ht": "27.50", "total_ttc": "33.00"}
    run("quotes", "enter", *line, "--no-fees", cwd=counter)
    listed = run("quotes", "list", "--customer", "DUP", "--json", cwd=counter).json["quotes"]
    assert [(row["number"], row["state"], row["valid_until"]) for row in listed] == [
        ("DV2", "open", None),
        ("DV1", "open", "2099-12-31"),
    ]
    accepted = run("quotes", "accept", "DV1", "--add-fee", "--json", cwd=counter).json
    assert (accepted["order"], accepted["total_ttc"], accepted["warnings"][0]["added"]) == ("CCL1", "51.00", True)
    again = run("--lang", "fr", "quotes", "accept", "DV1", cwd=counter)
    assert (again.code, "la commande client CCL1" in again.err) == (1, True), again.err
    assert run("quotes", "refuse", "DV2", "--reason", "trop cher", "--json", cwd=counter).json == {"refused": "DV2"}
    shown = run("--lang", "fr", "quotes", "show", "DV2", cwd=counter).out
    assert "devis refusé" in shown
    assert "CCL1" in run("quotes", "list", "--all", cwd=counter).out
    assert run("quotes", "list", "--json", cwd=counter).json == {"quotes": [], "after": None}
