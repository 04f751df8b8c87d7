"""`catalog` and `init --from-…`: a distributor from the logistics base's export or copy (G05, G06, G07)."""

from pathlib import Path

import pytest

from tests.services.cli.conftest import Run, data

COMPOSED = "Code;Désignation;Prix de vente;Prix d'achat;TVA;Famille\nSET;Jeu;50;40;20;CUI\nBON;Bon;5;5;20;CUI\n"


@pytest.fixture
def central(stauber: Path, run: Run, tmp_path: Path) -> Path:
    """The logistics base, with the demo's products and two of its own."""
    file = tmp_path / "own.csv"
    file.write_text(COMPOSED)
    assert run("catalog", "import", data("catalogue_shop.csv"), file, cwd=stauber).code == 0
    return stauber


@pytest.mark.parametrize("ending", ["zip", "xlsx"])
def test_a_distributor_from_an_export(central: Path, run: Run, tmp_path: Path, ending: str) -> None:
    """G07: one command; the same products, another identity; their catalogues do not differ."""
    export = tmp_path / f"catalogue.{ending}"
    exported = run("catalog", "export", export, "--json", cwd=central)
    assert exported.code == 0, exported.err
    made = run(
        *("init", "--name", "Colmar", "--orders-address", "o@colmar.test", "--login", "luc"),
        *("--data-dir", tmp_path / "colmar", "--from-catalog", export),
    )
    assert made.code == 0, made.err
    drift = run("catalog", "drift", export, "--json", cwd=tmp_path / "colmar")
    assert (drift.code, drift.json) == (0, [])
    again = run("--lang", "fr", "catalog", "import", export, "--json", cwd=tmp_path / "colmar")
    assert again.json[0]["added"] == 0
    assert again.json[0]["changed"] + again.json[0]["equal"] == exported.json["products"]
    assert again.json[0]["families"]["equal"] == exported.json["families"]


def test_what_an_import_would_do_is_shown_and_nothing_changed(central: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "news.csv"
    file.write_text(COMPOSED.replace("Jeu;50", "Jeu;55") + "NEU;Neuf;7;6;20;NEUVE\n")
    before = run("catalog", "digest", cwd=central).out
    foreseen = run("catalog", "import", file, "--dry-run", "--json", cwd=central)
    assert foreseen.code == 0, foreseen.err
    assert "Nothing was changed." in foreseen.err
    assert run("catalog", "digest", cwd=central).out == before
    done = run("catalog", "import", file, "--json", cwd=central)
    assert (done.json[0]["added"], done.json[0]["changed"]) == (1, 1)
    assert {**done.json[0]} == {**foreseen.json[0]}


def test_a_distributor_from_a_copy(run: Run, tmp_path: Path, paired_shop: Path) -> None:
    """G06: third parties too, but no partner; the site's own key signs its card."""
    made = run(
        *("init", "--name", "Colmar", "--orders-address", "o@colmar.test", "--login", "luc"),
        *("--data-dir", tmp_path / "colmar", "--from-copy", paired_shop / "site.db"),
    )
    assert made.code == 0, made.err
    cards = [run("site", "card", "--json", cwd=folder).json for folder in (paired_shop, tmp_path / "colmar")]
    assert cards[0]["kid"] != cards[1]["kid"]
    assert cards[0]["code"] != cards[1]["code"]
    assert run("partner", "list", "--json", cwd=tmp_path / "colmar").json == []
    (tmp_path / "theirs.digest").write_text(run("catalog", "digest", cwd=paired_shop).out)
    drift = run("catalog", "drift", tmp_path / "theirs.digest", "--json", cwd=tmp_path / "colmar")
    assert (drift.code, drift.json) == (0, [])


def test_a_bad_file_makes_no_site(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("Code;Prix\nA;1\n")
    options = ("init", "--name", "X", "--orders-address", "o@x.test", "--data-dir", tmp_path / "x")
    for option, source in (("--from-catalog", bad), ("--from-copy", bad), ("--from-copy", tmp_path / "none")):
        assert run(*options, option, source).code == 1
        assert not (tmp_path / "x").exists()
    assert run(*options, "--from-catalog", bad, "--from-copy", bad).code == 2


def test_drift_says_what_would_fail(central: Path, run: Run, tmp_path: Path) -> None:
    """G05: by the export with values, by the digest without; 1 when orders would fail."""
    run("catalog", "export", tmp_path / "theirs.zip", cwd=central)
    (tmp_path / "theirs.digest").write_text(run("catalog", "digest", cwd=central).out)
    made = run(
        *("init", "--name", "Colmar", "--orders-address", "o@colmar.test", "--data-dir", tmp_path / "colmar"),
        *("--from-catalog", tmp_path / "theirs.zip"),
    )
    assert made.code == 0, made.err
    (tmp_path / "change.csv").write_text(COMPOSED.replace("50;40;20", "50;40;5,5") + "NEU;Neu;1;1;20;CUI\n")
    run("catalog", "import", tmp_path / "change.csv", cwd=tmp_path / "colmar")
    listed = run("catalog", "drift", tmp_path / "theirs.zip", "--json", cwd=tmp_path / "colmar")
    of_set = [row for row in listed.json if row["code"] == "SET"]
    assert of_set == [
        {"code": "SET", "what": "price", "ours": "40", "theirs": "50", "fails": True},
        {"code": "SET", "what": "vat", "ours": "5.5", "theirs": "20", "fails": True},
    ]
    assert {"code": "NEU", "what": "unknown", "ours": None, "theirs": None, "fails": True} in listed.json
    assert not any(row["code"] == "BON" for row in listed.json)
    assert listed.code == 1
    hashed = run("catalog", "drift", tmp_path / "theirs.digest", "--json", cwd=tmp_path / "colmar").json
    assert [(row["code"], row["what"]) for row in hashed] == [(row["code"], row["what"]) for row in listed.json]
    table = run("--lang", "fr", "catalog", "drift", tmp_path / "theirs.zip", cwd=tmp_path / "colmar")
    assert "Le vendeur ne l'a pas" in table.out
    assert "comparés" in table.err


def test_a_partners_tolerance_counts(paired_shop: Path, run: Run, tmp_path: Path) -> None:
    run("catalog", "export", tmp_path / "ours.zip", cwd=paired_shop)
    (tmp_path / "dear.csv").write_text("Code;Désignation;Prix de vente;TVA\nX;x;10,5;20\n")
    (tmp_path / "x.csv").write_text("Code;Désignation;Prix de vente;Prix d'achat;TVA\nX;x;10;10;20\n")
    run("catalog", "import", tmp_path / "x.csv", cwd=paired_shop)
    asked = ("catalog", "drift", tmp_path / "dear.csv", "--partner", "STAUBER", "--json")
    prices = [row for row in run(*asked, cwd=paired_shop).json if row["code"] == "X"]
    assert [row["fails"] for row in prices] == [True]
    run("partner", "set", "STAUBER", "--price-tolerance-percent", "5", cwd=paired_shop)
    prices = [row for row in run(*asked, cwd=paired_shop).json if row["code"] == "X"]
    assert [row["fails"] for row in prices] == [False]


def test_what_cannot_be_exported_or_imported(central: Path, run: Run, tmp_path: Path) -> None:
    assert run("catalog", "export", tmp_path / "x.ods", cwd=central).code == 2
    assert run("catalog", "export", tmp_path / "none" / "x.zip", cwd=central).code == 1
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK\x03\x04 and nothing more")
    refused = run("--lang", "fr", "catalog", "import", bad, cwd=central)
    assert refused.code == 1
    assert "zip" in refused.err
