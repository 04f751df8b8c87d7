"""Notices on their way: until one 250, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, update

from intergestan_db.enums import NoticeAbout
from intergestan_db.tables import Notice
from intergestan_runtime.metrics import Metrics
from services.sender.notify import NoticeSender
from services.sender.settings import SenderSettings
from services.sender.worker import Connections
from tests.clock import Clock
from tests.databases import as_service
from tests.servers import Fault, SmtpServer
from tests.services.sender.outbox import UNHURRIED, Outbox

pytestmark = pytest.mark.mainly_on("postgresql")

MIME = b"Subject: x\r\n\r\nText.\r\n"


class Desk:
    """A notice that is due, and who sends it."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.registry = CollectorRegistry()
        connections = Connections(UNHURRIED, lambda _relay: None)
        outbox.connections.append(connections)
        self._args = (as_service(outbox.base, "sender"), Metrics(self.registry))
        self.readers: dict[NoticeAbout, str | None] = {
            NoticeAbout.HOLDS: "anne@mulhouse.test",
            NoticeAbout.ALARMS: "marc@mulhouse.test",
        }
        self.sender = NoticeSender(*self._args, "sender-1", SenderSettings(), connections, self.readers)
        self.other = NoticeSender(*self._args, "sender-2", SenderSettings(), connections, self.readers)

    def put(self, **values: Any) -> int:
        now = self.outbox.base.now()
        row = {"about": "holds", "mime": MIME}
        with self.outbox.base.transaction() as connection:
            made = insert(Notice).values(**row | {"created_at": now, "next_attempt_at": now} | values)
            return connection.execute(made.returning(Notice.id)).scalar_one()

    def row(self) -> Any:
        (row,) = self.outbox.rows(Notice)
        return row

    def counted(self, outcome: str) -> float | None:
        return self.registry.get_sample_value("intergestan_notices_total", {"outcome": outcome})


@pytest.fixture
def desk(outbox: Outbox) -> Desk:
    return Desk(outbox)


@pytest.fixture
def sqlite_desk(sqlite_outbox: Outbox) -> Desk:
    return Desk(sqlite_outbox)


def test_one_250_is_the_end(desk: Desk, relay_server: SmtpServer, clock: Clock) -> None:
    notice_id = desk.put()
    desk.sender.send(notice_id)
    desk.sender.send(notice_id)
    (mail,) = relay_server.mails
    assert (mail.sender, mail.recipients, mail.raw) == ("o@mulhouse.test", ("anne@mulhouse.test",), MIME)
    row = desk.row()
    assert (row.sent_at, row.next_attempt_at, row.lease_owner, row.attempts) == (clock.now, None, None, 1)
    assert desk.counted("sent") == 1


def test_the_settings_say_to_whom_and_the_site_from_whom(desk: Desk, relay_server: SmtpServer) -> None:
    """Whoever may write notices can write to nobody else, and in nobody else's name."""
    desk.outbox.set_relay(bounce_address="back@mulhouse.test")
    desk.sender.send(desk.put(about="alarms", mime=b"To: victim@elsewhere.test\r\n\r\n"))
    (mail,) = relay_server.mails
    assert (mail.sender, mail.recipients) == ("back@mulhouse.test", ("marc@mulhouse.test",))


@pytest.mark.parametrize(("about", "words"), [("alarms", "[alarms]"), ("somebody@elsewhere.test", "not a valid")])
def test_a_notice_for_nobody_is_given_up(sqlite_desk: Desk, relay_server: SmtpServer, about: str, words: str) -> None:
    sqlite_desk.readers[NoticeAbout.ALARMS] = None
    sqlite_desk.sender.send(sqlite_desk.put(about=about[:10]))
    assert relay_server.mails == []
    assert (sqlite_desk.row().next_attempt_at, words in sqlite_desk.row().error) == (None, True)
    assert sqlite_desk.counted("refused") == 1


def test_a_sender_that_dies_before_it_connects_tells_once(
    sqlite_desk: Desk, relay_server: SmtpServer, clock: Clock
) -> None:
    """F1: behind the commit that claims it; once the lease is over, another one sends it."""
    base, notice_id = sqlite_desk.outbox.base, sqlite_desk.put()

    def die(moment: str) -> None:
        if moment == "after":
            raise KeyboardInterrupt

    base.at_commit = die
    with pytest.raises(KeyboardInterrupt):
        sqlite_desk.sender.send(notice_id)
    del base.at_commit
    assert (sqlite_desk.row().attempts, sqlite_desk.row().lease_owner, relay_server.mails) == (1, "sender-1", [])
    clock.move(seconds=61)
    sqlite_desk.other.send(notice_id)
    assert len(relay_server.mails) == 1


