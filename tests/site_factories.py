"""Sites to test with: a migrated base in a moment, a site in it, its folder, two sites that trust each other.

All sites of the tests are made here; what a folder of tests wants to do with them is added there, such as services
(`tests/pipeline/two_sites.py`) or processes (`tests/journey/journey_site.py`). A test module gets the fixtures by
importing them in its folder's conftest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from intergestan_db.database import Database
from intergestan_db.tables import Partner, PurchaseOrder
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties
from intergestan_erp.site.setup import NewSite, add_user, create_site
from intergestan_exchange.keys.pairing import add_partner, own_card
from intergestan_exchange.outbox.request import request_orders
from intergestan_msg.card import Card
from intergestan_msg.seal import SigningKey
from intergestan_runtime.secrets import create_key_file
from tests.databases import KINDS, MigratedBases
from tests.made_once import made_once

NOW = datetime(2020, 11, 20, 9, 30, tzinfo=UTC)


class MakeDatabase:
    """Makes migrated bases of one kind by name."""

    def __init__(self, kind: str, migrated: MigratedBases, folder: Path) -> None:
        self.kind = kind
        self._migrated = migrated
        self._folder = folder
        self._made: list[Database] = []

    def __call__(self, name: str, *, of: str = "") -> Database:
        """:param of: what `MigratedBases.keep` called the base that it is a copy of; by default it is empty."""
        self._made.append(Database(self._migrated.new(self.kind, self._folder, name, of=of), lambda: NOW))
        return self._made[-1]

    def drop(self, but: Sequence[Database] = ()) -> None:
        """Give all of them back, but these; nobody is connected to any of them any more."""
        for database in self._made:
            database.dispose()
            if database not in but:
                self._migrated.drop(database.url)


@pytest.fixture(params=KINDS)
def make_database(request: pytest.FixtureRequest, migrated: MigratedBases, tmp_path: Path) -> Iterator[MakeDatabase]:
    """Make migrated bases by name; the test runs twice, on either kind."""
    make = MakeDatabase(request.param, migrated, tmp_path)
    yield make
    make.drop()


@pytest.fixture
def database(make_database: MakeDatabase) -> Database:
    """A migrated base without a site; the test runs twice."""
    return make_database("site")


@dataclass(eq=False)
class SiteToTest:
    """A site with one user.

    :ivar key: that it was made with.
    """

    database: Database
    key: SigningKey
    code: str
    user_id: int

    def card(self) -> Card:
        with self.database.read() as connection:
            return own_card(connection, self.key.public, self.database.now())

    def rows(self, table: Any, **where: Any) -> Sequence[Any]:
        """All rows of a table with these values, oldest first."""
        return rows_of(self.database, table, **where)

    def row(self, table: Any, **where: Any) -> Any:
        """The one row of a table with these values."""
        (row,) = self.rows(table, **where)
        return row

    def put_products(self, *rows: ProductRow) -> None:
        with self.database.transaction() as connection:
            put_products(connection, rows)

    def request(self, supplier_code: str, *numbers: str) -> int:
        """*Valider*: one mail with these orders; its row id."""
        with self.database.transaction() as connection:
            supplier = connection.execute(select(Partner.party_id).where(Partner.site_code == supplier_code))
            chosen = select(PurchaseOrder.id, PurchaseOrder.version).where(PurchaseOrder.number.in_(numbers))
            versions = {row.id: row.version for row in connection.execute(chosen)}
            now = self.database.now()
            return request_orders(connection, supplier.scalar_one(), versions, self.user_id, by="test", at=now)


def rows_of(database: Database, table: Any, **where: Any) -> Sequence[Any]:
    """All rows of a table with these values, oldest first."""
    columns = table.__table__.c
    query = select(table.__table__).order_by(*table.__table__.primary_key.columns)
    with database.read() as connection:
        return connection.execute(query.where(*(columns[name] == value for name, value in where.items()))).all()


def make_site(
    database: Database,
    name: str = "Arts de la Table",
    siret: str | None = None,
    *,
    orders_address: str = "",
    answers_address: str = "",
    user: str = "Marie Durand",
    user_address: str = "",
    key: SigningKey | None = None,
) -> SiteToTest:
    """Make a migrated base the base of a site.

    :param orders_address: at a domain of its name by default, like the others.
    :param answers_address: by default that of orders, where this is given.
    :param user: a person's name; the first name is the login.
    :param key: a new one by default, as far as `made_once` makes new sites.
    """
    domain = f"{name.split(maxsplit=1)[0].lower()}.test"
    login = user.split(maxsplit=1)[0].lower()
    site = NewSite(
        name=name,
        orders_address=orders_address or f"commandes@{domain}",
        answers_address=answers_address or orders_address or f"reponses@{domain}",
        siret=siret,
    )

    def make() -> tuple[SigningKey, str, int]:
        own, now = key or SigningKey.generate(), database.now()
        with database.transaction() as connection:
            code = create_site(connection, site, own.public, by=login, at=now)
            user_id = add_user(connection, login, user, user_address or f"{login}@{domain}", by=login, at=now)
        return own, code, user_id

    whose = None if key is None else key.public.kid
    return SiteToTest(database, *made_once(database, ("site", site, user, user_address, whose), make))


def write_site_folder(folder: Path, key: SigningKey, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """What the processes of a site that is served alone read: its keys, `secrets/` and its configuration.

    :param tables: of the configuration file.
    """
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    write_secret(folder / "site.key", key.to_pem())
    create_key_file(folder / "bounce.key")
    (folder / "intergestan.toml").write_text("alone = true\n" + "".join(map(_toml, tables.items())))


def write_secret(file: Path, content: bytes) -> None:
    """A file that nobody else can read."""
    file.touch(mode=0o600)
    file.write_bytes(content)


def _toml(table: tuple[str, Mapping[str, Any]]) -> str:
    name, values = table
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


def trust(us: SiteToTest, them: SiteToTest, *, with_address: bool = True) -> None:
    """Pin their key.

    :param with_address: and send orders to the address that their card proposes.
    """
    card = them.card()
    with us.database.transaction() as connection:
        add_partner(connection, card, by="test", at=us.database.now())
        if with_address:
            values = {"order_address": Partner.proposed_order_address}
            connection.execute(update(Partner).where(Partner.site_code == them.code).values(**values))


@pytest.fixture
def a_site(database: Database) -> SiteToTest:
    """A site without partners or products."""
    return make_site(database)


class KeptSites:
    """Sites that are made once in a session on either kind of base, and copied for each test with their keys."""

    def __init__(self, migrated: MigratedBases, folder: Path) -> None:
        self._migrated = migrated
        self._folder = folder
        self._made: dict[str, list[SiteToTest]] = {}

    def copies(
        self, what: str, make_database: MakeDatabase, make: Callable[[MakeDatabase], Sequence[SiteToTest]]
    ) -> list[SiteToTest]:
        """Copies of what `make` makes when it is asked for first.

        :param what: its name in this session.
        """
        what = f"{what} on {make_database.kind}"
        if what not in self._made:
            folder = self._folder / what
            folder.mkdir()
            makes = MakeDatabase(make_database.kind, self._migrated, folder)
            self._made[what] = list(make(makes))
            makes.drop(but=[site.database for site in self._made[what]])
            for number, site in enumerate(self._made[what]):
                self._migrated.keep(site.database.url, f"{what}, {number}")
        return [
            replace(site, database=make_database(f"copy{number}", of=f"{what}, {number}"))
            for number, site in enumerate(self._made[what])
        ]


def make_pair(make_database: MakeDatabase) -> tuple[SiteToTest, SiteToTest]:
    """A distributor and its supplier STAUBER, who trust each other."""
    shop = make_site(make_database("shop"), siret="73282932000074")
    base = make_site(make_database("base"), "STAUBER", siret="80295478500028")
    for one, other in ((shop, base), (base, shop)):
        trust(one, other, with_address=False)
    return shop, base


def add_party(connection: Connection, party: NewParty) -> int:
    """Enter a third party by the rules of a site where nobody chose others; its id."""
    (entered,) = add_parties(connection, [party], PartyRules(), by="test", at=NOW)
    return entered.id


@pytest.fixture
def paired_sites(make_database: MakeDatabase, kept_sites: KeptSites) -> tuple[SiteToTest, SiteToTest]:
    """A distributor and its supplier STAUBER, who trust each other."""
    shop, base = kept_sites.copies("a pair", make_database, make_pair)
    return shop, base


def a_product(code: str, price: str = "10", **values: Any) -> ProductRow:
    """A product with the same price either way, VAT 20 %; unless these say otherwise."""
    amount = Decimal(price)
    usual = {"name": f"Produit {code}", "sale_price": amount, "purchase_price": amount, "vat_rate": Decimal(20)}
    return ProductRow(code=code, **{**usual, **values})


def add_products(connection: Connection, *codes: str) -> None:
    """Products at 10.00 each."""
    put_products(connection, [a_product(code) for code in codes])


NOVEMBER = (date(2020, 11, 1), date(2020, 11, 30))
"""The range of G09's example."""
