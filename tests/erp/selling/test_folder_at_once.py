"""An establishment gets other books while somebody makes its first document (D41): who comes second sees the first."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from subprocess import Popen

import pytest
from sqlalchemy import Connection, text, update

from intergestan_db.enums import PaymentMethod
from intergestan_db.problem import ProblemCode
from intergestan_db.tables import AccountingFolder, Dossier, Entry, Establishment, Invoice
from intergestan_erp.agencies.establishments import add_folder, set_establishment
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.paying import payments
from intergestan_erp.selling.invoicing import invoice
from tests.at_once import go, starting
from tests.erp.selling.agencies import Agencies
from tests.erp.selling.typing_process import type_entry
from tests.patience import PATIENCE, eventually
from tests.site_factories import NOW, SiteToTest

SET = "tests.erp.selling.folder_process"


@pytest.fixture
def companies(a_site: SiteToTest) -> Agencies:
    """Establishment 2 has an order to invoice and the dossier's books, and may get those of folder 2."""
    agencies = Agencies(a_site)
    with agencies.database.transaction() as connection:
        connection.execute(update(Dossier).values(establishments_are_companies=True))
        add_folder(connection, 2, {"name": "Agence 2"}, by="m", at=NOW)
    agencies.deliver(agencies.order(establishment=2), at=2)
    return agencies


def make_invoice(connection: Connection, _agencies: Agencies) -> None:
    invoice(connection, ["CCL1"], by="m", at=NOW)


def make_payment(connection: Connection, agencies: Agencies) -> None:
    new = payments.NewPayment(amount=Decimal(5), method=PaymentMethod.CASH)
    payments.add(connection, agencies.customer_id, new, place=in_depot(connection, "RD"), by="m", at=NOW)


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize("make", [make_invoice, make_payment])
def test_books_are_changed_after_a_document_that_is_being_made(
    companies: Agencies, make: Callable[[Connection, Agencies], None]
) -> None:
    """D41: the change waits until the document stands, sees it, and is refused."""
    database = companies.database
    with starting(SET, database.url, 2, 2) as process:
        with database.transaction() as connection:
            make(connection, companies)
            begin(process, companies)
        assert go_on(process) == [ProblemCode.FOLDER_USED]
    assert companies.site.row(Establishment, number=2).accounting_folder_id is None


@pytest.mark.race
def test_an_invoice_and_other_books_at_once(companies: Agencies) -> None:
    """D41: the invoice, its number and its entry are in the books that the establishment has in the end."""
    url = companies.database.url
    with starting("tests.erp.selling.invoicing_process", url, "CCL1") as one, starting(SET, url, 2, 2) as other:
        invoiced, changed = go([one, other])
    made, own = companies.site.row(Invoice), companies.site.row(Establishment, number=2).accounting_folder_id
    number = companies.site.row(AccountingFolder, id=made.accounting_folder_id).number
    assert (invoiced, changed, number, own is None) in (
        (["FA1"], [ProblemCode.FOLDER_USED], 1, True),
        (["FA2-1"], ["done"], 2, False),
    )
    assert companies.site.row(Entry).folder_id == made.accounting_folder_id


@pytest.mark.mainly_on("postgresql")
def test_books_are_changed_after_an_entry_that_is_being_typed(companies: Agencies) -> None:
    """D41: the change waits until the entry stands, which is in the books that its place had."""
    with starting(SET, companies.database.url, 2, 2) as process:
        with companies.database.transaction() as connection:
            assert type_entry(connection, "RD") == 1
            begin(process, companies)
        assert go_on(process) == ["done"]
    assert number_of_books(companies) == 2


@pytest.mark.mainly_on("postgresql")
def test_an_entry_is_typed_after_books_that_are_being_changed(companies: Agencies) -> None:
    """D41, A49: whoever is there types into the books that the place gets."""
    database = companies.database
    with starting("tests.erp.selling.typing_process", database.url, "RD") as process:
        with database.transaction() as connection:
            set_establishment(connection, 2, {"folder": 2}, by="m", at=NOW)
            begin(process, companies)
        assert go_on(process) == ["2"]


@pytest.mark.race
def test_a_typed_entry_and_other_books_at_once(companies: Agencies) -> None:
    """D41: both are done, one after the other, and nobody waits in a circle."""
    url = companies.database.url
    typing = "tests.erp.selling.typing_process"
    with starting(typing, url, "RD") as one, starting(SET, url, 2, 2) as other, starting(typing, url, "RD") as third:
        said = go([one, other, third])
    assert said[1] == ["done"]
    assert sorted(said[0] + said[2]) in (["1", "1"], ["1", "2"], ["2", "2"])
    books = {row.id: row.number for row in companies.site.rows(AccountingFolder)}
    assert sorted(str(books[row.folder_id]) for row in companies.site.rows(Entry)) == sorted(said[0] + said[2])
    assert number_of_books(companies) == 2


def begin(process: Popen[str], agencies: Agencies) -> None:
    """Let a process begin while our transaction is open; on PostgreSQL it comes as far as a lock."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    if not agencies.database.is_sqlite:
        eventually(lambda: waiting(agencies))


def go_on(process: Popen[str]) -> list[str]:
    """What a process wrote that waited for us."""
    return process.communicate(timeout=PATIENCE)[0].splitlines()


def number_of_books(agencies: Agencies) -> int:
    """Which books establishment 2 has of its own."""
    row = agencies.site.row(Establishment, number=2)
    return int(agencies.site.row(AccountingFolder, id=row.accounting_folder_id).number)


def waiting(agencies: Agencies) -> bool:
    with agencies.database.read() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
