"""The site into which `tests/cases/interop_docs` is imported, and what its documents must come to."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from intergestan_db.database import Database
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.parties.parties import NewParty
from tests.site_factories import add_party, make_site

FOLDER = Path(__file__).parents[2] / "cases" / "interop_docs"
CLOCK = datetime(2027, 1, 6, 9, 0, tzinfo=UTC)
SIRET = "73282932000074"
ANSWER = "t76-split-line.xml"


@dataclass(frozen=True)
class Expected:
    """A row of `expected.tsv`."""

    file: str
    verdict: str
    figures: str
    why: str


def expected() -> list[Expected]:
    """What each order must come to."""
    with (FOLDER / "expected.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Expected(**row) for row in rows if row["file"] != ANSWER]


def essai(database: Database) -> Database:
    """The site: one supplier, one product."""
    make_site(database, "Essai SARL", SIRET)
    with database.transaction() as connection:
        supplier = NewParty(code="LIEF", name="Lieferant GmbH", is_supplier=True, vat_id="DE123456789")
        add_party(connection, supplier)
        put_products(connection, [WIDGET])
    return database


WIDGET = ProductRow(
    code="A-1",
    name="Widget",
    sale_price=Decimal(7),
    purchase_price=Decimal(4),
    vat_rate=Decimal(20),
    gtin="3250390000013",
)
