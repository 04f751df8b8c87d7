"""Heartbeats go round a route and are timed; on both bases, with the real composer, importer and dispatcher."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from uuid_utils import uuid7

from intergestan_db.tables import (
    DeliveryAttempt,
    Event,
    Heartbeat,
    InboundMail,
    InboundTransfer,
    Ledger,
    MailboxUid,
    OutboundBody,
    OutboundMail,
    Partner,
    PurgeMail,
    PurgeRun,
)
from intergestan_exchange.health.status import read_status
from intergestan_exchange.heartbeats.heartbeat_routes import Route, read_routes
from intergestan_msg.ubl import write_order
from intergestan_runtime.broker import make_broker
from intergestan_runtime.settings import HeartbeatSettings
from services.dispatcher.heartbeats import HeartbeatKeeper
from tests.factories import cfr1
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import RedisServer

pytestmark = pytest.mark.mainly_on("postgresql")


class Heartbeats:
    """Two sites that know each other's release, and the dispatcher of the buyer."""

    def __init__(self, sites: Pair, redis_url: str) -> None:
        self.buyer, self.seller, self.clock = sites.buyer, sites.seller, sites.clock
        self._redis = redis_url
        self.keeper = self.keeper_of(self.buyer, every_seconds=300)
        self.set_partner(heartbeat="on")

    def keeper_of(self, site: SiteUnderTest, **settings: int) -> HeartbeatKeeper:
        broker = make_broker(self._redis, site.code, metrics=site.metrics)
        return HeartbeatKeeper(site.database, broker, site.metrics, site.archive, HeartbeatSettings(**settings))

    def set_partner(self, **values: Any) -> None:
        """At the buyer's."""
        with self.buyer.database.transaction() as connection:
            connection.execute(update(Partner).values(**values))

    def leave(self) -> bytes:
        """The buyer's dispatcher asks for one, and its relay takes it."""
        assert self.keeper.beat() == 1
        (raw,) = self.buyer.compose_requested()
        self.buyer.mark_sent(self.buyer.rows(OutboundMail)[-1].id)
        return raw

    def echo(self, raw: bytes) -> bytes:
        """The seller takes it in, and its relay takes the echo."""
        assert self.seller.receive(raw).state == "done"
        (echo,) = self.seller.compose_requested()
        self.seller.mark_sent(self.seller.rows(OutboundMail)[-1].id)
        return echo

    def route(self) -> Route:
        with self.buyer.database.read() as connection:
            (route,) = read_routes(connection, self.clock.now)
        return route

    def outcomes(self) -> list[str | None]:
        return [row.outcome for row in self.buyer.rows(Heartbeat)]

    def counted(self, outcome: str) -> float | None:
        return self.buyer.metrics.registry.get_sample_value("intergestan_heartbeats_total", {"outcome": outcome})

    def seen(self, site: SiteUnderTest, stage: str, route: str) -> float | None:
        labels = {"stage": stage, "route": route}
        return site.metrics.registry.get_sample_value("intergestan_heartbeat_last_seen_timestamp_seconds", labels)


@pytest.fixture
def beats(sites: Pair, session_redis: RedisServer) -> Heartbeats:
    return Heartbeats(sites, session_redis.url)


def test_one_goes_round_and_is_timed(beats: Heartbeats) -> None:
    """formats.md §2: signed, through every step, and it touches neither ledger nor sequence numbers."""
    buyer, seller = beats.buyer, beats.seller
    raw = beats.leave()
    assert b"Auto-Submitted: auto-generated" in raw
    beats.clock.move(seconds=7)
    echo = beats.echo(raw)
    assert b"Auto-Submitted: auto-replied" in echo
    beats.clock.move(seconds=5)
    assert buyer.receive(echo).state == "done"
    assert (buyer.row(OutboundMail).state, beats.outcomes()) == ("answered", ["on_time"])
    assert (beats.counted("on_time"), beats.counted("late")) == (1, 0)
    route = beats.route()
    assert (route.seconds, route.returned_at, route.lost) == (12.0, beats.clock.now, 0)
    beats.keeper.measure()
    assert beats.seen(buyer, "sent", seller.code) == (beats.clock.now - timedelta(seconds=12)).timestamp()
    assert beats.seen(seller, "echoed", buyer.code) == (beats.clock.now - timedelta(seconds=5)).timestamp()
    assert beats.seen(buyer, "returned", seller.code) == beats.clock.now.timestamp()
    for site in (buyer, seller):
        assert site.rows(Ledger) == site.rows(InboundTransfer) == []
        assert [row.out_seq for row in site.rows(Partner)] == [0]
        assert [row.next_attempt_at for row in site.rows(OutboundMail)] == [None]


