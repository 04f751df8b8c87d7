"""What is kept of the files of a supplier or of a folder: its titles mean what was said once, on both kinds of base."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_db.file_tables.csv_text import Encoding
from intergestan_db.problem import FileProblems, Problem
from intergestan_db.tables import PurchaseOrderLine
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.order_files import order_files
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.layouts import (
    Layout,
    Whose,
    keep_layout,
    list_layouts,
    read_layout,
    titles_of,
    with_layout,
)
from intergestan_erp.order_files.order_reading import LimitedOrders
from intergestan_erp.parties.parties import NewParty
from tests.order_files import import_file
from tests.site_factories import add_party, make_site, rows_of

FILE = "Pièce ERP;Date;Article;Nombre;Prix HT;Emplacement;Réf.\nT1;20/11/2026;A-1;2;4,50;R12;X\n"
SAID = {"Pièce ERP": "ID Pièce", "Nombre": "quantity", "Emplacement": "", "Réf.": "supplier_code"}
ANY = Options(any_dates=True)


@pytest.fixture
def site(database: Database) -> Database:
    make_site(database)
    with database.transaction() as connection:
        add_party(connection, NewParty(code="LIEF", name="Lieferant GmbH", is_supplier=True))
        rows = [ProductRow(code="A-1", name="Widget", sale_price=Decimal(7), vat_rate=Decimal(20))]
        put_products(connection, rows)
    return database


def kept(site: Database, whose: Whose, layout: Layout) -> Layout:
    with site.transaction() as connection:
        keep_layout(connection, whose, layout)
    with site.read() as connection:
        return read_layout(connection, whose)


def test_titles_that_nobody_knows_mean_what_is_kept_of_the_supplier(site: Database) -> None:
    with pytest.raises(FileProblems, match="Emplacement"):
        import_file(site, "f.csv", FILE.encode(), by="marie", options=ANY)
    layout = kept(site, Whose("LIEF"), Layout(titles_of(SAID), Encoding.CP850))
    options = with_layout(ANY, layout, "LIEF")
    imported = import_file(site, "f.csv", FILE.encode("cp850"), by="marie", options=options)
    assert imported.new == ("T1",)
    (line,) = rows_of(site, PurchaseOrderLine)
    assert (line.product_code, line.quantity, line.price, line.supplier_code) == ("A-1", 2, Decimal("4.5"), "X")


def test_a_child_reads_by_it_as_well(site: Database) -> None:
    options = with_layout(ANY, Layout(titles_of(SAID)), "LIEF")
    with LimitedOrders() as readers:
        imported = import_file_by(site, readers, options)
    assert imported == ("T1",)


def import_file_by(site: Database, readers: LimitedOrders, options: Options) -> tuple[str, ...]:
    data = FILE.encode()
    return order_files.import_file(site, "f.csv", data, read=readers.read, by="marie", options=options).new


def test_a_folder_has_its_own_and_what_is_said_now_counts_more(site: Database, tmp_path: Path) -> None:
    whose = Whose(folder=tmp_path)
    layout = kept(site, whose, Layout(titles_of({"Emplacement": ""}), Encoding.WINDOWS_1252))
    assert layout == Layout({"emplacement": ""}, Encoding.WINDOWS_1252)
    assert with_layout(Options(encoding=Encoding.CP850), layout).encoding is Encoding.CP850
    assert kept(site, Whose("LIEF"), Layout({"nombre": "quantity"})) == Layout({"nombre": "quantity"})
    with site.read() as connection:
        listed = {(row.supplier, row.folder) for row in list_layouts(connection)}
    assert listed == {("LIEF", None), (None, str(tmp_path.resolve()))}
    assert kept(site, whose, Layout()) == Layout()


def test_a_column_that_there_is_not_and_a_supplier_that_there_is_not_are_refused(site: Database) -> None:
    with pytest.raises(Problem, match="no column «couleur»"):
        kept(site, Whose("LIEF"), Layout(titles_of({"Nombre": "couleur"})))
    with pytest.raises(Problem, match="does not name exactly one"):
        kept(site, Whose("Personne"), Layout())
