"""Two firms whose clocks differ: no mail waits for a person, and both are told by how much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from intergestan_db.tables import InboundMail, Partner, PurchaseOrder, SalesOrder
from intergestan_exchange.health.alarms import Machine, judge
from intergestan_exchange.health.vitals import read_vitals
from intergestan_msg.ubl import write_order
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.test_heartbeats import Heartbeats
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import RedisServer

pytestmark = pytest.mark.mainly_on("postgresql")

AHEAD = [timedelta(hours=1, seconds=1), timedelta(hours=24), timedelta(days=4000)]
BEHIND = [timedelta(hours=-1), timedelta(hours=-24)]


def put_ahead(site: SiteUnderTest, ahead: timedelta) -> None:
    clock: Any = site.database.now
    clock.ahead = ahead


def exchange(sites: Pair, number: str) -> None:
    """An order and its answer; nobody lifts a finger."""
    document = an_order(number, 2)
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(document))
    sites.buyer.import_orders(write_order(document))
    mail_id = sites.buyer.request(sites.seller.code, number)
    raw = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    sites.clock.move(seconds=5)
    assert sites.seller.receive(raw).state == "done"
    (answer,) = sites.seller.compose_requested()
    sites.clock.move(seconds=5)
    assert sites.buyer.receive(answer).state == "done"


def clock_alarms(site: SiteUnderTest) -> list[tuple[str, str, str]]:
    with site.database.read() as connection:
        vitals = read_vitals(connection, site.database.now(), 4)
    found = judge(vitals, Machine(None, None, None, None))
    return [(alarm.about, alarm.variant, alarm.value) for alarm in found if alarm.name == "PartnerClock"]


@pytest.mark.parametrize(
    ("who", "ahead"),
    [*(("buyer", ahead) for ahead in (*AHEAD, *BEHIND)), *(("seller", ahead) for ahead in (*AHEAD[:2], *BEHIND))],
)
def test_orders_and_answers_go_on(sites: Pair, who: str, ahead: timedelta) -> None:
    """`design.md` §16: composed in our future, or more than a day ago by their clock, it is taken in at once."""
    put_ahead(getattr(sites, who), ahead)
    exchange(sites, "CFR-1")
    exchange(sites, "CFR-2")
    assert {row.state for row in sites.buyer.rows(PurchaseOrder)} == {"accepted"}
    assert len(sites.seller.rows(SalesOrder)) == 2


@pytest.mark.parametrize("hours", [2, -2, 24, -24])
def test_both_firms_are_told_of_the_difference(sites: Pair, session_redis: RedisServer, hours: int) -> None:
    """Measured by the heartbeats of each: theirs is ahead, so ours is behind."""
    put_ahead(sites.seller, timedelta(hours=hours))
    for here, there in ((sites.buyer, sites.seller), (sites.seller, sites.buyer)):
        beats = Heartbeats(Pair(here, there, sites.clock), session_redis.url)
        raw = beats.leave()
        sites.clock.move(seconds=3)
        echo = beats.echo(raw)
        sites.clock.move(seconds=3)
        assert here.receive(echo).state == "done"
    seller, buyer = ("ahead", "behind") if hours > 0 else ("behind", "ahead")
    told = f"{abs(hours)} h"
    assert clock_alarms(sites.buyer) == [(sites.seller.code, seller, told)]
    assert clock_alarms(sites.seller) == [(sites.buyer.code, buyer, told)]

    put_ahead(sites.seller, timedelta(0))
    sites.clock.move(hours=1)
    beats = Heartbeats(sites, session_redis.url)
    raw = beats.leave()
    echo = beats.echo(raw)
    sites.clock.move(seconds=3)
    sites.buyer.receive(echo)
    assert clock_alarms(sites.buyer) == [], "set right: the next heartbeat ends it"


def test_answers_show_it_where_there_are_no_heartbeats(sqlite_sites: Pair) -> None:
    put_ahead(sqlite_sites.seller, timedelta(hours=-3))
    exchange(sqlite_sites, "CFR-1")
    assert clock_alarms(sqlite_sites.buyer) == [(sqlite_sites.seller.code, "behind", "3 h")]
    (partner,) = sqlite_sites.buyer.rows(Partner)
    assert partner.clock_ahead_least <= -10_800 <= partner.clock_ahead_most


@pytest.mark.parametrize("hours", [3, -3])
def test_a_firm_without_heartbeats_is_told_by_those_of_the_other(
    sqlite_sites: Pair, session_redis: RedisServer, hours: int
) -> None:
    """Its own are off, so it measures nothing: the buyer's next one says what the first one's echo showed."""
    put_ahead(sqlite_sites.buyer, timedelta(hours=hours))
    beats = Heartbeats(sqlite_sites, session_redis.url)
    for _ in range(2):
        echo = beats.echo(beats.leave())
        sqlite_sites.clock.move(minutes=5)
        beats.buyer.receive(echo)
    side = "ahead" if hours > 0 else "behind"
    assert clock_alarms(sqlite_sites.seller) == [(sqlite_sites.buyer.code, side, "2 h 55 min" if hours < 0 else "3 h")]


def test_what_seemed_too_old_is_taken_in_once_their_clock_is_known(
    sqlite_sites: Pair, session_redis: RedisServer
) -> None:
    """A machine that starts in 2015, for want of a battery: its orders wait until a heartbeat shows why."""
    buyer, seller = sqlite_sites.buyer, sqlite_sites.seller
    put_ahead(buyer, timedelta(days=-4000))
    document = an_order("CFR-1", 2)
    for site in (buyer, seller):
        site.put_products(*products_of(document))
    buyer.import_orders(write_order(document))
    mail = seller.receive(buyer.compose(buyer.request(seller.code, "CFR-1")))
    assert (mail.state, mail.reason) == ("held", "too_old")
    beats = Heartbeats(Pair(seller, buyer, sqlite_sites.clock), session_redis.url)
    seller.receive(beats.echo(beats.leave()))
    assert seller.row(InboundMail, id=mail.id).state == "archived"
    seller.importer.take_in(mail.id)
    assert seller.row(InboundMail, id=mail.id).state == "done"
    assert len(seller.rows(SalesOrder)) == 1


def test_clocks_that_agree_are_not_written_down(sqlite_sites: Pair) -> None:
    """A partner's row is no place for a write with each mail."""
    exchange(sqlite_sites, "CFR-1")
    assert [row.clock_noted_at for row in sqlite_sites.buyer.rows(Partner)] == [None]
    assert clock_alarms(sqlite_sites.buyer) == []


def test_a_clock_that_was_ahead_closes_no_door(sqlite_sites: Pair) -> None:
    """What their release takes in was said a year ahead; when their clock is right again newer mails count."""
    put_ahead(sqlite_sites.buyer, timedelta(days=365))
    exchange(sqlite_sites, "CFR-1")
    (partner,) = sqlite_sites.seller.rows(Partner)
    assert partner.takes_at <= sqlite_sites.seller.database.now()
