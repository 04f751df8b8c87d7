"""An establishment gets other books while somebody makes its first document (D41): who comes second sees the first."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text, update

from intergestan_db.enums import PaymentMethod
from intergestan_db.problem import ProblemCode
from intergestan_db.tables import AccountingFolder, Dossier, Entry, Establishment, Invoice
from intergestan_erp.agencies.establishments import add_folder
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.paying import payments
from intergestan_erp.selling.invoicing import invoice
from tests.at_once import go, starting
from tests.erp.selling.agencies import Agencies
from tests.patience import eventually
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
        assert process.stdin is not None
        assert process.stdout is not None
        with database.transaction() as connection:
            make(connection, companies)
            process.stdin.write("\n")
            process.stdin.flush()
            if connection.dialect.name == "postgresql":
                eventually(lambda: waiting(companies))
        assert process.stdout.read() == f"{ProblemCode.FOLDER_USED}\n"
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


def waiting(agencies: Agencies) -> bool:
    with agencies.database.read() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
