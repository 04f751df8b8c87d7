"""`catalog` and `orders`: files in, the selection out, with the exit codes of design.md §15."""

from pathlib import Path

import pytest

from intergestan_msg.typography import french
from tests.services.cli.conftest import Run, data

CSV = "Numéro;Date;Fournisseur;Produit;Quantité\n"


def test_the_reference_orders(paired_shop: Path, run: Run) -> None:
    """G11, G12: imported, confirmed, shown with their totals."""
    taken = run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    assert (taken.code, "CFR1, CFR2" in taken.err) == (0, True)
    listed = run("orders", "list", "--from", "01/11/2020", "--to", "2020-11-30", "--json", cwd=paired_shop).json
    assert [(row["number"], row["total_ht"], row["total_ttc"]) for row in listed] == [
        ("CFR1", "180.00", "216.00"),
        ("CFR2", "120.00", "144.00"),
    ]


def test_the_list_the_french_way(paired_shop: Path, run: Run) -> None:
    """G10, G11, D7: the columns in their order, French dates and decimal comma."""
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    titles, first, second = run("--lang", "fr", "orders", "list", cwd=paired_shop).out.splitlines()
    wanted = ["ID Pièce", "Date", "Nature", "Total HT", "Total TTC", "État", "Nom", "Raison sociale"]
    wanted += ["Adresse 1", "C. Postal", "Ville"]
    places = [titles.index(title) for title in wanted]
    assert places == sorted(places)
    assert first.split()[:6] == ["CFR1", "15/11/2020", "Matériel", "cuisine", "180,00", "216,00"]
    assert "120,00     144,00" in second


def test_the_same_file_again_is_nothing_new(paired_shop: Path, run: Run) -> None:
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    again = run("orders", "import", "--dates", "any", data("orders.csv"), "--json", cwd=paired_shop)
    assert again.code == 0
    assert again.json == [
        {"file": str(data("orders.csv")), "new": [], "there": ["CFR1", "CFR2"], "said": [], "doubts": []}
    ]


def test_a_bad_file_does_not_stop_a_good_one(paired_shop: Path, run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(f"{CSV}CFR9;demain;STAUBER;CAS-16;1\nCFR9;;NOBODY;CAS-16;x\n")
    ended = run("orders", "import", "--dates", "any", bad, tmp_path / "none.csv", data("orders.csv"), cwd=paired_shop)
    assert ended.code == 1
    assert f"{bad}: row 2, column Date" in ended.err
    assert f"{bad}: row 3, column Quantité" in ended.err
    assert "none.csv" in ended.err
    shown = run("orders", "list", "--all", "--json", cwd=paired_shop).json
    assert [row["number"] for row in shown] == ["CFR1", "CFR2"]


def test_faults_in_french(paired_shop: Path, run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(f"{CSV}CFR9;demain;STAUBER;CAS-16;1\n")
    ended = run("--lang", "fr", "orders", "import", bad, cwd=paired_shop)
    assert french("ligne 2, colonne Date : «demain» n'est pas une date") in ended.err


def test_drafts_are_confirmed_and_back(paired_shop: Path, run: Run) -> None:
    """G12: drafts are not shown unless everything is."""
    run("orders", "import", "--draft", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    assert run("orders", "list", "--json", cwd=paired_shop).json == []
    assert run("orders", "confirm", "CFR1", cwd=paired_shop).code == 0
    assert [row["number"] for row in run("orders", "list", "--json", cwd=paired_shop).json] == ["CFR1"]
    refused = run("orders", "confirm", "CFR1", "CFR2", cwd=paired_shop)
    assert (refused.code, "CFR1" in refused.err) == (1, True)
    assert run("orders", "unconfirm", "CFR1", cwd=paired_shop).code == 0
    everything = run("orders", "list", "--all", "--json", cwd=paired_shop).json
    assert {row["number"]: row["state"] for row in everything} == {"CFR1": "draft", "CFR2": "draft"}


def test_one_order(paired_shop: Path, run: Run) -> None:
    run("orders", "import", "--dates", "any", data("orders.csv"), "--as", "marie", cwd=paired_shop)
    order = run("orders", "show", "CFR1", "--json", cwd=paired_shop).json
    assert (order["total_vat"], len(order["lines"]), order["events"][0]["who"]) == ("36.00", 4, "marie")
    shown = run("--lang", "fr", "orders", "show", "CFR1", cwd=paired_shop).out
    assert "Couteau de chef 20 cm" in shown
    assert "confirmée" in shown
    assert run("orders", "show", "CFR99", cwd=paired_shop).code == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--from", "yesterday"), 2),
        (("--supplier", "nobody"), 2),
        (("--followed-by", "nobody"), 1),
        (("--supplier", "STAUBER"), 0),
        (("--followed-by", "marie"), 0),
        (("--unknown",), 2),
    ],
)
def test_filters(paired_shop: Path, run: Run, options: tuple[str, ...], code: int) -> None:
    """G09: range, supplier, follow-up."""
    ended = run("orders", "list", *options, "--json", cwd=paired_shop)
    assert ended.code == code
    assert "Traceback" not in ended.err


def test_products_again_and_changed(paired_shop: Path, run: Run, tmp_path: Path) -> None:
    again = run("catalog", "import", data("catalogue_shop.csv"), "--json", cwd=paired_shop).json
    assert (again[0]["added"], again[0]["changed"]) == (0, 0)
    changed = tmp_path / "products.csv"
    changed.write_text("Code;Désignation;Prix de vente;TVA\nCAS-16;Casserole;25,00;20\nNEW;Nouveau;1;5,5\n")
    ended = run("catalog", "import", changed, "--json", cwd=paired_shop)
    assert (ended.json[0]["added"], ended.json[0]["changed"]) == (1, 1)


def test_a_catalogue_with_faults(paired_shop: Path, run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "products.csv"
    bad.write_text("Code;Désignation;Prix de vente;TVA\nA;;x;20\nB;b;1;20\nB;b;1;20\n")
    ended = run("catalog", "import", bad, cwd=paired_shop)
    assert ended.code == 1
    assert "row 2, column Désignation" in ended.err
    assert "row 2, column Prix de vente" in ended.err
    assert "row 4, column Code" in ended.err


def test_the_states_in_a_refusal_are_said_in_the_language_of_the_person(paired_shop: Path, run: Run) -> None:
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    refused = run("--lang", "fr", "orders", "confirm", "CFR1", cwd=paired_shop)
    assert (refused.code, "CFR1\u00a0: confirmée" in refused.err, "confirmed" in refused.err) == (1, True, False), (
        refused.err
    )
    assert "brouillon" in refused.err
    run("send", "--supplier", "STAUBER", "--to", "appros@stauber.test", cwd=paired_shop)
    refused = run("--lang", "fr", "resend", "CFR1", cwd=paired_shop)
    assert (refused.code, "requested" in refused.err) == (1, False), refused.err
    assert "CFR1: transmitting" in run("orders", "confirm", "CFR1", cwd=paired_shop).err
