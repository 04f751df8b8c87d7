"""`invoices run` and `verify`, `prices`, `credit set`: as they are typed (A06, A07, A25 to A31, D39)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.tables import Dossier, Establishment, Invoice
from tests.services.cli.conftest import Run

BLOCKED = (
    "La facturation différée des BL ne peut pas être lancée depuis l'établissement 1 ({name})\u00a0: dans le dossier "
    "1, c'est l'établissement 2 (Agence 2) qui facture les BL. Aucune facture n'a été faite. Les autres factures "
    "restent possibles ici."
)


@pytest.fixture
def selling(paired_shop: Path, run: Run) -> Path:
    """A site that has delivered 2 and 3 of CAS-16 at 10,00 to DUP, who gets an invoice a month."""
    for command in (
        ("parties", "add", "--name", "Dupont SA", "--customer", "--code", "DUP"),
        ("parties", "set", "DUP", "--invoice-grouping", "customer"),
        ("sales", "enter", "--customer", "DUP", "--line", "CAS-16=6@10"),
        ("sales", "deliver", "CCL1", "--line", "L1=2"),
        ("sales", "deliver", "CCL1", "--line", "L1=3"),
    ):
        done = run(*command, cwd=paired_shop)
        assert done.code == 0, done.err
    return paired_shop


def base_of(folder: Path) -> Database:
    return Database(f"sqlite:///{folder}/site.db")


def an_agency(folder: Path, *, invoices: bool) -> str:
    """Establishment 2; `invoices`: for all. The name of the first."""
    database = base_of(folder)
    with database.transaction() as connection:
        dossier = connection.execute(select(Dossier.id)).scalar_one()
        made = insert(Establishment).values(dossier_id=dossier, number=2, name="Agence 2").returning(Establishment.id)
        place = connection.execute(made).scalar_one()
        connection.execute(update(Dossier).values(invoicing_establishment_id=place if invoices else None))
        name = connection.execute(select(Establishment.name).where(Establishment.number == 1)).scalar_one()
    database.dispose()
    return str(name)


def test_preview_run_and_verify(selling: Path, run: Run) -> None:
    """A28, A29, A30: the preview writes nothing and is what the run makes; the invoice names its delivery notes."""
    shown = run("invoices", "run", "--preview", "--json", cwd=selling)
    assert shown.code == 0, shown.err
    assert [(n["number"], n["orders"], n["total_ht"]) for n in shown.json["delivery_notes"]] == [
        ("BL1", ["CCL1"], "20.00"),
        ("BL2", ["CCL1"], "30.00"),
    ]
    (future,) = shown.json["invoices"]
    assert (future["total_ttc"], future["delivery_notes"], "number" in future) == ("60.00", ["BL1", "BL2"], False)
    assert run("invoices", "list", "--json", cwd=selling).json["invoices"] == []
    by_terminal = run("invoices", "run", "--preview", cwd=selling)
    assert "Nothing was written." in by_terminal.err
    made = run("invoices", "run", "--json", cwd=selling)
    (invoice,) = made.json["invoices"]
    assert {name: value for name, value in invoice.items() if name in future} == future
    assert (invoice["number"], made.json["notes"], made.json["refused"]) == ("FA1", 2, [])
    document = run("sales", "show", "FA1", "--json", cwd=selling).json
    assert document["delivery_notes"] == ["BL1", "BL2"]
    assert {line["delivery_date"] for line in document["lines"]} == {document["issue_date"]}
    assert "BL1 du " in run("--lang", "fr", "sales", "show", "FA1", cwd=selling).out
    again = run("invoices", "run", cwd=selling)
    assert (again.code, again.err) == (0, "There is nothing to invoice.\n")
    verified = run("invoices", "verify", "--json", cwd=selling)
    assert (verified.code, verified.json["broken"]) == (0, 0)
    database = base_of(selling)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER frozen_invoice")
        connection.execute(update(Invoice).values(note="Changed"))
    database.dispose()
    broken = run("invoices", "verify", cwd=selling)
    assert (broken.code, "FA1 is not as it was issued." in broken.err) == (1, True)


def test_where_another_establishment_invoices(selling: Path, run: Run) -> None:
    """A25, A26: exit code 1 with these words, no number used; single invoices are possible."""
    name = an_agency(selling, invoices=True)
    blocked = run("--lang", "fr", "invoices", "run", cwd=selling)
    assert blocked.code == 1
    assert BLOCKED.format(name=name) in blocked.err
    assert "intergestan sales invoice" in blocked.err
    assert run("invoices", "run", "--preview", cwd=selling).code == 1
    assert run("sales", "invoice", "BL2", "--json", cwd=selling).json["invoice"] == "FA1"


def test_what_cannot_be_invoiced(selling: Path, run: Run) -> None:
    """T20: it is named with the reason, and the exit code is 1."""
    for command in (
        ("settings", "set", "credit.block_from", "invoice"),
        ("parties", "set", "DUP", "--credit-max", "10"),
    ):
        assert run(*command, cwd=selling).code == 0
    refused = run("invoices", "run", cwd=selling)
    assert refused.code == 1
    assert "Not invoiced: BL1, BL2 of DUP.\n" in refused.err
    assert "nothing to invoice" not in refused.err
    assert "Dupont SA owes 72.00 and may owe 10.00" in refused.err
    told = run("invoices", "run", "--json", cwd=selling).json
    assert [(each["delivery_notes"], each["code"]) for each in told["refused"]] == [(["BL1", "BL2"], "credit_blocked")]


def test_price_lists(selling: Path, run: Run) -> None:
    """A07: a file is entered, shown, and counts from then on."""
    (selling / "tarif.csv").write_text(
        "Tarif;Tiers;Valable du;Article;À partir de;Prix HT;Remise\nDUP;DUP;01/01/2020;CAS-16;;8,00;10 %\n"
    )
    entered = run("prices", "import", "tarif.csv", cwd=selling)
    assert (entered.code, entered.err) == (0, "DUP: 1 lines, a new list.\n")
    assert run("prices", "list", "--json", cwd=selling).json["lists"][0]["party"] == "DUP"
    (line,) = run("prices", "show", "dup", "--json", cwd=selling).json["lines"]
    assert (line["product"], line["price"], line["discount"]) == ("CAS-16", "8.000000", "10.000000")
    assert run("prices", "show", "NONE", cwd=selling).code == 1
    order = run("sales", "enter", "--customer", "DUP", "--line", "CAS-16=1", "--json", cwd=selling).json
    assert order["total_ht"] == "7.20"
    asked = ("prices", "find", "CAS-16", "--customer", "DUP")
    assert run(*asked, "--json", cwd=selling).json == {"product": "CAS-16", "price": "7.200000", "list": "DUP"}
    assert run(*asked, "--on", "01/01/2019", cwd=selling).err.endswith(", by no price list.\n")
    (selling / "bad.csv").write_text("Tarif;Valable du;Article;Prix HT\nX;01/01/2020;NONE;8,00\n")
    bad = run("prices", "import", "bad.csv", cwd=selling)
    assert (bad.code, "There is no product «NONE»." in bad.err) == (1, True)


def test_a_ceiling_of_an_establishment(selling: Path, run: Run) -> None:
    """A06: set, shown beside the others, taken away; who may not is refused."""
    an_agency(selling, invoices=False)
    assert run("user", "add", "eve", "--email", "eve@arts.test", cwd=selling).code == 0
    command = ("credit", "set", "DUP", "--establishment", "1", "--max", "100", "--insured", "60")
    assert run("--as", "eve", *command, cwd=selling).code == 1
    done = run(*command, cwd=selling)
    assert (done.code, done.err) == (0, "DUP may owe 100.00 to establishment 1 now.\n")
    shown = run("credit", "show", "DUP", "--json", cwd=selling).json["exposure"]["establishments"]
    assert shown == [{"establishment": 1, "total": "72.00", "max": "100.00", "insured": "60.00", "free": "28.00"}]
    assert "Établissement 1" in run("--lang", "fr", "credit", "show", "DUP", cwd=selling).out
    assert run("credit", "set", "DUP", "--establishment", "1", "--max", "none", cwd=selling).code == 0
    assert run("credit", "show", "DUP", "--json", cwd=selling).json["exposure"]["establishments"] == []
