"""`slips`: from an order to delivery notes, from the command line (A34, A35, A52)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.cli.conftest import Run
from tests.services.cli.test_agency import ARTICLE, agencies

__all__ = ["agencies"]


@pytest.fixture
def order(agencies: Path, run: Run) -> Path:
    """CCL2 takes 6 of an article from the three agencies, each of which delivers its own."""
    shares = "L1:AB=1,RD=2,ABL=3"
    run("sales", "enter", "--customer", "C0000004", "--line", f"{ARTICLE}=6", "--from", shares, cwd=agencies)
    return agencies


def test_case_1_of_the_seed(order: Path, run: Run) -> None:
    """A34, A35, D62: a slip for each depot, prepared and validated where it is; the notes are of the agencies."""
    made = run("slips", "make", "CCL2", "--here", "1/AB", "--json", cwd=order).json
    assert made == {"slips": ["BP1", "BP2", "BP3"], "waiting": []}
    assert run("slips", "make", "CCL2", "--here", "1/AB", "--json", cwd=order).json == {"slips": [], "waiting": []}
    wrong = run("--lang", "fr", "slips", "enter", "BP2", "--accept", "--here", "1/AB", cwd=order)
    assert wrong.code == 1
    assert "BP2 est du dépôt RD, et vous étiez en 1/AB. Rien n'a été changé." in wrong.err
    early = run("--lang", "fr", "slips", "validate", "BP1", "--here", "1/AB", cwd=order)
    assert "BP1 est à l'état généré : « valider » vaut pour l'état prêt." in early.err.replace("\xa0", " ").replace(
        "\u202f", " "
    )
    notes = []
    for slip, here in (("bp1", "1/AB"), ("BP2", "2/RD"), ("BP3", "3/ABL")):
        for verb in (("enter", slip, "--accept"), ("finish", slip)):
            assert run("slips", *verb, "--here", here, cwd=order).code == 0
        done = run("slips", "validate", "--all", "--here", here, "--json", cwd=order).json
        notes += [each["delivery_note"] for each in done["done"]]
        assert done["error"] == []
    assert notes == ["BL1", "BL2", "BL3"]
    listed = run("slips", "list", "--all", "--json", cwd=order).json["slips"]
    assert [(row["slip"], row["state"], row["depot"]) for row in listed] == [
        ("BP1", "expired", "AB"),
        ("BP2", "expired", "RD"),
        ("BP3", "expired", "ABL"),
    ]
    assert run("slips", "list", "--json", cwd=order).json == {"slips": [], "after": None}
    assert run("slips", "validate", "--all", "--here", "1/AB", "--json", cwd=order).json == {"done": [], "error": []}
    shown = run("slips", "show", "BP3", cwd=order)
    assert "It left with BL3." in shown.err + shown.out
    stock = run("stock", "show", ARTICLE, "--json", cwd=order).json["stock"]
    assert {row["depot"]: row["on_hand"] for row in stock} == {"AB": "9", "RD": "8", "ABL": "7"}


def test_what_waits_and_what_is_in_error(agencies: Path, run: Run) -> None:
    """A38, A52: what is not there is said with where it comes from; a slip of nothing is in error, exit 1."""
    made = run("slips", "make", "CCL1", "--here", "1/AB", "--json", cwd=agencies).json
    assert made["slips"] == ["BP1"]
    (waiting,) = made["waiting"]
    assert (waiting["order"], waiting["product"], waiting["quantity"], waiting["from"]) == ("CCL1", ARTICLE, "2", "RD")
    run("agency", "order", "CCL1", "--yes", cwd=agencies)
    said = run("slips", "make", "CCL1", "--here", "1/AB", cwd=agencies)
    assert (said.code, "waits for 2.00 CAS-16 of CFR1" in said.err + said.out) == (0, True)
    assert run("slips", "enter", "BP1", "--line", "1=0", "--here", "1/AB", cwd=agencies).code == 0
    finished = run("slips", "finish", "BP1", "--here", "1/AB", "--json", cwd=agencies).json
    assert finished == {"slips": [{"slip": "BP1", "missing": {"1": "1"}}]}
    failed = run("slips", "validate", "BP1", "--here", "1/AB", "--json", cwd=agencies)
    assert failed.code == 1
    assert failed.json["error"] == [{"slip": "BP1", "reason": "Nothing of it was prepared.", "code": "not_prepared"}]
    assert run("slips", "reopen", "BP1", "--here", "1/AB", "--json", cwd=agencies).json["state"] == "entered"
    assert run("slips", "cancel", "BP1", "--here", "1/AB", "--json", cwd=agencies).json["state"] == "cancelled"
    assert run("slips", "make", "--all", "--here", "1/AB", "--json", cwd=agencies).code == 0


@pytest.mark.parametrize(
    "typed",
    ["make", "make CCL1 --all", "make CCL1 --from 2026-01-01", "enter BP1", "enter BP1 BP2 --line 1=1", "validate"],
)
def test_what_cannot_be_meant(agencies: Path, run: Run, typed: str) -> None:
    """A34: usage is said with exit code 2."""
    assert run("slips", *typed.split(), cwd=agencies).code == 2


def test_who_says_that_an_order_waits(agencies: Path, run: Run) -> None:
    """A22, A39, A53: cards and the order's head are typed; `sales show` says what counts, and who says it."""
    run("agency", "order", "CCL1", "--yes", cwd=agencies)
    shown = run("sales", "show", "CCL1", "--json", cwd=agencies).json
    assert (shown["incomplete"], shown["incomplete_from"]) == ("pick", "dossier")
    card = ("--incomplete", "wait", "--address-incomplete", "pick", "--picking", "slip", "--group-slips")
    assert run("parties", "set", "C0000004", *card, "--line1", "1 rue du Four", cwd=agencies).code == 0
    kept = run("parties", "show", "C0000004", "--json", cwd=agencies).json
    assert (kept["incomplete"], kept["picking_mode"], kept["group_slips"]) == ("wait", "slip", True)
    assert [address["incomplete"] for address in kept["addresses"]] == ["pick"]
    words = run("--lang", "fr", "parties", "show", "C0000004", cwd=agencies).out
    assert all(text in words for text in ("Bons de préparation", "ne pas traiter", "générer un BP"))
    said = run("sales", "set", "CCL1", "--incomplete", "wait", "--json", cwd=agencies).json
    assert said == {"order": "CCL1", "incomplete": "wait", "incomplete_from": "order"}
    assert run("slips", "make", "CCL1", "--here", "1/AB", "--json", cwd=agencies).json["slips"] == []
    again = run("sales", "set", "CCL1", "--incomplete", "inherit", cwd=agencies)
    assert "the customer's card says so" in again.err + again.out
    assert "all of it waits" in run("sales", "show", "CCL1", cwd=agencies).out
    run("parties", "set", "C0000004", "--incomplete", "inherit", "--picking", "inherit", cwd=agencies)
    new = ("sales", "enter", "--customer", "C0000004", "--line", f"{ARTICLE}=1", "--incomplete", "wait")
    run(*new, cwd=agencies)
    entered = run("sales", "show", "CCL3", "--json", cwd=agencies).json
    assert (entered["incomplete"], entered["incomplete_from"]) == ("wait", "order")


