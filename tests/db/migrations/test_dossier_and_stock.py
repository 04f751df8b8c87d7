"""0027: a site that is there gets a dossier with one of each; what it has belongs to these, also what is frozen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from alembic import command
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.tables import (
    AccountingFolder,
    Depot,
    Dossier,
    Establishment,
    OperationCode,
    Product,
    PurchaseOrder,
    SalesOrder,
    Site,
    Stock,
    StockMove,
)
from tests.db.migrations.test_migrations import run
from tests.erp.paying.till import Till
from tests.site_factories import NOW, rows_of

CARD = {"name": "Stauber & fils", "siret": "73282932000074", "vat_id": "FR44732829320", "city": "Mulhouse"}
ONE = Decimal(1)


@pytest.mark.not_quick
def test_a_site_of_before(base: Database) -> None:
    """D36, D38: documents in flight, paid and taken back; afterwards all of it is of establishment 1."""
    till = Till(base)
    till.bill(("1", "100", "20"))
    till.pay("5")
    till.credit("FA1")
    with base.transaction() as connection:
        connection.execute(update(Site).values(**CARD))
        run(connection, command.downgrade, "0026")
    migrate.upgrade(base)
    (dossier,), (folder,), (own,) = (rows_of(base, table) for table in (Dossier, AccountingFolder, Establishment))
    assert (dossier.number, dossier.name, dossier.manage_stock) == (1, CARD["name"], False)
    assert (folder.number, folder.name, folder.siren, folder.vat_id) == (1, CARD["name"], "732829320", CARD["vat_id"])
    assert (own.number, own.siret, own.city, own.accounting_folder_id) == (1, CARD["siret"], "Mulhouse", None)
    assert (dossier.accounting_folder_id, dossier.default_establishment_id) == (folder.id, own.id)
    (depot,) = rows_of(base, Depot)
    assert (depot.code, depot.establishment_id, depot.delivery_city) == ("PRINCIPAL", own.id, "Mulhouse")
    codes = {row.id: (row.code, row.side, row.billable) for row in rows_of(base, OperationCode)}
    assert codes[dossier.customer_op_billable_id] == ("C+", "customer", True)
    assert codes[dossier.customer_op_plain_id] == ("C0", "customer", False)
    assert codes[dossier.supplier_op_billable_id] == ("F+", "supplier", True)
    assert codes[dossier.supplier_op_plain_id] == ("F0", "supplier", False)
    with base.read() as connection:
        for table in ("sales_order", "delivery_note", "invoice", "credit_note", "payment"):
            wheres = set(connection.execute(text(f"SELECT establishment_id FROM {table}")).scalars())
            assert wheres == {own.id}, table
        for table in ("invoice", "credit_note"):
            assert set(connection.execute(text(f"SELECT accounting_folder_id FROM {table}")).scalars()) == {folder.id}
    (order,) = rows_of(base, SalesOrder)
    assert (order.depot_id, codes[order.operation_code_id][0], order.category_id) == (depot.id, "C+", None)
    for table in ("invoice", "credit_note"):
        with pytest.raises(IntegrityError, match=f"frozen in {table}"), base.transaction() as connection:
            connection.execute(text(f"UPDATE {table} SET establishment_id = 9"))
    with pytest.raises(IntegrityError, match="frozen in payment"), base.transaction() as connection:
        connection.execute(text("UPDATE payment SET establishment_id = 9"))
    assert till.bill(("1", "10", "20")) == "FA2"
    till.pay("10")


def test_moves_of_stock_stay(base: Database) -> None:
    """D39: what moved is written once."""
    Till(base)
    with base.transaction() as connection:
        product = {
            "code": "CAS16",
            "name": "Casserole",
            "unit": "C62",
            "sale_price": Decimal(1),
            "vat_rate": Decimal(20),
        }
        connection.execute(insert(Product).values(**product))
        connection.execute(insert(Stock).values(depot_id=1, product_id=1))
        move = {
            "at": NOW,
            "depot_id": 1,
            "product_id": 1,
            "quantity": Decimal(1),
            "unit_cost": Decimal(1),
            "reason": "opening",
        }
        connection.execute(insert(StockMove).values(**move, created_by="marie"))
    for statement in ("UPDATE stock_move SET quantity = 2", "DELETE FROM stock_move"):
        with pytest.raises(IntegrityError, match="frozen in stock_move"), base.transaction() as connection:
            connection.execute(text(statement))


def test_purchase_orders_are_of_the_usual_place(base: Database) -> None:
    """An order that names no place is of the dossier's establishment, of the depot that it draws on first."""
    Till(base)
    with base.transaction() as connection:
        own = {"establishment_id": 1, "name": "Atelier"}
        connection.execute(
            insert(Depot), [{**own, "code": "ATELIER", "active": True}, {**own, "code": "A-OLD", "active": False}]
        )
        order = {"number": "CFR1", "supplier_id": 1, "state": "draft", "issue_date": NOW.date(), "currency": "EUR"}
        sums = dict.fromkeys(("total_ht", "total_vat", "total_ttc"), Decimal(0))
        times = {"created_at": NOW, "updated_at": NOW}
        connection.execute(insert(PurchaseOrder).values(**order, **sums, **times))
        found = connection.execute(select(Depot.code).join(PurchaseOrder, PurchaseOrder.depot_id == Depot.id)).scalar()
    assert found == "ATELIER"
