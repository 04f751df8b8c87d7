"""Accounts of third parties: the table of T05 to T08, what is refused, and any name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Account, AccountCounter, Party
from intergestan_erp.parties.accounts import AccountMode, AccountRule, account_by_hand, rank
from intergestan_erp.parties.codes import CodeRule
from intergestan_erp.parties.parties import Entered, NewParty, PartyRules, add_parties, set_account, set_party
from tests.erp.parties import oracles
from tests.site_factories import NOW

CUSTOMER, SUPPLIER = PartyRole.CUSTOMER, PartyRole.SUPPLIER


def rules(mode: str, width: int = 5) -> PartyRules:
    return PartyRules(CodeRule(automatic=True), AccountRule(AccountMode(mode), width=width))


def enter(connection: Connection, rule: PartyRules, *names: str) -> list[str]:
    """The customers' accounts of parties that are entered one after the other."""
    return [entered(connection, rule, NewParty(name=name, is_customer=True)).accounts[CUSTOMER] for name in names]


def entered(connection: Connection, rule: PartyRules, party: NewParty) -> Entered:
    return add_parties(connection, [party], rule, by="m", at=NOW)[0]


def test_a_number_by_hand_is_proposed(database: Database) -> None:
    """T05: root and code, one for each role; another number may be given, before and after."""
    manual = rules("manual")
    with database.transaction() as connection:
        both = entered(connection, manual, NewParty(name="Dupont", is_customer=True, is_supplier=True))
        assert both.accounts == {CUSTOMER: "411DU000001", SUPPLIER: "401DU000001"}
        own = NewParty(name="Duval", is_customer=True, accounts={CUSTOMER: "411DUVAL"})
        other = entered(connection, manual, own)
        assert other.accounts == {CUSTOMER: "411DUVAL"}
        assert set_account(connection, other.id, CUSTOMER, manual, number="411DV", by="m", at=NOW) == "411DV"
        with pytest.raises(Problem) as refused:
            set_account(connection, other.id, CUSTOMER, manual, number="411DU000001", by="m", at=NOW)
    assert str(refused.value) == (
        "The account 411DU000001 belongs to DU000001: choose another number. Nothing was changed."
    )
    assert refused.value.code is ProblemCode.ACCOUNT_TAKEN


def test_an_internal_number(database: Database) -> None:
    """T06: root and the party's own number, longer where that is longer; a clash names whose account it is."""
    with database.transaction() as connection:
        for party_id, number in ((42, "41100042"), (1234567, "4111234567")):
            connection.execute(insert(Party).values(id=party_id, code=number, name="Dupont", is_customer=True))
            assert set_account(connection, party_id, CUSTOMER, rules("internal"), by="m", at=NOW) == number
        new = entered(connection, rules("internal"), NewParty(name="Durand", is_supplier=True))
        assert new.accounts == {SUPPLIER: f"401{new.id:05d}"}
        connection.execute(insert(Party).values(id=7, code="P", name="P", is_customer=True))
        connection.execute(insert(Account).values(number="41100007", title="Divers", kind="general"))
        with pytest.raises(Problem, match="The account 41100007 belongs to Divers"):
            set_account(connection, 7, CUSTOMER, rules("internal"), by="m", at=NOW)


def test_a_sequence(database: Database) -> None:
    """T07: root and a counter of the root; numbers that are there are skipped; the last is an error in words."""
    with database.transaction() as connection:
        connection.execute(insert(Account).values(number="41100002", title="Divers", kind="general"))
        assert enter(connection, rules("sequence"), "Dupont", "Élise") == ["41100001", "41100003"]
        connection.execute(update(AccountCounter).values(next_number=99_999))
        assert enter(connection, rules("sequence"), "Zoé") == ["41199999"]
        with pytest.raises(Problem) as refused:
            enter(connection, rules("sequence"), "Zoé")
    assert str(refused.value) == "All accounts that begin with 411 are used (99999). Nothing was created."
    assert refused.value.code is ProblemCode.ACCOUNTS_EXHAUSTED


