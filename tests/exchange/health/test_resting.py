"""Orders and mails of long ago are counted once an hour; nobody sees that but in what becomes of them meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select, update

from intergestan_db.tables import InboundMail, OutboundMail, Partner, RestingCount
from intergestan_exchange.health import resting
from intergestan_exchange.health.resting import RECEIVED, SENT, SUBJECTS, count_old, count_states, keep_old
from tests.exchange.inbox.test_replay import a_mail
from tests.exchange.outbox.test_outbound import Sites
from tests.site_factories import NOW

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mails are new."""
    monkeypatch.setattr(resting, "NEW", 2)


def count(connection: Connection, later: timedelta = timedelta(0)) -> set[str]:
    """What the dispatcher does; what it counted."""
    counted = count_old(connection, NOW + later)
    keep_old(connection, counted, NOW + later)
    return {each.subject.name for each in counted}


def received(connection: Connection) -> dict[str, int]:
    return {state: each.count for state, each in count_states(connection, RECEIVED).items()}


def test_who_counts_says_what_all_rows_say(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    states = ["done", "done", "held", "alien", "archived", "done", "held"]
    with shop.database.transaction() as connection:
        ids = [
            a_mail(connection, f"{n}", state, archived_at=NOW - n * HOUR, is_heartbeat=n == 5)
            for n, state in enumerate(states)
        ]
        before = count_states(connection, RECEIVED)
        assert {state: each.count for state, each in before.items()} == {
            "alien": 1,
            "archived": 1,
            "done": 2,
            "held": 2,
        }
        assert (before["done"].oldest, before["held"].oldest) == (NOW - HOUR, NOW - 6 * HOUR)
        assert count(connection) == {"inbound_mail"}
        assert count_states(connection, RECEIVED) == before
        assert connection.execute(select(func.max(RestingCount.up_to))).scalar_one() == ids[-3]
        a_mail(connection, "x", "done")
        assert received(connection) == {"alien": 1, "archived": 1, "done": 3, "held": 2}


def test_what_waits_is_counted_at_once_and_what_rests_within_the_hour(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        ids = [a_mail(connection, f"{n}", "done") for n in range(6)]
        assert count(connection) == {"inbound_mail"}
        for state, mail_id in (("archived", ids[0]), ("held", ids[1])):
            connection.execute(update(InboundMail).where(InboundMail.id == mail_id).values(state=state))
        assert received(connection) == {"archived": 1, "done": 6, "held": 1}
        assert count(connection, HOUR - timedelta(seconds=1)) == set()
        assert count(connection, HOUR) == {"inbound_mail"}
        assert received(connection) == {"archived": 1, "done": 4, "held": 1}
        assert count(connection, -HOUR) == {"inbound_mail"}, "the clock was set back"


def test_heartbeats_are_not_counted(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        partner = connection.execute(select(Partner.id)).scalar_one()
        for n in range(5):
            values = {"transfer_id": f"{n}", "partner_id": partner, "requested_at": NOW, "state": "sent"}
            kind = "heartbeat" if n % 2 else "statement"
            connection.execute(insert(OutboundMail).values(kind=kind, **values))
        assert count(connection) == {"outbound_mail"}
        assert {state: each.count for state, each in count_states(connection, SENT).items()} == {"sent": 3}


def test_each_subject_has_its_row(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    with shop.database.read() as connection:
        rows = connection.execute(select(RestingCount.subject)).scalars().all()
    assert sorted(rows) == sorted(each.name for each in SUBJECTS)
