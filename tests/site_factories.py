"""Sites to test with: a migrated base in a moment, a site in it, two sites that trust each other.

A test module gets the fixtures by importing them in its folder's conftest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from intergestan_msg.card import Card
from intergestan_msg.seal import SigningKey
from intergestan_site.catalogues.catalogue import ProductRow, put_products
from intergestan_site.database import Database
from intergestan_site.pairing import add_partner, own_card
from intergestan_site.setup import NewSite, add_user, create_site
from tests.databases import KINDS, MigratedBases

NOW = datetime(2020, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(params=KINDS)
def make_database(
    request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path: Path
) -> Iterator[Callable[[str], Database]]:
    """Make migrated bases by name; the test runs twice, on either kind."""
    made: list[Database] = []

    def make(name: str) -> Database:
        made.append(Database(migrated.new(request.param, tmp_path, name), lambda: NOW))
        return made[-1]

    yield make
    for database in made:
        database.dispose()
        migrated.drop(database.url)


@pytest.fixture
def database(make_database: Callable[[str], Database]) -> Database:
    """A migrated base without a site; the test runs twice."""
    return make_database("site")


@dataclass(frozen=True)
class SiteToTest:
    """A site: its base and its key; its one user is `marie`."""

    database: Database
    key: SigningKey
    code: str

    def card(self) -> Card:
        with self.database.read() as connection:
            return own_card(connection, self.key.public, NOW)


def make_site(database: Database, name: str = "Arts de la Table", siret: str | None = None) -> SiteToTest:
    """Make a base the base of a site."""
    key = SigningKey.generate()
    slug = name.split(maxsplit=1)[0].lower()
    site = NewSite(
        name=name,
        orders_address=f"commandes@{slug}.test",
        answers_address=f"reponses@{slug}.test",
        siret=siret,
    )
    with database.transaction() as connection:
        code = create_site(connection, site, key.public, by="marie", at=NOW)
        add_user(connection, "marie", "Marie Durand", f"marie@{slug}.test", by="marie", at=NOW)
    return SiteToTest(database, key, code)


@pytest.fixture
def a_site(database: Database) -> SiteToTest:
    """A site without partners or products."""
    return make_site(database)


@pytest.fixture
def paired_sites(make_database: Callable[[str], Database]) -> tuple[SiteToTest, SiteToTest]:
    """A distributor and its supplier STAUBER, who trust each other."""
    shop = make_site(make_database("shop"), siret="73282932000074")
    base = make_site(make_database("base"), "STAUBER", siret="80295478500028")
    for one, other in ((shop, base), (base, shop)):
        with one.database.transaction() as connection:
            add_partner(connection, other.card(), by="marie", at=NOW)
    return shop, base


def a_product(code: str, price: str = "10", **values: Any) -> ProductRow:
    """A product with the same price either way, VAT 20 %."""
    amount = Decimal(price)
    return ProductRow(
        code=code,
        name=values.pop("name", f"Produit {code}"),
        sale_price=amount,
        purchase_price=amount,
        vat_rate=Decimal(20),
        **values,
    )


def add_products(connection: Connection, *codes: str) -> None:
    """Products at 10.00 each."""
    put_products(connection, [a_product(code) for code in codes])


NOVEMBER = (date(2020, 11, 1), date(2020, 11, 30))
"""The range of G09's example."""
