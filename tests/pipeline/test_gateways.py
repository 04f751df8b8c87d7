"""Mails of ours that mail systems rewrote: what the importer makes of them, and what people are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.tables import Answer, Event, Hold, InboundMail, InboundTransfer, Partner, SalesOrder
from intergestan_exchange.holds.holds import Hold as HoldView
from intergestan_exchange.holds.holds import list_holds
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import Choice, choose, foresee
from intergestan_exchange.keys.keys import public_keys
from intergestan_msg.seal import SigningKey
from tests.factories import cfr1, cfr2
from tests.msg.gateways import LOST, TEXT, Mail, forward, multipart, part
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")


def forge_of(sites: Pair) -> Forge:
    sites.seller.put_products(*products_of(cfr1(), cfr2()))
    return Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)


def in_one(*mails: bytes) -> bytes:
    """Several mails in one forward."""
    return forward(multipart([TEXT, *(part("message/rfc822", each) for each in mails)], boundary=b"OUT"))


def booked(site: SiteUnderTest) -> list[str]:
    return sorted(row.customer_order_number for row in site.rows(SalesOrder))


def holds(site: SiteUnderTest) -> list[HoldView]:
    with site.database.read() as connection:
        return list_holds(connection)


def foreseen(site: SiteUnderTest, pool: ReaderPool, raw: bytes) -> tuple[str, bool]:
    """What taking the one mail in again would come to, and whether that changes anything."""
    with site.database.read() as connection:
        reading = pool.read(raw, public_keys(connection))
        found = foresee(connection, reading, site.database.now())
        (chosen,) = choose(connection, Choice())
        return found.state, found.changes(chosen)


def test_two_mails_in_one_forward_are_both_booked(sites: Pair, pool: ReaderPool) -> None:
    """And answered; taken in again they change nothing."""
    forge, seller = forge_of(sites), sites.seller
    raw = in_one(forge.orders(cfr1()), forge.orders(cfr2()))
    row = seller.receive(raw)
    assert (row.state, row.reason, row.lease_owner) == ("done", None, None)
    assert booked(seller) == ["CFR1", "CFR2"]
    assert len(seller.rows(InboundTransfer)) == len(seller.rows(Answer)) == 2
    assert foreseen(seller, pool, raw) == ("done", False)
    seller.receive(raw)
    assert booked(seller) == ["CFR1", "CFR2"]


def test_what_must_wait_of_a_forward_holds_the_mail_and_the_rest_is_booked(sites: Pair, pool: ReaderPool) -> None:
    forge, seller = forge_of(sites), sites.seller
    stranger = Forge(SigningKey(bytes(range(32))), sites.buyer.code, seller.code, sites.clock)
    raw = in_one(stranger.orders(cfr1()), forge.orders(cfr2()))
    row = seller.receive(raw)
    assert (row.state, row.reason) == ("held", "unknown_signer")
    assert booked(seller) == ["CFR2"]
    assert foreseen(seller, pool, raw) == ("held", False)


def test_who_dies_between_two_mails_of_a_forward_books_each_once(sites: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail stays claimed until its last manifest is settled; what was booked is known by the ledger."""
    from services.importer.turn import Turn

    forge, seller = forge_of(sites), sites.seller
    monkeypatch.setattr(Turn, "end_several", _die)
    with pytest.raises(KeyboardInterrupt):
        seller.receive(in_one(forge.orders(cfr1()), forge.orders(cfr2())))
    row = seller.row(InboundMail)
    assert row.state == "archived"
    assert booked(seller) == ["CFR1", "CFR2"]
    monkeypatch.undo()
    sites.clock.move(minutes=5)
    seller.importer.take_in(row.id)
    assert seller.row(InboundMail).state == "done"
    assert booked(seller) == ["CFR1", "CFR2"]


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_while_booking_rests_a_forward_waits_as_a_whole(sites: Pair) -> None:
    forge, seller = forge_of(sites), sites.seller
    with seller.database.transaction() as connection:
        connection.execute(update(Partner).values(paused_at=sites.clock.now))
    row = seller.receive(in_one(forge.orders(cfr1()), forge.orders(cfr2())))
    assert (row.state, row.paused_at) == ("archived", sites.clock.now)
    assert booked(seller) == []


