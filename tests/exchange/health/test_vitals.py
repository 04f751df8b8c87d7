"""What the base says about how the site is, against plain SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from intergestan_db.database import Database
from intergestan_db.leases import beat
from intergestan_db.tables import (
    Heartbeat,
    InboundMail,
    InboundTransfer,
    Mailbox,
    OAuthGrant,
    PartnerKey,
    PurchaseOrder,
)
from intergestan_exchange.health.certificates import CertificateNotes
from intergestan_exchange.health.service_level import WINDOWS, Share
from intergestan_exchange.health.vitals import MailboxVitals, Route, Vitals, Waiting, read_vitals
from intergestan_exchange.heartbeats.heartbeats import write_request
from intergestan_exchange.statements import pauses
from tests.clock import Clock
from tests.services.sender.outbox import Outbox


@pytest.fixture
def outbox(base: Database) -> Outbox:
    return Outbox(base, 25)


def vitals(base: Database) -> Vitals:
    with base.read() as connection:
        return read_vitals(connection, base.now(), 4)


def route(outbox: Outbox) -> Route:
    return vitals(outbox.base).routes[outbox.partner.site_code]


def put(base: Database, table: Any, **values: Any) -> int:
    with base.transaction() as connection:
        return int(connection.execute(insert(table).values(**values).returning(table.id)).scalar_one())


def change(base: Database, table: Any, row_id: int, **values: Any) -> None:
    with base.transaction() as connection:
        connection.execute(update(table).where(table.id == row_id).values(**values))


def put_inbound(base: Database, number: int, **values: Any) -> int:
    row = {"sha256": f"{number:064}", "size": 9, "state": "archived", "archived_at": base.now()} | values
    return put(base, InboundMail, **row)


def put_transfer(outbox: Outbox, seq: int, epoch: int = 1) -> int:
    at = outbox.base.now()
    mail = put_inbound(outbox.base, epoch * 1000 + seq, state="done")
    row = {"partner_id": outbox.partner.id, "jti": f"{epoch}.{seq}", "epoch": epoch, "seq": seq, "kind": "orders"}
    more = {"transfer_digest": "x", "composed_at": at, "received_at": at, "inbound_mail_id": mail}
    return put(outbox.base, InboundTransfer, **row, **more)


def scalar(base: Database, sql: str) -> Any:
    with base.read() as connection:
        return connection.execute(text(sql)).scalar_one()


def instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, tz=Clock().now.tzinfo) + timedelta(microseconds=microseconds)


def test_what_waits_for_this_site_itself(outbox: Outbox, clock: Clock) -> None:
    base = outbox.base
    outbox.put(state="requested")
    clock.move(minutes=1)
    outbox.put()
    outbox.put(state="unknown")
    outbox.put(state="sent", sent_at=clock.now)
    outbox.put(state="sending", sent_at=clock.now)  # once more
    put_inbound(base, 1)
    put_inbound(base, 2, replayed=True, archived_at=clock.now - timedelta(days=99))
    for step, states in (("compose", "'requested'"), ("send", "'composed', 'sending', 'unknown'")):
        where = f"from outbound_mail where sent_at is null and state in ({states})"
        expected = Waiting(
            scalar(base, f"select count(*) {where}"), instant(scalar(base, f"select min(requested_at) {where}"))
        )
        assert vitals(base).pending[step] == expected
    assert vitals(base).pending["send"].count == 2
    assert vitals(base).pending["import"] == Waiting(1, clock.now)


def test_nothing_waits_in_an_empty_base(outbox: Outbox) -> None:
    found = vitals(outbox.base)
    assert set(found.pending.values()) == {Waiting(0, None)}
    assert (found.oldest_hold, found.services) == (None, frozenset())
    assert route(outbox) == Route(Waiting(0), Waiting(0), None, None)


def test_orders_without_an_answer(outbox: Outbox, clock: Clock) -> None:
    outbox.put(orders=3)
    change(outbox.base, PurchaseOrder, 1, state="waiting")
    clock.move(hours=1)
    change(outbox.base, PurchaseOrder, 2, state="waiting", updated_at=clock.now)
    assert route(outbox).unanswered == Waiting(2, clock.now - timedelta(hours=1))
    assert route(outbox).unanswered.count == scalar(
        outbox.base, "select count(*) from purchase_order where state = 'waiting'"
    )


def test_mails_that_are_missing_in_between(outbox: Outbox, clock: Clock) -> None:
    """A gap is closed by the mail that was missing, begins anew with an epoch, and is old news after a week."""
    put_transfer(outbox, 1)
    put_transfer(outbox, 3)
    began = clock.now
    clock.move(hours=1)
    put_transfer(outbox, 4)
    put_transfer(outbox, 6)
    assert route(outbox).gaps == Waiting(2, began)
    put_transfer(outbox, 2)
    assert route(outbox).gaps == Waiting(1, clock.now)
    put_transfer(outbox, 1, epoch=2)
    assert route(outbox).gaps.count == 1
    clock.move(days=7)
    assert route(outbox).gaps == Waiting(0)


def test_the_last_mails_of_a_partner(outbox: Outbox, clock: Clock) -> None:
    outbox.put(state="answered", sent_at=clock.now)
    clock.move(hours=1)
    put_transfer(outbox, 1)
    found = route(outbox)
    assert (found.last_out, found.last_in) == (clock.now - timedelta(hours=1), clock.now)


def test_when_keys_end(outbox: Outbox, clock: Clock) -> None:
    """Ours and theirs; the judgement is `key_health`'s."""
    end = clock.now + timedelta(days=5)
    found = vitals(outbox.base).keys
    assert len(found) == 2
    assert set(found.values()) == {None}
    (first,) = outbox.rows(PartnerKey)
    change(outbox.base, PartnerKey, first.id, valid_until=end)
    assert vitals(outbox.base).keys[outbox.partner.site_code] == end


