"""Keys that change, through the real composer and importer, on both bases."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    OutboundMail,
    Partner,
    PartnerKey,
    PurchaseOrder,
    SalesOrder,
    Site,
)
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.holds.holds import list_holds
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.keys import own_keys, pairing
from intergestan_exchange.keys.keys import is_still_missing
from intergestan_exchange.keys.own_keys import NewKey
from intergestan_exchange.keys.partner_keys import (
    booked_under,
    confirm_key,
    enter_from_card,
    key_with,
    list_keys,
    revoke_key,
)
from intergestan_msg.seal import SigningKey
from intergestan_msg.ubl import write_order
from tests.clock import Clock
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_holds_and_replay import act, effects, foreseen, replay_all
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")

WEEK = timedelta(days=7)


def rotate(sites: Pair, key: SigningKey, signs_from: datetime | None = None) -> list[bytes]:
    """The buyer announces a key that signs in a week; the announcements as they are sent."""
    buyer = sites.buyer
    buyer.keys[key.public.kid] = key
    new = NewKey(key.public, signs_from or sites.clock.now + WEEK)
    with buyer.database.transaction() as connection:
        mails = own_keys.announce(connection, new, by="anne", at=buyer.database.now())
    return [send(buyer, mail_id) for mail_id in mails]


def send(site: SiteUnderTest, mail_id: int) -> bytes:
    """Compose a mail about a key, and let the relay take it."""
    raw = site.compose(mail_id)
    with site.database.transaction() as connection:
        values = {"state": "sent", "sent_at": site.database.now(), "next_attempt_at": None}
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(**values))
    return raw


def partner_of(site: SiteUnderTest, other: SiteUnderTest) -> int:
    with site.database.read() as connection:
        return connection.execute(select(Partner.id).where(Partner.site_code == other.code)).scalar_one()


def confirm(sites: Pair, key: SigningKey) -> list[bytes]:
    """A person at the seller types the words; the mails that tell the buyer."""
    seller = sites.seller
    with seller.database.transaction() as connection:
        partner = partner_of(seller, sites.buyer)
        found = key_with(connection, partner, " ".join(key.public.words()))
        bells = confirm_key(connection, partner, found.kid, by="jean", at=seller.database.now()).bells
    for mail_id in bells.take_in:
        seller.importer.take_in(mail_id)
    return [send(seller, mail_id) for mail_id in bells.compose]


def revoke(sites: Pair, key: SigningKey, since: datetime | None = None) -> None:
    with sites.seller.database.transaction() as connection:
        partner = partner_of(sites.seller, sites.buyer)
        bells = revoke_key(connection, partner, key.public.kid, since=since, by="jean", at=sites.clock.now)
    for mail_id in bells.take_in:
        sites.seller.importer.take_in(mail_id)


def order(sites: Pair, number: str) -> bytes:
    """A mail with one order, sent by the buyer."""
    document = an_order(number, 1)
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(document))
    sites.buyer.import_orders(write_order(document))
    mail_id = sites.buyer.request(sites.seller.code, number)
    raw = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    return raw


def booked(sites: Pair) -> list[str]:
    return [row.customer_order_number for row in sites.seller.rows(SalesOrder)]


def place(row: Any) -> tuple[str, str | None]:
    return row.state, row.reason


def waiting_for(site: SiteUnderTest, key: SigningKey) -> list[str]:
    """The partners who have not confirmed a key of ours."""
    with site.database.read() as connection:
        return [row.name for row in own_keys.unconfirmed_by(connection, key.public.kid)]


def finish(site: SiteUnderTest, *, anyway: bool = False) -> tuple[str, str]:
    with site.database.transaction() as connection:
        return own_keys.finish(connection, anyway=anyway, by="anne", at=site.database.now())


def test_a_key_changes_without_an_order_being_held(sites: Pair, pool: ReaderPool) -> None:
    """`design.md` §6: announced, confirmed with the words, used from the day on; late mails of the old key count."""
    new = SigningKey.generate()
    (announcement,) = rotate(sites, new)
    row = sites.seller.receive(announcement)
    assert place(row) == ("held", "key_announced")
    with sites.seller.database.read() as connection:
        (hold,) = list_holds(connection)
    assert "12 words" in hold.advice("en").do
    assert new.public.kid in hold.what("fr")
    assert waiting_for(sites.buyer, new) == ["Stauber"]

    (told,) = confirm(sites, new)
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("done", None)
    assert place(sites.buyer.receive(told)) == ("done", None)
    assert waiting_for(sites.buyer, new) == []

    late = order(sites, "CFR1")
    sites.clock.move(days=8)
    with_new = order(sites, "CFR2")
    assert place(sites.seller.receive(with_new)) == ("done", None)
    assert sites.seller.rows(InboundMail)[-1].kid == new.public.kid
    assert place(sites.seller.receive(late)) == ("done", None), "it was composed while the old key signed"
    assert booked(sites) == ["CFR2", "CFR1"]

    assert finish(sites.buyer) == (sites.buyer.key.public.kid, new.public.kid)
    assert sites.buyer.row(Site).key_fingerprint == new.public.kid
    sites.seller.receive(order(sites, "CFR3"))
    assert booked(sites)[-1] == "CFR3"

    sites.clock.move(days=400)
    for site in (sites.seller, sites.buyer):
        before = effects(site)
        assert not any(then.changes(mail) for mail, then in foreseen(site, pool))
        replay_all(site)
        assert effects(site) == before, "what was valid when it was signed stays so"


def test_the_old_key_ends_where_the_new_one_begins(sites: Pair) -> None:
    """A thief of the old key signs as of today: held, and nothing is booked."""
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new)[0])
    confirm(sites, new)
    sites.clock.move(days=8)
    forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    assert place(sites.seller.receive(forge.orders(an_order("CFR1", 1)))) == ("held", "bad_signature")
    early = Forge(new, sites.buyer.code, sites.seller.code, Clock(sites.clock.now - timedelta(days=5)))
    assert place(sites.seller.receive(early.orders(an_order("CFR1", 1)))) == ("held", "bad_signature")
    assert booked(sites) == []


def test_no_key_ends_before_what_it_signed(sites: Pair) -> None:
    """`design.md` §16.3: a mail dated by a clock that was ahead would be held as often as it is sent again."""
    sites.clock.move(days=2)
    order(sites, "CFR1")
    sites.clock.move(days=-2)
    new = SigningKey.generate()
    with pytest.raises(Problem, match="clock was ahead"):
        rotate(sites, new, sites.clock.now + timedelta(days=1))
    assert sites.buyer.row(Site).next_key is None
    rotate(sites, new, sites.clock.now + timedelta(days=3))


def test_a_clock_that_is_set_back_after_a_change_of_keys_holds_nothing(sites: Pair) -> None:
    """`design.md` §16.3: no mail is dated before its key begins."""
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new)[0])
    sites.buyer.receive(*confirm(sites, new))
    sites.clock.move(days=8)
    finish(sites.buyer)
    sites.clock.move(days=-2)
    row = sites.seller.receive(order(sites, "CFR1"))
    assert (place(row), row.kid, booked(sites)) == (("done", None), new.public.kid, ["CFR1"])


def test_what_an_old_key_signed_counts_once_a_person_vouches_for_it(sites: Pair) -> None:
    """The cure that the hold names: the old key's words are compared once more, and it goes on beside the new one."""
    sites.clock.move(days=8)
    ahead = order(sites, "CFR1")
    sites.clock.move(days=-8)
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new, sites.clock.now + timedelta(days=9))[0])
    confirm(sites, new)
    with sites.seller.database.transaction() as connection:  # as by a release that lets a key end before what it signed
        connection.execute(update(PartnerKey).values(replaced_from=sites.clock.now, pending=False))
    row = sites.seller.receive(ahead)
    assert place(row) == ("held", "bad_signature")
    with sites.seller.database.read() as connection:
        (hold,) = list_holds(connection)
    assert "12 words" in hold.advice("en").do
    confirm(sites, sites.buyer.key)
    act(sites.seller, release, [f"in-{row.id}"])
    assert booked(sites) == ["CFR1"]


