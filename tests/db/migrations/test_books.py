"""0031: books begin with the first document after the upgrade, and nothing of before is missed."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import delete, select

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod, Role
from intergestan_db.tables import FiscalYear, Payment, User, UserRole
from intergestan_erp.books.check import check_books
from intergestan_erp.books.folders import folder_called
from intergestan_erp.paying import payments
from tests.db.migrations.test_migrations import run
from tests.erp.books.keeping import Keeper


@pytest.mark.not_quick
def test_books_begin_with_the_upgrade(base: Database) -> None:
    """A04, D61: what was invoiced and paid before has no entries; it fails and is paid on in the books all the same."""
    keeper = Keeper(base)
    keeper.bill(("1", "100", "20"))
    keeper.pay("20", method=PaymentMethod.CHEQUE)
    keeper.pay("1")
    with base.transaction() as connection:
        run(connection, command.downgrade, "0030")
        connection.execute(delete(UserRole).where(UserRole.role == Role.ACCOUNTANT))
    migrate.upgrade(base)
    with base.read() as connection:
        roles = select(UserRole.role).join(User, User.id == UserRole.user_id).where(User.login == "marie")
        assert Role.ACCOUNTANT in set(connection.execute(roles).scalars())
        assert connection.execute(select(Payment.banked_on)).scalars().all() == [None, None]
        assert connection.execute(select(FiscalYear.id)).all() == []
    keeper.act(payments.cancel, "RG2")
    assert keeper.entries() == {}  # it never was in these books
    keeper.act(payments.fail, "RG1")
    keeper.pay("120")
    keeper.bill(("1", "10", "20"))
    assert keeper.entries() == {
        "OD1": ["D 411000/~ 20.00", "C 511200 20.00"],
        "BQ1": ["D 512000 120.00", "C 411000/~ 120.00"],
        "VE1": ["D 411000/~ 12.00", "C 707000 10.00", "C 445710 2.00"],
    }
    with base.read() as connection:
        assert check_books(connection, folder_called(connection, None)) == []
