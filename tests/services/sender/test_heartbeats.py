"""A heartbeat leaves once: neither the ladder nor a person has to do with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from intergestan_db.problem import Problem
from intergestan_exchange.outbox.outbound import resend
from tests.clock import Clock
from tests.servers import Fault, SmtpServer
from tests.services.sender.outbox import Outbox

pytestmark = pytest.mark.mainly_on("postgresql")


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (None, "sent"),
        (Fault(at="DOT", reply="554 5.7.1 no"), "abandoned"),
        (Fault(at="DOT", drop=True), "unknown"),
    ],
    ids=["accepted", "refused", "cut after the dot"],
)
def test_it_is_never_due_again_and_never_held(
    outbox: Outbox, relay_server: SmtpServer, clock: Clock, fault: Fault | None, state: str
) -> None:
    outbox.set_relay(port=relay_server.port)
    if fault is not None:
        relay_server.inject(fault)
    mail_id = outbox.put(orders=0, kind="heartbeat")
    outbox.sender().send(mail_id)
    row = outbox.mail(mail_id)
    assert (row.state, row.next_attempt_at, row.reason) == (state, None, None)
    clock.move(days=2)
    outbox.sender().send(mail_id)
    assert len(outbox.attempts(mail_id)) == 1
    with outbox.base.transaction() as connection, pytest.raises(Problem, match="heartbeat"):
        resend(connection, [mail_id], by="anne", at=clock.now)


def test_greylisting_is_waited_for_as_for_an_order(outbox: Outbox, relay_server: SmtpServer, clock: Clock) -> None:
    """It measures what orders live through."""
    outbox.set_relay(port=relay_server.port)
    relay_server.inject(Fault(at="RCPT", reply="451 4.7.1 greylisted", times=1))
    mail_id = outbox.put(orders=0, kind="heartbeat")
    outbox.sender().send(mail_id)
    row: Any = outbox.mail(mail_id)
    assert row.state == "composed"
    assert clock.now < row.next_attempt_at < clock.now + timedelta(hours=1)
    clock.now = row.next_attempt_at
    outbox.sender().send(mail_id)
    assert outbox.mail(mail_id).state == "sent"