def test_an_unconfirmed_key_holds_its_mails_until_somebody_compares_it(sites: Pair) -> None:
    """The partner never confirms: the mails wait with the cure, then take the same path again."""
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new)[0])
    sites.clock.move(days=8)
    row = sites.seller.receive(order(sites, "CFR1"))
    assert place(row) == ("held", "unconfirmed_key")
    assert (row.kid, row.partner_id) == (new.public.kid, partner_of(sites.seller, sites.buyer))
    with pytest.raises(Problem, match="Stauber"):
        finish(sites.buyer)
    with sites.seller.database.read() as connection:
        cure = [hold.advice("en").do for hold in list_holds(connection)]
    assert all("12 words" in each for each in cure)

    act(sites.seller, release, [f"in-{row.id}"])
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("held", "unconfirmed_key"), (
        "releasing vouches for nobody"
    )
    confirm(sites, new)
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("done", None)
    assert booked(sites) == ["CFR1"]


def test_a_mail_that_comes_before_its_announcement_waits_for_it(sites: Pair) -> None:
    new = SigningKey.generate()
    (announcement,) = rotate(sites, new)
    sites.clock.move(days=8)
    row = sites.seller.receive(order(sites, "CFR1"))
    assert place(row) == ("held", "unknown_signer")
    sites.seller.receive(announcement)
    confirm(sites, new)
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("done", None)
    assert booked(sites) == ["CFR1"]


