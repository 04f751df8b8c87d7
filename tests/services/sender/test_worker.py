"""The sender at work on real bases and real SMTP servers: what it records of what happened."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db import states
from intergestan_db.tables import Event, OutboundMail, Partner, Relay
from intergestan_exchange.health.certificates import read_certificates
from intergestan_exchange.outbox.outbound import resend
from intergestan_runtime import logs
from intergestan_runtime.crashpoint import ENVIRONMENT
from intergestan_runtime.secrets import SecretError
from services.sender.deliver import Timeouts
from tests import warm
from tests.clock import Clock
from tests.patience import eventually
from tests.servers import Certificates, Fault, FaultProxy, SmtpServer
from tests.services.sender.outbox import Outbox

pytestmark = pytest.mark.mainly_on("postgresql")

MakeSmtp = Callable[..., SmtpServer]


def test_the_orders_wait_with_the_250_and_not_before(outbox: Outbox, make_smtp: MakeSmtp, clock: Clock) -> None:
    """G19, D2: at the final dot they are still in transmission; with the 250 the mail and they change at once."""
    at_the_dot: list[Any] = []

    def look(_recipient: str, _raw: bytes) -> None:
        at_the_dot.extend([outbox.orders(), outbox.mail(mail_id).state, outbox.attempts(mail_id)])

    outbox.set_relay(port=make_smtp(deliver_to=look).port)
    mail_id = outbox.put(orders=2)
    outbox.sender().send(mail_id)
    assert at_the_dot == [["transmitting", "transmitting"], "sending", [("dot", None)]]
    row = outbox.mail(mail_id)
    assert (row.state, row.sent_at, row.lease_owner, row.resends) == ("sent", clock.now, None, 0)
    assert row.next_attempt_at == clock.now + timedelta(minutes=30)
    assert outbox.orders() == ["waiting", "waiting"]
    assert outbox.attempts(mail_id) == [("ended", "accepted")]


def test_the_same_bytes_leave_that_were_frozen(sqlite_outbox: Outbox, relay_server: SmtpServer) -> None:
    mail_id = sqlite_outbox.put()
    sqlite_outbox.sender().send(mail_id)
    (mail,) = relay_server.mails
    assert (mail.sender, mail.recipients) == ("anne@mulhouse.test", ("o@stauber.test",))
    assert mail.raw == sqlite_outbox.mime(mail_id)


def test_the_log_names_the_orders_of_a_mail(sqlite_outbox: Outbox, relay_server: SmtpServer) -> None:
    """Issue 13: whether it left, or why not."""
    out = io.StringIO()
    logs.configure("sender", form="json", stream=out)
    sqlite_outbox.sender().send(sqlite_outbox.put(orders=2))
    relay_server.inject(Fault(at="RCPT", reply="550 5.1.1 no such mailbox"))
    sqlite_outbox.sender().send(sqlite_outbox.put())
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    told = {event["event"]: (event.get("orders"), event["reply"]) for event in events if "reply" in event}
    assert told["Delivered."][0] == ["CFR1", "CFR2"]
    assert told["Not delivered."][0] == ["CFR3"]
    assert "no such mailbox" in told["Not delivered."][1]


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_temporary_refusal_is_tried_again_later(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock, at: Any
) -> None:
    """`design.md` §5: the mail is `composed` again; the waiting times grow; the orders stay in transmission."""
    relay_server.inject(Fault(at=at, reply="451 4.3.0 not now", times=2))
    sender, mail_id = sqlite_outbox.sender(), sqlite_outbox.put()
    for minutes in (1, 5):
        sender.send(mail_id)
        row = sqlite_outbox.mail(mail_id)
        assert (row.state, row.next_attempt_at) == ("composed", clock.now + timedelta(minutes=minutes))
        sender.send(mail_id)  # not due
        clock.move(minutes=minutes)
    assert sqlite_outbox.orders() == ["transmitting"]
    sender.send(mail_id)
    assert sqlite_outbox.attempts(mail_id) == [("ended", "try_again")] * 2 + [("ended", "accepted")]
    assert (sqlite_outbox.mail(mail_id).state, sqlite_outbox.orders()) == ("sent", ["waiting"])
    assert len(relay_server.mails) == (3 if at == "DOT" else 1)


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_final_refusal_waits_for_a_person(sqlite_outbox: Outbox, relay_server: SmtpServer, at: Any) -> None:
    relay_server.inject(Fault(at=at, reply="550 5.1.1 no such mailbox"))
    mail_id = sqlite_outbox.put()
    sqlite_outbox.sender().send(mail_id)
    row = sqlite_outbox.mail(mail_id)
    assert (row.state, row.reason, row.next_attempt_at) == ("held", "refused_by_server", None)
    assert "no such mailbox" in row.detail
    assert sqlite_outbox.orders() == ["transmitting"]


def test_days_of_temporary_refusals_end_with_a_person(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock
) -> None:
    """Five days of them; what was sent again by a person has its five days anew."""
    relay_server.inject(Fault(at="RCPT", reply="450 4.2.0 greylisted", times=3))
    sender, mail_id = sqlite_outbox.sender(), sqlite_outbox.put()
    clock.move(days=9)  # the relay was away before
    sender.send(mail_id)
    assert sqlite_outbox.mail(mail_id).state == "composed"
    clock.move(days=5, seconds=1)
    sender.send(mail_id)
    assert sqlite_outbox.mail(mail_id).reason == "refused_by_server"
    with sqlite_outbox.base.transaction() as connection:
        resend(connection, [mail_id], by="anne", at=clock.now)
    sender.send(mail_id)
    row = sqlite_outbox.mail(mail_id)
    assert (row.state, row.next_attempt_at) == ("composed", clock.now + timedelta(minutes=1))


def test_a_cut_after_the_dot_is_unknown_and_sent_again_unchanged(
    outbox: Outbox, relay_server: SmtpServer, clock: Clock
) -> None:
    """Crash table: the relay has the mail, perhaps; the receiver's ledger makes the second copy harmless."""
    relay_server.inject(Fault(at="DOT", drop=True))
    sender, mail_id = outbox.sender(), outbox.put()
    sender.send(mail_id)
    row = outbox.mail(mail_id)
    assert (row.state, row.next_attempt_at) == ("unknown", clock.now + timedelta(minutes=30))
    assert (outbox.orders(), outbox.attempts(mail_id)) == (["transmitting"], [("ended", "unknown")])
    clock.move(minutes=29)
    sender.send(mail_id)
    assert len(relay_server.mails) == 1
    clock.move(minutes=1)
    sender.send(mail_id)
    first, second = relay_server.mails
    assert first.raw == second.raw == outbox.mime(mail_id)
    row = outbox.mail(mail_id)
    assert (row.state, row.resends, outbox.orders()) == ("sent", 1, ["waiting"])
    assert row.next_attempt_at == clock.now + timedelta(hours=2)


