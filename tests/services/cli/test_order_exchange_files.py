"""`orders export`, `sales export`, `orders watch`: files for and from other software."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from intergestan_db.file_tables.workbooks import read_sheets
from intergestan_msg.ubl import read_order
from tests import warm
from tests.patience import eventually
from tests.services.cli.conftest import Run, data

ROW = f"Date;Fournisseur;Produit;Quantité\n{date.today()};STAUBER;CAS-16;1\n"  # noqa: DTZ011 - a document's date is the local one


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def numbers(run: Run, shop: Path) -> list[str]:
    return [row["number"] for row in run("orders", "list", "--all", "--json", cwd=shop).json]


def test_each_order_is_exported_once(paired_shop: Path, run: Run, drop: Path) -> None:
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    done = run("orders", "export", "--to", drop, "--json", cwd=paired_shop)
    assert [row["number"] for row in done.json] == ["CFR1", "CFR2"]
    assert names(drop) == ["CFR1.xml", "CFR2.xml"]
    order = read_order((drop / "CFR1.xml").read_bytes())
    assert (order.id, order.seller.name, order.note) == ("CFR1", "STAUBER", "Matériel cuisine")
    nothing = run("--lang", "fr", "orders", "export", "--to", drop, cwd=paired_shop)
    assert (nothing.code, "rien de nouveau" in nothing.err) == (0, True)
    again = run("orders", "export", "CFR2", "--to", drop, "--again", "--format", "xlsx", cwd=paired_shop)
    assert again.code == 0
    (rows,) = read_sheets("x", (drop / "CFR2.xlsx").read_bytes()).values()
    assert rows[1][1][0] == "CFR2"
    taken = run("orders", "import", *sorted(drop.iterdir()), "--json", cwd=paired_shop)
    assert [row["there"] for row in taken.json] == [["CFR1"], ["CFR2"], ["CFR2"]]
    assert run("orders", "export", "CFR9", cwd=paired_shop).code == 1
    assert run("orders", "export", "--to", drop / "none", cwd=paired_shop).code == 1
    assert run("sales", "export", "--to", drop, cwd=paired_shop).code == 0


def test_numbers_that_look_alike(paired_shop: Path, run: Run, drop: Path) -> None:
    """In another encoding it is the same number; numbers that differ by case are said, and keep their files apart."""
    rows = [f"{number};2020-11-15;STAUBER;CAS-16;1\n" for number in ("ABC-1", "abc-1", "R\u00e9appro-7")]
    (drop / "in.csv").write_text("ID Pièce;Date;Fournisseur;Produit;Quantité\n" + "".join(rows))
    taken = run("--lang", "fr", "orders", "import", "--dates", "any", drop / "in.csv", cwd=paired_shop)
    assert (taken.code, "abc-1" in taken.err.splitlines()[-1], "Attention" in taken.err) == (0, True, True)
    assert run("orders", "show", "Re\u0301appro-7", "--json", cwd=paired_shop).json["number"] == "R\u00e9appro-7"
    for _ in range(2):
        done = run("orders", "export", "--to", drop, "--again", "--json", cwd=paired_shop)
        assert len({Path(row["file"]).name.casefold() for row in done.json}) == 3
        assert len(names(drop)) == 4
    for row in done.json:
        assert read_order(Path(row["file"]).read_bytes()).id == row["number"]


def test_a_folder_that_is_watched(paired_shop: Path, run: Run, drop: Path) -> None:
    (drop / "good.csv").write_text(ROW)
    (drop / "bad.csv").write_text(ROW.replace("CAS-16", "NONE"))
    (drop / "broken.xlsx").write_bytes(b"PK\x03\x04")
    ended = run("--lang", "fr", "orders", "watch", drop, "--once", "--settle", "0", "--draft", cwd=paired_shop)
    assert ended.code == 1
    assert names(drop / "done") == ["good.csv", "good.csv.report.txt"]
    assert names(drop / "refused") == ["bad.csv", "bad.csv.report.txt", "broken.xlsx", "broken.xlsx.report.txt"]
    assert "CFR1" in (drop / "done" / "good.csv.report.txt").read_text()
    report = (drop / "refused" / "bad.csv.report.txt").read_text()
    assert "bad.csv\u00a0: ligne 2" in report
    assert "Rien" in report
    assert run("orders", "show", "CFR1", "--json", cwd=paired_shop).json["state"] == "draft"
    assert run("orders", "watch", drop, "--once", "--settle", "0", cwd=paired_shop).code == 0
    assert numbers(run, paired_shop) == ["CFR1"]


def test_what_a_watched_folder_says(paired_shop: Path, run: Run, drop: Path) -> None:
    """The same readers as `orders import`; the report says what was taken for granted."""
    (drop / "day.csv").write_text(ROW.partition("\n")[0])
    (drop / "catalogue.csv").write_text(ROW)
    (drop / "mark.csv").write_text(f"{ROW.replace('Quantité', 'Prix;Quantité').replace('CAS-16;1', 'CAS-16;1.234;1')}")
    (drop / "sign.csv").write_text(ROW.replace("Quantité", "Prix;Quantité").replace("CAS-16;1", "CAS-16;4€50;1"))
    ended = run("orders", "watch", drop, "--once", "--settle", "0", "--decimal-mark", "comma", cwd=paired_shop)
    assert ended.code == 1
    assert names(drop / "refused") == ["sign.csv", "sign.csv.report.txt"]
    assert "«4€50»" in (drop / "refused" / "sign.csv.report.txt").read_text()
    assert "There is no order in the file" in (drop / "done" / "day.csv.report.txt").read_text()
    assert "Price from catalogue" in (drop / "done" / "catalogue.csv.report.txt").read_text()
    assert "Price from catalogue" not in (drop / "done" / "mark.csv.report.txt").read_text()


def test_the_folder_of_the_site_is_not_watched(paired_shop: Path, run: Run) -> None:
    refused = run("orders", "watch", paired_shop, "--once", "--settle", "0", cwd=paired_shop)
    assert refused.code == 1
    assert (paired_shop / "site.db").exists()


def test_a_base_that_does_not_answer_keeps_the_file_waiting(
    paired_shop: Path, run: Run, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is neither lost nor refused."""
    monkeypatch.setattr("intergestan_db.database.BUSY_TIMEOUT_S", 0.2)
    (drop / "good.csv").write_text(ROW)
    program = (
        "import sqlite3, sys, time\n"
        "base = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "base.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, paired_shop / "site.db"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        ended = run("orders", "watch", drop, "--once", "--settle", "0", cwd=paired_shop)
        assert ended.code == 75
    finally:
        holder.kill()
        holder.communicate()
    assert not (drop / "good.csv").exists()
    assert run("orders", "watch", drop, "--once", "--settle", "0", cwd=paired_shop).code == 0
    assert names(drop / "done") == ["good.csv", "good.csv.report.txt"]
    assert numbers(run, paired_shop) == ["CFR1"]


def start(shop: Path, drop: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "services.cli", "orders", "watch", str(drop), "--settle", "0.05"]
    return warm.Popen(command, cwd=shop, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("files", [8, pytest.param(24, marks=pytest.mark.campaign)])
def test_killed_again_and_again_it_takes_each_file_once(paired_shop: Path, run: Run, drop: Path, files: int) -> None:
    """Orders without numbers: read twice, they would be two."""
    process = start(paired_shop, drop)

    def done() -> int:
        return len(list(drop.glob("done/*.csv")))

    def at_least(count: int) -> Callable[[], bool]:
        return lambda: done() >= count

    try:
        for number in range(files):
            (drop / f"{number}.tmp").write_text(ROW)
            (drop / f"{number}.tmp").rename(drop / f"{number}.csv")
            if number % 8 == 7:
                eventually(at_least(done() + 1), every=0.01)
                process.send_signal(signal.SIGKILL)
                process.wait()
                process = start(paired_shop, drop)
        eventually(at_least(files))
    finally:
        process.kill()
        process.wait()
    assert done() == files
    assert len(numbers(run, paired_shop)) == files
    assert len(list(drop.glob("done/*.report.txt"))) == files


def test_a_text_that_looks_like_a_formula_comes_back_as_it_was(paired_shop: Path, run: Run, drop: Path) -> None:
    """A spreadsheet does not compute it; software gets it bare when it asks for that."""
    for number, text in enumerate(("=1+1", "-5", "@SUM(1)", "+33 3 89", "'quoted", "＝1")):
        (drop / "in.csv").write_text(
            f"number;date;supplier;product;quantity;line_note\nF{number};2026-11-20;STAUBER;CAS-16;1;'{text}\n"
        )
        assert run("orders", "import", "--dates", "any", drop / "in.csv", cwd=paired_shop).code == 0
        csv = drop / f"F{number}.csv"
        for raw, written in ((), f";'{text};"), (("--raw",), f";{text};"):
            export = ("orders", "export", f"F{number}", "--format", "csv", "--to", drop, "--again")
            assert run(*export, *raw, cwd=paired_shop).code == 0
            assert written in csv.read_text("utf-8-sig")
            if not raw:
                again = run("orders", "import", csv, "--dates", "any", "--json", cwd=paired_shop).json
                assert again[0]["there"] == [f"F{number}"]
    assert run("catalog", "export", drop / "c.zip", "--raw", cwd=paired_shop).code == 0
