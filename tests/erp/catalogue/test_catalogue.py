"""The catalogue: a code is the key, a family is entered with its first product (G05, G07)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from intergestan_db.problem import FileProblems, Problem
from intergestan_db.tables import Product, ProductFamily, ProductSubfamily
from intergestan_erp.catalogue.catalogue import Put, products_by_code, put_families, put_products
from intergestan_erp.catalogue.catalogue_csv import read_products
from tests.site_factories import SiteToTest, a_product


def test_products_are_entered_changed_and_left_alone(a_site: SiteToTest) -> None:
    """G05: the code is the join key."""
    rows = [a_product("A"), a_product("B"), a_product("C")]
    with a_site.database.transaction() as connection:
        assert put_products(connection, rows) == Put(3, 0, 0)
        rows[1] = replace(rows[1], sale_price=Decimal("11.5"))
        assert put_products(connection, [*rows[1:], a_product("D")]) == Put(1, 1, 1)
    with a_site.database.read() as connection:
        found = products_by_code(connection, ["A", "B", "X"])
    assert {code: row["sale_price"] for code, row in found.items()} == {"A": 10, "B": Decimal("11.5")}


def test_families_and_subfamilies(a_site: SiteToTest) -> None:
    """G07: a family keeps its name when a file only knows its code."""
    named = a_product("A", family="CUI", family_name="Cuisson", subfamily="CAS", subfamily_name="Casseroles")
    with a_site.database.transaction() as connection:
        put_products(connection, [named])
        put_products(connection, [a_product("B", family="CUI", subfamily="CAS"), a_product("C", family="NEW")])
        put_families(connection, {"NEW": "Nouveau"})
    with a_site.database.read() as connection:
        families = connection.execute(select(ProductFamily.code, ProductFamily.name).order_by("code")).all()
        subfamilies = connection.execute(select(ProductSubfamily.code, ProductSubfamily.name)).all()
        placed = connection.execute(select(Product.code).where(Product.subfamily_id.is_not(None))).scalars()
        assert sorted(placed) == ["A", "B"]
    assert [tuple(row) for row in families] == [("CUI", "Cuisson"), ("NEW", "Nouveau")]
    assert [tuple(row) for row in subfamilies] == [("CAS", "Casseroles")]


@pytest.mark.parametrize(
    "rows",
    [
        [a_product("A"), a_product("A")],
        [a_product("A", subfamily="CAS")],
        [a_product("A", family="X", subfamily="CAS"), a_product("B", family="Y", subfamily="CAS")],
    ],
)
def test_what_contradicts_itself(a_site: SiteToTest, rows: list[object]) -> None:
    with pytest.raises(Problem), a_site.database.transaction() as connection:
        put_products(connection, rows)  # type: ignore[arg-type]
    with a_site.database.read() as connection:
        assert connection.execute(select(Product.id)).all() == []


def test_a_csv_file() -> None:
    text = 'code,name,sale_price,vat_rate,unit,purchase_price,gtin\nA,Casserole,"1 234,50","5,5 %",KGM,,3012345678902\n'
    (row,) = read_products("p.csv", text.encode())
    assert row.sale_price == Decimal("1234.50")
    assert (row.vat_rate, row.unit, row.purchase_price, row.gtin) == (
        Decimal("5.5"),
        "KGM",
        None,
        "3012345678902",
    )


def test_all_faults_of_a_csv_file_at_once() -> None:
    titles = "Code;Désignation;Prix de vente;TVA;Unité;Famille;Sous-famille"
    rows = ["A;a;1;20;C62;;S", f"B;{'b' * 201};x;;KILO;;", ";c;1;20;;;", "A;a;1;20;;;"]
    with pytest.raises(FileProblems) as caught:
        read_products("p.csv", "\n".join([titles, *rows]).encode())
    assert {(fault.row, fault.column) for fault in caught.value.faults} == {
        (2, "Famille"),
        (3, "Désignation"),
        (3, "Prix de vente"),
        (3, "TVA"),
        (3, "Unité"),
        (4, "Code"),
        (5, "Code"),
    }