def test_a_cut_before_the_dot_is_only_tried_again(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock
) -> None:
    relay_server.inject(Fault(at="BODY", drop=True, body_bytes=10))
    mail_id = sqlite_outbox.put(lines=500_000)  # more than a socket holds
    sqlite_outbox.sender().send(mail_id)
    row = sqlite_outbox.mail(mail_id)
    assert (row.state, row.next_attempt_at) == ("composed", clock.now + timedelta(minutes=1))


def test_a_silent_network_is_tried_again_soon(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock, make_proxy: Callable[..., FaultProxy]
) -> None:
    """It has cost its wait already, and may be back at any moment: relay and mail rest 5 s, not 20 s or a minute."""
    proxy = make_proxy(relay_server.host, relay_server.port)
    proxy.black_hole()
    sqlite_outbox.set_relay(port=proxy.port)
    mail_id = sqlite_outbox.put()
    sender = sqlite_outbox.sender(timeouts=Timeouts(connect=2.0))
    sending = threading.Thread(target=sender.send, args=(mail_id,))
    sending.start()
    eventually(lambda: sqlite_outbox.mail(mail_id).state == "sending")
    clock.move(seconds=12)
    sending.join()
    row, (relay,) = sqlite_outbox.mail(mail_id), sqlite_outbox.rows(Relay)
    assert (row.state, row.next_attempt_at) == ("composed", clock.now + timedelta(seconds=5))
    assert relay.paused_until == row.next_attempt_at
    proxy.resume()
    clock.move(seconds=5)
    sender.send(mail_id)
    assert sqlite_outbox.mail(mail_id).state == "sent"


