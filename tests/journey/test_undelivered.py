"""Undelivered mail with everything real: processes, Postfix that bounces, Dovecot, either kind of base."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.tables import DeliveryReport, OutboundMail, Partner, Relay, SalesOrder
from intergestan_exchange.holds.hold_acts import release
from intergestan_runtime.steps import SEND
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import eventually
from tests.servers import Postfix

pytestmark = pytest.mark.mainly_on("sqlite")


def put(sites: PairOfSites, table: Any, **values: Any) -> None:
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(table).values(**values))


def test_a_wrong_address_is_found_out_corrected_and_forgotten(sites: PairOfSites, postfix: Postfix) -> None:
    """Issue 3: the bounce comes to the mark of this mail; the released mail arrives, and is booked once."""
    buyer = sites.buyer
    buyer.use_relay(postfix.host, postfix.smtp)
    put(sites, Relay, bounce_mode="plus")
    put(sites, Partner, order_address="nobody-there@site.test")
    numbers = sites.enter(2)
    sites.send(numbers)
    mail_id = buyer.rows(OutboundMail)[-1].id

    def held() -> bool:
        return bool(buyer.rows(OutboundMail, id=mail_id)[0].state == "held")

    eventually(held, what="the mail held")
    mail = buyer.rows(OutboundMail, id=mail_id)[0]
    assert (mail.reason, mail.detail.split(" ")[0]) == ("undelivered", "5.1.1")
    assert "+" in mail.envelope_from
    assert [row.effect for row in buyer.rows(DeliveryReport, outbound_mail_id=mail_id)] == ["held"]

    put(sites, Partner, order_address=sites.seller.mail_user.address)
    with buyer.database.transaction() as connection:
        bells = release(connection, [f"out-{mail_id}"], by="anne", at=buyer.database.now())
    SEND.ring(buyer.broker, *bells.send)
    sites.wait_answered(numbers)
    booked = [row.customer_order_number for row in sites.seller.rows(SalesOrder)]
    assert [booked.count(number) for number in numbers] == [1, 1]
    assert buyer.rows(OutboundMail, id=mail_id)[0].state == "answered"