def test_a_damaged_copy_names_whose_it_is_and_needs_nobody_once_another_came(sites: Pair) -> None:
    """The hold of a verified manifest names partner, transfer and orders, and ends with the whole copy."""
    forge, seller = forge_of(sites), sites.seller
    good = forge.orders(cfr1(), cfr2())
    row = seller.receive(LOST["the document is gone"][0](Mail(good)))
    (hold,) = holds(seller)
    assert (row.state, hold.reason, hold.partner, hold.order) == ("held", "damaged", "Mulhouse", "CFR1, CFR2")
    assert (row.epoch, row.seq) == (None, None), "it is asked for again"
    seller.receive(good)
    transfer = seller.row(InboundTransfer)
    assert hold.transfer_id == transfer.jti
    seller.importer.take_in(row.id)
    assert holds(seller) == []
    again = seller.row(InboundMail, id=row.id)
    assert (again.state, again.reason, again.transfer_id) == ("done", None, transfer.jti)
    assert booked(seller) == ["CFR1", "CFR2"]
    assert [event.detail for event in seller.rows(Event, name="finish", subject_id=row.id)] == [{"as": transfer.jti}]


def test_a_damaged_copy_that_comes_later_waits_for_nobody(sites: Pair) -> None:
    forge, seller = forge_of(sites), sites.seller
    good = forge.orders(cfr1())
    seller.receive(good)
    row = seller.receive(LOST["a byte order mark"][0](Mail(good)))
    assert (row.state, row.reason, holds(seller)) == ("done", None, [])


def test_damaged_copies_in_one_forward_are_done_with_what_they_are_copies_of(sites: Pair) -> None:
    forge, seller = forge_of(sites), sites.seller
    first, second = forge.orders(cfr1()), forge.orders(cfr2())
    seller.receive(first)
    seller.receive(second)
    row = seller.receive(in_one(*(LOST["the document is gone"][0](Mail(each)) for each in (first, second))))
    assert (row.state, row.reason, holds(seller)) == ("done", None, [])
    assert row.transfer_id == seller.rows(InboundTransfer)[0].jti


def test_other_content_under_the_same_number_ends_no_hold(sites: Pair) -> None:
    """Only the very same transfer does."""
    forge, seller = forge_of(sites), sites.seller
    claims: dict[str, Any] = {"jti": "01a1ffe6-18fe-7a57-b65d-63ab49cfb6d9", "seq": 5}
    seller.receive(forge.orders(cfr1(), **claims))
    row = seller.receive(LOST["the document is gone"][0](Mail(forge.orders(replace(cfr1(), note="x"), **claims))))
    assert (row.state, row.reason) == ("held", "damaged")
    (hold,) = holds(seller)
    assert not hold.has_arrived


def test_a_mail_that_lost_its_signature_says_when_what_it_claims_to_be_has_arrived(sites: Pair) -> None:
    forge, seller = forge_of(sites), sites.seller
    good = forge.orders(cfr1())
    seller.receive(LOST["the manifest is gone"][0](Mail(good)))
    (before,) = holds(seller)
    assert (before.partner, before.has_arrived) == (None, False)
    assert "removed" in before.what("en")
    assert ".jws" in before.advice("en").do
    seller.receive(good)
    (after,) = holds(seller)
    assert after.has_arrived
    assert "has arrived since" in after.advice("en").means
    assert "est arrivé depuis" in after.advice("fr").means
    assert seller.rows(Hold) == []


@pytest.mark.parametrize("name", LOST)
def test_advice_is_chosen_by_cause(sqlite_sites: Pair, name: str) -> None:
    seller = sqlite_sites.seller
    seller.receive(LOST[name][0](Mail(forge_of(sqlite_sites).orders(cfr1()))))
    (hold,) = holds(seller)
    (finding,) = hold.findings
    assert (hold.reason, finding.variant) == ("damaged", LOST[name][1])
    assert hold.advice("en").do != hold.advice("fr").do