def test_an_echo_is_never_echoed_and_a_heartbeat_only_once(beats: Heartbeats) -> None:
    raw = beats.leave()
    echo = beats.echo(raw)
    beats.seller.receive(b"Received: again\r\n" + raw)
    assert beats.seller.rows(OutboundMail, state="requested") == []
    beats.buyer.receive(echo)
    beats.buyer.receive(b"Received: again\r\n" + echo)
    assert beats.buyer.rows(OutboundMail, state="requested") == []
    assert (len(beats.buyer.rows(Heartbeat)), len(beats.seller.rows(Heartbeat))) == (1, 1)
    assert beats.counted("on_time") == 1


def test_late_and_lost(beats: Heartbeats) -> None:
    """Late after five minutes, lost after an hour; a lost one that comes after all is counted once."""
    echo = beats.echo(beats.leave())
    beats.clock.move(minutes=6)
    beats.buyer.receive(echo)
    assert (beats.outcomes(), beats.counted("late")) == (["late"], 1)
    echo = beats.echo(beats.leave())
    beats.clock.move(minutes=61)
    beats.keeper.beat()
    assert (beats.counted("lost"), beats.route().lost) == (1, 1)
    assert beats.buyer.rows(OutboundMail)[1].state == "sent"
    beats.buyer.receive(echo)
    assert [beats.counted(each) for each in ("on_time", "late", "lost")] == [0, 1, 1]
    assert beats.route().returned_at == beats.clock.now


def test_every_five_minutes_while_they_come_back(beats: Heartbeats) -> None:
    """A partner from whom none comes back gets one an hour: nobody's mailbox is filled."""
    assert beats.keeper.beat() == 1
    beats.clock.move(minutes=5)
    assert beats.keeper.beat() == 0
    beats.set_partner(heartbeat_returned_at=beats.clock.now)
    assert beats.keeper.beat() == 1
    assert beats.keeper.beat() == 0
    beats.clock.move(minutes=5)
    assert beats.keeper.beat() == 1
    beats.clock.move(days=2)
    assert beats.keeper.beat() == 1
    beats.clock.move(minutes=59)
    assert beats.keeper.beat() == 0
    beats.clock.move(minutes=1)
    assert beats.keeper.beat() == 1


def test_off_means_none(beats: Heartbeats) -> None:
    assert beats.keeper_of(beats.buyer, every_seconds=0).beat() == 0
    beats.set_partner(heartbeat="off", takes="heartbeat statement")
    assert beats.keeper.beat() == 0
    beats.set_partner(heartbeat="auto", takes="statement")
    assert beats.keeper.beat() == 0


def test_what_does_not_leave_is_given_up_and_no_person_is_asked(beats: Heartbeats) -> None:
    """Neither a relay that is away for hours, nor a key that ended, makes work for a person."""
    beats.keeper.beat()
    beats.buyer.compose_requested()
    beats.clock.move(minutes=61)
    beats.keeper.beat()
    first, second = beats.buyer.rows(OutboundMail)
    assert (first.state, first.next_attempt_at, second.state) == ("abandoned", None, "requested")
    assert beats.counted("lost") == 1
    beats.buyer.keys.clear()
    beats.buyer.composer.compose(second.id)
    with beats.buyer.database.read() as connection:
        assert read_status(connection, beats.clock.now, 4).holds == {}
        assert read_status(connection, beats.clock.now, 4).outbound == {}


