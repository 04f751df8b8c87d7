"""Every table of `tests/cases/tables` comes to what `expected.tsv` says, in a campaign on both databases."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.database import Database
from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.inputs.figure import Mark
from intergestan_erp.order_files import order_files
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import show_order
from intergestan_erp.purchasing.views import PurchaseOrderView
from services.cli.buying.taking_files import sentences
from services.cli.errors import explain
from tests.clock import Clock
from tests.databases import KINDS, MigratedBases
from tests.order_files import limited_orders
from tests.site_factories import add_party, make_site

import_file = partial(order_files.import_file, read=limited_orders.read)  # as a command does: in a limited child
TABLES = Path(__file__).parents[2] / "cases" / "tables"
pytestmark = pytest.mark.mainly_on("sqlite")

CLOCK = Clock(datetime(2027, 1, 6, 9, 0, tzinfo=UTC))
LINE = re.compile(
    r"(?P<quantity>[0-9.]+)( (?P<unit>[A-Z0-9]{3}))? × (?P<price>[0-9.]+)( (?P<sign>[-+]) (?P<own>[0-9.]+))?"
)


def expected() -> Iterator[Any]:
    """The cases, each with its name; those that a later step makes right are expected to fail."""
    with (TABLES / "expected.tsv").open(encoding="utf-8", newline="") as file:
        for case in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            marks = [pytest.mark.xfail(strict=True, reason=case["later"])] if case["later"] else []
            yield pytest.param(case, id=f"{case['file']} {case['options']}".strip(), marks=marks)


@pytest.fixture(scope="module", params=KINDS)
def site(
    request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The site of `tests/cases/README.md`."""
    database = Database(migrated.new(request.param, tmp_path_factory.mktemp("tables"), "tables"), CLOCK)
    make_site(database, "Essai SARL", siret="73282932000074")
    products = [("A-1", "Widget", "7", "4", "3250390000013"), *((code, code, "15", "15", None) for code in HUNTED)]
    with database.transaction() as connection:
        add_party(connection, NewParty(code="LIEF", name="Lieferant GmbH", is_supplier=True, vat_id="DE123456789"))
        add_party(connection, NewParty(code="F001", name="STAUBER", is_supplier=True))
        rows = [
            ProductRow(
                code=code,
                name=name,
                sale_price=Decimal(sale),
                purchase_price=Decimal(price),
                vat_rate=Decimal(20),
                gtin=gtin,
            )
            for code, name, sale, price, gtin in products
        ]
        put_products(connection, rows)
    yield database
    database.dispose()
    migrated.drop(database.url)


HUNTED = ("CAS-16", "CAS-20")


@pytest.fixture
def base(site: Database) -> Iterator[Database]:
    """The site without any order."""
    yield site
    with site.transaction() as connection:
        for table in ("purchase_order_charge", "purchase_order_line", "purchase_order"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.mark.mainly_on("sqlite")  # what a table comes to is decided before any SQL; the campaign runs both
@pytest.mark.parametrize("case", list(expected()))
def test_a_table(base: Database, case: dict[str, str]) -> None:
    verdict, said, orders = take(base, case["file"], case["options"])
    assert verdict == case["verdict"], said
    for words in filter(None, case["says"].split("|")):
        assert (words[1:] not in said) if words.startswith("!") else (words in said), said
    if case["order"] == "-":
        assert orders == []
    else:
        (order,) = orders
        compare(order, case["order"])


def test_every_table_has_a_case() -> None:
    there = {path.relative_to(TABLES).as_posix() for path in TABLES.rglob("*") if path.is_file()}
    assert there - {"expected.tsv"} == {case.values[0]["file"] for case in expected()}


def test_one_number_in_two_encodings_is_one_order(base: Database) -> None:
    take(base, "hunt/number_nfc.csv")
    verdict, said, orders = take(base, "hunt/number_nfd.csv")
    assert (verdict, orders) == ("entered", [])
    assert "already there" in said


def take(base: Database, file: str, options: str = "") -> tuple[str, str, list[PurchaseOrderView]]:
    """What `orders import` comes to: the verdict, the output, the orders."""
    words = options.split()
    chosen = dict(zip(words[::2], words[1::2], strict=True))
    mark = chosen.get("--decimal-mark")
    wanted = Options(Mark(mark) if mark else None, any_dates=chosen.get("--dates") == "any")
    try:
        imported = import_file(base, file, (TABLES / file).read_bytes(), by="marie", options=wanted)
    except FileProblems as problems:
        return "refused", explain(problems)[0], []
    with base.read() as connection:
        orders = [show_order(connection, number) for number in imported.new]
    return "said" if imported.said else "entered", "\n".join(sentences(file, imported)), orders


def compare(order: PurchaseOrderView, wanted: str) -> None:
    """The order is the one that is described: `T86; 2 C62 × 4.50; 9.00/10.80; …`."""
    number, lines, totals, *others = wanted.split("; ")
    assert order.number == number
    for line, text in zip(order.lines, lines.split(" and "), strict=True):
        found = LINE.fullmatch(text)
        assert found is not None, text
        assert (line.quantity, line.price) == (Decimal(found["quantity"]), Decimal(found["price"]))
        assert line.unit == (found["unit"] or "C62")
        assert line.allowance == Decimal(f"{found['sign'] or ''}{found['own'] or 0}")
    assert (order.total_ht, order.total_ttc) == tuple(map(Decimal, totals.split("/")))
    for text in others:
        if text.startswith("of "):
            assert str(order.issue_date) == text.removeprefix("of ")
        elif text.startswith("wanted "):
            own = [line.wanted_date for line in order.lines if line.wanted_date]
            days: list[date | None] = [*own] or [order.wanted_date]
            assert ", ".join(map(str, days)) == text.removeprefix("wanted ")
        else:
            assert (order.delivery_city, order.delivery_country) == tuple(text.split(", "))


def test_texts_are_kept(base: Database) -> None:
    """Line feeds, separators, quotes, inches."""
    names = [line.name for _, _, (order,) in [take(base, "31-quoted-newline-semicolon.csv")] for line in order.lines]
    assert names == ['Vis ; tête "fraisée"\n4x40']
    names = [line.name for _, _, (order,) in [take(base, "32-unescaped-quote-inch.csv")] for line in order.lines]
    assert names == ['Tube 3/4" acier', 'Tube 1" laiton']