def test_two_changes_in_a_row(sites: Pair) -> None:
    """The second is announced with the first's key, which nobody confirmed yet: both are confirmed, one by one."""
    first, second = SigningKey.generate(), SigningKey.generate()
    sites.seller.receive(rotate(sites, first)[0])
    with pytest.raises(Problem, match="announced already"):
        rotate(sites, second)
    sites.clock.move(days=8)
    finish(sites.buyer, anyway=True)
    row = sites.seller.receive(rotate(sites, second)[0])
    assert place(row) == ("held", "unconfirmed_key")
    with_first = order(sites, "CFR1")
    sites.clock.move(days=8)
    assert place(sites.seller.receive(order(sites, "CFR2"))) == ("held", "unknown_signer")
    confirm(sites, first)
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("held", "key_announced")
    confirm(sites, second)
    sites.seller.receive(with_first)
    assert sorted(booked(sites)) == ["CFR1", "CFR2"]
    with sites.seller.database.read() as connection:
        states = [key.state for key in list_keys(connection, partner_of(sites.seller, sites.buyer))]
    assert states == ["replaced", "replaced", "confirmed"]


@pytest.mark.parametrize("confirmed", [True, False])
def test_an_announcement_is_taken_back(sites: Pair, *, confirmed: bool) -> None:
    """The present key goes on beyond the day on which the other one would have begun."""
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new)[0])
    if confirmed:
        confirm(sites, new)
    with sites.buyer.database.transaction() as connection:
        kid, mails = own_keys.abort(connection, by="anne", at=sites.clock.now)
    assert kid == new.public.kid
    (withdrawal,) = (send(sites.buyer, mail_id) for mail_id in mails)
    assert place(sites.seller.receive(withdrawal)) == ("done", None)
    sites.clock.move(days=8)
    assert place(sites.seller.receive(order(sites, "CFR1"))) == ("done", None)
    forge = Forge(new, sites.buyer.code, sites.seller.code, sites.clock)
    assert place(sites.seller.receive(forge.orders(an_order("CFR2", 1)))) == ("held", "revoked_key")
    with sites.buyer.database.transaction() as connection, pytest.raises(Problem, match="No new key"):
        own_keys.abort(connection, by="anne", at=sites.clock.now)