def test_partners_learn_of_each_other_by_their_orders(beats: Heartbeats) -> None:
    """A release that does not know heartbeats gets none: it would hold each for a person."""
    buyer, seller = beats.buyer, beats.seller
    beats.set_partner(heartbeat="auto")
    keepers = [beats.keeper_of(site) for site in (buyer, seller)]
    assert [keeper.beat() for keeper in keepers] == [0, 0]
    buyer.put_products(*products_of(cfr1()))
    seller.put_products(*products_of(cfr1()))
    buyer.import_orders(write_order(cfr1()))
    raw = buyer.compose(buyer.request(seller.code, "CFR1"))
    seller.receive(raw)
    assert [keeper.beat() for keeper in keepers] == [0, 1]
    answer, _beat = seller.compose_requested()
    buyer.receive(answer)
    assert [keeper.beat() for keeper in keepers] == [1, 0]


@pytest.mark.parametrize(
    "claims",
    [{"iat": 0}, {"aud": "somebody-else"}, {"in_reply_to": {"jti": str(uuid7()), "digest": "0" * 64}}],
    ids=["old", "not for us", "echo of nothing"],
)
def test_a_wrong_one_is_neither_held_nor_echoed(beats: Heartbeats, claims: dict[str, Any]) -> None:
    buyer, seller = beats.buyer, beats.seller
    forge = Forge(buyer.key, buyer.code, seller.code, beats.clock)
    mail = seller.receive(forge.mail([], **({"kind": "heartbeat", "epoch": 0, "seq": 0} | claims)))
    assert (mail.state, mail.reason, mail.is_heartbeat) == ("done", None, True)
    assert seller.rows(OutboundMail) == []


def test_old_ones_are_deleted_everywhere(beats: Heartbeats) -> None:
    """They do not grow without bound: rows, bytes, attempts, events and archive files."""
    buyer, seller = beats.buyer, beats.seller
    buyer.receive(beats.echo(beats.leave()))
    with buyer.database.transaction() as connection:
        mail = buyer.row(OutboundMail)
        attempt = {"outbound_mail_id": mail.id, "n": 1, "phase": "ended", "started_at": beats.clock.now}
        connection.execute(insert(DeliveryAttempt).values(**attempt))
    (sha,) = [row.sha256 for row in buyer.rows(InboundMail)]
    beats.clock.move(hours=47)
    assert [beats.keeper_of(site).tidy() for site in (buyer, seller)] == [0, 0]
    beats.clock.move(hours=2)
    assert [beats.keeper_of(site).tidy() for site in (buyer, seller)] == [2, 2]
    for site in (buyer, seller):
        for table in (Heartbeat, OutboundMail, OutboundBody, DeliveryAttempt, InboundMail):
            assert site.rows(table) == [], table
        assert not {row.subject for row in site.rows(Event)} & {"outbound_mail", "inbound_mail"}
    assert not buyer.archive.has(sha)
    assert beats.route().returned_at is not None


def test_one_that_lies_in_the_mailbox_stays_until_it_was_removed(beats: Heartbeats) -> None:
    """The poller is asked to remove it after an hour; where nobody can, it is forgotten after a week."""
    from intergestan_db.enums import Security
    from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
    from intergestan_exchange.mail_accounts.mailbox_limits import change_mailbox

    buyer = beats.buyer
    mail = buyer.receive(beats.echo(beats.leave()))
    with buyer.database.transaction() as connection:
        account = NewMailbox(name="box", host="127.0.0.1", port=1, security=Security.NONE, login="a", secret="a")
        box = add_mailbox(connection, account, by="test", at=beats.clock.now)
        name = {"mailbox_id": box, "uidvalidity": 1, "uid": 1, "inbound_mail_id": mail.id}
        connection.execute(insert(MailboxUid).values(**name))
        change_mailbox(connection, "box", {"keeps_heartbeats": True}, by="test", at=beats.clock.now)
    beats.clock.move(days=8)
    beats.keeper.tidy()
    assert (len(buyer.rows(InboundMail)), buyer.rows(PurgeRun)) == (1, [])
    with buyer.database.transaction() as connection:
        change_mailbox(connection, "box", {"keeps_heartbeats": False}, by="test", at=beats.clock.now)
        connection.execute(update(InboundMail).values(archived_at=beats.clock.now - timedelta(hours=25)))
    beats.keeper.tidy()
    beats.keeper.tidy()
    (run,) = buyer.rows(PurgeRun)
    assert (run.heartbeats_only, run.dry_run, run.ended_at) == (True, False, None)
    assert len(buyer.rows(InboundMail)) == 1
    beats.clock.move(days=7)
    with buyer.database.transaction() as connection:
        connection.execute(update(PurgeRun).values(ended_at=beats.clock.now))
        item = {"purge_run_id": run.id, "handle": "1/1", "inbound_mail_id": mail.id, "verdict": "gone"}
        connection.execute(insert(PurgeMail).values(**item))
    beats.keeper.tidy()
    assert buyer.rows(InboundMail) == buyer.rows(PurgeMail) == []
    assert buyer.row(MailboxUid).inbound_mail_id is None


