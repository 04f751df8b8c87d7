"""Catalogues as files: lossless there and back, whole or not at all, without harm from hostile files (G07)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from sqlalchemy import func, select

from intergestan_db.file_tables.xlsx_table import Cell, write_sheets
from intergestan_db.problem import FileProblems
from intergestan_db.tables import Product, ProductFamily
from intergestan_erp.catalogue.catalogue import Put
from intergestan_erp.catalogue.catalogue_file import read_file, write_csv_zip, write_workbook
from intergestan_erp.catalogue.whole_catalogue import (
    Catalogue,
    Component,
    Family,
    KnownCodes,
    Subfamily,
    put_catalogue,
    read_catalogue,
    read_known,
)
from tests.erp.catalogue.catalogues import catalogues
from tests.erp.inputs.ods import EMPTY, content, number, row, table, text
from tests.erp.inputs.ods import zipped as ods_of
from tests.examples import share
from tests.site_factories import SiteToTest, a_product

NOTHING = KnownCodes()

SHOP = Catalogue(
    families=(Family("CUI", "Cuisson"), Family("VIDE", "Sans produit")),
    subfamilies=(Subfamily("CAS", "Casseroles", "CUI"),),
    products=(
        a_product("A", "12.5", family="CUI", subfamily="CAS", gtin="3012345678902"),
        a_product("B", "0.000001", active=False),
        replace(a_product("SET", "123456789012.123456", family="CUI"), purchase_price=None),
    ),
    components=(Component("SET", "A", Decimal(2)), Component("SET", "B", Decimal("0.5"))),
)
WRITERS = [write_csv_zip, write_workbook]


def zipped(**parts: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def faults_of(data: bytes, known: KnownCodes = NOTHING) -> list[tuple[str | None, int | None, str | None, str]]:
    with pytest.raises(FileProblems) as caught:
        read_file("catalogue", data, known)
    return [(fault.part, fault.row, fault.column, str(fault.args[0])) for fault in caught.value.faults]


def said(data: bytes, known: KnownCodes = NOTHING) -> str:
    return "\n".join(str(fault) for fault in faults_of(data, known))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("write", WRITERS)
@settings(max_examples=share(2))
@given(catalogue=catalogues())
def test_what_is_written_is_read_again(
    write: Callable[[Catalogue, str], bytes], language: str, catalogue: Catalogue
) -> None:
    """G07: product, family, sub-family, composition, without loss, in both kinds of file and both languages."""
    data = write(catalogue, language)
    if not (catalogue.families or catalogue.subfamilies or catalogue.products):
        assert "no rows" in said(data)
        return
    assert read_file("catalogue", data, NOTHING) == catalogue
    assert write(catalogue, language) == data


def test_numbers_in_french_csv_have_commas() -> None:
    """Spreadsheets read 12.5 as the 12th of May."""
    archive = zipfile.ZipFile(io.BytesIO(write_csv_zip(SHOP, "fr")))
    assert archive.namelist() == ["familles.csv", "sous-familles.csv", "produits.csv", "composants.csv"]
    text = archive.read("produits.csv").decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Code;Désignation;Unité;Prix de vente")
    assert "A;Produit A;C62;12,5;12,5;20;S;3012345678902;CUI;CAS;oui" in text


def test_into_a_base_and_out_again(a_site: SiteToTest) -> None:
    """G07: the base that imports an export is the base that exported it; the second time nothing changes."""
    with a_site.database.transaction() as connection:
        done = put_catalogue(connection, SHOP)
    assert done == {
        "families": Put(2, 0, 0),
        "subfamilies": Put(1, 0, 0),
        "products": Put(3, 0, 0),
        "components": Put(2, 0, 0),
    }
    with a_site.database.transaction() as connection:
        assert read_catalogue(connection) == SHOP
        again = put_catalogue(connection, read_file("c", write_csv_zip(SHOP, "fr"), read_known(connection)))
        assert {put.equal for put in again.values()} == {1, 2, 3}
        assert {(put.added, put.changed) for put in again.values()} == {(0, 0)}


def test_compositions_become_what_the_file_says(a_site: SiteToTest) -> None:
    """Of its own products only, and only if it says anything about compositions."""
    other = Catalogue(products=(a_product("SET2"),), components=(Component("SET2", "A", Decimal(1)),))
    with a_site.database.transaction() as connection:
        put_catalogue(connection, SHOP)
        put_catalogue(connection, other)
        put_catalogue(connection, replace(SHOP, components=None))
        changed = (Component("SET", "A", Decimal(3)), Component("SET2", "A", Decimal(1)))
        counts = put_catalogue(connection, replace(SHOP, components=(changed[0],)))["components"]
        assert counts == Put(0, 2, 0)
        assert read_catalogue(connection).components == changed


def test_all_faults_of_all_tables_at_once() -> None:
    data = zipped(
        familles="Code;Nom\nCUI;Cuisson\nCUI;encore\n;x\n",
        sous_familles="Code;Nom;Famille\nCAS;Casseroles;CUI\nX;x;NULLE\n",
        produits="Code;Désignation;Prix de vente;TVA;Famille;Sous-famille;Actif\n"
        "A;a;1;20;NULLE;;\nB;b;x;20;CUI;CAS;peut-être\nC;c;1;20;AUTRE;CAS;\nD;d;1;20;CUI;INCONNUE;\n",
        composants="Produit;Composant;Quantité\nA;A;1\nB;C;1\nB;C;2\nC;B;1\nZ;A;1\nD;A;1\n",
    )
    assert [fault[:3] for fault in faults_of(data)] == [
        ("familles.csv", 3, "Code"),
        ("familles.csv", 4, "Code"),
        ("sous_familles.csv", 3, "Famille"),
        ("produits.csv", 2, "Famille"),
        ("produits.csv", 3, "Actif"),
        ("produits.csv", 3, "Prix de vente"),
        ("produits.csv", 4, "Famille"),
        ("produits.csv", 4, "Sous-famille"),
        ("produits.csv", 5, "Sous-famille"),
        ("composants.csv", 2, "Composant"),
        ("composants.csv", 3, "Composant"),
        ("composants.csv", 4, "Composant"),
        ("composants.csv", 4, "Composant"),
        ("composants.csv", 5, "Composant"),
        ("composants.csv", 6, "Produit"),
    ]


def test_a_file_may_refer_to_what_the_base_has() -> None:
    known = KnownCodes(families=frozenset({"CUI"}), homes={"CAS": "CUI"}, products=frozenset({"A"}))
    data = zipped(
        sous_familles="Code;Nom;Famille\nPOE;Poêles;CUI\n",
        produits="Code;Désignation;Prix de vente;TVA;Famille;Sous-famille\nB;b;1;20;CUI;CAS\n",
        composants="Produit;Composant;Quantité\nB;A;1\n",
    )
    assert read_file("c", data, known).components == (Component("B", "A", Decimal(1)),)
    assert "made of itself" in said(data, replace(known, made_of={"A": frozenset({"B"})}))


def test_a_table_without_its_titles_is_the_only_thing_to_blame() -> None:
    data = zipped(produits="Code;Prix\nA;1\n", composants="Produit;Composant;Quantité\nA;B;1\n")
    assert {fault[0] for fault in faults_of(data)} == {"produits.csv"}


def test_a_workbook_with_one_sheet_has_products() -> None:
    rows: list[list[Cell]] = [
        ["Code", "Désignation", "Prix de vente", "TVA"],
        ["007", "Poêle", Decimal("9.9"), Decimal("5.5")],
    ]
    catalogue = read_file("c", write_sheets({"Feuil1": rows}), NOTHING)
    (product,) = catalogue.products
    assert (product.code, product.sale_price, product.vat_rate) == ("007", Decimal("9.9"), Decimal("5.5"))
    assert catalogue.components is None


def test_the_names_of_the_files_that_people_knew() -> None:
    """G07: PRODUIT, FAMPROD, SSFAMPROD, LK_PRDPRDCOMP."""
    data = zipped(
        FAMPROD="Code;Nom\nCUI;Cuisson\n",
        SSFAMPROD="Code;Nom;Famille\nCAS;Casseroles;CUI\n",
        PRODUIT="Code;Désignation;Prix de vente;TVA\nA;a;1;20\nB;b;1;20\n",
        LK_PRDPRDCOMP="Produit;Composant;Quantité\nA;B;2\n",
        **{"__MACOSX/._PRODUIT": b"\0\1"},
    )
    catalogue = read_file("c", data, NOTHING)
    assert [len(part or ()) for part in (catalogue.families, catalogue.subfamilies, catalogue.products)] == [1, 1, 2]
    assert catalogue.components == (Component("A", "B", Decimal(2)),)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(produits="Code;Désignation;Prix de vente;TVA\n" + "A;a;1;20\n" * 400_000), "too densely"),
        (zipped(**{"../produits": "x"}), "leads out"),
        (zipped(notes="x"), "Nobody knows this table"),
        (zipped(produits="x", products="x"), "stands twice"),
        (zipped(), "no tables"),
        (b"PK\x03\x04" + b"\0" * 60, "no zip"),
        (zipped(produits="Code;Désignation;Prix de vente;TVA\n"), "no rows"),
        (zipped(produits=b"Code;D\x8esignation\n"), "not in UTF-8"),
        (zipped(produits="Code;Désignation;Prix de vente;TVA\nA;a\0;1;20\n"), "control"),
        (b"", "The file is empty"),
    ],
    ids=["bomb", "path", "stranger", "twice", "empty", "garbage", "titles only", "Mac", "nul", "nothing"],
)
def test_hostile_and_broken_files(data: bytes, words: str) -> None:
    assert words in said(data)


def test_a_damaged_part() -> None:
    data = bytearray(zipped(produits="Code;Désignation;Prix de vente;TVA\nA;a;1;20\n"))
    data[60] ^= 0xFF
    assert "damaged" in said(bytes(data))


def test_a_zip_that_announces_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intergestan_db.file_tables.zip_safety._MAX_UNPACKED", 10)
    assert "too large" in said(zipped(produits="Code;Désignation;Prix de vente;TVA\nA;a;1;20\n"))


def test_an_encrypted_zip() -> None:
    data = bytearray(zipped(produits="x"))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    assert "encrypted" in said(bytes(data))


def test_an_opendocument_workbook() -> None:
    """A sheet for each table; one alone has products, whatever it is called."""
    families = table(row(text("F") + text("Fam")), name="Familles", titles=("Code", "Désignation"))
    titles = ("Code", "Désignation", "Famille", "Prix de vente", "TVA")
    product = row(text("A") + text("a") + text("F") + number("4.5") + number("0.2", "20 %", kind="percentage"))
    catalogue = read_file("c.ods", ods_of(content(families, table(product, name="Produits", titles=titles))), NOTHING)
    assert [len(part or ()) for part in (catalogue.families, catalogue.products)] == [1, 1]
    alone = table(product.replace(text("F"), text("")), name="Feuille1", titles=titles)
    ((only,),) = (read_file("c.ods", ods_of(content(alone)), NOTHING).products,)
    assert (only.code, only.sale_price, only.vat_rate) == ("A", Decimal("4.5"), Decimal(20))
    assert "far outside" in said(ods_of(content(table(row(EMPTY * 2 + text("x")), name="Produits"))))


def test_cells_far_apart_do_not_fill_the_memory() -> None:
    """A workbook of 6 kB that would be read as 17 thousand million cells."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Produits")
    sheet.write_string(0, 0, "Code")
    sheet.write_string(1_048_575, 16_383, "x")
    book.close()
    assert "far outside" in said(buffer.getvalue())


