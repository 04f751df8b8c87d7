"""Rows of one order stay one order; what a table says beside its numbers is checked at the door."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from intergestan_db.database import Database
from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.catalogue.catalogue_csv import read_products
from intergestan_erp.inputs.figure import Mark
from intergestan_erp.order_files.file_order import FileOrder, Options
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.order_files.read_orders import read_orders
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import show_order
from tests.clock import Clock
from tests.order_files import enter, import_file
from tests.site_factories import a_product, add_party, make_site

HEAD = "ID Pièce;Date;Fournisseur;Nature;Produit;Quantité;Prix"


def orders(*rows: str, titles: str = HEAD) -> list[FileOrder]:
    return read_orders("o.csv", "\n".join([titles, *rows]).encode())


def refused(*rows: str, titles: str = HEAD) -> list[str]:
    with pytest.raises(FileProblems) as caught:
        orders(*rows, titles=titles)
    return [str(fault) for fault in caught.value.faults]


def lines(found: list[FileOrder]) -> list[tuple[str | None, int]]:
    return [(order.number, len(order.lines)) for order in found]


def test_a_row_without_any_head_goes_on() -> None:
    found = orders("A;20/11/2026;F001;n;P;1;2", ";;;;P;2;2", "B;20/11/2026;F001;;P;1;2", ";;;;P;2;2", ";;;;P;2;2")
    assert lines(found) == [("A", 2), ("B", 3)]
    assert lines(orders(";20/11/2026;F001;n;P;1;2", ";;;;P;2;2", ";21/11/2026;F001;n;P;1;2")) == [(None, 2), (None, 1)]


@pytest.mark.parametrize(
    "again", [";20/11/2026;F001;;P;2;2", ";20/11/2026;;;P;2;2", ";;F001;;P;2;2", ";20/11/2026;F001;n;P;2;2"]
)
def test_a_row_that_repeats_the_head_without_the_number_is_a_question(again: str) -> None:
    (told,) = [each for each in refused("A;20/11/2026;F001;n;P;1;2", again) if "repeats" in each]
    assert told.startswith("row 3, ID Pièce: The row repeats the head of the order A without its number")


def test_another_head_without_a_number_is_another_order() -> None:
    found = orders("A;20/11/2026;F001;n;P;1;2", ";21/11/2026;F001;n;P;2;2", ";21/11/2026;F001;n;P;3;2")
    assert lines(found) == [("A", 1), (None, 2)]


def test_a_first_row_without_a_head_has_no_order_to_go_on_with() -> None:
    assert len(refused(";;;;P;1;2")) == 2


def test_one_day_written_in_two_ways_is_one_day() -> None:
    (order,) = orders("A;20/11/2026;F001;;P;1;2", "A;2026-11-20 00:00:00;F001;;P;2;2")
    assert (order.issue_date, len(order.lines)) == (date(2026, 11, 20), 2)


def test_the_currency_beside_amounts_is_the_order_s() -> None:
    titles = f"{HEAD};Devise"
    assert [order.currency for order in orders("A;20/11/2026;F001;;P;1;2 CHF;", titles=titles)] == ["CHF"]
    assert [order.currency for order in orders("A;20/11/2026;F001;;P;1;2 €;eur", titles=titles)] == ["EUR"]
    assert "in USD, and the order in EUR" in refused("A;20/11/2026;F001;;P;1;2 USD;EUR", titles=titles)[0]
    assert "in USD, and the order in EUR" in refused("A;20/11/2026;F001;;P;1;2 €", "A;;;;P;1;3 USD")[0]
    assert "does not name one currency" in refused("A;20/11/2026;F001;;P;1;2 $")[0]


def test_all_numbers_of_a_file_decide_about_its_mark() -> None:
    found = orders("A;20/11/2026;F001;;P;1;1,234", "B;20/11/2026;F001;;P;2;4,50")
    assert [order.lines[0].price for order in found] == [Decimal("1.234"), Decimal("4.50")]
    assert "«1.000» may be" in refused("A;20/11/2026;F001;;P;1.000;2", "B;20/11/2026;F001;;P;2;15,00")[0]


def test_the_rows_of_titles_may_stand_below_empty_rows() -> None:
    assert lines(read_orders("o.csv", f";;\n\n{HEAD}\nA;20/11/2026;F001;;P;1;2\n".encode())) == [("A", 1)]


def test_a_catalogue_has_the_same_readers() -> None:
    titles = "Code;Désignation;Prix de vente;TVA;Unité;Catégorie de TVA;GTIN"
    rows = ["A;a;1.234;20;;;", "B;b;4€50;0,2;;;", "C;c;1;0;;;", "D;d;1;20;;Z;", "E;e;1;20;lot;XYZ;3250390000014"]
    with pytest.raises(FileProblems) as caught:
        read_products("p.csv", "\n".join([titles, *rows]).encode())
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        *((2, "Prix de vente"), (3, "TVA"), (3, "Prix de vente"), (4, "TVA"), (5, "TVA")),
        *((6, "Catégorie de TVA"), (6, "Unité"), (6, "GTIN")),
    ]
    (product,) = read_products("p.csv", f"{titles}\n'007;a;1.234;20 %;pce;s;\n".encode(), Mark.COMMA)
    assert (product.code, product.sale_price, product.unit, product.vat_category) == ("007", Decimal(1234), "C62", "S")


@pytest.fixture
def site(base: Database, clock: Clock) -> Database:
    """A site on 6 January 2027 with the supplier F001 and the product P."""
    clock.now = datetime(2027, 1, 6, 9, 0, tzinfo=UTC)
    make_site(base)
    with base.transaction() as connection:
        add_party(connection, NewParty(code="F001", name="STAUBER", is_supplier=True))
        put_products(connection, [a_product("P", "2")])
    return base


def take(site: Database, row: str, titles: str = HEAD, **options: Any) -> Imported:
    return import_file(site, "o.csv", f"{titles}\n{row}\n".encode(), by="marie", options=Options(**options))


def test_an_order_is_at_most_a_year_old(site: Database) -> None:
    titles = f"{HEAD};Livraison souhaitée"
    for number, issued in enumerate(("06/01/2026", "07/01/2027", "28/02/2026")):
        assert take(site, f"{number};{issued};F001;;P;1;2;", titles).new == (str(number),)
    for issued in ("05/01/2026", "08/01/2027", "20/11/0226", "20/11/2206"):
        with pytest.raises(FileProblems, match="take any date"):
            take(site, f"X;{issued};F001;;P;1;2;", titles)
    for wanted in ("05/01/2027", "07/01/2029", "01/01/2001"):
        with pytest.raises(FileProblems, match="take any date"):
            take(site, f"X;06/01/2027;F001;;P;1;2;{wanted}", titles)
    assert take(site, "Y;06/01/2027;F001;;P;1;2;06/01/2029", titles).new == ("Y",)
    assert take(site, "X;20/11/0226;F001;;P;1;2;01/01/2001", titles, any_dates=True).new == ("X",)
    assert take(site, "X;20/11/0226;F001;;P;1;2;01/01/2001", titles).there == ("X",)  # it stands here already


def test_a_free_line_may_have_no_vat_and_another_may_not(site: Database) -> None:
    titles = f"{HEAD};TVA"
    assert take(site, "A;06/01/2027;F001;;P;1;0;0", titles).new == ("A",)
    with pytest.raises(FileProblems, match="The VAT category S does not have the rate 0"):
        take(site, "B;06/01/2027;F001;;P;1;2;0", titles)


def test_another_currency_takes_no_price_of_the_catalogue(site: Database) -> None:
    with pytest.raises(FileProblems, match="give each line its price"):
        take(site, "A;06/01/2027;F001;;P;1;;USD", f"{HEAD};Devise")
    take(site, "A;06/01/2027;F001;;P;1;2;USD", f"{HEAD};Devise")
    with site.read() as connection:
        assert show_order(connection, "A").currency == "USD"


def test_what_was_said_of_a_taken_file_is_said_again_after_a_cut(site: Database) -> None:
    data = f"{HEAD}\nA;06/01/2027;F001;;P;1;\n".encode()
    first = enter(site, "t", "a.csv", data, by="marie")
    again = enter(site, "t", "a.csv", data, by="marie")
    assert [str(remark) for remark in again.said] == [str(remark) for remark in first.said]
    assert "Price from catalogue" in str(first.said[0])
