"""0037: orders that are there say whether anything of them is left to invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from alembic import command

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.tables import SalesOrder
from intergestan_erp.credit.invoiced import wrong_marks
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_msg.money import AllowanceCharge
from tests.db.migrations.test_migrations import run
from tests.erp.pairs.agencies import Agencies
from tests.erp.paying.till import Till
from tests.factories import VAT_20
from tests.site_factories import SiteToTest

PORT = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)


def again(database: Database) -> None:
    with database.transaction() as connection:
        run(connection, command.downgrade, "0036")
    migrate.upgrade(database)


@pytest.mark.not_quick
def test_orders_of_before(base: Database) -> None:
    """T22: nothing of one is invoiced, part of another, all of a third; the same marks as invoicing made."""
    till = Till(base)
    till.order(("1", "10", "20"), charges=[PORT])
    number = till.order(("2", "10", "20"), charges=[PORT], unit="C62")
    till.act(deliver, number, {"L1": Decimal(1)})
    till.act(invoice, [number])
    till.bill(("1", "10", "20"), charges=[PORT])
    marks = [row.invoiced for row in till.rows(SalesOrder)]
    assert marks == ["none", "part", "all"]
    again(base)
    assert [row.invoiced for row in till.rows(SalesOrder)] == marks
    with base.read() as connection:
        assert wrong_marks(connection) == []


@pytest.mark.not_quick
def test_orders_between_agencies_of_before(a_site: SiteToTest) -> None:
    """A14: what stays in the company is never invoiced."""
    agencies = Agencies(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect"))
    again(a_site.database)
    assert [row.invoiced for row in a_site.rows(SalesOrder)] == ["none", "never"]
