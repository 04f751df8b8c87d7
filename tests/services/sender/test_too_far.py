"""Waits that a clock noted which was set back: none is longer than its own step of the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from intergestan_db.tables import Notice, OutboundMail, Relay
from services.sender.settings import HOUR, MINUTE
from tests.clock import Clock
from tests.services.sender.outbox import Outbox

SETTINGS: Mapping[str, Any] = {
    "retry_seconds": (MINUTE, HOUR),
    "resend_seconds": (30 * MINUTE, 24 * HOUR),
    "relay_rest_seconds": 20,
}
SLACK = 60


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=24), timedelta(days=4000)])
@pytest.mark.parametrize(
    ("values", "wait"),
    [
        ({"state": "requested"}, MINUTE),
        ({"state": "composed", "attempts": 0}, MINUTE),
        ({"state": "composed", "attempts": 1}, MINUTE),
        ({"state": "composed", "attempts": 2}, HOUR),
        ({"state": "composed", "attempts": 9}, HOUR),
        ({"state": "sent", "attempts": 1, "resends": 0}, 30 * MINUTE),
        ({"state": "sent", "attempts": 3, "resends": 1}, 24 * HOUR),
        ({"state": "unknown", "attempts": 9, "resends": 7}, 24 * HOUR),
    ],
)
def test_a_mail_waits_no_longer_than_its_step(
    outbox: Outbox, clock: Clock, step: timedelta, values: dict[str, Any], wait: int
) -> None:
    """`design.md` §16: noted in the future, it waits from now on as long as it should have."""
    sender = outbox.sender(**SETTINGS)
    mail_id = outbox.put(**values, next_attempt_at=clock.now + timedelta(seconds=wait))
    assert sender.bring_near() == 0
    clock.now -= step + timedelta(seconds=SLACK)
    assert sender.bring_near() == 1
    assert outbox.mail(mail_id).next_attempt_at == clock.now + timedelta(seconds=wait)
    assert sender.bring_near() == 0


@pytest.mark.parametrize("state", ["sending", "answered", "held", "abandoned"])
def test_what_does_not_wait_is_left_alone(sqlite_outbox: Outbox, clock: Clock, state: str) -> None:
    sqlite_outbox.put(state=state, next_attempt_at=clock.now + timedelta(days=900))
    assert sqlite_outbox.sender(**SETTINGS).bring_near() == 0


@pytest.mark.mainly_on("postgresql")
def test_notices_and_the_relay_rest_no_longer_either(outbox: Outbox, clock: Clock) -> None:
    sender = outbox.sender(**SETTINGS)
    outbox.set_relay(paused_until=clock.now + timedelta(minutes=1), next_slot_at=clock.now + timedelta(minutes=1))
    notice = {"created_at": clock.now, "about": "holds", "mime": b"", "attempts": 1}
    with outbox.base.transaction() as connection:
        connection.execute(insert(Notice).values(**notice, next_attempt_at=clock.now + timedelta(minutes=1)))
    assert sender.bring_near() == 0
    clock.now -= timedelta(hours=1)
    assert sender.bring_near() == 3
    with outbox.base.read() as connection:
        assert connection.execute(select(Relay.paused_until, Relay.next_slot_at)).one() == (None, None)
        assert connection.scalar(select(Notice.next_attempt_at)) == clock.now + timedelta(minutes=1)


def test_a_step_inside_a_long_wait_makes_it_no_longer_than_it_is(sqlite_outbox: Outbox, clock: Clock) -> None:
    """An hour's step while a mail waits a day for its answer: it would wait 25 hours."""
    sqlite_outbox.put(state="sent", resends=1, next_attempt_at=clock.now + timedelta(hours=24))
    clock.now -= timedelta(hours=1)
    assert sqlite_outbox.sender(**SETTINGS).bring_near() == 1
    assert [row.next_attempt_at for row in sqlite_outbox.rows(OutboundMail)] == [clock.now + timedelta(hours=24)]
