"""What a form asks for is done once, also where two send it at the same time, and again after it could not be done."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.tables import Event, Idempotency
from intergestan_erp.people.once import KEPT, DoneBefore, begin_once, end_once, sweep_once
from tests.site_factories import NOW, SiteToTest

FORM: Mapping[str, Any] = {"route": "/envoyer", "digest": "a" * 64, "at": NOW}


class Undo(Exception):
    pass


def act(database: Database, user_id: int, *, undo: bool = False) -> DoneBefore | None:
    """Write something down, once."""
    with database.transaction() as connection:
        before = begin_once(connection, user_id, "form-1", **FORM)
        if before is None:
            states.record(connection, "user", [(user_id, None, None)], "acted", by="marie", at=NOW)
            if undo:
                raise Undo
            end_once(connection, user_id, "form-1", status=303, body="/envois/out-7")
        return before


def acts(site: SiteToTest) -> int:
    return len(site.rows(Event, name="acted"))


def test_the_second_time_it_tells_what_came_of_the_first(a_site: SiteToTest) -> None:
    database, user = a_site.database, a_site.user_id
    assert act(database, user) is None
    assert act(database, user) == DoneBefore(NOW, 303, "/envois/out-7", True)
    assert acts(a_site) == 1
    with database.transaction() as connection:
        other = begin_once(connection, user, "form-1", **{**FORM, "digest": "b" * 64})
        elsewhere = begin_once(connection, user, "form-1", **{**FORM, "route": "/relever"})
    assert other is not None
    assert elsewhere is not None
    assert (other.is_same, elsewhere.is_same) == (False, False)


def test_what_could_not_be_done_may_be_sent_again(a_site: SiteToTest) -> None:
    with pytest.raises(Undo):
        act(a_site.database, a_site.user_id, undo=True)
    assert (acts(a_site), a_site.rows(Idempotency)) == (0, [])
    assert act(a_site.database, a_site.user_id) is None


@pytest.mark.race
def test_of_two_at_once_one_does_it(a_site: SiteToTest) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: act(a_site.database, a_site.user_id), range(4)))
    assert acts(a_site) == 1
    assert [each for each in found if each is None] == [None]
    assert {each.body for each in found if each is not None} == {"/envois/out-7"}


def test_it_is_forgotten_after_two_days(a_site: SiteToTest) -> None:
    act(a_site.database, a_site.user_id)
    with a_site.database.transaction() as connection:
        assert sweep_once(connection, NOW + KEPT) == 0
        assert sweep_once(connection, NOW + KEPT + timedelta(seconds=1)) == 1