def test_the_ladder_of_resends_ends_with_a_person(outbox: Outbox, relay_server: SmtpServer, clock: Clock) -> None:
    """Issue 2: 30 min, 2 h, 8 h, 24 h, then held: no answer; the orders stay *en attente*."""
    sender, mail_id = outbox.sender(), outbox.put()
    sender.send(mail_id)
    for hours in (0.5, 2, 8, 24):
        assert outbox.mail(mail_id).next_attempt_at == clock.now + timedelta(hours=hours)
        clock.move(hours=hours)
        sender.send(mail_id)
    clock.move(hours=24)
    sender.send(mail_id)
    row = outbox.mail(mail_id)
    assert (row.state, row.reason, row.detail, row.next_attempt_at) == ("held", "no_answer", "4", None)
    assert (row.lease_owner, outbox.orders()) == (None, ["waiting"])
    assert {mail.raw for mail in relay_server.mails} == {outbox.mime(mail_id)}
    assert len(relay_server.mails) == 5


def test_answers_are_sent_once(sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock) -> None:
    """`design.md` §10: nobody answers an answer, so there is nothing to wait for."""
    sender, mail_id = sqlite_outbox.sender(), sqlite_outbox.put(kind="answers")
    sender.send(mail_id)
    assert sqlite_outbox.mail(mail_id).next_attempt_at is None
    clock.move(days=1)
    sender.send(mail_id)
    assert len(relay_server.mails) == 1
    sqlite_outbox.change(mail_id, next_attempt_at=clock.now)  # a duplicate came
    sender.send(mail_id)
    row = sqlite_outbox.mail(mail_id)
    assert (len(relay_server.mails), row.state, row.next_attempt_at) == (2, "sent", None)


def test_answers_whose_outcome_stays_unknown_end_with_a_person(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock
) -> None:
    relay_server.inject(Fault(at="DOT", drop=True, times=9))
    sender, mail_id = sqlite_outbox.sender(), sqlite_outbox.put(kind="answers")
    for _ in range(6):
        sender.send(mail_id)
        clock.move(hours=24)
    row = sqlite_outbox.mail(mail_id)
    assert (row.state, row.reason, len(relay_server.mails)) == ("held", "refused_by_server", 5)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault(at="CONNECT", reply="421 4.3.2 closing"), 20),
        (Fault(at="CONNECT", drop=True), 20),
        (Fault(at="EHLO", reply="500 what"), 60),
        (Fault(at="MAIL", reply="421 4.7.0 too many"), 20),
        (Fault(at="RCPT", reply="550 5.4.5 Daily user sending limit exceeded"), 1800),
        (Fault(at="DOT", reply="554 5.7.0 The limit on the number of allowed outgoing messages was exceeded"), 1800),
        (Fault(at="RCPT", reply="452 4.3.1 disk full"), 20),
    ],
)
def test_a_fault_of_the_relay_pauses_the_relay(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock, fault: Fault, seconds: int
) -> None:
    """`reliability.md` §4: 421 and 452 pause the relay, not the mail; longer what only a person can mend."""
    relay_server.inject(fault)
    sender, first, second = sqlite_outbox.sender(), sqlite_outbox.put(), sqlite_outbox.put()
    sender.send(first)
    resting = clock.now + timedelta(seconds=seconds)
    (relay,) = sqlite_outbox.rows(Relay)
    assert (relay.paused_until, bool(relay.last_error)) == (resting, True)
    assert (sqlite_outbox.mail(first).state, sqlite_outbox.mail(first).next_attempt_at) == ("composed", resting)
    connections = relay_server.connections
    sender.send(second)
    row = sqlite_outbox.mail(second)
    assert (row.state, row.next_attempt_at, row.attempts) == ("composed", resting, 0)
    assert relay_server.connections == connections
    clock.move(seconds=seconds)
    sender.send(first)
    sender.send(second)
    assert [sqlite_outbox.mail(each).state for each in (first, second)] == ["sent", "sent"]
    assert sqlite_outbox.rows(Relay)[0].last_error is None