def test_a_key_that_signs_is_not_taken_back(sites: Pair) -> None:
    """A thief of the old key cannot bring it back, whatever date he writes."""
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new)[0])
    confirm(sites, new)
    sites.clock.move(days=8)
    with sites.buyer.database.transaction() as connection, pytest.raises(Problem, match="signs already"):
        own_keys.abort(connection, by="anne", at=sites.clock.now)
    claims = {"kind": "key", "key": {"action": "withdraw", "kid": new.public.kid}, "seq": 0, "epoch": 0}
    forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, Clock(sites.clock.now - timedelta(days=3)))
    row = sites.seller.receive(forge.mail([], **claims))
    assert place(row) == ("held", "bad_message")
    act(sites.seller, release, [f"in-{row.id}"])
    assert place(sites.seller.receive(order(sites, "CFR1"))) == ("done", None)


def test_a_stranger_and_a_thief_bring_no_key(sites: Pair) -> None:
    """Nobody but a person makes a key count; a refused announcement stays refused, also when it comes again."""
    stranger, thiefs = SigningKey.generate(), SigningKey.generate()
    notice = {
        "action": "announce",
        "kid": thiefs.public.kid,
        "jwk": thiefs.public.jwk(),
        "signs_from": int(sites.clock.now.timestamp()),
    }
    claims = {"kind": "key", "key": notice, "seq": 0, "epoch": 0}
    by_stranger = Forge(stranger, sites.buyer.code, sites.seller.code, sites.clock)
    assert place(sites.seller.receive(by_stranger.mail([], **claims))) == ("held", "unknown_signer")
    assert len(sites.seller.rows(PartnerKey)) == 1

    by_thief = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    raw = by_thief.mail([], **claims)
    row = sites.seller.receive(raw)
    assert place(row) == ("held", "key_announced")
    act(sites.seller, refuse, [f"in-{row.id}"], None)
    assert place(sites.seller.receive(b"Received: again\r\n" + raw)) == ("done", None)
    with pytest.raises(Problem, match="revoked or withdrawn"):
        confirm(sites, thiefs)
    forged = Forge(thiefs, sites.buyer.code, sites.seller.code, sites.clock)
    assert place(sites.seller.receive(forged.orders(an_order("CFR1", 1)))) == ("held", "revoked_key")
    assert booked(sites) == []


def test_a_key_for_which_anybody_signs_is_not_even_announced(sqlite_sites: Pair) -> None:
    """The neutral element, and 1 written as p + 1: nobody shall be able to confirm them."""
    sites = sqlite_sites
    for raw in (bytes([1]) + bytes(31), (2**255 - 18).to_bytes(32, "little")):
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
        members = json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()
        kid = base64.urlsafe_b64encode(hashlib.sha256(members).digest()).rstrip(b"=").decode()
        notice = {"action": "announce", "kid": kid, "jwk": jwk, "signs_from": int(sites.clock.now.timestamp())}
        forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
        row = sites.seller.receive(forge.mail([], kind="key", key=notice, seq=0, epoch=0))
        assert place(row) == ("held", "bad_message")
    assert len(sites.seller.rows(PartnerKey)) == 1


def test_a_key_that_comes_while_a_mail_is_judged_is_not_missed(sites: Pair) -> None:
    """Who holds a mail for want of a key looks again under the lock of who brings, confirms or revokes one."""
    new, seller = SigningKey.generate(), sites.seller

    def missing() -> list[bool]:
        with seller.database.transaction() as connection:
            reasons = ("unknown_signer", "unconfirmed_key")
            return [is_still_missing(connection, new.public.kid, reason) for reason in reasons]

    assert missing() == [True, False]
    seller.receive(rotate(sites, new)[0])
    assert missing() == [False, True]
    confirm(sites, new)
    assert missing() == [False, False]
    revoke(sites, new)
    assert missing() == [False, False]


def test_other_words_confirm_nothing(sites: Pair) -> None:
    new = SigningKey.generate()
    sites.seller.receive(rotate(sites, new)[0])
    with pytest.raises(Problem, match="fingerprint"):
        confirm(sites, SigningKey.generate())
    assert sites.seller.rows(PartnerKey)[-1].pending


