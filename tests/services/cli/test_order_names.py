"""`orders import --match` and `orders names`: what a name means is said once, listed, undone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.services.cli.conftest import Run

FILE = "ID Pièce;Date;Fournisseur;Produit;Désignation;Quantité;Prix\n{};{:%d/%m/%Y};Stauber;;Vis = inox;2;4,50\n"


def written(folder: Path, number: str, today: date) -> Path:
    file = folder / f"{number}.csv"
    file.write_text(FILE.format(number, today), encoding="utf-8")
    return file


def test_what_a_name_means_is_said_once(paired_shop: Path, run: Run, tmp_path: Path, today: date) -> None:
    first, second = (written(tmp_path, number, today) for number in ("C1", "C2"))
    refused = run("orders", "import", first, cwd=paired_shop)
    assert (refused.code, "`--match NAME=CODE` says it once" in refused.out + refused.err) == (1, True)
    told = run("--lang", "fr", "orders", "import", first, cwd=paired_shop)
    assert "n'a ni code ni GTIN" in told.out + told.err
    taken = run("orders", "import", first, "--match", "vis = INOX=CAS-16", "--json", cwd=paired_shop)
    assert (taken.code, taken.json[0]["new"]) == (0, ["C1"])
    assert run("orders", "import", second, "--json", cwd=paired_shop).json[0]["new"] == ["C2"]
    listed = run("orders", "names", "--json", cwd=paired_shop).json
    assert [(row["name"], row["product"]) for row in listed] == [("Vis = inox", "CAS-16")]
    forgotten = run("orders", "names", "--supplier", "Stauber", "--forget", "vis = inox", cwd=paired_shop)
    assert (forgotten.code, "Nothing is kept" in forgotten.out + forgotten.err) == (0, True)


def test_a_list_waits_for_nobody_who_writes(paired_shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intergestan_db.database.BUSY_TIMEOUT_S", 0.2)
    with closing(sqlite3.connect(paired_shop / "site.db", isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        listed = run("orders", "names", "--supplier", "Stauber", "--json", cwd=paired_shop)
    assert (listed.code, listed.json) == (0, [])


def test_what_is_typed_wrongly(paired_shop: Path, run: Run) -> None:
    assert run("orders", "names", "--match", "Vis=CAS-16", cwd=paired_shop).code == 2
    assert run("orders", "names", "--supplier", "Stauber", "--match", "Vis", cwd=paired_shop).code == 2
    assert run("orders", "names", "--supplier", "Stauber", "--match", "Vis=X-9", cwd=paired_shop).code == 1
    kept = run("orders", "names", "--supplier", "Stauber", "--match", "Vis=CAS-16", cwd=paired_shop)
    assert (kept.code, "CAS-16" in kept.out) == (0, True)