def test_a_wrong_password_pauses_the_relay(sqlite_outbox: Outbox, make_smtp: MakeSmtp) -> None:
    server = make_smtp(accepts=lambda _login, password: password == "right")
    sqlite_outbox.set_relay(port=server.port, login="anne")
    first = sqlite_outbox.put()
    sqlite_outbox.sender(password_of=lambda _relay: "wrong").send(first)
    (relay,) = sqlite_outbox.rows(Relay)
    assert relay.paused_until is not None
    assert (sqlite_outbox.mail(first).state, server.mails) == ("composed", [])
    assert "wrong" not in relay.last_error
    sqlite_outbox.set_relay(paused_until=None)
    sqlite_outbox.change(first, next_attempt_at=sqlite_outbox.base.now())
    sqlite_outbox.sender(password_of=lambda _relay: "right").send(first)
    assert sqlite_outbox.mail(first).state == "sent"


@pytest.mark.parametrize("certificate", ["expired", "wrong_host", "self_signed"])
def test_no_order_travels_over_a_connection_that_does_not_verify(
    sqlite_outbox: Outbox, make_smtp: MakeSmtp, certificates: Certificates, certificate: str
) -> None:
    """F17: TLS faults: not a byte of the order is sent."""
    server = make_smtp(certificate=getattr(certificates, certificate))
    sqlite_outbox.set_relay(port=server.port, security="starttls", ca_file=str(certificates.ca_file))
    mail_id = sqlite_outbox.put()
    sqlite_outbox.sender().send(mail_id)
    assert not [command for command in server.commands if command.startswith(("MAIL", "DATA"))]
    assert sqlite_outbox.mail(mail_id).state == "composed"
    assert "certificate" in sqlite_outbox.rows(Relay)[0].last_error.lower()


def _no_secret(_relay: Any) -> str | None:
    raise SecretError("The secret relay is missing.")


@pytest.mark.parametrize(
    ("relay", "password_of"),
    [
        ({"host": "relay.example.com"}, lambda _relay: None),
        ({"login": "anne"}, lambda _relay: None),
        ({"security": "starttls", "ca_file": "nowhere.pem"}, lambda _relay: None),
        ({"login": "anne"}, _no_secret),
    ],
    ids=["open beyond this machine", "no password", "no authorities", "no secret"],
)
def test_an_account_that_cannot_be_used_pauses_the_relay(
    sqlite_outbox: Outbox, relay: dict[str, Any], password_of: Callable[[Any], str | None], clock: Clock
) -> None:
    """A wrong setting stops no process and loses no mail; what is wrong can be read at the relay."""
    sqlite_outbox.set_relay(**relay)
    mail_id = sqlite_outbox.put()
    sqlite_outbox.sender(password_of=password_of).send(mail_id)
    row = sqlite_outbox.mail(mail_id)
    assert (row.state, row.next_attempt_at) == ("composed", clock.now + timedelta(minutes=1))
    assert sqlite_outbox.rows(Relay)[0].last_error


def test_bytes_that_must_not_travel_wait_for_a_person(sqlite_outbox: Outbox, relay_server: SmtpServer) -> None:
    evil = "o@stauber.test>\r\nRCPT TO:<x@y.test"
    with sqlite_outbox.base.transaction() as connection:
        connection.execute(update(Partner).values(order_address=evil))
    mail_id = sqlite_outbox.put(recipient=evil)
    sqlite_outbox.sender().send(mail_id)
    row = sqlite_outbox.mail(mail_id)
    assert (row.state, row.reason, relay_server.commands) == ("held", "refused_by_server", [])


def test_without_a_relay_a_mail_just_waits(sqlite_outbox: Outbox) -> None:
    mail_id = sqlite_outbox.put()
    with sqlite_outbox.base.transaction() as connection:
        connection.execute(Relay.__table__.delete())
    sqlite_outbox.sender().send(mail_id)
    assert (sqlite_outbox.mail(mail_id).state, sqlite_outbox.attempts(mail_id)) == ("composed", [])


