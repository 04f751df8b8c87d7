"""The upgrade to codes, accounts and search: what is there can be found afterwards, and goes on as it was."""

from __future__ import annotations

import importlib

import pytest
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text

from intergestan_db import migrate
from intergestan_db.bulk import insert_rows
from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.tables import Account, OutboundMail, Partner, Party, PartyWord, PurchaseOrder
from intergestan_erp.parties.codes import CodeRule
from intergestan_erp.parties.indexing import reindex, without_words
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties
from intergestan_erp.parties.search import find_parties
from intergestan_erp.parties.search_words import words
from intergestan_msg.money import ONE
from tests.db.migrations.test_migrations import run
from tests.site_factories import NOW, SiteToTest

MIGRATION = importlib.import_module("intergestan_db.migrations.versions.0019_codes_accounts_search")
MANY = 10_000


def all_words(database: Database) -> set[tuple[int, int, str, int, int]]:
    columns = (PartyWord.field, PartyWord.later, PartyWord.word, PartyWord.party_id, PartyWord.roles)
    with database.read() as connection:
        return {(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(select(*columns))}


@pytest.mark.not_quick
def test_a_base_with_ten_thousand_parties_and_rows_in_flight(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    """T09: parties of older releases are found after the upgrade; orders, mails and partners are untouched."""
    shop, base = paired_sites
    database = shop.database
    with database.transaction() as connection:
        rows = [
            {"code": f"F{n:05d}", "name": f"Société {n} Élise", "is_customer": n % 2 == 0, "is_supplier": n % 3 == 0}
            for n in range(1, MANY + 1)
        ]
        insert_rows(connection, Party, rows)
        supplier = connection.execute(select(Partner.party_id, Partner.id)).one()
        order = {"number": "CFR1", "issue_date": NOW.date(), "currency": "EUR", "supplier_id": supplier.party_id}
        order |= dict.fromkeys(("total_ht", "total_vat", "total_ttc"), ONE)
        order |= {"state": "transmitting", "created_at": NOW, "updated_at": NOW}
        connection.execute(insert(PurchaseOrder).values(**order))
        mail = {
            "transfer_id": "x",
            "kind": "orders",
            "state": "composed",
            "partner_id": supplier.id,
            "requested_at": NOW,
        }
        connection.execute(insert(OutboundMail).values(**mail))
        run(connection, command.downgrade, MIGRATION.down_revision)
    migrate.upgrade(database)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(Party)).scalar_one() == MANY + 1
        assert connection.execute(select(PurchaseOrder.state)).scalars().all() == ["transmitting"]
        assert connection.execute(select(OutboundMail.state)).scalars().all() == ["composed"]
        assert connection.execute(select(Account.id)).all() == []
        assert without_words(connection) == 0
        found = find_parties(connection, "elise 4242", PartyRole.CUSTOMER).found
        assert [(each.code, each.account) for each in found] == [("F04242", None)]
        assert one_party(connection, "stauber", PartyRole.SUPPLIER).code == base.code
    before = all_words(database)
    assert reindex(database) == MANY + 1
    assert all_words(database) == before
    with database.transaction() as connection:
        rules = PartyRules(CodeRule(automatic=True))
        (entered,) = add_parties(connection, [NewParty(name="Duval", is_customer=True)], rules, by="m", at=NOW)
        assert entered.code == "DU000001"


@pytest.mark.not_quick
def test_down_and_up_with_parties_and_accounts(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    """The way back loses accounts and counters, which the older release does not know, and no party."""
    site, _ = paired_sites
    with site.database.transaction() as connection:
        parties = connection.execute(select(Party.code)).scalars().all()
        run(connection, command.downgrade, MIGRATION.down_revision)
        assert connection.execute(text("SELECT code FROM party")).scalars().all() == parties
    migrate.upgrade(site.database)
    with site.database.read() as connection:
        assert without_words(connection) == 0


@given(value=st.text())
def test_the_migration_parts_words_as_the_product_does(value: str) -> None:
    """D15: a word of an older party is the same as one of a party that is entered now."""
    assert MIGRATION.words(value) == words(value)