def test_a_fault_leaves_the_base_as_it_was(a_site: SiteToTest) -> None:
    """G07: whole or not at all."""
    data = zipped(familles="Code;Nom\nCUI;Cuisson\n", produits="Code;Désignation;Prix de vente;TVA\nA;a;x;20\n")
    with a_site.database.read() as connection:
        known = read_known(connection)
        with pytest.raises(FileProblems):
            read_file("c", data, known)
        for table in (Product, ProductFamily):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


@pytest.mark.parametrize("column", ["Famille", "Sous-famille"])
def test_one_family_has_one_name(column: str) -> None:
    """The first row's was taken, and the other lost; other accents are no other name."""
    titles = f"Code;Désignation;Prix de vente;TVA;Famille;{column};Nom de la {column.lower()}".replace(
        "Famille;Famille;", "Famille;"
    )
    rows = [
        f"{code};a;4;20;F;S;{name}".replace("F;S;", "F;" if column == "Famille" else "F;S;") for code, name in NAMED
    ]
    with pytest.raises(FileProblems, match=r"row 3, .*is called Été in row 2"):
        read_file("c.csv", "\n".join([titles, *rows]).encode(), NOTHING)
    same = "\n".join([titles, rows[0], rows[1].replace("Hiver", "E\u0301te\u0301")])
    assert len(read_file("c.csv", same.encode(), NOTHING).products) == 2


NAMED = (("A", "Été"), ("B", "Hiver"))