@pytest.mark.parametrize("fault", [Fault(at="RCPT", reply="451 4.3.0 not now"), Fault(at="DOT", reply="cut")])
def test_what_may_not_have_arrived_is_sent_again(
    sqlite_desk: Desk, relay_server: SmtpServer, clock: Clock, fault: Fault
) -> None:
    """At least once: twice is better than never."""
    relay_server.inject(fault)
    notice_id = sqlite_desk.put()
    sqlite_desk.sender.send(notice_id)
    row = sqlite_desk.row()
    assert (row.sent_at, row.next_attempt_at) == (None, clock.now + timedelta(minutes=1))
    sqlite_desk.sender.send(notice_id)
    assert sqlite_desk.row().attempts == 1, "not due"
    clock.move(minutes=1)
    sqlite_desk.sender.send(notice_id)
    assert sqlite_desk.row().sent_at == clock.now


def test_a_refused_address_is_given_up_and_counted(sqlite_desk: Desk, relay_server: SmtpServer) -> None:
    """It opens no hold: that would be news, and so on for ever."""
    relay_server.inject(Fault(at="RCPT", reply="550 5.1.1 nobody"))
    sqlite_desk.sender.send(sqlite_desk.put())
    row = sqlite_desk.row()
    assert (row.next_attempt_at, row.sent_at) == (None, None)
    assert "nobody" in row.error
    assert sqlite_desk.counted("refused") == 1


def test_after_days_of_temporary_refusals_it_is_given_up(
    sqlite_desk: Desk, relay_server: SmtpServer, clock: Clock
) -> None:
    relay_server.inject(Fault(at="MAIL", reply="451 4.3.0 not now"))
    sqlite_desk.sender.send(sqlite_desk.put(created_at=clock.now - timedelta(days=6)))
    assert sqlite_desk.row().next_attempt_at is None
    assert sqlite_desk.counted("refused") == 1


def test_a_resting_relay_is_left_alone(sqlite_desk: Desk, relay_server: SmtpServer, clock: Clock) -> None:
    sqlite_desk.outbox.set_relay(paused_until=clock.now + timedelta(seconds=20))
    sqlite_desk.sender.send(sqlite_desk.put())
    assert (sqlite_desk.row().attempts, relay_server.mails) == (0, [])


def test_an_account_that_cannot_be_used_is_tried_again(sqlite_desk: Desk) -> None:
    sqlite_desk.outbox.set_relay(host="192.0.2.1", security="none")
    sqlite_desk.sender.send(sqlite_desk.put())
    row = sqlite_desk.row()
    assert (row.sent_at, row.next_attempt_at is not None) == (None, True)


def test_one_sender_at_a_time(desk: Desk, make_smtp: Callable[..., SmtpServer]) -> None:
    notice_id = desk.put()

    def meanwhile(_recipient: str, _raw: bytes) -> None:
        desk.other.send(notice_id)

    server = make_smtp(deliver_to=meanwhile)
    desk.outbox.set_relay(port=server.port)
    desk.sender.send(notice_id)
    assert len(server.mails) == 1
    assert desk.row().sent_at is not None


def test_the_notice_of_a_dead_sender_is_sent_by_another(sqlite_desk: Desk, clock: Clock) -> None:
    notice_id = sqlite_desk.put(lease_owner="sender-9", lease_until=clock.now + timedelta(seconds=30), lease_fence=4)
    sqlite_desk.sender.send(notice_id)
    assert sqlite_desk.row().attempts == 0
    clock.move(seconds=31)
    sqlite_desk.sender.send(notice_id)
    assert (sqlite_desk.row().lease_fence, sqlite_desk.row().sent_at) == (5, clock.now)


def test_whoever_lost_the_lease_changes_nothing(sqlite_desk: Desk, make_smtp: Callable[..., SmtpServer]) -> None:
    def taken_over(_recipient: str, _raw: bytes) -> None:
        with sqlite_desk.outbox.base.transaction() as connection:
            connection.execute(update(Notice).values(lease_fence=9, lease_owner="other"))

    sqlite_desk.outbox.set_relay(port=make_smtp(deliver_to=taken_over).port)
    sqlite_desk.sender.send(sqlite_desk.put())
    assert (sqlite_desk.row().lease_owner, sqlite_desk.row().sent_at) == ("other", None)
