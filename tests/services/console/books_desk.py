"""A site of three agencies with what its books say, its people, and browsers before its console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import update

from intergestan_db.enums import Journal, PaymentMethod
from intergestan_db.tables import AccountingFolder
from intergestan_erp.books import typed
from intergestan_erp.books.folders import Folder, folder_called
from intergestan_erp.books.typed import TypedEntry, TypedLine
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.paying import payments
from intergestan_erp.paying.payments import NewPayment
from intergestan_erp.people.passwords import set_password
from intergestan_erp.selling.invoicing import invoice
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.erp.selling.agencies import Agencies
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import HASH, PEOPLE, Desk, let_in
from tests.services.console.test_selling import fields_of
from tests.site_factories import NOW, SiteToTest, add_party

LINES = "/comptabilite/ecritures"


@dataclass
class Keeping(Desk):
    """The three agencies' site; Adele keeps its books."""

    agencies: Agencies

    def bill(self, *orders: str) -> str:
        """An invoice of these orders, else of case 1: six, from all three, which establishment 1 invoices."""
        if not orders:
            self.agencies.invoicing(1)
        numbers = orders or (self.agencies.delivered_from_all(),)
        with self.site.database.transaction() as connection:
            return invoice(connection, numbers, by="marie", at=self.now)

    @property
    def now(self) -> datetime:
        return self.site.database.now()

    def folder(self, number: int | None = None) -> Folder:
        with self.site.database.read() as connection:
            return folder_called(connection, number)

    def enter(self, *lines: str, journal: Journal = Journal.OTHER, **said: Any) -> str:
        """Type an entry of lines such as `401000/AG2=-48`; its name."""
        made = []
        for each in lines:
            where, _equals, amount = each.partition("=")
            account, _slash, aux = where.partition("/")
            made.append(TypedLine(account, Decimal(amount), aux or None))
        entry = TypedEntry(journal=journal, lines=made, **({"piece": "P1", "label": "Typed"} | said))
        with self.site.database.transaction() as connection:
            return typed.enter(connection, folder_called(connection, None), entry, by="adele", at=self.now).name

    def supplier(self) -> None:
        """Another party, AG2, as a supplier."""
        with self.site.database.transaction() as connection:
            add_party(connection, NewParty(code="AG2", name="Agence 2", is_supplier=True))

    def pay(self, amount: str, **values: Any) -> str:
        with self.site.database.transaction() as connection:
            new = NewPayment(amount=Decimal(amount), **{"method": PaymentMethod.TRANSFER, **values})
            return payments.add(connection, self.agencies.customer_id, new, by="marie", at=self.now).number

    def with_siren(self, siren: str | None = "123456782") -> None:
        with self.site.database.transaction() as connection:
            connection.execute(update(AccountingFolder).where(AccountingFolder.number == 1).values(siren=siren))


def lines_in(answer: Answer) -> list[str]:
    """What a list of entries says, a line each: `VE 1 411000/411C4 D 72,00 [1]`."""
    found = []
    for row in answer.rows():
        journal, number, _day, _piece, account, aux, _label, debit, credit, letter, place = row[:11]
        side = f"D {debit}" if debit else f"C {credit}"
        told = f"{journal} {number} {account}{'/' + aux if aux else ''} {side}"
        found.append(told + (f" {letter}" if letter else "") + (f" [{place}]" if place else ""))
    return found


def send(browser: Browser, path: str, to: str | None = None, **changes: str) -> Answer:
    """Open a page, and send its form with these changes."""
    page = browser.get(path)
    assert page.status == 200, page.said
    return browser.post(to or path.partition("?")[0], {**fields_of(page), **changes})


@pytest.fixture
def keeping(a_site: SiteToTest, portal: BlockingPortal) -> Keeping:
    agencies = Agencies(a_site)
    with a_site.database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@arts.test", by="marie", at=NOW)
        set_password(connection, a_site.user_id, HASH, by="marie", at=NOW)
    console = Console(as_service(a_site.database, "console"), ConsoleSettings(), answer_hours=4)
    return Keeping(a_site, console, portal, agencies)
