"""Lines with neither code nor GTIN: held by their name until a person says once what that supplier means by it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, update

from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Act, FileProblems, Problem
from intergestan_db.tables import Event, Product, ProductName, PurchaseOrder, PurchaseOrderLine
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.order_files import order_files
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.product_names import (
    KeptName,
    change_names,
    forget_name,
    keep_name,
    list_names,
    thing_key,
)
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.parties import NewParty
from tests.erp.order_files.interop import CLOCK, FOLDER, essai
from tests.order_files import limited_orders
from tests.site_factories import add_party, rows_of

pytestmark = pytest.mark.mainly_on("postgresql")
import_file = partial(order_files.import_file, read=limited_orders.read, by="marie")
UBL = (FOLDER / "p1-name-only.xml").read_bytes()
TABLE = "ID Pièce;Date;Fournisseur;Produit;Désignation;Quantité;Prix\nT1;20/11/2026;LIEF;{};{};10;5,00\n"
NOW: Any = {"by": "marie", "at": CLOCK}


@pytest.fixture
def site(database: Database) -> Database:
    essai(database)
    with database.transaction() as connection:
        add_party(connection, NewParty(code="AUTRE", name="Autre SA", is_supplier=True))
        put_products(connection, [ProductRow(code="B-2", name="Bidule", sale_price=Decimal(9), vat_rate=Decimal(20))])
    return database


def take(site: Database, data: bytes = UBL, **names: str) -> order_files.Imported:
    said = {thing_key(name.replace("_", " ")): code for name, code in names.items()}
    return import_file(site, "f", data, options=Options(any_dates=True, names=said))


def table(product: str = "", name: str = "Widget", supplier: str = "LIEF") -> bytes:
    return TABLE.replace("LIEF", supplier).format(product, name).encode()


def keep(site: Database, name: str, code: str, supplier: str = "LIEF") -> None:
    with site.transaction() as connection:
        whose = one_party(connection, supplier, PartyRole.SUPPLIER).id
        keep_name(connection, whose, name, code, **NOW)


def kept(site: Database) -> list[KeptName]:
    with site.read() as connection:
        return list(list_names(connection))


@pytest.mark.parametrize("data", [UBL, table()], ids=["UBL", "table"])
def test_a_name_alone_is_refused_until_somebody_says_what_it_means(site: Database, data: bytes) -> None:
    with pytest.raises(FileProblems) as refused:
        take(site, data)
    (fault,) = refused.value.faults
    assert "The line «Widget» has neither code nor GTIN" in str(fault)
    assert fault.next == (Act.SAY_WHAT_IS_NAMED,)
    assert (kept(site), rows_of(site, PurchaseOrder)) == ([], [])

    assert len(take(site, data, WIDGET="A-1").new) == 1
    (line,) = rows_of(site, PurchaseOrderLine)
    assert (line.product_code, line.name, line.quantity, line.price, line.gtin) == (
        *("A-1", "Widget", Decimal(10), Decimal(5)),
        "3250390000013",
    )
    assert kept(site) == [KeptName("LIEF", "Widget", "A-1")]
    (said,) = (row for row in rows_of(site, Event) if row.name == "match")
    assert (said.subject, said.who, said.detail) == ("party", "marie", {"name": "Widget", "product": "A-1"})


def test_what_was_said_counts_for_the_next_file_of_that_supplier_alone(site: Database) -> None:
    keep(site, " widget ", "A-1")
    assert take(site).new == ("P1",)
    assert take(site).there == ("P1",)
    with pytest.raises(FileProblems, match="has neither code nor GTIN"):
        take(site, table(supplier="AUTRE"))
    keep(site, "Widget", "B-2", "AUTRE")
    take(site, table(supplier="AUTRE"))
    assert [line.product_code for line in rows_of(site, PurchaseOrderLine)] == ["A-1", "B-2"]


def test_a_code_or_a_gtin_counts_more_than_a_name(site: Database) -> None:
    keep(site, "Widget", "B-2")
    take(site, table("A-1"))
    (line,) = rows_of(site, PurchaseOrderLine)
    assert line.product_code == "A-1"
    with pytest.raises(FileProblems, match="The product X-9 is not in the base"):
        take(site, table("X-9"))


def test_said_otherwise_and_forgotten(site: Database) -> None:
    keep(site, "Widget", "A-1")
    keep(site, "WIDGET", "B-2")
    keep(site, "WIDGET", "B-2")  # nothing new: no event
    assert kept(site) == [KeptName("LIEF", "WIDGET", "B-2")]
    with site.transaction() as connection:
        whose = one_party(connection, "LIEF", PartyRole.SUPPLIER).id
        forget_name(connection, whose, "widget", **NOW)
        with pytest.raises(Problem, match="Nothing is kept of «widget»"):
            forget_name(connection, whose, "widget", **NOW)
    assert rows_of(site, ProductName) == []
    said = [row.name for row in rows_of(site, Event) if row.subject == "party" and "match" in row.name]
    assert said == ["match", "match", "forget match"]
    with pytest.raises(FileProblems, match="has neither code nor GTIN"):
        take(site)


def test_a_name_that_somebody_else_keeps_at_that_moment_is_said_anew(site: Database) -> None:
    """It is kept between the look at what is there and our row."""
    if site.is_sqlite:
        pytest.skip("SQLite lets one write at a time: nobody comes between.")
    came: list[str] = []

    def come(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO product_name ") and not came:
            came.append(statement)
            keep(site, "widget", "A-1")

    with site.read() as connection:
        whose = one_party(connection, "LIEF", PartyRole.SUPPLIER).id
    event.listen(site.engine, "before_cursor_execute", come)
    try:
        change_names(site, whose, {"Widget": "B-2"}, by="marie")
    finally:
        event.remove(site.engine, "before_cursor_execute", come)
    assert (len(came), kept(site)) == (1, [KeptName("LIEF", "Widget", "B-2")])
    said = [row.detail["product"] for row in rows_of(site, Event) if row.name == "match"]
    assert said == ["A-1", "B-2"]


def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(site: Database) -> None:
    with pytest.raises(FileProblems, match="said to be the product X-9, which is not in the base"):
        take(site, Widget="X-9")
    with pytest.raises(Problem, match="no product X-9 in use"):
        keep(site, "Widget", "X-9")
    for name in (" ", "x" * 401):
        with pytest.raises(Problem, match="is no name of a thing"):
            keep(site, name, "A-1")
    assert kept(site) == []


@pytest.mark.parametrize("name", ["Vis " + "x" * 396, "Vis\ninox  A2"], ids=["400 characters", "two lines"])
def test_a_fault_has_the_whole_name_which_answers_it(site: Database, name: str) -> None:
    data = table(name=f'"{name}"')
    with pytest.raises(FileProblems) as refused:
        take(site, data)
    (fault,) = refused.value.faults
    said = fault.values["name"]
    assert (said, f"«{said}»" in str(fault)) == (" ".join(name.split()), True)
    import_file(site, "f", data, options=Options(any_dates=True, names={thing_key(said): "A-1"}))
    assert kept(site) == [KeptName("LIEF", said, "A-1")]


def test_a_name_that_no_line_may_have_is_not_asked_for(site: Database) -> None:
    with pytest.raises(FileProblems, match="at most 400 characters") as refused:
        take(site, table(name="x" * 401))
    assert [fault.next for fault in refused.value.faults] == [()]


def test_a_product_out_of_use_is_meant_by_no_name(site: Database) -> None:
    keep(site, "Widget", "B-2")
    with site.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "B-2").values(active=False))
    for take_it in (partial(take, site), partial(take, site, Widget="B-2")):
        with pytest.raises(FileProblems, match="the product B-2, which is not in the base or not in use"):
            take_it()
    assert take(site, Widget="A-1").new == ("P1",)


def test_the_event_names_the_product_as_it_is_written_here(site: Database) -> None:
    keep(site, "Widget", " a-1 ")
    (kept_one,) = (row for row in rows_of(site, Event) if row.name == "match")
    assert kept_one.detail == {"name": "Widget", "product": "A-1"}


def test_a_file_that_is_refused_for_something_else_keeps_nothing(site: Database) -> None:
    with pytest.raises(FileProblems):
        take(site, table().replace(b"10;5,00", b"0;5,00"), Widget="A-1")
    assert kept(site) == []


def test_a_name_that_no_line_has_is_said(site: Database) -> None:
    imported = take(site, table("A-1"), Bidule_bleu="B-2")
    assert "No line without code and GTIN is called «bidule bleu»" in "\n".join(map(str, imported.said))
    assert kept(site) == []


def test_letters_small_or_capital_and_blanks_are_all_that_is_overlooked() -> None:
    assert thing_key("  Vis  INOX\u00a0Ø8 ") == thing_key("vis inox ø8")
    assert thing_key("Vis Ø8") != thing_key("Vis O8")
    assert thing_key("Vis 4,5") != thing_key("Vis 45")
