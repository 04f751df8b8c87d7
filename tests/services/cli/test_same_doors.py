"""Every door reads files and typed figures with the same options, and says what it assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.cli.conftest import Run
from tests.services.cli.test_order_changes import AS, both_ways, pair

__all__ = ("pair",)

FILES = {"--decimal-mark", "--dates", "--prices", "--buyer"}
FIGURES = {"--decimal-mark"}
DOORS = {
    ("orders", "import"): FILES,
    ("orders", "watch"): FILES,
    ("orders", "change"): FILES,
    ("catalog", "import"): FIGURES,
    ("catalog", "drift"): FIGURES,
    ("init",): FIGURES,
    ("sales", "change"): FIGURES | {"--dates"},
    ("sales", "deliver"): FIGURES,
    ("partner", "set"): FIGURES,
}


@pytest.mark.parametrize("words", DOORS, ids=" ".join)
def test_each_door_has_the_options(words: tuple[str, ...], run: Run) -> None:
    text = run(*words, "--help").out
    assert all(option in text for option in DOORS[words])


def changed_file(shop: Path, run: Run, price: str, day: str = "15/11/2020") -> Path:
    order = run("orders", "show", "CFR1", "--json", cwd=shop).json
    titles = "ID Pièce;Date;Fournisseur;Ligne;Produit;Quantité;Prix"
    rows = [
        f"CFR1;{day};{order['supplier_code']};{line['line_id']};{line['product_code']};{int(float(line['quantity']))};{price}"
        for line in order["lines"]
    ]
    file = shop / f"changed {price or 'without'}.csv"
    file.write_text("\n".join((titles, *rows)), encoding="utf-8")
    return file


def test_a_change_by_file(pair: tuple[Path, Path], run: Run) -> None:
    shop, _ = pair
    day = run("orders", "show", "CFR1", "--json", cwd=shop).json["issue_date"]
    ambiguous = changed_file(shop, run, "1.234", day)
    refused = run("orders", "change", "CFR1", ambiguous, *AS, cwd=shop)
    assert refused.code == 1
    assert "--decimal-mark" in refused.err
    other = run("orders", "change", "CFR1", changed_file(shop, run, "2,50", "2020-11-14"), *AS, cwd=shop)
    assert "an order keeps its date" in other.err
    dollars = changed_file(shop, run, "2,50 USD", day)
    assert "keeps its currency" in run("orders", "change", "CFR1", dollars, *AS, cwd=shop).err
    unpriced = changed_file(shop, run, "", day)
    assert run("orders", "change", "CFR1", unpriced, "--prices", "required", *AS, cwd=shop).code == 1
    said = run("orders", "change", "CFR1", ambiguous, "--decimal-mark", "point", "--json", *AS, cwd=shop)
    assert said.code == 0, said.err
    again = run("--lang", "fr", "orders", "change", "CFR1", unpriced, *AS, cwd=shop)
    assert (again.code, "catalogue" in again.err) == (0, True), again.err


TYPED: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("--line", "1=1.234"), 2, "1.2340"),
    (("--line", "1=1.234", "--decimal-mark", "comma"), 0, "on its way"),
    (("--price", "1=1,234", "--decimal-mark", "point"), 0, "on its way"),
    (("--price", "1=4.50", "--decimal-mark", "comma"), 2, "4.50"),
    (("--wanted", "24/12/2019"), 1, "--dates any"),
    (("--wanted", "24/12/2202"), 1, "--dates any"),
    (("--wanted", "24/12/2202", "--dates", "any"), 0, "on its way"),
    (("--line", "1=0.5"), 1, "no number of pieces"),
    (("--line", "1=-1"), 1, "negative"),
    (("--price", "1=5 €"), 2, "currency"),
    (("--price", "1=0x10"), 2, "0x10"),
    (("--line", "1=NaN"), 2, "NaN"),
    (("--line", "1=١٢"), 2, "١٢"),
    (("--remove", "nowhere"), 1, "has no line"),
)


def test_figures_typed_for_an_order(pair: tuple[Path, Path], run: Run) -> None:
    for words, code, said in TYPED:
        ran = run("orders", "change", "CFR1", *words, *AS, cwd=pair[0])
        assert (ran.code, said in ran.err) == (code, True), ran.err


def test_figures_typed_for_a_sale(pair: tuple[Path, Path], run: Run) -> None:
    _, stauber = pair
    for words, code, said in (
        (("--line", "1=1.234"), 2, "1.2340"),
        (("--line", "1=0.5"), 1, "no number of pieces"),
        (("--date", "1=24/12/1920"), 1, "--dates any"),
        (("--product", "1= "), 2, "L3=CAS16"),
        (("--product", "1=NONE"), 1, "NONE"),
        (("--date", "1=24/12/2202", "--dates", "any"), 0, "told"),
    ):
        ran = run("sales", "change", "CCL1", *words, cwd=stauber)
        assert (ran.code, said in ran.err) == (code, True), ran.err
    ran = run("--lang", "fr", "sales", "deliver", "CCL1", "--line", "1=0.5", cwd=stauber)
    assert (ran.code, "nombre de pièces" in ran.err) == (1, True), ran.err
    assert run("sales", "deliver", "CCL1", "--line", "1=1,000", "--decimal-mark", "comma", cwd=stauber).code == 0


def test_a_catalogue_that_drifts(shop: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text("\nCode;Désignation;Prix de vente;TVA\nCAS16;x;1.234;20\n", encoding="utf-8")
    assert "--decimal-mark" in run("catalog", "drift", file, cwd=shop).err
    found = run("catalog", "drift", file, "--decimal-mark", "point", cwd=shop)
    assert "The titles were read in this row." in found.err
    file.write_text("Code;Désignation;Prix de vente;TVA\nCAS16;x;1,20 USD;20\n", encoding="utf-8")
    for verb in ("drift", "import"):
        refused = run("--lang", "fr", "catalog", verb, file, cwd=shop)
        assert (refused.code, "USD" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--currency", "XYZ", "XYZ"),
        ("--currency", "$", "$"),
        ("--country", "ZZ", "ZZ"),
        ("--country", "Nulpart", "Nulpart"),
    ],
)
def test_a_site_somewhere(run: Run, tmp_path: Path, option: str, value: str, said: str) -> None:
    words = ("--name", "X", "--orders-address", "o@x.test", "--data-dir", tmp_path / "x")
    refused = run("init", *words, option, value)
    assert (refused.code, said in refused.err) == (1, True)
    assert not (tmp_path / "x" / "site.db").exists()


def test_a_site_as_people_write_it(run: Run, tmp_path: Path) -> None:
    words = ("--name", "X", "--orders-address", "o@x.test", "--data-dir", tmp_path / "x")
    made = run("init", *words, "--currency", "€", "--country", "France")
    assert made.code == 0, made.err
    site = run("site", "show", "--json", cwd=tmp_path / "x").json
    assert (site["currency"], site["country"]) == ("EUR", "FR")


def test_lines_wanted_on_days_reach_the_seller(pair: tuple[Path, Path], run: Run) -> None:
    """And the references of a document do; the seller reads both in the mail, and the days in `sales show`."""
    shop, stauber = pair
    titles = "ID Pièce;Date;Fournisseur;Produit;Quantité;Prix;Livraison souhaitée"
    code = run("orders", "show", "CFR1", "--json", cwd=shop).json["supplier_code"]
    product = run("orders", "show", "CFR1", "--json", cwd=shop).json["lines"][0]["product_code"]
    file = shop / "days.csv"
    rows = [f"D1;15/11/2020;{code};{product};{count};9;{day}" for count, day in ((1, "1/12/2020"), (2, "15/12/2020"))]
    file.write_text("\n".join((titles, *rows)), encoding="utf-8")
    taken = run("orders", "import", file, "--dates", "any", cwd=shop)
    assert "different days" in taken.err
    sent = run("send", "--supplier", "STAUBER", "--to", "appros@stauber.test", "--remove", "CFR2", *AS, cwd=shop)
    assert sent.code == 0, sent.err
    both_ways(shop, stauber)
    number = next(row["number"] for row in run("sales", "list", "--json", cwd=stauber).json if row["number"] != "CCL1")
    sold: Any = run("sales", "show", number, "--json", cwd=stauber).json
    assert [line["wanted_date"] for line in sold["lines"]] == ["2020-12-01", "2020-12-15"]
    assert "2020-12-15" in run("sales", "show", number, cwd=stauber).out


def test_a_collision_is_dealt_with_by_words(shop: Path, run: Run) -> None:
    bad = run("upgrade", "--rename", "party=x", cwd=shop)
    assert (bad.code, "purchase_order:15" in bad.err) == (2, True)
    late = run("--lang", "fr", "upgrade", "--forget", "product_match:1", cwd=shop)
    assert (late.code, "renomme" in late.err) == (1, True)