def test_the_alphabet(database: Database) -> None:
    """T08: root, rank of the first letter, and a counter of that rank."""
    with database.transaction() as connection:
        names = ("Dupont", "Élise", "Zoé", "3M", "«Quai 7»", "Ольга", "Durand", "Œuvres", "  établi")
        assert enter(connection, rules("alphabet"), *names) == [
            *("4110400001", "4110500001", "4112600001", "4110000001", "4110000002", "4110000003"),
            *("4110400002", "4111500001", "4110500002"),
        ]
        assert enter(connection, rules("alphabet", 1), *["Xavier"] * 9)[-1] == "411249"
        with pytest.raises(Problem, match=r"All accounts that begin with 41124 are used \(9\)"):
            enter(connection, rules("alphabet", 1), "Xavier")
        assert enter(connection, rules("alphabet", 1), "Yann") == ["411251"]


@pytest.mark.parametrize("mode", ["internal", "sequence", "alphabet"])
def test_automatic_numbers_are_not_given_by_hand(database: Database, mode: str) -> None:
    """T06 to T08: a number that a person gives is refused, at first and later."""
    automatic = rules(mode)
    own = NewParty(name="Duval", is_customer=True, accounts={CUSTOMER: "411DUVAL"})
    with database.transaction() as connection:
        party = entered(connection, automatic, NewParty(name="Dupont", is_customer=True))
        for act in (
            lambda: entered(connection, automatic, own),
            lambda: set_account(connection, party.id, CUSTOMER, automatic, number="411X", by="m", at=NOW),
        ):
            with pytest.raises(Problem, match="given automatically here") as refused:
                act()
            assert refused.value.code is ProblemCode.ACCOUNT_AUTOMATIC


def test_a_new_name_or_rule_changes_no_number(database: Database) -> None:
    """T05 to T08: neither a party's new name nor another rule touches an account; its title follows the name."""
    with database.transaction() as connection:
        party = entered(connection, rules("alphabet"), NewParty(name="Dupont", is_customer=True))
        set_party(connection, party.id, {"name": "Zoé"}, rules("sequence"), by="m", at=NOW)
        account = connection.execute(select(Account.number, Account.title)).one()
        assert tuple(account) == ("4110400001", "Zoé")
        assert connection.execute(select(Party.code)).scalar_one() == "DU000001"
        set_account(connection, party.id, CUSTOMER, rules("sequence"), title="Clients divers", by="m", at=NOW)
        set_party(connection, party.id, {"name": "Yann", "is_supplier": True}, rules("sequence"), by="m", at=NOW)
        accounts = connection.execute(select(Account.number, Account.title).order_by(Account.number)).all()
        assert list(map(tuple, accounts)) == [("40100001", "Yann"), ("4110400001", "Clients divers")]


@pytest.mark.parametrize(
    ("root", "width"), [("41", 5), ("4l1", 5), ("", 5), ("401", 5), ("411" * 4, 5), ("411", 0), ("411", 11)]
)
def test_roots_and_widths_of_which_no_account_is_made(root: str, width: int) -> None:
    """T05: the root of customers' accounts is a number of class 41 of the chart."""
    with pytest.raises(Problem) as refused:
        AccountRule(roots={CUSTOMER: root, SUPPLIER: "401"}, width=width).check()
    assert refused.value.code is ProblemCode.NO_VALUE


@pytest.mark.parametrize("typed", ["", "DUPONT", "411É", "4" * 51, "411;1"])
def test_what_is_no_number_of_an_account(typed: str) -> None:
    with pytest.raises(Problem) as refused:
        account_by_hand(typed)
    assert refused.value.code is ProblemCode.NO_ACCOUNT_NUMBER


def test_a_number_by_hand_is_read_as_people_write_it() -> None:
    """T05: in capitals, without spaces."""
    assert account_by_hand(" 411 dupont ") == "411DUPONT"


@given(name=st.text(min_size=1))
def test_any_rank(name: str) -> None:
    """T08: as the plain oracle says."""
    assert rank(name) == oracles.rank(name)
