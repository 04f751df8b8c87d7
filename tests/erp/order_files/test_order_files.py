"""`orders import`: what is taken, what is refused and how that is said; a file whole or not at all."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

import services.demo
from intergestan_db.database import Database
from intergestan_db.enums import FileFormat
from intergestan_db.problem import FileProblems
from intergestan_db.tables import NumberSeries, Party, PriceLine, PriceList, Product, PurchaseOrder
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.catalogue.catalogue_csv import read_products
from intergestan_erp.order_files.file_order import FileOrder
from intergestan_erp.order_files.order_export import PURCHASE, as_documents, to_export, write_tables, write_ubl
from intergestan_erp.order_files.order_export import read_orders as read_exported
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.order_files.read_orders import read_orders
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import show_order
from intergestan_msg.money import AllowanceCharge
from intergestan_msg.order import Order
from intergestan_msg.ubl import write_order
from tests import factories
from tests.order_files import import_file
from tests.site_factories import NOW, SiteToTest, a_product, add_party, make_site

DEMO = Path(services.demo.__file__).parent / "data"

TITLES = "ID Pièce;Date;Fournisseur;Nature;Produit;Quantité;Prix;TVA"


@pytest.fixture
def shop(database: Database) -> SiteToTest:
    """A site with the supplier STAUBER and three products."""
    site = make_site(database, siret="73282932000074")
    with database.transaction() as connection:
        add_party(
            connection,
            NewParty(
                code="F001",
                name="STAUBER",
                is_supplier=True,
                siret="80295478500028",
                vat_id="FR12802954785",
            ),
        )
        put_products(connection, [a_product("CAS16", "12.5"), a_product("CAS18"), a_product("CAS20")])
    return site


def take(site: SiteToTest, *rows: str, titles: str = TITLES, **options: Any) -> Imported:
    return import_file(site.database, "orders.csv", "\n".join([titles, *rows]).encode(), by="marie", **options)


def read_rows(*rows: str, titles: str = TITLES) -> list[FileOrder]:
    return read_orders("orders.csv", "\n".join([titles, *rows]).encode())


def faults_of(attempt: Callable[[], object]) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(FileProblems) as caught:
        attempt()
    return [(fault.row, fault.column, str(fault.args[0])) for fault in caught.value.faults]


def faults_of_rows(*rows: str, titles: str = TITLES) -> list[tuple[int | None, str | None, str]]:
    return faults_of(lambda: read_rows(*rows, titles=titles))


def faults(site: SiteToTest, *rows: str, titles: str = TITLES) -> list[tuple[int | None, str | None, str]]:
    found = faults_of(lambda: take(site, *rows, titles=titles))
    assert count(site) == 0, "a file is taken whole or not at all"
    return found


def count(site: SiteToTest) -> int:
    with site.database.read() as connection:
        return connection.execute(select(func.count()).select_from(PurchaseOrder)).scalar_one()


def order(site: SiteToTest, number: str = "CFR1") -> Any:
    with site.database.read() as connection:
        return show_order(connection, number)


def test_the_two_reference_orders(database: Database) -> None:
    """G11: CFR1 Matériel cuisine 180,00/216,00 and CFR2 Casseroles 120,00/144,00, VAT 20 %."""
    shop = make_site(database)
    with database.transaction() as connection:
        add_party(connection, NewParty(code="F001", name="STAUBER", is_supplier=True))
        products = read_products("catalogue_shop.csv", (DEMO / "catalogue_shop.csv").read_bytes())
        put_products(connection, products)
    taken = import_file(database, "orders.csv", (DEMO / "orders.csv").read_bytes(), by="marie")
    assert taken == Imported(("CFR1", "CFR2"), ())
    first, second = order(shop, "CFR1"), order(shop, "CFR2")
    assert (first.issue_date, first.note) == (date(2020, 11, 15), "Matériel cuisine")
    assert (first.total_ht, first.total_ttc) == (Decimal(180), Decimal(216))
    assert (second.issue_date, second.note) == (date(2020, 11, 19), "Casseroles")
    assert (second.total_ht, second.total_vat, second.total_ttc) == (120, 24, 144)


def test_the_demo_catalogues_agree() -> None:
    """G05: the same codes everywhere; what the shops pay is what the base asks, so no price differs."""
    shop, base = (
        {row.code: row for row in read_products(name, (DEMO / name).read_bytes())}
        for name in ("catalogue_shop.csv", "catalogue_base.csv")
    )
    assert shop.keys() == base.keys()
    assert len(shop) >= 25
    assert all(shop[code].purchase_price == base[code].sale_price for code in shop)


def test_a_row_takes_what_it_leaves_out_from_the_product(shop: SiteToTest) -> None:
    take(shop, "CFR1;15/11/2020;F001;Casseroles;CAS16;3;;")
    taken = order(shop)
    (line,) = taken.lines
    assert (line.price, line.vat_rate, line.vat_category) == (Decimal("12.5"), 20, "S")
    assert (line.name, line.unit, line.line_id) == ("Produit CAS16", "C62", "1")
    assert (line.total, taken.total_ht, taken.total_vat, taken.total_ttc) == (
        Decimal("37.5"),
        Decimal("37.5"),
        Decimal("7.5"),
        Decimal(45),
    )
    assert (taken.state, taken.currency) == ("confirmed", "EUR")


def test_a_free_line_costs_nothing(shop: SiteToTest) -> None:
    take(shop, "CFR1;15/11/2020;F001;;CAS16;3;0;0")
    assert (order(shop).total_ht, order(shop).lines[0].vat_rate) == (0, 0)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,56 €", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("0,000001", "0.000001"),
        (",5", "0.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
    ],
)
def test_decimals_the_french_way_and_plain(written: str, value: str) -> None:
    """D7: money is `1 234,56` in French."""
    (read,) = read_rows(f"CFR1;15/11/2020;F001;;CAS16;1;{written};")
    assert read.lines[0].price == Decimal(value)


@pytest.mark.parametrize("written", ["12,3,4", "1.234,5.6", "douze", "1e5", "NaN", "0,0000001", "-1", "9" * 20])
def test_what_is_no_number(written: str) -> None:
    ((row, column, text),) = faults_of(lambda: read_rows(f"CFR1;15/11/2020;F001;;CAS16;1;{written};"))
    assert (row, column) == (2, "Prix")
    assert "1234,56" in text or "0 or more" in text


def test_dates_the_french_way_and_iso() -> None:
    read = read_rows("CFR1;15/11/2020;F001;;CAS16;1;;", "CFR2;2020-11-19;F001;;CAS16;1;;")
    assert [order.issue_date for order in read] == [date(2020, 11, 15), date(2020, 11, 19)]


@pytest.mark.parametrize("written", ["31/02/2020", "2020/11/15", "hier", "15/11/20"])
def test_what_is_no_date(written: str) -> None:
    ((row, column, _),) = faults_of(lambda: read_rows(f"CFR1;{written};F001;;CAS16;1;;"))
    assert (row, column) == (2, "Date")


def test_commas_and_a_byte_order_mark(shop: SiteToTest) -> None:
    text = '\ufeffdate,supplier,product,quantity,price\r\n2020-11-15,F001,CAS16,2,"12,50"\r\n'
    taken = import_file(shop.database, "orders.csv", text.encode(), by="marie")
    assert taken.new == ("CFR1",)
    assert order(shop).total_ht == 25


def test_a_file_in_another_encoding_is_refused_with_a_cure() -> None:
    data = "Order;Date;Supplier;Note;Product;Quantity\nCFR1;15/11/2020;F001;A;CAS16;1\nCFR2;15/11/2020;F001;é;CAS16;1"
    with pytest.raises(FileProblems) as caught:
        read_orders("orders.csv", data.encode("cp850"))
    (fault,) = caught.value.faults
    assert fault.row == 3
    assert "save the file again" in str(fault)


def test_all_faults_of_a_file_come_at_once() -> None:
    found = faults_of_rows(
        "CFR1;15/11/2020;F001;;CAS16;beaucoup;12,x;",
        "CFR1;15/11/2020;F001;;;1;;",
        "CFR2;demain;F001;;CAS18;1;;",
        "CFR3;15/11/2020;;;CAS18;1;;",
    )
    assert [(row, column) for row, column, _ in found] == [
        (2, "Quantité"),
        (2, "Prix"),
        (3, "Produit"),
        (4, "Date"),
        (5, "Fournisseur"),
    ]


def test_all_that_the_base_does_not_know_comes_at_once(shop: SiteToTest) -> None:
    found = faults(
        shop,
        "CFR1;15/11/2020;NOBODY;;CAS16;1;;",
        "CFR2;15/11/2020;F001;;CAS99;1;;",
        "CFR2;15/11/2020;F001;;CAS98;1;;",
    )
    assert [row for row, _, _ in found] == [2, 3, 4]
    assert [column for _, column, _ in found] == ["Fournisseur", "Produit", "Produit"]
    assert "NOBODY" in found[0][2]
    assert "CAS99" in found[1][2]
    assert all("first" in text for *_, text in found)


def test_a_product_without_purchase_price_needs_one_in_the_row(shop: SiteToTest) -> None:
    with shop.database.transaction() as connection:
        put_products(connection, [replace(a_product("NEW"), purchase_price=None)])
    ((_, column, text),) = faults(shop, "CFR1;15/11/2020;F001;;NEW;1;;")
    assert column == "Prix"
    assert "NEW" in text


@pytest.mark.parametrize(
    "text", ["F001", "STAUBER", "stauber", "802 954 785 00028", "FR12802954785", "FR 12 802954785"]
)
def test_the_supplier_is_found(shop: SiteToTest, text: str) -> None:
    take(shop, f"CFR1;15/11/2020;{text};;CAS16;1;;")
    assert order(shop).supplier_code == "F001"


def test_two_suppliers_of_one_name_are_a_question(shop: SiteToTest) -> None:
    with shop.database.transaction() as connection:
        add_party(connection, NewParty(code="F002", name="Stauber", is_supplier=True))
        add_party(connection, NewParty(code="C001", name="STAUBER", is_customer=True))
    ((_, _, text),) = faults(shop, "CFR1;15/11/2020;STAUBER;;CAS16;1;;")
    assert "F001, F002" in text
    assert "C001" not in text


def test_a_column_that_nobody_knows() -> None:
    ((row, column, text),) = faults_of_rows("x", titles=f"{TITLES};Quantitée")
    assert (row, column) == (1, "Quantitée")
    assert "«Quantité»" in text


def test_columns_that_are_missing() -> None:
    found = faults_of_rows("CFR1", titles="ID Pièce")
    assert [column for _, column, _ in found] == ["Date", "Fournisseur", "Produit", "Quantité"]


def test_rows_of_one_order_agree() -> None:
    ((row, column, _),) = faults_of_rows("CFR1;15/11/2020;F001;A;CAS16;1;;", "CFR1;;;;CAS18;1;;", "CFR1;;;B;CAS20;1;;")
    assert (row, column) == (4, "Nature")


def test_a_file_without_rows(shop: SiteToTest) -> None:
    """An export of a day without orders."""
    taken = take(shop)
    assert taken == Imported((), ())
    assert [remark.template for remark in taken.said] == ["There is no order in the file: it has titles, and no row."]


def test_a_text_that_is_too_long() -> None:
    ((row, column, text),) = faults_of_rows(f"{'C' * 61};15/11/2020;F001;;CAS16;1;;")
    assert (row, column) == (2, "ID Pièce")
    assert "60" in text


def test_invisible_characters_in_a_number() -> None:
    ((row, column, _),) = faults_of_rows("CFR\u202e1;15/11/2020;F001;;CAS16;1;;")
    assert (row, column) == (2, "ID Pièce")


SIZED = "ID Pièce;Date;Fournisseur;Produit;Quantité;Prix;Prix pour;TVA;Catégorie de TVA;Frais de ligne;Frais"


@pytest.mark.parametrize(
    ("rows", "column", "figure"),
    [
        (("CAS16;900000000000;900000000000;;;;;",), "Quantité", "810000000000000000000000.00"),
        (("CAS16;2;999999999999;;;;;",), "Quantité", "1999999999998.00"),
        (("CAS16;1;999999999999,99;;0;Z;0,01;",), "Quantité", "1000000000000.00"),
        (("CAS16;949;998,806417;0,000001;;;;",), None, "1137440747679.60"),
        (("CAS16;1;500000000000;;0;Z;;",) * 2, None, "1000000000000.00"),
        (("CAS16;1;1;;0;Z;;", ";;;;;;;999999999999,99"), None, "1000000000000.99"),
        (("CAS16;1;999999999999;;0;Z;-900000000000;", ";;;;;;;600000000000", ";;;;;;;-600000000000") * 2, None, "12"),
        (("CAS16;999999999999;;;;;;",), "Quantité", "12499999999987.50"),
    ],
)
def test_figures_that_no_file_could_state_again(
    shop: SiteToTest, rows: tuple[str, ...], column: str | None, figure: str
) -> None:
    """A line, a total, a sum of charges, a price of the catalogue: 949 pieces at 998.806417 for 0.000001 were taken in,
    exported, and then refused by our own reader.
    """
    ((row, where, text),) = faults(shop, *(f"CFR1;15/11/2020;F001;{each}" for each in rows), titles=SIZED)
    assert (row, where) == (2, column)
    assert figure in text
    assert "12 digits" in text


@pytest.mark.parametrize("row", ["1;999999999999,99;;0;Z;;", "4;208333333333,33;;20;S;;", "1;0,01;;0;Z;-0,01;"])
def test_the_largest_figures_go_out_and_come_in_again(shop: SiteToTest, row: str) -> None:
    assert take(shop, f"CFR1;15/11/2020;F001;CAS16;{row}", titles=SIZED).new == ("CFR1",)
    with shop.database.read() as connection:
        (exported,) = read_exported(connection, PURCHASE, to_export(connection, PURCHASE, ["CFR1"], again=True))
        (document,) = as_documents(connection, PURCHASE, [exported])
    table = write_tables(PURCHASE, exported, FileFormat.CSV, "fr")
    for data in (table, write_ubl(document)):
        assert import_file(shop.database, "again", data, by="marie") == Imported((), ("CFR1",))


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (factories.an_order("CFR7", (factories.a_line(1, "2", "999999999999"),)), "cac:OrderLine L1"),
        (
            factories.an_order(
                "CFR7", 1, charges=(AllowanceCharge(is_charge=True, amount=Decimal(10) ** 12, reason="Port"),)
            ),
            "cac:AllowanceCharge Port",
        ),
        (factories.an_order("CFR7", (factories.a_line(1, "1", "999999999999"),)), None),
    ],
)
def test_the_same_of_a_document(shop: SiteToTest, order: Order, place: str | None) -> None:
    with shop.database.transaction() as connection:
        put_products(connection, [a_product("CAS0001")])
    ((_, where, text),) = faults_of(lambda: import_file(shop.database, "x.xml", write_order(order), by="marie"))
    assert where == place
    assert "12 digits" in text


def test_a_price_that_is_rounded_up_to_a_digit_more(shop: SiteToTest) -> None:
    xml = write_order(factories.an_order("CFR7", (factories.a_line(1, "1", "999999999999"),)))
    xml = re.sub(rb"(<cbc:PriceAmount[^>]*>)[^<]*", rb"\g<1>999999999999.9999999", xml)
    xml = re.sub(rb"(<cbc:LineExtensionAmount[^>]*>)[^<]*", rb"\g<1>1000000000000", xml)
    with shop.database.transaction() as connection:
        put_products(connection, [a_product("CAS0001")])
    ((_, _, text),) = faults_of(lambda: import_file(shop.database, "x.xml", xml, by="marie"))
    assert "1000000000000.00 is too large" in text


def test_totals_that_the_lines_do_not_add_up_to(shop: SiteToTest) -> None:
    titles = f"{TITLES};Total HT;Total TTC"
    ((row, column, text),) = faults(shop, "CFR1;15/11/2020;F001;;CAS18;2;;;20,00;30,00", titles=titles)
    assert (row, column) == (2, "Total TTC")
    assert "24.00" in text


def test_orders_without_numbers_get_the_next_ones(shop: SiteToTest) -> None:
    taken = take(
        shop,
        ";15/11/2020;F001;Casseroles;CAS16;1;;",
        ";16/11/2020;F001;Casseroles;CAS16;1;;",
        ";15/11/2020;F001;Casseroles;CAS18;1;;",
        "X7;15/11/2020;F001;Casseroles;CAS18;1;;",
    )
    assert sorted(taken.new) == ["CFR1", "CFR2", "X7"]
    assert len(order(shop, "CFR1").lines) == 2


def test_the_series_goes_on_past_numbers_that_files_brought(shop: SiteToTest) -> None:
    take(shop, "CFR1;15/11/2020;F001;;CAS16;1;;", "CFR3;15/11/2020;F001;;CAS16;1;;")
    assert take(shop, ";16/11/2020;F001;;CAS16;1;;", ";17/11/2020;F001;;CAS16;1;;").new == ("CFR2", "CFR4")
    with shop.database.read() as connection:
        series = select(NumberSeries.next_number).where(NumberSeries.prefix == "CFR")
        assert connection.execute(series).scalar_one() == 5


def test_the_same_file_again_changes_nothing(shop: SiteToTest) -> None:
    rows = ("CFR1;15/11/2020;F001;;CAS16;1;;", "CFR1;15/11/2020;F001;;CAS18;2;;")
    assert take(shop, *rows) == Imported(("CFR1",), ())
    before = order(shop)
    assert take(shop, *rows) == Imported((), ("CFR1",))
    assert order(shop) == before


def test_the_same_number_with_other_content_is_refused_with_the_whole_file(shop: SiteToTest) -> None:
    take(shop, "CFR1;15/11/2020;F001;;CAS16;1;;")
    with pytest.raises(FileProblems, match="other content"):
        take(shop, "CFR1;15/11/2020;F001;;CAS16;2;;", "CFR2;15/11/2020;F001;;CAS16;1;;")
    assert count(shop) == 1


def test_drafts(shop: SiteToTest) -> None:
    take(shop, "CFR1;15/11/2020;F001;;CAS16;1;;", draft=True)
    assert order(shop).state == "draft"


def test_who_follows_the_order(shop: SiteToTest) -> None:
    """G09: the combo Suivi."""
    titles = f"{TITLES};Suivi"
    ((_, _, text),) = faults(shop, "CFR1;15/11/2020;F001;;CAS16;1;;;eve", titles=titles)
    assert "eve" in text
    take(shop, "CFR1;15/11/2020;F001;;CAS16;1;;;marie", titles=titles)
    assert order(shop).followed_by == "marie"


def test_a_ubl_order(shop: SiteToTest) -> None:
    document = factories.an_order("CFR7", lines=3)
    with shop.database.transaction() as connection:
        codes = [line.item.buyers_id or "" for line in document.lines]
        put_products(connection, [a_product(code) for code in codes])
    xml = write_order(document)
    assert import_file(shop.database, "CFR7.xml", xml, by="marie").new == ("CFR7",)
    taken = order(shop, "CFR7")
    assert document.totals is not None
    assert (taken.total_ht, taken.total_ttc) == (document.totals.tax_exclusive, document.totals.payable)
    assert (taken.issue_date, taken.note, taken.supplier_code) == (
        document.issue_date,
        document.note,
        "F001",
    )
    assert [line.line_id for line in taken.lines] == [line.id for line in document.lines]
    assert import_file(shop.database, "CFR7.xml", xml, by="marie").there == ("CFR7",)


def test_a_ubl_order_of_an_unknown_product(shop: SiteToTest) -> None:
    document = factories.an_order("CFR7", lines=2)
    with pytest.raises(FileProblems) as caught:
        import_file(shop.database, "CFR7.xml", write_order(document), by="marie")
    assert [fault.column for fault in caught.value.faults] == [f"cac:OrderLine {line.id}" for line in document.lines]


@pytest.mark.parametrize(
    "data",
    [
        b"<Order/>",
        b"<",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>',
        b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>',
    ],
)
def test_xml_that_is_no_order(data: bytes) -> None:
    with pytest.raises(FileProblems, match="no UBL order"):
        read_orders("x.xml", data)


@pytest.mark.parametrize("data", [b"", b"\n", b"\x00\x01", b'a;"b\n', b";;;\n;;;\n"])
def test_rubbish_is_refused(data: bytes) -> None:
    with pytest.raises(FileProblems):
        read_orders("x.csv", data)


def test_an_event_says_who_imported(shop: SiteToTest) -> None:
    take(shop, "CFR1;15/11/2020;F001;;CAS16;1;;")
    (event,) = order(shop).events
    assert (event.who, event.name, event.new, event.at) == ("marie", "import", "confirmed", NOW)


def test_many_orders_in_one_file(shop: SiteToTest) -> None:
    rows = [f"X{number};15/11/2020;F001;;CAS16;{line};;" for number in range(300) for line in (1, 2)]
    assert len(take(shop, *rows).new) == 300
    assert len(take(shop, *rows).there) == 300


def test_price_lists_of_what_we_buy(shop: SiteToTest) -> None:
    """A07, D42: a line without a price takes the list's, by its supplier, establishment, day and quantity."""
    with shop.database.transaction() as connection:
        supplier = connection.execute(select(Party.id).where(Party.code == "F001")).scalar_one()
        ids = {row.code: row.id for row in connection.execute(select(Product.code, Product.id))}
        for code, values in {
            "OURS": {"party_id": supplier, "valid_from": date(2020, 11, 1)},
            "SOLD": {"side": "sale", "valid_from": date(2020, 1, 1)},
        }.items():
            head = {"side": "purchase", "code": code, **values}
            list_id = connection.execute(insert(PriceList).values(**head).returning(PriceList.id)).scalar_one()
            for product, price, least in (("CAS16", "9", "0"), ("CAS16", "8", "24")):
                line = {"product_id": ids[product], "price": Decimal(price), "min_quantity": Decimal(least)}
                connection.execute(insert(PriceLine).values(price_list_id=list_id, **line))
    titles = "ID Pièce;Date;Fournisseur;Nature;Produit;Quantité;Unité;Prix"
    taken = take(
        shop,
        "CFR1;20/11/2020;STAUBER;N;CAS16;2;;",
        "CFR1;20/11/2020;STAUBER;N;CAS16;24;;",
        "CFR1;20/11/2020;STAUBER;N;CAS18;1;;",
        "CFR1;20/11/2020;STAUBER;N;CAS16;1;;7",
        "CFR2;31/10/2020;STAUBER;N;CAS16;24;;",
        titles=titles,
    )
    assert [line.price for line in order(shop).lines] == [*map(Decimal, ("9", "8", "10", "7"))]
    assert [line.price for line in order(shop, "CFR2").lines] == [Decimal("12.5")]
    assert [remark.values["orders"] for remark in taken.said] == ["CFR1 (3), CFR2 (1)", "CFR1 (1, 2)"]
    assert take(shop, "CFR2;31/10/2020;STAUBER;N;CAS16;24;;", titles=titles).there == ("CFR2",)
