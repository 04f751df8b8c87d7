"""`orders columns`: said once, it counts for the supplier's files and for a watched folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.services.cli.conftest import Run

FILE = "Pièce ERP;Date;Article;Nombre;PU;Emplacement;Fournisseur\n{};{:%d/%m/%Y};CAS-16;2;4,50;R12;Stauber\n"
TITLES = ("--title", "Pièce ERP=ID Pièce", "--title", "Nombre=quantity", "--title", "Emplacement=")


def written(folder: Path, number: str, today: date) -> Path:
    file = folder / f"{number}.csv"
    file.write_text(FILE.format(number, today), encoding="cp850")
    return file


def test_what_titles_mean_is_said_once(paired_shop: Path, run: Run, tmp_path: Path, today: date) -> None:
    file = written(tmp_path, "C1", today)
    assert run("orders", "import", file, cwd=paired_shop).code == 1
    kept = run("orders", "columns", "--supplier", "Stauber", *TITLES, "--encoding", "cp850", "--json", cwd=paired_shop)
    assert [(row["encoding"], row["titles"]["emplacement"]) for row in kept.json] == [("cp850", "")]
    taken = run("orders", "import", file, "--supplier", "Stauber", "--json", cwd=paired_shop)
    assert (taken.code, taken.json[0]["new"]) == (0, ["C1"])
    shown = run("--lang", "fr", "orders", "columns", cwd=paired_shop)
    assert "cp850" in shown.out
    assert "emplacement → non repris" in shown.out


def test_a_watched_folder_has_its_own(paired_shop: Path, run: Run, tmp_path: Path, today: date) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    written(folder, "C2", today)
    assert run("orders", "columns", "--folder", folder, *TITLES, "--encoding", "cp850", cwd=paired_shop).code == 0
    assert run("orders", "watch", folder, "--settle", "0", "--once", cwd=paired_shop).code == 0
    assert [path.name for path in (folder / "done").glob("*.csv")] == ["C2.csv"]
    run("orders", "columns", "--folder", folder, "--forget", cwd=paired_shop)
    assert run("orders", "columns", "--json", cwd=paired_shop).json == []


def test_what_cannot_be_kept_is_refused(paired_shop: Path, run: Run, tmp_path: Path) -> None:
    assert run("orders", "columns", "--supplier", "Stauber", "--folder", tmp_path, cwd=paired_shop).code == 2
    assert run("orders", "columns", "--supplier", "Stauber", "--title", "Nombre", cwd=paired_shop).code == 2
    refused = run("orders", "columns", "--supplier", "Stauber", "--title", "Nombre=couleur", cwd=paired_shop)
    assert (refused.code, "no column «couleur»" in refused.err + refused.out) == (1, True)
