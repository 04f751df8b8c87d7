"""Which archived mails are meant, and giving them back. What they bring then is proved in tests/pipeline."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from intergestan_db import states
from intergestan_db.problem import Problem
from intergestan_db.tables import Event, InboundMail, Mailbox, Partner
from intergestan_exchange.history.archive_trace import unknown_mails
from intergestan_exchange.inbox.replay import Choice, Stray, adopt, choose, count_chosen, resting
from intergestan_exchange.transfers.put_back import put_back
from tests.exchange.outbox.test_outbound import Sites
from tests.site_factories import NOW


def a_mail(connection: Connection, sha: str, state: str = "done", **values: Any) -> int:
    row = {"sha256": sha.ljust(64, "0"), "size": 10, "state": state, "archived_at": NOW} | values
    return connection.execute(insert(InboundMail).values(row).returning(InboundMail.id)).scalar_one()


def a_mailbox(connection: Connection, name: str) -> int:
    row = {"name": name, "host": "mail.test", "port": 993, "security": "tls"}
    return connection.execute(insert(Mailbox).values(row).returning(Mailbox.id)).scalar_one()


def chosen(connection: Connection, **values: Any) -> list[int]:
    return [mail.id for mail in choose(connection, Choice(**values))]


def test_mails_are_chosen_by_what_is_known_of_them(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    day = timedelta(days=1)
    with shop.database.transaction() as connection:
        box = a_mailbox(connection, "commandes")
        partner = connection.execute(select(Partner.id)).scalar_one()
        one = a_mail(connection, "aaaaaa1", archived_at=NOW - 2 * day, mailbox_id=box)
        two = a_mail(connection, "bbbbbb2", "held", archived_at=NOW - day, partner_id=partner, reason="too_old")
        three = a_mail(connection, "cccccc3", "alien", mailbox_id=box)
        assert chosen(connection) == [one, two, three]
        assert chosen(connection, mailbox_id=box) == [one, three]
        assert chosen(connection, partner_id=partner) == [two]
        assert chosen(connection, since=NOW - day, until=NOW) == [two]
        assert chosen(connection, mailbox_id=box, since=NOW - day) == [three]
        assert chosen(connection, shas=("AAAAAA", "cccccc3")) == [one, three]


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_they_are_read_some_at_a_time(paired_sites: Sites, size: int) -> None:
    """Also those that came at one instant; what comes meanwhile is not among them."""
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        days = [0, 1, 1, 1, 2]
        ids = [a_mail(connection, f"{n:06}", archived_at=NOW - timedelta(days=ago)) for n, ago in enumerate(days)]
        choice = Choice(newest=ids[-1])
        a_mail(connection, "ffffff", archived_at=NOW - timedelta(days=1))
        found: list[int] = []
        page = choose(connection, choice, None, size)
        while page:
            found += [mail.id for mail in page]
            page = choose(connection, choice, page[-1], size)
        assert found == [ids[4], *ids[1:4], ids[0]]
        assert count_chosen(connection, choice) == len(ids)


def test_what_is_under_way_dropped_or_refused_is_meant_only_when_named(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        a_mail(connection, "aaaaaa", "archived")
        a_mail(connection, "bbbbbb", "alien", size=0)
        refused = a_mail(connection, "cccccc", "held", reason="too_old")
        states.move(connection, states.INBOUND_MAIL, [refused], "refuse", by="marie", at=NOW)
        assert chosen(connection) == []
        assert len(chosen(connection, shas=("aaaaaa", "bbbbbb", "cccccc"))) == 3


@pytest.mark.parametrize(("sha", "why"), [("aaaa", "too short"), ("aaaaaa", "several"), ("ffffff", "no archived mail")])
def test_a_sha_must_mean_one_mail(paired_sites: Sites, sha: str, why: str) -> None:
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        a_mail(connection, "aaaaaa1")
        a_mail(connection, "aaaaaa2")
        with pytest.raises(Problem, match=why):
            chosen(connection, shas=(sha,))


def test_mails_are_given_back_once_and_may_be_of_any_age(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        ids = [a_mail(connection, "a", "done", strikes=2), a_mail(connection, "b", "held", reason="too_old")]
        ids.append(a_mail(connection, "c", "archived"))
        assert list(put_back(connection, ids, by="marie", at=NOW)) == ids[:2]
        assert put_back(connection, ids, by="marie", at=NOW) == ()
        rows = connection.execute(select(InboundMail.__table__).where(InboundMail.id.in_(ids[:2]))).all()
        assert {(row.state, row.reason, row.strikes, row.replayed) for row in rows} == {("archived", None, 0, True)}
        assert connection.execute(select(Event.who).where(Event.name == "replay")).scalars().all() == ["marie"] * 2
        assert resting(connection, ids) == []


def test_files_that_the_base_does_not_know_are_adopted(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    names = ["a" * 64, "b" * 64]
    archived = datetime(2020, 3, 1, tzinfo=NOW.tzinfo)
    with shop.database.transaction() as connection:
        a_mail(connection, "a" * 64)
        assert unknown_mails(connection, names) == {"b" * 64}
        files = [Stray(name, 7, archived) for name in names]
        (mail_id,) = adopt(connection, files, by="marie", at=NOW)  # a poller was faster with the other
        mail = connection.execute(select(InboundMail.__table__).where(InboundMail.id == mail_id)).one()
        assert (mail.state, mail.size, mail.archived_at, mail.replayed) == ("archived", 7, archived, True)
        assert not unknown_mails(connection, names)
        assert adopt(connection, [], by="marie", at=NOW) == ()
