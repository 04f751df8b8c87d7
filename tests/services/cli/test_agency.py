"""`agency`: what establishments order from each other, from the command line (A12 to A18, A40 to A46)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.cli.conftest import Run, data

ARTICLE = "CAS-16"


@pytest.fixture
def agencies(shop: Path, run: Run) -> Path:
    """The seed's three agencies AB, RD and ABL with 10 of an article each at 6.00, and a customer's order CCL1."""
    for typed in (
        "catalog import {catalogue}",
        "dossier set --stock --reservations",
        "depots add AB --agency 1 --name AB --reservations",
        "depots rank 1 AB",
        "agencies add 2 --name Agence-2",
        "agencies add 3 --name Agence-3",
        "depots add RD --agency 2 --name RD --reservations",
        "depots add ABL --agency 3 --name ABL --reservations",
        *(f"parties add --name Agence-{n} --customer --supplier --code AG{n}" for n in (1, 2, 3)),
        *(f"depots set {code} --customer AG{n} --supplier AG{n}" for n, code in enumerate(("AB", "RD", "ABL"), 1)),
        *(f"stock receive {ARTICLE}=10 --cost 6,00 --here {n}/{code}" for n, code in enumerate(("AB", "RD", "ABL"), 1)),
        "parties add --name Stauber --customer --code C0000004",
        f"sales enter --customer C0000004 --line {ARTICLE}=3 --from L1:AB=1,RD=2:indirect",
    ):
        words = [data("catalogue_shop.csv") if word == "{catalogue}" else word for word in typed.split()]
        ran = run(*words, cwd=shop)
        assert ran.code == 0, (typed, ran.err)
    return shop


def test_case_3_of_the_seed(agencies: Path, run: Run) -> None:
    """A40 to A45: what is to be ordered is shown first; two orders then, and none when it is done once more."""
    seen = run("agency", "preview", "CCL1", "--json", cwd=agencies).json
    (pair,) = seen["pairs"]
    assert (pair["requesting"], pair["supplying"], pair["billable"]) == (1, 2, False)
    assert (pair["customer_operation"], pair["supplier_operation"], pair["category"]) == ("C0", "F0", None)
    (line,) = pair["lines"]
    assert (line["product"], line["quantity"], line["order"], line["line"]) == (ARTICLE, "2.000000", "CCL1", "L1")
    assert (line["price"], line["total"], line["depot"]) == ("6.000000", "12.00", "RD")
    asked = run("agency", "order", "CCL1", cwd=agencies)
    assert asked.code == 2  # nobody can be asked
    made = run("agency", "order", "CCL1", "--yes", "--json", cwd=agencies).json
    assert [(each["purchase_order"], each["sales_order"]) for each in made["pairs"]] == [("CFR1", "CCL2")]
    again = run("--lang", "fr", "agency", "order", "CCL1", "--yes", cwd=agencies)
    assert (again.code, again.err.strip()) == (0, "Rien à commander entre agences pour CCL1.")
    assert run("agency", "order", "--from", "2020-01-01", "--json", cwd=agencies).json == {"pairs": [], "refused": []}
    listed = run("agency", "list", "--json", cwd=agencies).json["pairs"]
    assert [(each["purchase_order"], each["sales_order"], each["lines"]) for each in listed] == [("CFR1", "CCL2", 1)]
    assert "CFR1" in run("agency", "list", cwd=agencies).out


def test_what_cannot_be_ordered_is_said(agencies: Path, run: Run) -> None:
    """A16: the depot and the side that it lacks, and what to do."""
    assert run("depots", "set", "RD", "--supplier", "", cwd=agencies).code == 0
    shown = run("--lang", "fr", "agency", "preview", cwd=agencies)
    assert shown.code == 0
    assert "Depot RD has no supplier third party" in run("agency", "preview", cwd=agencies).err
    assert "Le dépôt RD n'a pas de tiers fournisseur" in shown.err.replace("’", "'")
    ordered = run("agency", "order", "CCL1", "--yes", "--json", cwd=agencies)
    assert (ordered.code, ordered.json["pairs"]) == (1, [])
    (refused,) = ordered.json["refused"]
    assert (refused["code"], refused["depot"], refused["side"]) == ("no_agency_party", "RD", "supplier")
    assert run("agency", "preview", "CCL9", cwd=agencies).code == 1
    assert run("agency", "preview", "CCL1", "--from", "2020-01-01", cwd=agencies).code == 2


def test_what_was_sent_comes_in(agencies: Path, run: Run) -> None:
    """A46, D50, D62: in transit until it is received, where it goes to, once."""
    assert run("agency", "order", "CCL1", "--yes", cwd=agencies).code == 0
    assert run("sales", "deliver", "CCL2", "--here", "2/RD", cwd=agencies).code == 0
    (sent,) = run("stock", "show", "--transit", "--json", cwd=agencies).json["transit"]
    assert (sent["delivery_note"], sent["source"], sent["destination"]) == ("BL1", "RD", "AB")
    assert sent["quantity"] == "2.000000"
    (there,) = run("stock", "show", ARTICLE, "--depot", "RD", "--json", cwd=agencies).json["stock"]
    assert (there["on_hand"], there["reserved"]) == ("8", "0")
    elsewhere = run("--lang", "fr", "agency", "receive", "BL1", "--here", "2/RD", cwd=agencies)
    assert (elsewhere.code, "BL1 va au dépôt AB" in elsewhere.err) == (1, True)
    came = run("agency", "receive", "BL1", "--line", "1=2", "--here", "1/AB", "--json", cwd=agencies).json
    assert (came["receipt"], came["depot"], came["lines"][0]["for_customers"]) == ("BR1", "AB", "2")
    assert run("agency", "receive", "BL1", "--here", "1/AB", cwd=agencies).code == 1
    assert "BL1" not in run("stock", "show", "--transit", cwd=agencies).out
    assert run("stock", "show", "--transit", "--depot", "AB", cwd=agencies).code == 2
    assert run("agency", "receive", "BL1", "--line", "L1=2", cwd=agencies).code == 2


def test_what_an_order_brought_comes_in_by_its_number(agencies: Path, run: Run) -> None:
    """D50, D62: by the number of the order, also as `stock receive`; the other agency alone delivers it."""
    assert run("agency", "order", "CCL1", "--yes", cwd=agencies).code == 0
    elsewhere = run("--lang", "fr", "sales", "deliver", "CCL2", "--here", "1/AB", cwd=agencies)
    assert (elsewhere.code, "CCL2 est du dépôt RD, et vous étiez en 1/AB" in elsewhere.err) == (1, True)
    early = run("agency", "receive", "cfr1", "--here", "1/AB", cwd=agencies)
    assert (early.code, "Nothing of CFR1 has left yet" in early.err) == (1, True)
    assert run("sales", "deliver", "CCL2", "--here", "2/RD", cwd=agencies).code == 0
    assert run("stock", "receive", "CFR1", "--cost", "5", "--here", "1/AB", cwd=agencies).code == 2
    came = run("stock", "receive", "CFR1", "--here", "1/AB", "--json", cwd=agencies).json
    assert (came["receipt"], came["purchase_order"], came["depot"]) == ("BR1", "CFR1", "AB")
    assert [(line["delivery_note"], line["quantity"]) for line in came["lines"]] == [("BL1", "2.000000")]


def test_a_pair_is_cancelled(agencies: Path, run: Run) -> None:
    """A43: both orders; neither of them alone."""
    assert run("agency", "order", "CCL1", "--yes", cwd=agencies).code == 0
    alone = run("--lang", "fr", "sales", "cancel", "CCL2", cwd=agencies)
    assert (alone.code, "inter-agences" in alone.err) == (1, True)
    assert run("agency", "cancel", "CFR1", "--json", cwd=agencies).json == {"cancelled": ["CFR1", "CCL2"]}
    (listed,) = run("agency", "list", "--json", cwd=agencies).json["pairs"]
    assert listed["state"] == "cancelled"
    assert len(run("agency", "preview", "CCL1", "--json", cwd=agencies).json["pairs"]) == 1
