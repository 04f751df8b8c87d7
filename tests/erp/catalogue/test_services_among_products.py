"""A product may be a service, of which no stock is kept: files say so, and so do copies."""

from __future__ import annotations

import io
import zipfile

import pytest

from intergestan_db.enums import Supply
from intergestan_db.tables import Product
from intergestan_erp.catalogue.catalogue_csv import read_products
from intergestan_erp.catalogue.catalogue_file import write_csv_zip
from intergestan_erp.catalogue.whole_catalogue import read_catalogue
from tests.site_factories import SiteToTest

FILE = "Code;Désignation;Prix de vente;TVA;Service\nPOSE;Pose;40,00;20;oui\nCAS16;Casserole;10,00;20;\n"


@pytest.mark.mainly_on("sqlite")
def test_a_service(a_site: SiteToTest) -> None:
    """What a file says, the database has; a file says nothing of it where nothing is a service."""
    products = read_products("products.csv", FILE.encode())
    a_site.put_products(*products)
    assert {row.code: row.supply for row in a_site.rows(Product)} == {"POSE": Supply.SERVICES, "CAS16": Supply.GOODS}
    with a_site.database.read() as connection:
        catalogue = read_catalogue(connection)
    assert {row.code: row.service for row in catalogue.products} == {"POSE": True, "CAS16": False}
    assert b"Service" in _products(write_csv_zip(catalogue, "fr"))
    a_site.put_products(*read_products("products.csv", FILE.replace("oui", "non").encode()))
    with a_site.database.read() as connection:
        catalogue = read_catalogue(connection)
    assert b"Service" not in _products(write_csv_zip(catalogue, "fr"))


def _products(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read("produits.csv")
