"""Which passwords are refused, and what is kept of one."""

from __future__ import annotations

from typing import Any

import pytest

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, Session, User
from intergestan_erp.people.passwords import as_typed, check_password, known_hash, set_password
from intergestan_erp.people.sessions import USUAL, begin_session, digest
from tests.site_factories import NOW, SiteToTest

MARIE = ("marie", "Marie Durand", "marie@arts.test")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "vaisselle9",
        "motdepasse1234",
        "Mot de passe 2026!",
        "azertyuiop123",
        "123456789012345",
        "aaaabbbbaaaabbbb",
        "MarieDurand2026",
        "durand-arts-test",
        "x" * 1025,
    ],
)
def test_what_anybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(Problem) as refused:
        check_password(password, MARIE)
    assert refused.value.code is ProblemCode.EASY_TO_GUESS


@pytest.mark.parametrize(
    "password", ["trois petits chats", "quatre-vingts assiettes", "Ωmega Ωmega grand", "wb3Kf0q!zZp4"]
)
def test_a_short_sentence_is_taken(password: str) -> None:
    check_password(password, MARIE)


def test_whichever_keyboard_made_the_accents_it_is_the_same_password() -> None:
    assert as_typed("e\u0301te\u0301 pluvieux") == as_typed("été pluvieux")


def test_another_password_ends_the_other_sessions(a_site: SiteToTest) -> None:
    known: Any = {"login": "marie", "address": "::1", "agent": "x", "at": NOW}
    with a_site.database.transaction() as connection:
        secrets = [begin_session(connection, a_site.user_id, USUAL, **known) for _ in range(3)]
        assert known_hash(connection, a_site.user_id) is None
        set_password(connection, a_site.user_id, "argon", by="marie", at=NOW, but=digest(secrets[1]))
        assert known_hash(connection, a_site.user_id) == "argon"
    assert [row.id_hash for row in a_site.rows(Session)] == [digest(secrets[1])]
    (event,) = a_site.rows(Event, name="password")
    assert (event.subject, event.subject_id, event.detail) == ("user", a_site.user_id, None)
    assert a_site.row(User).last_login_at == NOW
