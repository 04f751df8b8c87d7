"""Where everything rests, as one value; and how far a *Relever* is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from intergestan_db import leases
from intergestan_db.enums import HoldReason
from intergestan_db.problem import Problem
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, PollRun, Relay
from intergestan_exchange.health.status import read_status
from intergestan_exchange.mailboxes.poll_runs import ask, is_alive, look
from tests.exchange.holds.test_holds import hold_mail
from tests.exchange.inbox.test_replay import a_mail, a_mailbox
from tests.exchange.outbox.test_outbound import Sites, put, request
from tests.site_factories import NOW, SiteToTest


def test_an_empty_site(a_site: SiteToTest) -> None:
    with a_site.database.read() as connection:
        status = read_status(connection, NOW, 4)
    assert (status.purchase_orders, status.inbound, status.mailboxes, status.relay, status.workers) == (
        {},
        {},
        (),
        None,
        (),
    )


def test_everything_is_counted_where_it_rests(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    put(shop, request(shop, "CFR1", "CFR2"), "held", reason="no_answer", detail="4")
    with shop.database.transaction() as connection:
        hold_mail(connection, "a", HoldReason.NO_ANSWER, resends="1")
        a_mail(connection, "b")
        leases.beat(connection, "poller-1", "poller", NOW)
        leases.beat(connection, "sender-1", "sender", NOW - timedelta(minutes=1))
        a_mailbox(connection, "mine")
        a_mailbox(connection, "dead")
        connection.execute(update(Mailbox).where(Mailbox.name == "mine").values(owner="poller-1", backlog=3))
        connection.execute(update(Mailbox).where(Mailbox.name == "dead").values(owner="poller-0", last_error="no"))
        relay = {"name": "relay", "host": "mail.test", "port": 587, "security": "tls"}
        connection.execute(
            insert(Relay).values(relay | {"paused_until": NOW + timedelta(minutes=1), "last_error": "421"})
        )
        status = read_status(connection, NOW, 4)
    assert {state: count.count for state, count in status.purchase_orders.items()} == {"transmitting": 2}
    assert status.purchase_orders["transmitting"].oldest == NOW
    assert {state: count.count for state, count in status.outbound.items()} == {"held": 1}
    assert {state: count.count for state, count in status.inbound.items()} == {"done": 1, "held": 1}
    assert status.holds == {"no_answer": 2}
    assert [(box.name, box.owner, box.backlog, box.last_error) for box in status.mailboxes] == [
        ("dead", None, 0, "no"),
        ("mine", "poller-1", 3, None),
    ]
    assert status.relay is not None
    assert (status.relay.paused_until, status.relay.last_error) == (NOW + timedelta(minutes=1), "421")
    assert [worker.name for worker in status.workers] == ["poller-1"]


def test_a_run_is_over_when_its_mails_rest(paired_sites: Sites) -> None:
    """G23: also of what was archived a moment before somebody asked."""
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        box = a_mailbox(connection, "commandes")
        connection.execute(update(Mailbox).values(owner="poller-1"))
        earlier = a_mail(connection, "a", "archived", mailbox_id=box)
        asked = ask(connection, [], by="marie", at=NOW)
        ((owner, (run,)),) = asked.owners.items()
        assert owner == "poller-1"
        assert connection.execute(select(PollRun.requested_by)).scalar_one() == "marie"
        assert not look(connection, asked).is_over

        found = a_mail(connection, "b", "archived", mailbox_id=box)
        uid = {"mailbox_id": box, "uidvalidity": 1, "uid": 7, "inbound_mail_id": found, "poll_run_id": run}
        connection.execute(insert(MailboxUid).values(uid))
        connection.execute(insert(MailboxUid).values(uid | {"uid": 8, "inbound_mail_id": None, "note": "too_big"}))
        connection.execute(update(PollRun).values(listed_at=NOW, found=1))
        connection.execute(update(InboundMail).where(InboundMail.id == found).values(state="done"))
        assert not look(connection, asked).is_over
        connection.execute(update(InboundMail).where(InboundMail.id == earlier).values(state="alien"))
        progress = look(connection, asked)
    assert progress.is_over
    assert (progress.mails, progress.too_big) == ({earlier: "alien", found: "done"}, 1)
    assert [(each.mailbox, each.found) for each in progress.runs] == [("commandes", 1)]


def test_only_mailboxes_that_are_polled_can_be_asked_for(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        with pytest.raises(Problem, match="no mailbox to collect"):
            ask(connection, [], by="marie", at=NOW)
        a_mailbox(connection, "old")
        connection.execute(update(Mailbox).values(active=False))
        with pytest.raises(Problem, match="old"):
            ask(connection, ["old"], by="marie", at=NOW)


def test_who_lives(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        leases.beat(connection, "importer-1", "importer", NOW)
        assert is_alive(connection, "importer", NOW)
        assert not is_alive(connection, "importer", NOW + timedelta(seconds=10))
        assert not is_alive(connection, "poller", NOW)
