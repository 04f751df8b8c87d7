"""A partner whom a person paused: nothing leaves, orders wait, and only a person ends it (`design.md` §11)."""

from __future__ import annotations

import pytest

from intergestan_db.enums import Rest
from intergestan_db.problem import Problem
from intergestan_db.tables import InboundMail, OutboundMail, Partner, SalesOrder
from intergestan_exchange.health.alarms import Machine, judge
from intergestan_exchange.health.vitals import read_vitals
from intergestan_exchange.heartbeats.heartbeat_routes import count_active
from intergestan_exchange.partners.partner_rests import pause_partner, unpause_partner, use_partner
from intergestan_exchange.statements import pauses, statement_requests
from intergestan_msg.ubl import write_order
from tests.factories import cfr1
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")

FINE = Machine(None, None, None, None)


@pytest.fixture
def ready(sites: Pair) -> Pair:
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(cfr1()))
    sites.buyer.import_orders(write_order(cfr1()))
    return sites


def pause(site: SiteUnderTest, what: Rest) -> None:
    with site.database.transaction() as connection:
        pause_partner(connection, site.row(Partner).id, what, "dispute", by="anne", at=site.database.now())


def unpause(site: SiteUnderTest) -> tuple[int, ...]:
    with site.database.transaction() as connection:
        return unpause_partner(connection, site.row(Partner).id, by="anne", at=site.database.now())


def alarms(site: SiteUnderTest) -> set[str]:
    with site.database.read() as connection:
        vitals = read_vitals(connection, site.database.now(), 4)
    return {alarm.name for alarm in judge(vitals, FINE)} - {"ServiceDown"}


def test_sending_rests(ready: Pair) -> None:
    """What was asked for waits, nothing new is asked for, and nobody is woken."""
    buyer, seller = ready.buyer, ready.seller
    mail = buyer.request(seller.code, "CFR1")
    pause(buyer, Rest.SENDING)
    buyer.composer.compose(mail)
    assert buyer.row(OutboundMail).state == "requested"
    ready.clock.move(hours=1)
    assert "OrderStuck" not in alarms(buyer)
    with buyer.database.read() as connection:
        assert statement_requests.due(connection, 24, ready.clock.now) == ([], [])
        assert count_active(connection) == 0
    with pytest.raises(Problem, match="anne paused sending"):
        buyer.request(seller.code, "CFR1")
    unpause(buyer)
    buyer.composer.compose(mail)
    assert buyer.row(OutboundMail).state == "composed"


def test_booking_rests_and_no_restore_or_statement_ends_it(ready: Pair) -> None:
    buyer, seller = ready.buyer, ready.seller
    pause(seller, Rest.BOOKING)
    raw = buyer.compose(buyer.request(seller.code, "CFR1"))
    seller.receive(raw)
    assert (seller.row(InboundMail).state, seller.rows(SalesOrder)) == ("archived", [])
    ready.clock.move(days=1)
    assert alarms(seller) == set()
    with seller.database.transaction() as connection:
        pauses.pause(connection, at=ready.clock.now)
        partner = seller.row(Partner).id
        assert pauses.resume(connection, [partner], by="anne", at=ready.clock.now) == (), "the person's pause stays"
    assert seller.row(InboundMail).paused_at is not None
    with seller.database.transaction() as connection:
        pauses.pause(connection, at=ready.clock.now)
    assert unpause(seller) == (), "the restore's pause stays"
    with seller.database.transaction() as connection:
        (mail,) = pauses.resume(connection, [partner], by="anne", at=ready.clock.now)
    seller.importer.take_in(mail)
    assert len(seller.rows(SalesOrder)) == 1


def test_a_partner_out_of_use_makes_no_alarm_and_comes_back_by_words(ready: Pair) -> None:
    buyer, seller = ready.buyer, ready.seller
    with seller.database.transaction() as connection:
        use_partner(connection, seller.row(Partner).id, active=False, by="anne", at=ready.clock.now)
    seller.receive(buyer.compose(buyer.request(seller.code, "CFR1")))
    assert seller.rows(SalesOrder) == []
    with seller.database.read() as connection:
        assert read_vitals(connection, ready.clock.now, 4).routes == {}
    with seller.database.transaction() as connection:
        (mail,) = use_partner(connection, seller.row(Partner).id, active=True, by="anne", at=ready.clock.now)
    seller.importer.take_in(mail)
    assert len(seller.rows(SalesOrder)) == 1
