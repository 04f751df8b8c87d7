"""Products in the pages: listed, looked at before a file is taken, compared with a partner's; over ASGI."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest

from intergestan_db.tables import Product, ProductComponent, ProductFamily
from intergestan_erp.catalogue.catalogue import put_families
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk

pytestmark = pytest.mark.mainly_on("postgresql")

IMPORT, DRIFT = "/produits/importer", "/produits/ecarts"
FILE = "Code;Désignation;Prix de vente;TVA\nCAS16;Casserole 16 cm;12,50;20\nNEUF;<b>Neuf</b>;3,00;20\n"


def upload(browser: Browser, path: str, data: str | bytes, name: str = "produits.csv", **fields: str) -> Answer:
    file = data.encode() if isinstance(data, str) else data
    return browser.upload(path, "fichier", {name: file}, **fields)


def kept(page: Answer) -> Mapping[str, str]:
    return {**page.kept(), "faire": "prendre"}


def test_a_file_is_looked_at_before_it_is_taken_once(desk: Desk) -> None:
    adam = desk.browser("adam")
    before = desk.site.row(Product, code="CAS16").sale_price
    page = upload(adam, IMPORT, FILE)
    assert page.status == 200, page.said
    assert all(each in page.said for each in ("1 nouveaux, 1 modifiés", "12,50", "NEUF"))
    assert "<b>Neuf" not in page.text
    assert desk.site.row(Product, code="CAS16").sale_price == before
    assert not desk.site.rows(Product, code="NEUF")
    fields = kept(page)
    assert [adam.post(IMPORT, fields).status for _ in range(2)] == [303, 303]
    assert desk.site.row(Product, code="NEUF").name == "<b>Neuf</b>"
    assert str(desk.site.row(Product, code="CAS16").sale_price).startswith("12.5")
    assert "Déjà fait" in adam.get("/produits").said


def test_what_changed_since_it_was_looked_at_is_shown_again(desk: Desk) -> None:
    adam = desk.browser("adam")
    first, second = upload(adam, IMPORT, FILE), upload(adam, IMPORT, FILE, jeton_acte="b" * 20)
    assert adam.post(IMPORT, kept(second)).status == 303
    answer = adam.post(IMPORT, {**kept(first), "jeton_acte": "c" * 20})
    assert (answer.status, "ont changé" in answer.said) == (409, True)


def zipped(**tables: str) -> bytes:
    """A zip of CSV files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bag:
        for name, text in tables.items():
            bag.writestr(f"{name}.csv", text)
    return file.getvalue()


def test_what_a_file_does_beside_products_is_shown_and_holds(desk: Desk) -> None:
    """Families, sub-families and components alone would look like nothing; what they became since is looked at, too."""
    adam = desk.browser("adam")
    bag = zipped(
        familles="Code;Nom\nCUI;Cuisine\nTAB;Table\n", composants="Produit;Composant;Quantité\nCAS20;CAS16;2\n"
    )
    page = upload(adam, IMPORT, bag, "tout.zip")
    assert page.status == 200, page.said
    assert "0 nouveaux, 0 modifiés, 0 inchangés" in page.said
    assert "tout.zip : 2 familles nouvelles, 0 modifiées, 0 inchangées." in page.said
    assert "tout.zip : 1 composant nouveau" in page.said
    assert (desk.site.rows(ProductFamily), desk.site.rows(ProductComponent)) == ([], [])
    with desk.site.database.transaction() as connection:
        put_families(connection, {"CUI": "Cuisine"})
    answer = adam.post(IMPORT, kept(page))
    assert (answer.status, "ont changé" in answer.said) == (409, True)
    assert "tout.zip : 1 famille nouvelle, 0 modifiées, 1 inchangées." in answer.said
    assert desk.site.rows(ProductComponent) == []
    assert adam.post(IMPORT, kept(answer)).status == 303
    assert [row.code for row in desk.site.rows(ProductFamily)] == ["CUI", "TAB"]
    assert len(desk.site.rows(ProductComponent)) == 1
    assert "tout.zip : 1 composant nouveau" in adam.get("/produits").said


def test_a_bad_file_is_not_taken(desk: Desk) -> None:
    adam = desk.browser("adam")
    answer = upload(adam, IMPORT, "Code;Désignation;Prix de vente;TVA\nX;Y;beaucoup;20\n")
    assert (answer.status, "Prix de vente" in answer.said) == (422, True)
    assert upload(adam, IMPORT, "").status == 422
    assert not desk.site.rows(Product, code="X")


def test_the_list_is_narrowed_and_a_product_shown(desk: Desk) -> None:
    nadia = desk.browser("nadia")
    assert [row[0] for row in nadia.get("/produits").rows()] == ["CAS16", "CAS20"]
    assert [row[0] for row in nadia.get("/produits?texte=cas2").rows()] == ["CAS20"]
    assert "Aucun produit" in nadia.get("/produits?texte=zzz").said
    assert nadia.get("/produits/CAS20").status == 200
    assert nadia.get("/produits/none").status == 404
    file = nadia.get("/produits/catalogue.xlsx")
    assert (file.status, file.body[:2]) == (200, b"PK")


def test_their_catalogue_is_compared_with_ours(desk: Desk) -> None:
    nadia = desk.browser("nadia")
    answer = upload(nadia, DRIFT, FILE, sens="eux")
    assert answer.status == 200, answer.said
    assert "NEUF" in answer.text
    assert upload(nadia, DRIFT, "Code\n1\n").status == 422
