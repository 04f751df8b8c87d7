"""Sessions and invitations: only a digest is kept, they end by themselves, by their person, and with their person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from intergestan_db.problem import Problem
from intergestan_db.tables import Event, Invitation, Session
from intergestan_erp.people import invitations
from intergestan_erp.people.sessions import (
    STRICT,
    USUAL,
    Lifetime,
    begin_session,
    digest,
    end_session,
    find_visitor,
    list_sessions,
    needs_sign,
    note_sign,
    sweep_sessions,
)
from intergestan_erp.people.users import find_entrant
from intergestan_erp.site.setup import add_user, use_user
from tests.site_factories import NOW, SiteToTest

KNOWN: Any = {"login": "marie", "address": "192.0.2.7", "agent": "Firefox", "at": NOW}


def begin(site: SiteToTest, lifetime: Lifetime = USUAL) -> str:
    with site.database.transaction() as connection:
        return begin_session(connection, site.user_id, lifetime, **KNOWN)


def test_the_database_keeps_a_digest(a_site: SiteToTest) -> None:
    secret = begin(a_site)
    row = a_site.row(Session)
    assert (row.id_hash, secret in repr(row)) == (digest(secret), False)
    (event,) = a_site.rows(Event, name="login")
    assert (event.who, event.detail) == ("marie", {"address": "192.0.2.7"})
    assert len(secret) >= 43, "256 bits"


@pytest.mark.parametrize("lifetime", [USUAL, STRICT])
def test_a_session_ends_by_itself(a_site: SiteToTest, lifetime: Lifetime) -> None:
    secret, database = begin(a_site, lifetime), a_site.database
    with database.transaction() as connection:
        visitor = find_visitor(connection, secret, lifetime, NOW + lifetime.idle - timedelta(seconds=1))
        assert visitor is not None
        assert (visitor.login, visitor.user_id) == ("marie", a_site.user_id)
        assert find_visitor(connection, secret, lifetime, NOW + lifetime.idle) is None
        assert find_visitor(connection, ("y" if secret.startswith("x") else "x") + secret[1:], lifetime, NOW) is None
        at = NOW
        while (at := at + lifetime.idle - timedelta(minutes=1)) < NOW + lifetime.longest:
            assert find_visitor(connection, secret, lifetime, at) is not None
            note_sign(connection, visitor.session, at)
        assert find_visitor(connection, secret, lifetime, NOW + lifetime.longest) is None
        assert sweep_sessions(connection, NOW + lifetime.longest) == 0
        assert sweep_sessions(connection, NOW + lifetime.longest + timedelta(seconds=1)) == 1


def test_a_sign_is_noted_once_a_minute(a_site: SiteToTest) -> None:
    secret = begin(a_site)
    with a_site.database.read() as connection:
        visitor = find_visitor(connection, secret, USUAL, NOW)
    assert visitor is not None
    assert [needs_sign(visitor, USUAL, NOW + timedelta(seconds=each)) for each in (0, 60, 61)] == [False, False, True]


def test_it_ends_with_its_person(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        other = add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
        secrets = [begin_session(connection, other, USUAL, **KNOWN) for _ in range(2)]
        end_session(connection, digest(secrets[0]))
        assert [each.ref for each in list_sessions(connection, other)] == [digest(secrets[1])[:12]]
        use_user(connection, "paul", active=False, by="marie", at=NOW)
        assert find_visitor(connection, secrets[1], USUAL, NOW) is None
        assert find_entrant(connection, "paul") is None
        assert list_sessions(connection, other) == []


def test_who_enters_says_a_login_or_an_address_that_is_theirs_alone(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
        add_user(connection, "anne", "Anne", "achats@arts.test", by="marie", at=NOW)
        add_user(connection, "luc", "Luc", "achats@arts.test", by="marie", at=NOW)
        typed = ("marie", " marie ", "paul@arts.test", "Paul@arts.test", "achats@arts.test", "nobody", "")
        found = [find_entrant(connection, each) for each in typed]
    assert [each and each.login for each in found] == ["marie", "marie", "paul", "paul", None, None, None]


def test_an_invitation_opens_once_and_not_for_ever(a_site: SiteToTest) -> None:
    database, at = a_site.database, NOW
    with database.transaction() as connection:
        first = invitations.invite(connection, "marie", by="marie", at=at)
        secret = invitations.invite(connection, "marie", by="marie", at=at)
        assert invitations.take_invitation(connection, first, at) is None, "the newer one counts"
        late = at + invitations.VALID
        assert invitations.take_invitation(connection, secret, late) is None
        typed = invitations.in_groups(secret).upper()
        assert invitations.take_invitation(connection, f" {typed}\n", at) == a_site.user_id
        assert invitations.take_invitation(connection, secret, at) is None
        left = invitations.invite(connection, "marie", by="marie", at=at)
    assert a_site.row(Invitation).hash == digest(left)
    assert [event.detail for event in a_site.rows(Event, name="invite")] == [None] * 3
    with database.transaction() as connection:
        assert invitations.sweep_invitations(connection, late) == 0
        assert invitations.sweep_invitations(connection, late + timedelta(seconds=1)) == 1


def test_who_is_out_of_use_is_not_invited(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
        use_user(connection, "paul", active=False, by="marie", at=NOW)
        for login in ("paul", "nobody"):
            with pytest.raises(Problem):
                invitations.invite(connection, login, by="marie", at=NOW)
