"""`books`, `folders lock`, `payments bank`: the books of the company by the command line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from intergestan_erp.books.chart import Use
from intergestan_erp.books.check import Wrong
from intergestan_operations.language.books import WRONG
from intergestan_operations.language.chart_words import USES
from tests.services.cli.conftest import Run
from tests.services.cli.test_invoices import site_with

ENTER = ("books", "enter", "OD", "--piece", "F42", "--label", "Fournitures", "--title", "606100=Fournitures")


@pytest.fixture
def seller(stauber: Path, run: Run) -> Path:
    folder = site_with(stauber)
    for verb in ("deliver", "invoice"):
        assert run("sales", verb, "CCL1", cwd=folder).code == 0
    return folder


def test_from_the_invoice_to_the_file_of_the_year(seller: Path, run: Run, today: date) -> None:
    """A04, D60, D61: paid by a cheque, banked, a year that ends today closed, and the file for the tax office."""
    (entry,) = run("books", "entries", "--json", cwd=seller).json["entries"]
    assert (entry["entry"], entry["piece"], entry["label"]) == ("VE1", "FA1", "Facture FA1 Mulhouse")
    assert [(line["account"], line["debit"], line["credit"]) for line in entry["lines"]] == [
        *(("411000", "40.20", "0.00"), ("707000", "0.00", "33.50"), ("445710", "0.00", "6.70")),
    ]
    pay = ("payments", "add", "--customer", "Mulhouse", "--amount", "40,20", "--method", "cheque")
    assert run(*pay, cwd=seller).code == 0
    banked = run("--lang", "fr", "payments", "bank", "--due", cwd=seller)
    assert "La banque a RG1" in banked.err
    assert run("payments", "bank", "--due", "--json", cwd=seller).json == []
    assert run("books", "result", "--json", cwd=seller).json[0]["result"] == "33.50"
    assert "en ordre" in run("--lang", "fr", "books", "check", cwd=seller).err
    assert run("books", "check", "--json", cwd=seller).json == []
    ended = run("books", "years", today.isoformat(), "--last", today.isoformat(), "--json", cwd=seller)
    assert [(year["last"], year["closed"]) for year in ended.json] == [(today.isoformat(), False)]
    provisional = run("books", "fec", "--year", f"{today:%Y}", "--out", seller, "--json", cwd=seller)
    assert (provisional.json["provisional"], provisional.json["lines"]) == (True, 7)
    closed = run("books", "close", f"{today:%Y}", "--yes", "--json", cwd=seller)
    assert closed.json == {"year": f"{today:%Y}", "entry": "AN1", "result": "33.50"}
    again = run("books", "fec", "--year", f"{today:%Y}", "--out", seller, "--json", cwd=seller).json
    assert (again["provisional"], again["changed"], again["differs"]) == (False, 0, False)
    assert again["sha256"] == provisional.json["sha256"]
    file = Path(again["file"])
    lines = file.read_bytes().decode("iso8859-15").split("\r\n")
    assert (len(lines), lines[1].split("\t")[:2]) == (9, ["BQ", "Banque"])
    assert file.with_name(f"{file.stem}_description.txt").is_file()
    late = run(*pay, "--received", today.isoformat(), cwd=seller)
    assert (late.code, "closed until" in late.err) == (1, True)
    out = seller / "entries.txt"
    exported = run(
        *("books", "export", "--from", today.isoformat(), "--to", today.isoformat(), "--out", out, "--json"), cwd=seller
    )
    assert exported.json["sha256"] == again["sha256"]
    assert out.read_bytes() == file.read_bytes()


def test_what_changed_since_the_last_file_is_said(seller: Path, run: Run, today: date) -> None:
    """A04: letters may change after the closing, and are named."""
    pay = ("payments", "add", "--customer", "Mulhouse", "--amount", "40,20", "--method", "transfer")
    assert run("books", "years", today.isoformat(), "--last", today.isoformat(), cwd=seller).code == 0
    assert run(*pay, cwd=seller).code == 0
    assert run("books", "close", f"{today:%Y}", "--yes", cwd=seller).code == 0
    fec = ("books", "fec", "--year", today.isoformat(), "--out", seller)
    assert run(*fec, cwd=seller).code == 0
    account = run("books", "entries", "--piece", "FA1", "--json", cwd=seller).json["entries"][0]["lines"][0]["aux"]
    taken = run("--lang", "fr", "books", "letter", account, "--remove", "aa", cwd=seller)
    assert "2 lignes" in taken.err
    said = run("--lang", "fr", *fec, cwd=seller).err
    assert "2 lignes ont changé" in said
    assert "VE1 411000" in said


def test_typed_entries_and_a_locked_month(seller: Path, run: Run, today: date) -> None:
    """A04, D61: entered, reversed, refused in a locked month, entered again."""
    lines = ("--line", "606100=40,5", "--line", "512000=-40,50")
    made = run("--lang", "fr", *ENTER, *lines, cwd=seller)
    assert "OD1" in made.err
    assert run("books", "reverse", "od1", "--json", cwd=seller).json == {"entry": "OD2"}
    shown = run("--lang", "fr", "books", "entries", "--journal", "OD", cwd=seller).out
    assert "Fournitures" in shown
    locked = run("folders", "lock", "1", today.isoformat(), "--json", cwd=seller).json
    assert locked == {"folder": 1, "locked_until": today.isoformat()}
    refused = run("--lang", "fr", *ENTER, *lines, cwd=seller)
    assert (refused.code, "sont arrêtés au" in refused.err) == (1, True)
    assert "Rien du dossier 1" in run("--lang", "fr", "folders", "lock", "1", cwd=seller).err
    assert run(*ENTER, *lines, "--on", (today - timedelta(days=1)).isoformat(), cwd=seller).code == 0


def test_accounts_are_chosen_by_use(seller: Path, run: Run) -> None:
    """A47: and the usual ones come back."""
    chosen = run(
        *("--lang", "fr", "books", "chart", "sales_vat", "--vat", "S:20", "--account", "445711", "--title", "TVA 20 %"),
        cwd=seller,
    )
    assert "445711" in chosen.out
    rows = run("books", "chart", "--json", cwd=seller).json
    assert {"use": "sales_vat/vat/S:20", "account": "445711", "title": "TVA 20 %"} in rows
    assert run("books", "chart", "sales_vat", "--vat", "S:20", cwd=seller).code == 0
    assert len(run("books", "chart", "--json", cwd=seller).json) == len(Use)


@pytest.mark.parametrize(
    "arguments",
    [
        ("books", "chart", "bank", "--vat", "S:20", "--account", "512100", "--title", "x"),
        ("books", "chart", "bank", "--family", "A", "--account", "512100", "--title", "x"),
        ("books", "chart", "bank", "--account", "512100"),
        (*ENTER, "--line", "606100"),
        (*ENTER, "--line", "606100=1", "--title", "x"),
        ("books", "letter", "401AG2"),
        ("books", "letter", "401AG2", "OD1", "--remove", "AA"),
        ("books", "years", "2026"),
        ("books", "close", "x", "--yes"),
        ("books", "close", "2026"),
        ("payments", "bank"),
        ("payments", "bank", "RG1", "--due"),
    ],
)
def test_what_cannot_be_read(seller: Path, run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, cwd=seller).code == 2


def test_every_word_has_its_label() -> None:
    assert set(WRONG) == set(Wrong)
    assert set(USES) == set(Use)


def test_books_and_establishment_bring_the_dossier(seller: Path, run: Run) -> None:
    """A50: the place of the person is there then, and with it the books that a command means (A49)."""
    chosen = run("books", "here", "1/1", "--json", cwd=seller).json
    assert chosen == {"establishment": 1, "depot": "PRINCIPAL", "folder": 1, "dossier": 1, "dossiers": [1]}
    assert "dossier comptable 1" in run("--lang", "fr", "books", "here", "1/1", cwd=seller).err
    for arguments, code in ((("1/9",), 1), (("2/1",), 1), (("1",), 2), (("1/1", "--dossier", "2"), 2)):
        assert run("books", "here", *arguments, cwd=seller).code == code