def test_a_key_of_another_partner_is_refused(sites: Pair) -> None:
    """One site cannot announce the key of another, so that its orders would be taken for theirs."""
    other = SigningKey.generate()
    with sites.seller.database.transaction() as connection:
        card = pairing.own_card(connection, other.public, sites.clock.now)
        pairing.add_partner(connection, replace(card, code="other", siret=None), by="jean", at=sites.clock.now)
    (announcement,) = rotate(sites, other)
    assert place(sites.seller.receive(announcement)) == ("held", "bad_message")


def test_a_revoked_key_holds_what_waits_and_lists_what_was_booked(sites: Pair, pool: ReaderPool) -> None:
    """A stolen key: later mails are held, those before are listed for a person, and a replay changes nothing."""
    sites.seller.receive(order(sites, "CFR1"))
    waits = order(sites, "CFR2")
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(price_policy="compare", price_action="hold"))
    sites.seller.put_products(
        *(replace(row, sale_price=row.sale_price + 5) for row in products_of(an_order("CFR2", 1)))
    )
    sites.seller.receive(waits)
    assert [row.number for row in sites.seller.rows(Hold)] == ["CFR2"]
    sites.clock.move(days=1)
    revoke(sites, sites.buyer.key)
    with sites.seller.database.read() as connection:
        rows = booked_under(connection, sites.buyer.key.public.kid, None)
        assert [(row.number, row.outcome, row.sales_order) for row in rows] == [
            ("CFR1", "created", "CCL1"),
            ("CFR2", "held", None),
        ]
        assert not booked_under(connection, sites.buyer.key.public.kid, sites.clock.now)
    assert place(sites.seller.receive(order(sites, "CFR3"))) == ("held", "revoked_key")

    act(sites.seller, release, [f"order-{sites.seller.row(Hold).id}"])
    assert place(sites.seller.rows(InboundMail)[1]) == ("held", "revoked_key"), "nothing new is booked under it"
    before = effects(sites.seller)
    assert not any(then.changes(mail) for mail, then in foreseen(sites.seller, pool))
    replay_all(sites.seller)
    assert effects(sites.seller) == before
    assert booked(sites) == ["CFR1"]


def test_what_came_before_the_theft_still_counts(sites: Pair) -> None:
    """`--since`: our own archive says when a mail came; what the thief writes into it does not matter."""
    early = sites.seller.receive(order(sites, "CFR1"), take_in=False)
    sites.clock.move(days=2)
    late = sites.seller.receive(order(sites, "CFR2"), take_in=False)
    revoke(sites, sites.buyer.key, since=sites.clock.now - timedelta(days=1))
    for row in (early, late):
        sites.seller.importer.take_in(row.id)
    assert place(sites.seller.row(InboundMail, id=early.id)) == ("done", None)
    assert place(sites.seller.row(InboundMail, id=late.id)) == ("held", "revoked_key")
    with pytest.raises(Problem, match="lies ahead"):
        revoke(sites, sites.buyer.key, since=sites.clock.now + timedelta(days=1))


def test_a_lost_key_is_replaced_by_a_card(sites: Pair) -> None:
    """Nothing can be announced: the new card travels by any way, and the words by telephone."""
    new = SigningKey.generate()
    sites.buyer.keys[new.public.kid] = new
    with sites.buyer.database.transaction() as connection:
        own_keys.replace_lost(connection, NewKey(new.public, sites.clock.now), by="anne", at=sites.clock.now)
        card = pairing.own_card(connection, new.public, sites.clock.now)
    row = sites.seller.receive(order(sites, "CFR1"))
    assert place(row) == ("held", "unknown_signer")
    with sites.seller.database.transaction() as connection, pytest.raises(Problem, match="from their new card"):
        pairing.add_partner(connection, card, by="jean", at=sites.clock.now)
    with sites.seller.database.transaction() as connection:
        enter_from_card(connection, partner_of(sites.seller, sites.buyer), card, at=sites.clock.now)
    confirm(sites, new)
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("done", None)
    revoke(sites, sites.buyer.key)
    assert booked(sites) == ["CFR1"]