def test_a_limit_per_minute_spreads_the_mails(outbox: Outbox, relay_server: SmtpServer, clock: Clock) -> None:
    """6 a minute: one saved up and one now; the next says itself when it is due."""
    outbox.set_relay(mails_per_minute=6)
    sender, mails = outbox.sender(), [outbox.put() for _ in range(3)]
    for mail_id in mails:
        sender.send(mail_id)
    assert len(relay_server.mails) == 2
    row = outbox.mail(mails[2])
    assert (row.state, row.next_attempt_at, row.attempts) == ("composed", clock.now + timedelta(seconds=10), 0)
    clock.move(seconds=10)
    sender.send(mails[2])
    assert len(relay_server.mails) == 3


def test_one_connection_serves_many_mails(sqlite_outbox: Outbox, relay_server: SmtpServer) -> None:
    sender = sqlite_outbox.sender()
    for mail_id in [sqlite_outbox.put() for _ in range(5)]:
        sender.send(mail_id)
    assert (len(relay_server.mails), relay_server.connections) == (5, 1)


@pytest.mark.race
def test_two_senders_send_a_mail_once(outbox: Outbox, relay_server: SmtpServer) -> None:
    """Crash table: doubled bells lose the compare-and-set."""
    mails = [outbox.put() for _ in range(3)]
    senders = [outbox.sender(f"sender-{number}") for number in range(3)]
    with ThreadPoolExecutor(6) as threads:
        jobs = [threads.submit(sender.send, mail_id) for mail_id in mails for sender in senders * 2]
    for job in jobs:
        job.result()
    assert len(relay_server.mails) == 3
    assert [outbox.mail(mail_id).attempts for mail_id in mails] == [1, 1, 1]
    assert outbox.orders() == ["waiting"] * 3


def test_who_slept_past_the_lease_does_not_send_the_dot(outbox: Outbox, relay_server: SmtpServer) -> None:
    """F18: the fence was raised while the mail was on its way to the relay."""
    go_on = threading.Event()
    relay_server.inject(Fault(at="DATA", until=go_on))
    mail_id = outbox.put()
    sending = threading.Thread(target=outbox.sender().send, args=(mail_id,))
    sending.start()
    eventually(lambda: "DATA" in relay_server.commands)
    outbox.change(mail_id, lease_fence=OutboundMail.lease_fence + 1, lease_owner="other")
    go_on.set()
    sending.join()
    assert relay_server.mails == []
    row = outbox.mail(mail_id)
    assert (row.state, row.lease_owner) == ("sending", "other")
    assert outbox.attempts(mail_id) == [("started", None)]
    assert outbox.orders() == ["transmitting"]


def test_an_answer_that_overtakes_the_250_stands(outbox: Outbox, relay_server: SmtpServer) -> None:
    go_on = threading.Event()
    relay_server.inject(Fault(at="DOT", until=go_on))
    mail_id = outbox.put()
    sending = threading.Thread(target=outbox.sender().send, args=(mail_id,))
    sending.start()
    eventually(lambda: relay_server.mails)
    with outbox.base.transaction() as connection:
        states.move(connection, states.OUTBOUND_MAIL, [mail_id], "answer", by="test", at=outbox.base.now())
    go_on.set()
    sending.join()
    assert outbox.mail(mail_id).state == "answered"
    assert outbox.attempts(mail_id) == [("ended", "accepted")]