def test_both_keep_to_the_slower_plan(beats: Heartbeats) -> None:
    """ADR 0040: a site with many partners, or an account that may send little, tells how often it can bear one."""
    buyer, seller = beats.buyer, beats.seller
    echo = beats.echo(beats.leave())
    assert buyer.receive(echo).state == "done"
    assert (buyer.row(Partner).heartbeat_planned, seller.row(Partner).heartbeat_told) == (300, 300)
    slow = beats.keeper_of(seller, every_seconds=7200)
    with seller.database.transaction() as connection:
        connection.execute(update(Partner).values(heartbeat="on"))
    assert slow.beat() == 1
    (raw,) = seller.compose_requested()
    assert buyer.receive(raw).state == "done"
    assert (buyer.row(Partner).heartbeat_told, beats.route().every_seconds) == (7200, 7200)
    beats.clock.move(minutes=119)
    beats.set_partner(heartbeat_returned_at=beats.clock.now)
    assert beats.keeper.beat() == 0
    beats.clock.move(minutes=61)
    assert beats.keeper.beat() == 1


def put_relay(site: SiteUnderTest, mails_per_day: int) -> None:
    from intergestan_exchange.mail_accounts.accounts import NewRelay, set_relay

    with site.database.transaction() as connection:
        relay = NewRelay(name="relay", host="smtp.depot.example", port=465, mails_per_day=mails_per_day)
        set_relay(connection, relay, by="test", at=site.database.now())


def test_no_more_leave_than_the_account_can_bear(beats: Heartbeats) -> None:
    """ADR 0040: of 60 mails a day six are heartbeats and echoes, half of them ours; then the partner gets no echo."""
    buyer, seller = beats.buyer, beats.seller
    put_relay(seller, 60)
    echoed = 0
    for _ in range(6):
        seller.receive(beats.leave())
        echoed += len(seller.compose_requested())
        beats.clock.move(minutes=61)
    assert echoed == 3
    assert all(mail.state == "done" for mail in seller.rows(InboundMail))
    with seller.database.transaction() as connection:
        connection.execute(update(Partner).values(heartbeat="on"))
    own = 0
    for _ in range(24):
        own += beats.keeper_of(seller, every_seconds=300).beat()
        beats.clock.move(hours=1)
    assert own == 3
    beats.clock.move(hours=20)
    seller.receive(beats.leave())
    assert len(seller.compose_requested()) == 1, "a day later there is room for another"
    assert buyer.rows(InboundMail) == []


def test_what_is_left_of_a_day_is_for_orders(beats: Heartbeats) -> None:
    """ADR 0040: nine tenths of the day's limit are used, whatever for."""
    buyer = beats.buyer
    put_relay(buyer, 100)
    assert beats.keeper.beat() == 1
    with buyer.database.transaction() as connection:
        attempts = [
            {
                "outbound_mail_id": buyer.row(OutboundMail).id,
                "n": n,
                "phase": "ended",
                "started_at": beats.clock.now,
                "outcome": "accepted" if n < 91 else "try_again",
            }
            for n in range(1, 99)
        ]
        connection.execute(insert(DeliveryAttempt), attempts)
    beats.clock.move(hours=23)
    assert beats.keeper.beat() == 0
    beats.clock.move(hours=2)
    assert beats.keeper.beat() == 1
