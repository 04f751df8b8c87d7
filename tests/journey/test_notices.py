"""Nobody finds out late: a hold is told to the person in charge by a real mail, once."""

from __future__ import annotations

import email
import email.policy
import time

import pytest
from sqlalchemy import select, update

from intergestan_db.tables import Notice, Product
from intergestan_exchange.holds import hold_acts, notices
from intergestan_exchange.holds.holds import list_holds
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import eventually
from tests.servers import Dovecot

pytestmark = pytest.mark.mainly_on("sqlite")


def mails_of(dovecot: Dovecot, address: str) -> list[bytes]:
    maildir = dovecot.maildir(address)
    return [file.read_bytes() for file in sorted(maildir.glob("new/*"))] if maildir.exists() else []


def break_a_price(sites: PairOfSites) -> None:
    """What the seller asks for its first product is another price now."""
    with sites.seller.database.transaction() as connection:
        first = connection.execute(select(Product.id).order_by(Product.id).limit(1)).scalar_one()
        connection.execute(
            update(Product).where(Product.id == first).values(sale_price=Product.sale_price + Product.sale_price)
        )


def test_the_person_in_charge_is_told_once(base: str, make_pair: MakePair, dovecot: Dovecot) -> None:
    """Through dispatcher, sender and relay; the sender dies behind the 250 and nothing is lost."""
    anne = dovecot.new_user()
    sites = make_pair(base, {**QUICK, "notices": {"to": anne.address, "every_minutes": 1}})
    try:
        break_a_price(sites)
        seller = sites.seller
        sites.send(sites.enter(1))
        eventually(lambda: mails_of(dovecot, anne.address), what="a notice")
        eventually(lambda: seller.rows(Notice)[0].sent_at, what="the notice is known to be sent")
        (raw,) = mails_of(dovecot, anne.address)
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert "STAUBER" in str(mail["Subject"])
        assert mail["Auto-Submitted"] == "auto-generated"
        assert "order-1" in mail.get_content()
        assert "commandes à vérifier" in mail.get_content()
        time.sleep(3)
        assert len(mails_of(dovecot, anne.address)) == 1, "told once"
        with seller.database.transaction() as connection:
            refs = [hold.ref for hold in list_holds(connection)]
            hold_acts.release(connection, refs, by="anne", at=seller.database.now())
        sites.wait_at_rest()
        with seller.database.read() as connection:
            assert not notices.compare(connection).new
    finally:
        sites.stop()


def test_a_sender_that_dies_behind_the_250_tells_twice(make_pair: MakePair, dovecot: Dovecot) -> None:
    """At least once: the base does not know of the 250 yet, so the mail leaves again."""
    anne = dovecot.new_user()
    sites = make_pair("sqlite", {**QUICK, "notices": {"to": anne.address, "every_minutes": 1}})
    try:
        seller = sites.seller
        sender = seller.processes["sender"]
        sender.kill()
        sender.start(crash="sender.notice_sent")
        break_a_price(sites)
        sites.send(sites.enter(1))
        eventually(lambda: not sender.runs, what="the sender dies")
        assert seller.rows(Notice)[0].sent_at is None
        with seller.database.transaction() as connection:
            connection.execute(update(Notice).values(lease_until=seller.database.now()))
        sender.start()
        eventually(lambda: seller.rows(Notice)[0].sent_at, what="the notice is known to be sent")
        assert len(mails_of(dovecot, anne.address)) == 2
        assert len(seller.rows(Notice)) == 1
    finally:
        sites.stop()