@pytest.mark.parametrize(
    ("point", "mails", "phase", "after"),
    [
        ("commit:1:after", 0, "started", "sent"),
        ("commit:2", 0, "started", "sent"),
        ("commit:2:after", 0, "dot", "unknown"),
        ("sender.replied", 1, "dot", "unknown"),
        ("commit:3", 1, "dot", "unknown"),
    ],
)
def test_what_a_killed_sender_left_is_judged_by_how_far_it_came(
    outbox: Outbox, relay_server: SmtpServer, clock: Clock, point: str, mails: int, phase: str, after: str
) -> None:
    """F1, crash table: before the dot it is sent at once; after it nobody knows, and the ladder decides."""
    mail_id = outbox.put()
    command = [sys.executable, "-m", "tests.services.sender.send_once"]
    arguments = [_url(outbox), str(mail_id), clock.now.isoformat()]
    died = warm.run(command + arguments, env=os.environ | {ENVIRONMENT: point}, check=False)
    assert died.returncode == -9
    eventually(lambda: len(relay_server.mails) == mails)
    assert (outbox.mail(mail_id).state, outbox.attempts(mail_id)) == ("sending", [(phase, None)])

    sender = outbox.sender()
    sender.send(mail_id)  # its lease still runs
    assert outbox.mail(mail_id).state == "sending"
    clock.move(seconds=61)
    sender.send(mail_id)
    assert outbox.mail(mail_id).state == after
    if after == "unknown":
        assert outbox.orders() == ["transmitting"]
        clock.move(minutes=30)
        sender.send(mail_id)
    assert (outbox.mail(mail_id).state, outbox.orders()) == ("sent", ["waiting"])
    assert {mail.raw for mail in relay_server.mails} == {outbox.mime(mail_id)}
    assert len(relay_server.mails) == mails + 1


def _url(outbox: Outbox) -> str:
    return outbox.base.engine.url.render_as_string(hide_password=False)


def test_a_mail_whose_work_broke_off_is_free_again_within_a_minute(
    sqlite_outbox: Outbox, relay_server: SmtpServer, clock: Clock
) -> None:
    """Only the leases of mails that are being worked on are renewed: what raised is not kept for ever."""

    def broken(_relay: Any) -> str | None:
        raise RuntimeError("a bug")

    sender, mail_id = sqlite_outbox.sender(password_of=broken), sqlite_outbox.put()
    with pytest.raises(RuntimeError, match="a bug"):
        sender.send(mail_id)
    with sqlite_outbox.base.transaction() as connection:
        sender.claims.renew(connection, "sender-1", clock.now)
    clock.move(seconds=61)
    sqlite_outbox.sender("sender-2").send(mail_id)
    assert (len(relay_server.mails), sqlite_outbox.mail(mail_id).state) == (1, "sent")


def test_the_lease_of_a_mail_in_work_is_renewed(sqlite_outbox: Outbox, clock: Clock) -> None:
    """`design.md` §12: a renewal changes only `until`, and only where the lease still is ours."""
    sender, mine, lost = sqlite_outbox.sender(), sqlite_outbox.put(), sqlite_outbox.put()
    sqlite_outbox.change(mine, lease_owner="sender-1", lease_until=clock.now, lease_fence=3)
    sqlite_outbox.change(lost, lease_owner="other", lease_until=clock.now, lease_fence=3)
    with sender.claims.holding(mine), sender.claims.holding(lost), sqlite_outbox.base.transaction() as connection:
        sender.claims.renew(connection, "sender-1", clock.now)
    renewed = sqlite_outbox.mail(mine)
    assert (renewed.lease_until, renewed.lease_fence) == (clock.now + timedelta(seconds=60), 3)
    assert sqlite_outbox.mail(lost).lease_until == clock.now


def test_the_base_knows_when_the_certificate_of_the_relay_ends(
    outbox: Outbox, make_smtp: MakeSmtp, certificates: Certificates, clock: Clock
) -> None:
    """Issue 4: for alarms without Prometheus. Noted once, not with each mail; an old relay's does not count."""
    server = make_smtp(certificate=certificates.good)
    outbox.set_relay(port=server.port, security="starttls", ca_file=str(certificates.ca_file))
    sender = outbox.sender()
    for _ in range(2):
        sender.send(outbox.put())
    (event,) = outbox.rows(Event, subject="relay")
    assert (event.name, event.detail["host"]) == ("certificate", "127.0.0.1")
    with outbox.base.read() as connection:
        assert read_certificates(connection)["relay"].timestamp() == event.detail["ends"] > clock.now.timestamp()
    outbox.set_relay(host="other.test")
    with outbox.base.read() as connection:
        assert read_certificates(connection) == {}
