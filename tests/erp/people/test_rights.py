"""Who may what (D31): the rights of roles and of persons, and that somebody can always give them."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from sqlalchemy import delete

from intergestan_db.enums import Right, Role
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, UserRight, UserRole
from intergestan_erp.people.rights import Person, change_rights, read_people, read_person, require
from intergestan_erp.site.setup import add_user, use_user
from intergestan_operations.language import settings_words as words_of_people
from tests.site_factories import NOW, SiteToTest

MATRIX = {
    Role.READER: set[Right](),
    Role.CLERK: {
        Right.SEND_ORDERS,
        Right.RESEND_MAILS,
        Right.COLLECT_ORDERS,
        Right.SELL,
        Right.SET_PARTIES,
        Right.INVOICE,
        Right.TAKE_PAYMENTS,
    },
    Role.OPERATOR: {Right.RESEND_MAILS, Right.COLLECT_ORDERS, Right.OPERATE},
    Role.ACCOUNTANT: {
        *(Right.SET_CREDIT, Right.KEEP_BOOKS, Right.CLOSE_BOOKS, Right.INVOICE),
        *(Right.TAKE_PAYMENTS, Right.CREDIT_NOTE),
    },
    Role.ADMINISTRATOR: {
        *(Right.SET_CREDIT, Right.MANAGE_USERS, Right.KEEP_BOOKS, Right.CLOSE_BOOKS, Right.ANONYMISE),
        Right.SEND_ORDERS,
        *(Right.RESEND_MAILS, Right.COLLECT_ORDERS, Right.OPERATE, Right.SET_ACCOUNTS),
        *(Right.SELL, Right.INVOICE, Right.SET_PARTNERS, Right.SET_PRODUCTS),
        *(Right.SET_PARTIES, Right.SET_RULES, Right.SET_SITE),
        *(Right.TAKE_PAYMENTS, Right.CREDIT_NOTE),
    },
}
"""As the documents print it."""


def person(*roles: Role, named: frozenset[Right] = frozenset()) -> Person:
    return Person(1, "marie", True, roles, named)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_rights_are_those_of_all_roles(count: int) -> None:
    """The matrix over roles: rights of several add up, and a right by name comes on top (T20)."""
    for roles in combinations(Role, count):
        wanted = set().union(*(MATRIX[role] for role in roles))
        assert person(*roles).rights == wanted
        assert person(*roles, named=frozenset({Right.OVERRIDE_CREDIT})).rights == wanted | {Right.OVERRIDE_CREDIT}


def test_who_is_out_of_use_may_nothing() -> None:
    gone = Person(1, "marie", False, tuple(Role), frozenset(Right))
    assert not any(gone.may(right) for right in Right)


def test_every_word_has_its_label() -> None:
    assert set(words_of_people.ROLES) == set(Role)
    assert set(words_of_people.RIGHTS) == set(Right)


def test_the_first_may_all_and_later_ones_are_clerks(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
        people = {each.login: each for each in read_people(connection)}
    assert people["marie"].roles == (Role.CLERK, Role.OPERATOR, Role.ADMINISTRATOR, Role.ACCOUNTANT)
    assert people["marie"].rights == set(Right)
    assert (people["paul"].roles, people["paul"].rights) == ((Role.CLERK,), frozenset(MATRIX[Role.CLERK]))


def test_rights_are_given_and_taken(a_site: SiteToTest) -> None:
    database = a_site.database
    with database.transaction() as connection:
        add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
        with pytest.raises(Problem, match="paul may not pass the credit maximum; marie may") as refused:
            require(connection, "paul", Right.OVERRIDE_CREDIT)
        assert refused.value.code is ProblemCode.NO_RIGHT
        given = change_rights(
            connection,
            "paul",
            roles=[Role.ACCOUNTANT, Role.READER],
            grant=[Right.OVERRIDE_CREDIT],
            by="marie",
            at=NOW,
        )
        assert given == read_person(connection, "paul")
        assert given.roles == (Role.READER, Role.ACCOUNTANT)
        require(connection, "paul", Right.OVERRIDE_CREDIT)
        require(connection, "paul", Right.SET_CREDIT)
        change_rights(connection, "paul", revoke=[Right.OVERRIDE_CREDIT], by="marie", at=NOW + timedelta(hours=1))
        with pytest.raises(Problem, match="by name"):
            change_rights(connection, "paul", revoke=[Right.SET_CREDIT], by="marie", at=NOW)
    events = [row.detail for row in a_site.rows(Event, subject="user", name="roles")]
    assert [event["rights"] for event in events] == [[[], ["override_credit"]], [["override_credit"], []]]


def test_the_last_administrator_stays_one(a_site: SiteToTest) -> None:
    database = a_site.database
    with database.transaction() as connection:
        add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
    with pytest.raises(Problem) as refused, database.transaction() as connection:
        change_rights(connection, "marie", roles=[Role.CLERK], by="marie", at=NOW)
    assert refused.value.code is ProblemCode.LAST_ADMINISTRATOR
    with pytest.raises(Problem, match="last administrator"), database.transaction() as connection:
        use_user(connection, "marie", active=False, by="marie", at=NOW)
    with database.transaction() as connection:
        change_rights(connection, "paul", roles=[Role.ADMINISTRATOR], by="marie", at=NOW)
        use_user(connection, "marie", active=False, by="paul", at=NOW)
        assert [each.login for each in read_people(connection) if each.may(Right.MANAGE_USERS)] == ["paul"]
        use_user(connection, "marie", active=True, by="paul", at=NOW)


def test_a_base_in_which_nobody_may_give_roles_is_not_locked(a_site: SiteToTest) -> None:
    """All were out of use when the base was upgraded: somebody must be able to begin."""
    with a_site.database.transaction() as connection:
        connection.execute(delete(UserRole))
        connection.execute(delete(UserRight))
        require(connection, "marie", Right.MANAGE_USERS)
        with pytest.raises(Problem, match="– may"):
            require(connection, "marie", Right.SET_CREDIT)
        change_rights(connection, "marie", roles=[Role.ADMINISTRATOR], by="marie", at=NOW)
        require(connection, "marie", Right.SET_CREDIT)
