"""No answer after N hours: counted, listed, and the mail goes out once more; on both bases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.tables import Event, OutboundMail, Partner, PurchaseOrder
from intergestan_exchange.health.unanswered import list_unanswered
from intergestan_runtime.steps import SEND
from services.sender.record import claim
from services.sender.settings import SenderSettings
from tests.clock import Clock
from tests.services.dispatcher.test_due import Site, site

pytestmark = pytest.mark.mainly_on("postgresql")

__all__ = ["site"]  # the fixture
SIX_HOURS = timedelta(hours=6)


def sent(site: Site, clock: Clock, **values: Any) -> int:
    """A mail with two orders that the relay took now."""
    mail_id = site.outbox.put(orders=2)
    row = {"state": "sent", "sent_at": clock.now, "next_attempt_at": clock.now + SIX_HOURS, "resends": 2}
    site.change(OutboundMail, mail_id, **(row | values))
    with site.base.transaction() as connection:
        waiting = {"state": "waiting", "updated_at": clock.now}
        connection.execute(update(PurchaseOrder).where(PurchaseOrder.outbound_mail_id == mail_id).values(**waiting))
    return mail_id


def unanswered(site: Site) -> list[tuple[str, str]]:
    with site.base.read() as connection:
        return [(row.number, row.mail) for row in list_unanswered(connection, 4, site.base.now()).rows]


def test_after_four_hours_orders_are_listed_and_counted(site: Site, clock: Clock) -> None:
    """Issue 3; operations.md: a purchase order sent, no acknowledgement in 4 h."""
    mail_id = sent(site, clock)
    clock.move(hours=3, minutes=59)
    site.dispatcher.measure()
    assert (unanswered(site), site.gauge("orders_unanswered")) == ([], 0)
    clock.move(minutes=1)
    site.dispatcher.measure()
    assert unanswered(site) == [("CFR1", f"out-{mail_id}"), ("CFR2", f"out-{mail_id}")]
    assert site.gauge("orders_unanswered") == 2


@pytest.mark.parametrize("answer", [{"answer_n": 1}, {"answer_n": 1, "state": "accepted"}, {"state": "transmitting"}])
def test_an_answer_ends_the_waiting(site: Site, clock: Clock, answer: dict[str, Any]) -> None:
    """AB too: somebody there has it. What was never taken by the relay is another matter."""
    sent(site, clock)
    clock.move(hours=5)
    (order, _) = site.outbox.rows(PurchaseOrder)
    site.change(PurchaseOrder, order.id, **answer)
    assert [number for number, _ in unanswered(site)] == ["CFR2"]


def test_what_is_agreed_with_a_partner_counts(site: Site, clock: Clock) -> None:
    sent(site, clock)
    site.change(Partner, site.outbox.partner.id, answer_hours=48)
    clock.move(hours=47)
    assert unanswered(site) == []
    clock.move(hours=1)
    assert len(unanswered(site)) == 2
    site.change(Partner, site.outbox.partner.id, answer_hours=1)
    assert len(unanswered(site)) == 2


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_the_partner_is_reminded_once_with_the_same_mail(site: Site, clock: Clock, state: str) -> None:
    """The same bytes: the partner books each order once, and repeats an answer that was lost."""
    mail_id = sent(site, clock, state=state)
    assert site.dispatcher.remind() == 0
    clock.move(hours=4)
    assert site.dispatcher.remind() == 1
    assert site.rung() == {SEND.queue: 1}
    mail = site.outbox.mail(mail_id)
    assert (mail.state, mail.next_attempt_at, mail.reminded_at) == (state, clock.now, clock.now)
    assert [row.name for row in site.outbox.rows(Event, subject="outbound_mail", subject_id=mail_id)] == ["remind"]
    assert site.dispatcher.remind() == 0, "once"
    with site.base.transaction() as connection:
        claimed = claim(connection, mail_id, "sender-1", clock.now, SenderSettings())
    assert claimed is not None
    assert claimed.mime == site.outbox.mime(mail_id)
    assert claimed.resends == 2, "a reminder is no step of the ladder"


def test_a_reminder_does_not_end_the_ladder(site: Site, clock: Clock) -> None:
    """All steps are used, and the last answer may still come: reminded, not given up."""
    mail_id = sent(site, clock, resends=4)
    clock.move(hours=4)
    site.dispatcher.remind()
    with site.base.transaction() as connection:
        assert claim(connection, mail_id, "sender-1", clock.now, SenderSettings()) is not None


@pytest.mark.parametrize("state", ["held", "answered", "sending", "composed"])
def test_what_a_person_or_a_sender_has_is_left_alone(site: Site, clock: Clock, state: str) -> None:
    sent(site, clock, state=state)
    clock.move(hours=5)
    assert site.dispatcher.remind() == 0


@pytest.mark.race
def test_two_dispatchers_remind_once(site: Site, clock: Clock) -> None:
    sent(site, clock)
    clock.move(hours=5)
    with ThreadPoolExecutor(4) as threads:
        counts = [job.result() for job in [threads.submit(site.dispatcher.remind) for _ in range(4)]]
    assert sum(counts) == 1
