"""Invoices and credit notes are chained (D39, D54): what was changed, put in or taken away is named."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, text, update

from intergestan_db.database import Database
from intergestan_db.tables import AccountingFolder, CreditNote, Invoice, InvoiceLine, Party
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.credit_notes import credit
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_erp.selling.verifying import Verified, verify
from tests.erp.selling.agencies import Agencies
from tests.made_once import made_once
from tests.site_factories import NOW, SiteToTest


@pytest.fixture
def agencies(a_site: SiteToTest) -> Agencies:
    """Three invoices of one line each, and a credit note on the second."""
    found = Agencies(a_site)
    made_once(found.database, "chains", lambda: billed(found))
    return found


def billed(agencies: Agencies) -> None:
    number = agencies.order()
    for _ in range(3):
        agencies.deliver(number, 1)
    invoiced(agencies)
    with agencies.database.transaction() as connection:
        credit(connection, "FA2", "Cassé", by="m", at=NOW)


def invoiced(agencies: Agencies, at: int = 1) -> None:
    list(invoice_runs.run(agencies.database, agencies.ids[at], NotesWanted(), by="m", at=NOW))


def verified(database: Database) -> list[Verified]:
    with database.read() as connection:
        return list(verify(connection))


def tampered(database: Database, *statements: str) -> list[tuple[str, str | None]]:
    """What is broken once somebody with the owner's password did that; it is undone."""
    with database.engine.connect().execution_options(intergestan_write=True) as connection, connection.begin() as going:
        if database.is_sqlite:
            triggers = connection.execute(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")).scalars().all()
            for name in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
        found = [(each.number, each.before) for series in verify(connection) for each in series.broken]
        going.rollback()
    return found


def test_all_is_as_it_was_issued(agencies: Agencies) -> None:
    """D39, D54: a chain for each series of each folder, whatever is renamed afterwards."""
    agencies.folder(2, "Agence 2")
    agencies.deliver(agencies.order(), at=2)
    invoiced(agencies, at=2)
    with agencies.database.transaction() as connection:
        connection.execute(update(Party).values(name="Renamed"))
        connection.execute(update(AccountingFolder).values(name="Renamed"))
    found = verified(agencies.database)
    assert [(each.folder, each.what, each.count, each.unchained, each.broken) for each in found] == [
        (1, "invoice", 3, 0, ()),
        (1, "credit_note", 1, 0, ()),
        (2, "invoice", 1, 0, ()),
    ]
    assert found[0].last == agencies.site.rows(Invoice)[2].chain
    assert found[1].last == agencies.site.row(CreditNote).chain


def test_what_is_in_a_chain(agencies: Agencies) -> None:
    """D39: by the words of docs/agencies.md, from the rows alone."""
    first, second = agencies.site.rows(Invoice)[:2]
    (line,) = agencies.site.rows(InvoiceLine, invoice_id=second.id)
    assert first.identity["buyer"] | {"name": "Client 4", "code": "C4", "city": "Lyon"} == first.identity["buyer"]
    assert first.identity["seller"]["name"] == "Arts de la Table"
    document = {
        "head": {
            "number": "FA2",
            "kind": "customer",
            "issue_date": "2020-11-20",
            "due_date": "2020-12-20",
            "customer_id": second.customer_id,
            "establishment_id": second.establishment_id,
            "accounting_folder_id": second.accounting_folder_id,
            "currency": "EUR",
            "note": None,
            "total_ht": "10.00",
            "total_vat": "2.00",
            "total_ttc": "12.00",
        },
        "identity": second.identity,
        "lines": [
            {
                "position": 1,
                "delivery_note_line_id": line.delivery_note_line_id,
                "product_code": "ALB0002",
                "name": "Produit ALB0002",
                "quantity": "1.000000",
                "unit": "C62",
                "price": "10.000000",
                "base_quantity": "1.000000",
                "total": "10.00",
                "vat_category": "S",
                "vat_rate": "20.000000",
            }
        ],
        "charges": [],
        "vat": [{"vat_category": "S", "vat_rate": "20.000000", "base": "10.00", "amount": "2.00"}],
        "due": [{"n": 1, "due_date": "2020-12-20", "amount": "12.00"}],
    }
    written = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert second.chain == sha256((first.chain + written).encode()).hexdigest()


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (["UPDATE invoice SET total_ttc = 100 WHERE number = 'FA2'"], [("FA2", "FA1")]),
        (["UPDATE invoice SET number = 'FA9' WHERE number = 'FA3'"], [("FA9", "FA2")]),
        (
            ["UPDATE invoice_line SET name = 'Autre' WHERE position = 1"],
            [("FA1", None), ("FA2", "FA1"), ("FA3", "FA2")],
        ),
        (["UPDATE invoice_vat SET amount = 0 WHERE invoice_id = 1"], [("FA1", None)]),
        (["UPDATE invoice_due SET due_date = '2030-01-01' WHERE invoice_id = 3"], [("FA3", "FA2")]),
        (["UPDATE invoice SET identity = '{}' WHERE number = 'FA1'"], [("FA1", None)]),
        (["UPDATE invoice SET chain = NULL WHERE number = 'FA2'"], [("FA2", "FA1"), ("FA3", "FA2")]),
        (["UPDATE credit_note SET reason = 'Autre'"], [("AV1", None)]),
        (["UPDATE credit_note_line SET total = 1"], [("AV1", None)]),
        (
            [
                *("DELETE FROM credit_note_line", "DELETE FROM credit_note_vat", "DELETE FROM settlement"),
                *("DELETE FROM credit_note", "DELETE FROM invoice_due WHERE invoice_id = 2"),
                *("DELETE FROM invoice_line WHERE invoice_id = 2", "DELETE FROM invoice_vat WHERE invoice_id = 2"),
                "DELETE FROM invoice WHERE id = 2",
            ],
            [("FA3", "FA1")],
        ),
    ],
)
def test_what_was_done_to_one_is_named(agencies: Agencies, statements: list[str], broken: Any) -> None:
    """D39: whoever gets past the triggers is seen."""
    assert tampered(agencies.database, *statements) == broken


def test_documents_from_before_have_no_chain(agencies: Agencies) -> None:
    """D39: they are counted; the first that has one begins it."""
    with agencies.database.engine.connect().execution_options(intergestan_write=True) as connection:
        going = connection.begin()
        if agencies.database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER frozen_invoice")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(update(Invoice).values(chain=None, identity=None))
        found = next(iter(verify(connection)))
        going.rollback()
    assert (found.count, found.unchained, found.last, found.broken) == (0, 3, None, ())
    with agencies.database.read() as connection:
        assert connection.execute(select(Invoice.chain).where(Invoice.chain.is_(None))).all() == []