def test_a_partner_who_comes_during_the_change_is_told(sites: Pair) -> None:
    """He was given the card of the present key, so the announcement goes to him as well."""
    rotate(sites, SigningKey.generate())
    newcomer = SigningKey.generate()
    with sites.buyer.database.transaction() as connection:
        card = pairing.own_card(connection, newcomer.public, sites.clock.now)
        pairing.add_partner(connection, replace(card, code="new", siret=None), by="anne", at=sites.clock.now)
    assert [row.kind for row in sites.buyer.rows(OutboundMail, state="requested")] == ["key"]


def test_our_own_key_ends(sites: Pair) -> None:
    """After its last instant nothing is signed any more, and the person who sends is told what to do."""
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(Site).values(key_until=sites.clock.now + timedelta(days=1)))
    with sites.seller.database.transaction() as connection:
        values = {"valid_until": sites.clock.now + timedelta(days=1)}
        connection.execute(update(PartnerKey).values(**values))
    in_time = order(sites, "CFR1")
    sites.clock.move(days=2)
    assert place(sites.seller.receive(in_time)) == ("done", None)
    document = an_order("CFR2", 1)
    sites.buyer.import_orders(write_order(document))
    mail_id = sites.buyer.request(sites.seller.code, "CFR2")
    sites.buyer.composer.compose(mail_id)
    held = sites.buyer.row(OutboundMail, id=mail_id)
    assert place(held) == ("held", "not_composed")
    assert "make a new one" in held.detail
    with pytest.raises(Problem, match="nobody would believe"):
        rotate(sites, SigningKey.generate())


def test_what_is_about_keys_is_not_counted(sites: Pair) -> None:
    """`formats.md` §2: epoch and seq are for orders and answers only."""
    rotate(sites, SigningKey.generate())
    assert [(row.epoch, row.seq) for row in sites.buyer.rows(OutboundMail)] == [(None, None)]
    assert sites.buyer.row(Partner).out_seq == 0
    sites.seller.receive(order(sites, "CFR1"))
    assert [row.seq for row in sites.seller.rows(InboundTransfer)] == [1]
    assert len(sites.seller.rows(Ledger)) == 1
    assert sites.buyer.row(PurchaseOrder).state == "waiting"


def test_a_partner_that_announces_keys_without_end_is_one_hold(sqlite_sites: Pair) -> None:
    """Each pending key is read for every mail of everybody: what goes beyond a day's budget is not even kept."""
    seller = sqlite_sites.seller
    forge = Forge(sqlite_sites.buyer.key, sqlite_sites.buyer.code, seller.code, sqlite_sites.clock)
    rows = [seller.receive(forge.mail([], **announced(sqlite_sites))) for _ in range(9)]
    assert [row.reason for row in rows] == ["key_announced"] * 5 + ["partner_budget"] * 4
    assert len(seller.rows(PartnerKey, pending=True)) == 5
    exceeded = seller.metrics.registry.get_sample_value(
        "intergestan_partner_budget_exceeded_total", {"budget": "announcements"}
    )
    assert exceeded == 4
    sqlite_sites.clock.move(days=1, seconds=1)
    assert place(seller.receive(forge.mail([], **announced(sqlite_sites)))) == ("held", "key_announced")
    with seller.database.transaction() as connection:
        release(connection, [f"in-{rows[5].id}"], by="anne", at=seller.database.now())
    seller.importer.take_in(rows[5].id)
    assert place(seller.row(InboundMail, id=rows[5].id)) == ("held", "key_announced")


def announced(sites: Pair) -> dict[str, Any]:
    """The claims of a mail that announces a new key."""
    key = SigningKey.generate().public
    instant = int(sites.clock.now.timestamp()) + 86_400
    notice = {"action": "announce", "kid": key.kid, "jwk": key.jwk(), "signs_from": instant}
    return {"kind": "key", "seq": 0, "key": notice}
