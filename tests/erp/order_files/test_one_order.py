"""Rows of one order are one order, and its lines may be wanted on different days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.database import Database
from intergestan_db.enums import FileFormat
from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_export import PURCHASE, read_orders, to_export, write_tables
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.order_files.read_orders import read_orders as parse
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import find_orders, show_order
from tests.clock import Clock
from tests.databases import MigratedBases
from tests.order_files import import_file
from tests.site_factories import add_party, make_site

TITLES = "ID Pièce;Date;Fournisseur;Nature;Produit;Quantité;Prix;Livraison souhaitée;Frais"
NFC, NFD = (normalize(form, "Élise & Cie") for form in ("NFC", "NFD"))


@pytest.fixture
def site(migrated: MigratedBases, tmp_path: Path) -> Iterator[Database]:
    database = Database(migrated.new("sqlite", tmp_path), Clock(datetime(2027, 1, 6, 9, 0, tzinfo=UTC)))
    make_site(database, "Essai SARL", siret="73282932000074")
    with database.transaction() as connection:
        add_party(connection, NewParty(code="F001", name=NFC, is_supplier=True))
        add_party(connection, NewParty(code="f001", name="Autre SA", is_supplier=True))
        put_products(connection, [ProductRow(code="A-1", name="Widget", sale_price=Decimal(7), vat_rate=Decimal(20))])
    yield database
    database.dispose()


def take(site: Database, *rows: str, any_dates: bool = False) -> Imported:
    return import_file(
        site, "o.csv", "\n".join((TITLES, *rows)).encode(), by="marie", options=Options(any_dates=any_dates)
    )


def refused(site: Database, *rows: str) -> str:
    with pytest.raises(FileProblems) as problems:
        take(site, *rows)
    return str(problems.value)


def days(site: Database, number: str) -> tuple[date | None, list[date | None]]:
    with site.read() as connection:
        order = show_order(connection, number)
    return order.wanted_date, [line.wanted_date for line in order.lines]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"20/11/2026;{NFC}", f"20/11/2026;{NFD}"),
        ("20/11/2026;F001", "2026-11-20;F001"),
        ("20/11/2026;F001", "20/11/2026 08:15;F001"),
        (f"20/11/2026;F001;{normalize('NFC', 'Été')}", f"20/11/2026;F001;{normalize('NFD', 'Été')}"),
    ],
)
def test_rows_without_a_number_that_say_the_same_are_one_order(site: Database, first: str, second: str) -> None:
    """They were two, because texts were compared byte by byte."""
    rest = "" if first.count(";") > 1 else ";"
    imported = take(site, f";{first}{rest};A-1;2;4", f";{second}{rest};A-1;3;4")
    assert len(imported.new) == 1
    with site.read() as connection:
        assert len(show_order(connection, imported.new[0]).lines) == 2


def test_one_supplier_in_two_ways_is_asked(site: Database) -> None:
    said = refused(site, ";20/11/2026;F001;;A-1;2;4", f";20/11/2026;{NFC.upper()};;A-1;3;4")
    assert "row 3" in said
    assert "«F001»" in said
    assert len(take(site, "X1;20/11/2026;F001;;A-1;2;4", f"X2;20/11/2026;{NFC.upper()};;A-1;3;4").new) == 2


def test_codes_that_differ_by_case_are_two_suppliers(site: Database) -> None:
    assert len(take(site, ";20/11/2026;F001;;A-1;2;4", ";20/11/2026;f001;;A-1;3;4").new) == 2


def test_the_same_order_in_other_accents_is_there_already(site: Database) -> None:
    note = ("Réappro", "Plâtre")
    for form, new in (("NFC", ("X1",)), ("NFD", ())):
        row = f"X1;20/11/2026;F001;{normalize(form, ' '.join(note))};A-1;2;4"  # type: ignore[arg-type]
        assert take(site, row).new == new


def test_lines_wanted_on_different_days(site: Database) -> None:
    imported = take(
        site,
        "X1;20/11/2026;F001;;A-1;2;4;01/12/2026",
        ";;;;A-1;3;4;15/12/2026",
        ";;;;A-1;1;4;",
    )
    assert imported.new == ("X1",)
    assert "different days" in str(imported.said[0])
    assert days(site, "X1") == (None, [date(2026, 12, 1), date(2026, 12, 15), None])
    with site.read() as connection:
        (order,) = read_orders(connection, PURCHASE, to_export(connection, PURCHASE, ["X1"], again=True))
    for form in (FileFormat.CSV, FileFormat.XLSX):
        again = import_file(site, "x", write_tables(PURCHASE, order, form, "fr"), by="marie")
        assert (again.new, again.there) == ((), ("X1",))


def test_lines_wanted_on_one_day_are_the_order_s(site: Database) -> None:
    imported = take(site, "X1;20/11/2026;F001;;A-1;2;4;01/12/2026", "X1;;;;A-1;3;4;2026-12-01")
    assert (days(site, "X1"), imported.said) == ((date(2026, 12, 1), [None, None]), ())


def test_a_head_that_is_repeated_without_its_number(site: Database) -> None:
    """Another wanted day does not make it another order without a word."""
    said = refused(site, "X1;20/11/2026;F001;;A-1;2;4;01/12/2026", ";20/11/2026;F001;;A-1;3;4;15/12/2026")
    assert "without its number" in said
    said = refused(site, "X1;20/11/2026;F001;;A-1;2;4", ";2026-11-20;F001;;A-1;3;4")
    assert "without its number" in said


@pytest.mark.parametrize("day", ["19/11/2026", "21/11/2028"])
def test_the_day_of_a_line_is_checked_too(site: Database, day: str) -> None:
    rows = ("X1;20/11/2026;F001;;A-1;2;4;01/12/2026", f"X1;;;;A-1;3;4;{day}")
    said = refused(site, *rows)
    assert "row 3" in said
    assert "take any date" in said
    assert take(site, *rows, any_dates=True).new == ("X1",)


def test_the_day_of_a_charge_is_none_of_its_own(site: Database) -> None:
    rows = ["X1;20/11/2026;F001;;A-1;2;4;01/12/2026;", "X1;;;;A-1;3;4;15/12/2026;", "X1;;;;;;;24/12/2026;5"]
    assert "24/12/2026" in refused(site, *rows)


HEADS = st.tuples(
    st.dates(date(2026, 2, 1), date(2026, 2, 3)),
    st.sampled_from(["Élise", "Elise", "ÉLISE"]),
    st.sampled_from(["", "Été"]),
)
SPELLED = st.tuples(HEADS, st.sampled_from(["NFC", "NFD"]), st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d 08:15"]))


@given(st.lists(SPELLED, min_size=1, max_size=6))
def test_rows_are_one_order_by_what_they_say(
    rows: list[tuple[tuple[date, str, str], Literal["NFC", "NFD"], str]],
) -> None:
    """However dates and accents are written; and each order has the rows that say the same, in their order."""
    lines = [
        normalize(form, f";{day.strftime(how)};{supplier};{note};A-1;{place};4;;")
        for place, ((day, supplier, note), form, how) in enumerate(rows, start=1)
    ]
    orders = parse("o.csv", "\n".join((TITLES, *lines)).encode(), Findings())
    heads = dict.fromkeys(head for head, _, _ in rows)
    assert [(order.issue_date, *order.suppliers, order.note or "") for order in orders] == [
        (day, supplier, normalize(first_form(rows, (day, supplier, note)), note)) for day, supplier, note in heads
    ]
    quantities = [[int(line.quantity) for line in order.lines] for order in orders]
    assert quantities == [[place for place, row in enumerate(rows, start=1) if row[0] == head] for head in heads]


def first_form(rows: list[Any], head: tuple[date, str, str]) -> Literal["NFC", "NFD"]:
    return next(form for each, form, _ in rows if each == head)


def test_what_is_wrong_is_said_once(site: Database) -> None:
    said = refused(site, ";20/11/26;F001;;A-1;2;4", ";20/11/26;F001;;A-1;3;4")
    assert said.count("century") == 1
    with site.read() as connection, pytest.raises(Exception, match="There is no purchase order"):
        find_orders(connection, ["X1"])