def test_answers_that_are_late(outbox: Outbox, clock: Clock) -> None:
    """After the hours agreed; the judgement is `unanswered`'s."""
    outbox.put(orders=2)
    change(outbox.base, PurchaseOrder, 1, state="waiting")
    clock.move(hours=3)
    assert vitals(outbox.base).unanswered == 0
    clock.move(hours=2)
    assert vitals(outbox.base).unanswered == 1


def test_mailboxes(outbox: Outbox, clock: Clock) -> None:
    """A mailbox whose owner is dead is owned by nobody; one that is switched off is not looked at."""
    base = outbox.base
    account = {"host": "h", "port": 993, "security": "tls", "poll_seconds": 30}
    put(base, Mailbox, name="orders", owner="poller-1", last_success_at=clock.now, **account)
    put(base, Mailbox, name="answers", **account)
    put(base, Mailbox, name="old", active=False, **account)
    with base.transaction() as connection:
        beat(connection, "poller-1", "poller", clock.now)
    expected = {"orders": MailboxVitals(clock.now, 30, True), "answers": MailboxVitals(None, 30, False)}
    assert vitals(base).mailboxes == expected
    assert vitals(base).services == {"poller"}
    clock.move(seconds=10)
    assert not vitals(base).mailboxes["orders"].owned
    assert vitals(base).services == frozenset()


def test_consents(outbox: Outbox, clock: Clock) -> None:
    """A provider that is away while the token still serves ends no consent."""
    base = outbox.base
    grant = put(
        base,
        OAuthGrant,
        provider="google",
        login="o@x.test",
        token_endpoint="https://t.test",
        scopes="mail",
        client_id="c",
        expires_at=clock.now + timedelta(hours=1),
        error="503",
    )
    put(base, Mailbox, name="orders", host="h", port=993, security="tls", oauth_grant_id=grant)
    assert vitals(base).consents == {"relay": None, "orders": None}
    clock.move(hours=2)
    assert vitals(base).consents == {"relay": None, "orders": "503"}


def ask_heartbeat(outbox: Outbox, outcome: str | None, **ago: float) -> None:
    base = outbox.base
    with base.transaction() as connection:
        mail_id = write_request(connection, outbox.partner.id, base.now() - timedelta(**ago))
        beat = update(Heartbeat).where(Heartbeat.outbound_mail_id == mail_id)
        connection.execute(beat.values(outcome=outcome))


def test_heartbeats_that_are_not_back_in_time(outbox: Outbox) -> None:
    """Issue 4: the service level from SQL. One that is away counts once it is late; an echo of theirs never does."""
    ask_heartbeat(outbox, None, minutes=4)
    ask_heartbeat(outbox, "on_time", minutes=6)
    ask_heartbeat(outbox, None, minutes=16)
    ask_heartbeat(outbox, "late", minutes=30)
    ask_heartbeat(outbox, "lost", hours=5)
    ask_heartbeat(outbox, "lost", hours=7)
    with outbox.base.transaction() as connection:
        write_request(connection, outbox.partner.id, outbox.base.now() - timedelta(minutes=16), echoes="x")
    found = vitals(outbox.base).heartbeats
    assert [found[window] for window in WINDOWS] == [Share(1, 2), Share(2, 3), Share(3, 4), Share(4, 5)]


def test_booking_that_rests(outbox: Outbox, clock: Clock) -> None:
    """ADR 0021: what waits for a person after a restore is told as that, not as orders that are stuck."""
    base = outbox.base
    put_inbound(base, 1, partner_id=outbox.partner.id, paused_at=clock.now)
    with base.transaction() as connection:
        pauses.pause(connection, at=clock.now)
    assert vitals(base).paused == {outbox.partner.site_code: Waiting(1, clock.now)}
    assert vitals(base).pending["import"] == Waiting(0)
    with base.transaction() as connection:
        pauses.resume(connection, [outbox.partner.id], by="anne", at=clock.now)
    assert vitals(base).paused == {}
    assert vitals(base).pending["import"].count == 1


def test_certificates_of_servers(outbox: Outbox, clock: Clock) -> None:
    """The newest that the present server showed, noted at most once an hour; none without TLS."""
    base = outbox.base
    box = put(base, Mailbox, name="orders", host="h", port=993, security="tls")
    put(base, Mailbox, name="plain", host="h", port=143, security="none")
    notes = CertificateNotes(base, Mailbox, "poller")
    first, second = ((clock.now + timedelta(days=days)).timestamp() for days in (5, 90))
    for ends in (None, first, first, second):
        notes.note(box, "h", ends)
    assert vitals(base).certificates == {"orders": datetime.fromtimestamp(first, UTC)}
    clock.move(hours=1)
    notes.note(box, "h", second)
    assert vitals(base).certificates == {"orders": datetime.fromtimestamp(second, UTC)}
    assert scalar(base, "select count(*) from event where name = 'certificate'") == 2
    change(base, Mailbox, box, host="elsewhere")
    assert vitals(base).certificates == {}
