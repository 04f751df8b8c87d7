"""A site with its people, two orders of the seed and a sales order, and browsers before its console."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import Connection, insert, select

from intergestan_db.database import Database
from intergestan_db.enums import Role
from intergestan_db.tables import Event, Party, PurchaseOrder, PurchaseOrderLine, Session
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.people.invitations import invite
from intergestan_erp.people.passwords import as_typed, set_password
from intergestan_erp.people.rights import change_rights
from intergestan_erp.site.setup import add_user
from intergestan_runtime.password_hash import hash_of
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.erp.selling.by_hand import Counter
from tests.services.console.browser import Browser
from tests.site_factories import NOW, SiteToTest, add_party, make_site
from tests.statements import counted

PASSWORD = "trois petits chats"
HASH = hash_of(as_typed(PASSWORD))
PEOPLE = {
    "nadia": Role.READER,
    "carl": Role.CLERK,
    "odile": Role.OPERATOR,
    "adele": Role.ACCOUNTANT,
    "adam": Role.ADMINISTRATOR,
}
"""One person for each role, and Marie, who has several."""


@dataclass
class Desk:
    """A site, its console with the rights of its role, and a clock that is moved."""

    site: SiteToTest
    console: Console
    portal: BlockingPortal

    def browser(self, login: str | None = None, **values: Any) -> Browser:
        """A new one; with somebody who has entered."""
        browser = Browser(self.console.application, self.portal, **values)
        if login is not None:
            answer = browser.enter(login, PASSWORD)
            assert answer.status == 303, answer.said
        return browser

    def link_for(self, login: str) -> str:
        """A secret by which somebody enters once."""
        with self.site.database.transaction() as connection:
            return invite(connection, login, by="marie", at=self.site.database.now())

    def move(self, **span: float) -> None:
        """Let time pass."""
        now = self.site.database.now() + timedelta(**span)
        self.site.database.now = lambda: now
        self.console.database.now = lambda: now

    def let_write(self, *, allowed: bool) -> None:
        """Whether the console's connections may write; one that is refused hears what a standby says."""
        database = self.console.database
        with database.engine.connect() as connection:
            cursor = connection.connection.cursor()
            if database.is_sqlite:
                cursor.execute(f"PRAGMA query_only={'OFF' if allowed else 'ON'}")
            else:
                name, value = database.engine.url.database, "off" if allowed else "on"
                cursor.execute("SET default_transaction_read_only = off")
                connection.connection.commit()
                cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
                connection.connection.commit()
            cursor.close()
        if not database.is_sqlite:
            database.engine.dispose()

    def look_anew(self) -> None:
        """What the console knows for a while, it asks again."""
        self.console.pictures._until = self.console.pictures._to_do_until = self.console.site._until = 0.0

    def sessions(self) -> int:
        return len(self.site.rows(Session))

    def counted(self) -> dict[str, int]:
        """How many rows each table has that a page might write into."""
        with self.site.database.read() as connection:
            tables = (PurchaseOrder, PurchaseOrderLine, Event, Session, Party)
            return {each.__tablename__: len(connection.execute(select(each.__table__)).all()) for each in tables}


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def an_office(database: Database) -> SiteToTest:
    return fill_office(database)


def let_in(connection: Connection, people: Mapping[str, Role], address: str, *, by: str, at: datetime) -> None:
    """People who enter with `PASSWORD`, each with a role.

    :param address: their mail address, in which `{}` is the login.
    """
    for login, role in people.items():
        user_id = add_user(connection, login, login.title(), address.format(login), by=by, at=at)
        set_password(connection, user_id, HASH, by=by, at=at)
        change_rights(connection, login, roles=[role], by=by, at=at)


def fill_office(database: Database) -> SiteToTest:
    """A site with people and orders, in a database that is migrated."""
    site = make_site(database)
    with database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@arts.test", by="marie", at=NOW)
        set_password(connection, site.user_id, HASH, by="marie", at=NOW)
        stauber = NewParty(
            code="STAUBER",
            name="STAUBER",
            is_supplier=True,
            postcode="88100",
            city="PAIR ET GRANDRUPT",
            contact="M. Wilfried ZWILLIG",
        )
        supplier = add_party(connection, stauber)
        for number, day, note, net in (
            ("CFR1", 15, "Matériel cuisine", "180"),
            ("CFR2", 19, "Casseroles", "120"),
        ):
            add_order(connection, supplier, number, date(2020, 11, day), note, Decimal(net), "confirmed")
    Counter(site).enter()
    return site


def add_order(
    connection: Any, supplier: int, number: str, day: date, note: str, net: Decimal, state: str, lines: int = 1
) -> None:
    """An order of the seed: 20 % of VAT."""
    values = {"number": number, "issue_date": day, "note": note, "supplier_id": supplier, "state": state}
    totals = {"total_ht": net, "total_vat": net / 5, "total_ttc": net * 6 / 5}
    row = {"currency": "EUR", "created_at": NOW, "updated_at": NOW}
    made = connection.execute(insert(PurchaseOrder).values(**values, **totals, **row).returning(PurchaseOrder.id))
    order_id = made.scalar_one()
    for n in range(1, lines + 1):
        line = {"purchase_order_id": order_id, "line_id": str(n), "position": n, "name": note, "product_code": "CAS20"}
        figures = {"quantity": Decimal(1), "price": net, "base_quantity": Decimal(1), "allowance": Decimal(0)}
        rest = {"unit": "C62", "total": net, "vat_category": "S", "vat_rate": Decimal(20)}
        connection.execute(insert(PurchaseOrderLine).values(**line, **figures, **rest))


@pytest.fixture
def desk(an_office: SiteToTest, portal: BlockingPortal) -> Desk:
    console = Console(as_service(an_office.database, "console"), ConsoleSettings(), answer_hours=4)
    return Desk(an_office, console, portal)


@contextmanager
def counted_by(console: Console) -> Iterator[list[str]]:
    """The statements of requests meanwhile, without those by which the console learns every few seconds whose it is."""
    console.site.read_anew()
    console.site._until = math.inf
    try:
        with counted(console.database) as statements:
            yield statements
    finally:
        console.site._until = 0.0
