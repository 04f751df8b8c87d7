"""Changing what is known of a party: what goes with it, what is kept, and what is written down."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Account, AccountWord, Address, Contact, Event, Partner, Party, PartyAccount
from intergestan_erp.parties.indexing import without_words
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties, set_account, set_party
from tests.erp.paying.till import Till
from tests.site_factories import NOW, SiteToTest

RULES = PartyRules()


@pytest.fixture
def party(sqlite_base: Database) -> int:
    new = NewParty(code="DUP", name="Dupont", is_customer=True, is_supplier=True, city="Lyon", contact="Luc")
    with sqlite_base.transaction() as connection:
        return add_parties(connection, [new], RULES, by="m", at=NOW)[0].id


def change(database: Database, party_id: int, **changes: Any) -> None:
    with database.transaction() as connection:
        set_party(connection, party_id, changes, RULES, by="anne", at=NOW)


def events(database: Database) -> list[tuple[str, Any]]:
    with database.read() as connection:
        rows = connection.execute(select(Event.name, Event.detail).where(Event.subject == "party").order_by(Event.id))
        return [(row.name, row.detail) for row in rows]


def test_what_is_written_down(sqlite_base: Database, party: int) -> None:
    """T05, D34: the old and the new value of a column; of persons and addresses only that they were changed."""
    change(sqlite_base, party, name="Dupond", siret="73282932000074", city="Paris", contact="Zoé")
    change(sqlite_base, party, name="Dupond")
    with sqlite_base.transaction() as connection:
        for _ in range(2):
            set_account(connection, party, PartyRole.CUSTOMER, RULES, number="411Z", by="anne", at=NOW)
    assert events(sqlite_base) == [
        ("create", {"code": "DUP", "accounts": {"customer": "411DUP", "supplier": "401DUP"}}),
        (
            "set",
            {"name": ["Dupont", "Dupond"], "siret": [None, "73282932000074"], "changed": ["city", "contact"]},
        ),
        ("account", {"role": "customer", "number": ["411DUP", "411Z"]}),
    ]


def test_an_account_with_entries_keeps_its_number(sqlite_base: Database) -> None:
    """T05: only its title changes from then on."""
    till = Till(sqlite_base)
    assert number(till, "4119") == "4119"
    till.bill(("1", "10", "20"))
    with pytest.raises(Problem) as refused:
        number(till, "4118")
    assert refused.value.code is ProblemCode.ACCOUNT_BOOKED
    assert "There are entries on the account 4119" in str(refused.value)
    assert number(till, None, "Durand & Fils") == "4119"


def number(till: Till, wanted: str | None, title: str | None = None) -> str:
    """The number of the customer's account, once it was set."""
    set_: Any = {"number": wanted, "title": title}
    with till.base.transaction() as connection:
        return set_account(connection, till.customer, PartyRole.CUSTOMER, RULES, **set_, by="anne", at=NOW)


def test_a_lost_role_takes_its_account_along(sqlite_base: Database, party: int) -> None:
    """T05: nothing of it is found any more, and coming back it gets another one."""
    change(sqlite_base, party, is_customer=False)
    with sqlite_base.read() as connection:
        assert connection.execute(select(Account.number)).scalars().all() == ["401DUP"]
        assert connection.execute(select(func.count()).select_from(PartyAccount)).scalar_one() == 1
        assert set(connection.execute(select(AccountWord.account_id)).scalars()) == set(
            connection.execute(select(Account.id)).scalars()
        )
        assert without_words(connection) == 0
    change(sqlite_base, party, is_customer=True)
    with sqlite_base.read() as connection:
        assert sorted(connection.execute(select(Account.number)).scalars()) == ["401DUP", "411DUP"]


def test_the_last_role_stays(sqlite_base: Database, party: int) -> None:
    with pytest.raises(Problem, match="would be neither") as refused:
        change(sqlite_base, party, is_customer=False, is_supplier=False)
    assert refused.value.code is ProblemCode.NO_ROLE
    with sqlite_base.transaction() as connection:  # older releases let a party be neither
        connection.execute(update(Party).values(is_customer=False, is_supplier=False))
    change(sqlite_base, party, name="Other")
    change(sqlite_base, party, is_customer=False, city="Nancy")


def test_a_partner_keeps_its_roles(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    shop, _ = paired_sites
    party_id = shop.row(Partner).party_id
    with pytest.raises(Problem, match="is a partner") as refused:
        change(shop.database, party_id, is_supplier=False)
    assert refused.value.code is ProblemCode.ROLE_KEPT


def test_a_code_that_is_taken(sqlite_base: Database, party: int) -> None:
    """T01: a code may be corrected, and not to another's."""
    with sqlite_base.transaction() as connection:
        connection.execute(insert(Party).values(code="DUR", name="Durand", is_customer=True))
    with pytest.raises(Problem) as refused:
        change(sqlite_base, party, code="DUR")
    assert refused.value.code is ProblemCode.CODE_TAKEN
    change(sqlite_base, party, code="DU1")
    assert events(sqlite_base)[-1] == ("set", {"code": ["DUP", "DU1"]})


def test_an_address_and_a_person_where_there_was_none(sqlite_base: Database) -> None:
    with sqlite_base.transaction() as connection:
        (bare,) = add_parties(connection, [NewParty(code="B", name="B", is_customer=True)], RULES, by="m", at=NOW)
    change(sqlite_base, bare.id, city="Lyon", email="b@b.test")
    change(sqlite_base, bare.id, city=None, contact=None)
    with sqlite_base.read() as connection:
        assert connection.execute(select(Address.city)).scalars().all() == [None]
        assert list(map(tuple, connection.execute(select(Contact.name, Contact.email)))) == [("", "b@b.test")]