def test_what_remains_is_ended(agencies: Path, run: Run) -> None:
    """A54: what no depot has is ended by hand; nothing remains then."""
    run("sales", "enter", "--customer", "C0000004", "--line", f"{ARTICLE}=40", cwd=agencies)
    run("sales", "allocate", "CCL2", cwd=agencies)
    closed = run("sales", "close", "CCL2", "--json", cwd=agencies).json
    assert (closed["order"], closed["mail"]) == ("CCL2", None)
    (ended,) = closed["ended"].values()
    held = run("sales", "allocations", "CCL2", "--json", cwd=agencies).json["lines"]
    assert [line["remainder"] for line in held] == ["0"]
    assert ended == "13"
    again = run("--lang", "fr", "sales", "close", "CCL2", cwd=agencies)
    assert (again.code, "Il ne reste rien de CCL2" in again.err) == (1, True)


def test_goods_come_back(order: Path, run: Run) -> None:
    """D44: before the invoice, after it with and without its credit note; what lacks one is listed."""
    run("sales", "deliver", "CCL2", "--line", "L1=3", "--here", "3/ABL", cwd=order)
    back = ("stock", "return", "bl1", "--here", "3/ABL", "--reason", "Cassé")
    assert run(*back, "--line", "1=1", "--json", cwd=order).json == {
        "return": "RT1",
        "delivery_note": "BL1",
        "depot": "ABL",
        "lines": [{"position": 1, "product": ARTICLE, "quantity": "1", "invoiced": False, "to_credit": "0"}],
        "credit_notes": [],
    }
    made = run("sales", "invoice", "BL1", "--here", "3/ABL", "--json", cwd=order).json
    shown = run("sales", "show", made["invoice"], "--json", cwd=order).json
    assert [line["quantity"] for line in shown["lines"]] == ["2.000000"]
    assert run(*back, "--line", "1=1", "--credit", "--json", cwd=order).json["credit_notes"] == ["AV1"]
    said = run("--lang", "fr", *back, "--line", "1=1", cwd=order)
    assert "C'était facturé, et l'avoir n'est pas encore fait." in said.err + said.out
    listed = run("stock", "returns", "--uncredited", "--json", cwd=order).json["returns"]
    assert [(row["number"], row["invoice"], row["to_credit"]) for row in listed] == [("RT3", "FA1", "1")]
    assert run("stock", "return", "RT3", "--credit", "--json", cwd=order).json["credit_notes"] == ["AV2"]
    assert "AV2" in run("stock", "returns", cwd=order).out
    too_much = run("--lang", "fr", *back, "--line", "1=1", cwd=order)
    text = too_much.err.replace("\xa0", " ").replace("\u202f", " ")
    assert "Ligne 1 de BL1 : 0 peuvent encore revenir, moins que 1" in text
    stock = run("stock", "show", ARTICLE, "--depot", "ABL", "--json", cwd=order).json["stock"]
    assert stock[0]["on_hand"] == "10"


@pytest.mark.parametrize("typed", ["BL1", "BL1 --line 1=1", "BL1 --reason x", "RT1", "RT1 --credit --reason x"])
def test_what_cannot_be_meant_of_a_return(order: Path, run: Run, typed: str) -> None:
    """D44: usage is said with exit code 2."""
    run("sales", "deliver", "CCL2", "--line", "L1=3", "--here", "3/ABL", cwd=order)
    run("stock", "return", "BL1", "--line", "1=1", "--reason", "x", "--here", "3/ABL", cwd=order)
    assert run("stock", "return", *typed.split(), cwd=order).code == 2
