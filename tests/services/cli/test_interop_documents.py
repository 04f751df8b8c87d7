"""`tests/cases/interop_docs` by the command line and through a watched folder: verdicts, and what people read."""

from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.parties.parties import NewParty
from tests.erp.order_files.interop import FOLDER, SIRET, WIDGET, expected
from tests.services.cli.conftest import Run
from tests.site_factories import add_party

DOCUMENTS = sorted(each.file for each in expected())
VERDICTS = {each.file: each.verdict for each in expected()}


@pytest.fixture
def essai(tmp_path: Path, run: Run) -> Path:
    folder = tmp_path / "essai"
    made = run(
        *("init", "--name", "Essai SARL", "--orders-address", "commandes@essai.test", "--siret", SIRET),
        *("--login", "marie", "--data-dir", folder),
    )
    assert made.code == 0, made.err
    database = Database(f"sqlite:///{folder}/site.db")
    with database.transaction() as connection:
        add_party(connection, NewParty(code="LIEF", name="Lieferant GmbH", is_supplier=True, vat_id="DE123456789"))
        put_products(connection, [WIDGET])
    database.dispose()
    return folder


def test_by_the_command_line(essai: Path, run: Run) -> None:
    """Each file by itself is taken or refused; one that is refused does not stop the others."""
    files = [FOLDER / file for file in DOCUMENTS]
    done = run("orders", "import", "--dates", "any", "--json", *files, cwd=essai)
    assert done.code == 1
    for row, file in zip(done.json, DOCUMENTS, strict=True):
        verdict = "refused" if "error" in row else "said" if row["said"] else "entered"
        assert (file, verdict) == (file, VERDICTS[file])
        if "error" in row:
            assert f"Nothing of {FOLDER / file} was taken" in row["error"]
    said = run("--lang", "fr", "orders", "import", "--dates", "any", FOLDER / "a1-line-total-disagrees.xml", cwd=essai)
    assert said.code == 1
    assert "a1-line-total-disagrees.xml\u00a0: cac:OrderLine 1\u00a0: La ligne indique 100.00" in said.err
    assert "10000.00" in said.err


def test_what_was_taken_is_shown(essai: Path, run: Run) -> None:
    """Where it goes, what a price is for and from, references and notes."""
    files = ("b1-base-unit.xml", "c2-building-number.xml", "e1-line-details.xml", "a4-no-price.xml", "l-type-226.xml")
    taken = run("orders", "import", "--dates", "any", *(FOLDER / file for file in files), cwd=essai)
    assert taken.code == 0
    assert "l-type-226.xml: cbc:OrderTypeCode: type 226, a call-off" in taken.err
    assert "cac:PaymentTerms «30 jours fin de mois»" in taken.err

    def shown(number: str) -> str:
        return " ".join(run("orders", "show", number, cwd=essai).out.split())

    assert "Deliver to Rue du Port 56A, BP 12, Quai 7, porte B, 59000 Lille, FR" in shown("C2")
    assert "5.00 0.10 file" in shown("B1")
    assert "5.00 1.00 amount of the line" in shown("A4")
    assert "Type 226" in shown("L226")
    details = shown("E1")
    for words in (
        "Our reference Dept 7",
        "Quotation DEV-77",
        "Contract CADRE-1",
        "Attachment plan.pdf",
        "Size: XL",
        "P-42",
    ):
        assert words in details
    order = run("orders", "show", "E1", "--json", cwd=essai).json
    assert order["taken"]["references"]["accounting_cost"] == "PROJ-9"
    assert [line["price_from"] for line in order["lines"]] == ["file", "file"]


def test_prices_from_the_catalogue_are_marked(essai: Path, run: Run) -> None:
    """In tables too; `--prices required` refuses them."""
    (essai / "two.csv").write_text(
        "Order;Date;Supplier;Product;Quantity;Price\nT1;2026-11-20;LIEF;A-1;2;\nT1;;;A-1;3;4,50\nT2;2026-11-20;LIEF;A-1;1;\n"
    )
    refused = run("orders", "import", "--dates", "any", "--prices", "required", "two.csv", cwd=essai)
    assert refused.code == 1
    assert "two.csv: row 2, column Price: The line states no price" in refused.err
    taken = run("orders", "import", "--dates", "any", "two.csv", cwd=essai)
    assert taken.code == 0
    assert "two.csv: No price is stated for these orders (lines): T1 (1), T2 (1). Price from catalogue." in taken.err
    order = run("orders", "show", "T1", "--json", cwd=essai).json
    assert [line["price_from"] for line in order["lines"]] == ["catalogue", "file"]


def test_through_a_watched_folder(essai: Path, run: Run, tmp_path: Path) -> None:
    """The report beside each file says the same."""
    drop = tmp_path / "drop"
    drop.mkdir()
    for file in DOCUMENTS:
        (drop / file).write_bytes((FOLDER / file).read_bytes())
    ended = run("--lang", "fr", "orders", "watch", drop, "--once", "--settle", "0", "--dates", "any", cwd=essai)
    assert ended.code == 1
    for file in DOCUMENTS:
        folder = drop / ("refused" if VERDICTS[file] == "refused" else "done")
        report = (folder / f"{file}.report.txt").read_text(encoding="utf-8")
        assert (folder / file).exists()
        if VERDICTS[file] == "said":
            assert len(report.splitlines()) > 1, report
    assert "type 226, un appel de livraison" in (drop / "done" / "l-type-226.xml.report.txt").read_text(
        encoding="utf-8"
    )
    report = (drop / "refused" / "h1-foreign-buyer.xml.report.txt").read_text(encoding="utf-8")
    assert "Quite Another SA" in report
    assert "Essai SARL" in report


def test_the_command_says_for_whom(essai: Path, run: Run) -> None:
    file = FOLDER / "h1-foreign-buyer.xml"
    taken = run("orders", "import", "--dates", "any", "--buyer", "55208131766522", file, cwd=essai)
    assert (taken.code, "entered H1" in taken.err) == (0, True)
