"""From a request to frozen bytes: once, without gaps, and never rendered again."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, text, update

from intergestan_db.tables import OutboundBody, OutboundMail, Partner, PurchaseOrder, Relay
from intergestan_exchange.outbox.outbound import abandon
from intergestan_exchange.outbox.request import MAX_ORDERS
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.ubl import write_order
from intergestan_runtime.broker import make_broker
from intergestan_runtime.crashpoint import ENVIRONMENT
from intergestan_runtime.metrics import Metrics
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer
from tests import warm
from tests.factories import an_order, cfr1, cfr2
from tests.order_files import import_file
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import RedisServer

pytestmark = pytest.mark.mainly_on("postgresql")


def requested(sites: Pair, *numbers: str, lines: int = 1) -> list[int]:
    """A requested mail for each of these orders."""
    orders = [an_order(number, lines) for number in numbers]
    sites.buyer.put_products(*products_of(*orders))
    sites.buyer.import_orders(*(write_order(order) for order in orders))
    return [sites.buyer.request(sites.seller.code, number) for number in numbers]


def change(site: SiteUnderTest, table: Any, **values: Any) -> None:
    with site.database.transaction() as connection:
        connection.execute(update(table).values(**values))


def headers(raw: bytes) -> Message:
    return message_from_bytes(raw, policy=default)


def with_limit(site: SiteUnderTest, max_bytes: int, redis: RedisServer) -> Composer:
    metrics = Metrics(CollectorRegistry())
    return Composer(
        site.database, make_broker(redis.url, site.code), metrics, KeyRing(lambda _kid: site.key), max_bytes
    )


def test_what_is_frozen_never_changes(sites: Pair) -> None:
    """`design.md` §1: the sender repeats the same bytes, whatever the base says by then."""
    (mail_id,) = requested(sites, "CFR1")
    raw = sites.buyer.compose(mail_id)
    row = sites.buyer.row(OutboundMail)
    change(sites.buyer, Partner, name="Somebody else", order_address="new@stauber.test")
    sites.clock.move(days=1)
    assert sites.buyer.compose(mail_id) == raw
    assert sites.buyer.row(OutboundMail) == row
    assert (row.state, row.epoch, row.seq, row.size) == ("composed", 1, 1, len(raw))
    assert row.next_attempt_at == row.composed_at
    received = read_mail(raw, {sites.buyer.key.public.kid: sites.buyer.key.public})
    assert received.transfer_digest == row.transfer_digest
    assert (received.manifest.jti, received.manifest.seq) == (row.transfer_id, 1)
    assert received.headers.message_id == f"<{row.transfer_id}@mulhouse.test>"


def test_the_frozen_bytes_take_a_part_of_their_room(sites: Pair) -> None:
    """What the database keeps of them is short; what leaves is all of it (`tests/db/test_compressed.py`)."""
    (mail_id,) = requested(sites, "CFR1")
    mime = sites.buyer.compose(mail_id)
    kept = text("SELECT length(mime) FROM outbound_body WHERE outbound_mail_id = :mail")
    with sites.buyer.database.read() as connection:
        assert connection.execute(kept, {"mail": mail_id}).scalar_one() < len(mime) / 2


@pytest.mark.race
def test_composing_at_once_takes_one_number_each(sites: Pair) -> None:
    """`design.md` §11: doubled bells and several composers leave neither gap nor double."""
    mails = requested(sites, *(f"CFR{number}" for number in range(1, 6)))
    with ThreadPoolExecutor(6) as threads:
        jobs = [threads.submit(sites.buyer.composer.compose, mail_id) for mail_id in mails * 3]
    for job in jobs:
        job.result()
    rows = sites.buyer.rows(OutboundMail)
    assert [row.state for row in rows] == ["composed"] * 5
    assert sorted(row.seq for row in rows) == [1, 2, 3, 4, 5]
    assert sites.buyer.row(Partner).out_seq == 5
    assert len(sites.buyer.rows(OutboundBody)) == 5


def test_a_mail_that_is_too_big_is_held_with_the_number_that_fits(sites: Pair, session_redis: RedisServer) -> None:
    """`design.md` §7; and its sequence number is given back."""
    orders = [an_order(f"CFR{number}", 8) for number in range(1, 5)]
    sites.buyer.put_products(*products_of(*orders))
    sites.buyer.import_orders(*(write_order(order) for order in orders))
    mail_id = sites.buyer.request(sites.seller.code, *(order.id for order in orders))
    with_limit(sites.buyer, 30_000, session_redis).compose(mail_id)
    row = sites.buyer.row(OutboundMail)
    assert (row.state, row.reason, row.seq) == ("held", "not_composed", None)
    assert re.search(r"more than the 30000 allowed: about [123] orders fit", row.detail)
    assert (sites.buyer.row(Partner).out_seq, sites.buyer.rows(OutboundBody)) == (0, [])
    (second,) = requested(sites, "CFR9")
    sites.buyer.compose(second)
    assert sites.buyer.row(OutboundMail, id=second).seq == 1


def test_an_order_that_changed_after_its_selection_is_not_sent(sqlite_sites: Pair) -> None:
    """G14: what goes out is what the user saw."""
    (mail_id,) = requested(sqlite_sites, "CFR1")
    change(sqlite_sites.buyer, PurchaseOrder, version=PurchaseOrder.version + 1)
    sqlite_sites.buyer.composer.compose(mail_id)
    row = sqlite_sites.buyer.row(OutboundMail)
    assert (row.state, row.reason) == ("held", "not_composed")
    assert "CFR1" in row.detail
    assert sqlite_sites.buyer.row(PurchaseOrder).state == "transmitting"


def test_without_an_address_nothing_is_composed(sqlite_sites: Pair) -> None:
    """G17, where the address was taken away after the request."""
    (mail_id,) = requested(sqlite_sites, "CFR1")
    change(sqlite_sites.buyer, Partner, order_address=None)
    sqlite_sites.buyer.composer.compose(mail_id)
    row = sqlite_sites.buyer.row(OutboundMail)
    assert (row.state, row.reason) == ("held", "not_composed")


@pytest.mark.race
def test_two_composers_that_cannot_compose_agree(sites: Pair, session_redis: RedisServer) -> None:
    (mail_id,) = requested(sites, "CFR1")
    composer = with_limit(sites.buyer, 10, session_redis)
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(composer.compose, mail_id) for _ in range(8)]
    for job in jobs:
        job.result()
    assert sites.buyer.row(OutboundMail).reason == "not_composed"


def test_what_was_given_up_is_not_composed(sqlite_sites: Pair) -> None:
    buyer = sqlite_sites.buyer
    (mail_id,) = requested(sqlite_sites, "CFR1")
    with buyer.database.transaction() as connection:
        abandon(connection, [mail_id], by="anne", at=buyer.database.now())
    buyer.composer.compose(mail_id)
    assert (buyer.row(OutboundMail).state, buyer.rows(OutboundBody)) == ("abandoned", [])


@pytest.mark.parametrize(
    ("mode", "bounce", "sender", "envelope"),
    [
        ("user", None, "anne@mulhouse.test", "anne@mulhouse.test"),
        ("site", None, "orders@mulhouse.test", "orders@mulhouse.test"),
        ("user", "bounces@mulhouse.test", "anne@mulhouse.test", "bounces@mulhouse.test"),
    ],
)
def test_who_the_mail_is_from(sqlite_sites: Pair, mode: str, bounce: str | None, sender: str, envelope: str) -> None:
    """G15: From the connected user; from the site, with Reply-To the user, where the relay demands it."""
    buyer = sqlite_sites.buyer
    relay = {"name": "r", "host": "127.0.0.1", "port": 25, "security": "none"}
    with buyer.database.transaction() as connection:
        connection.execute(insert(Relay).values(**relay, from_mode=mode, bounce_address=bounce))
    (mail_id,) = requested(sqlite_sites, "CFR1")
    mail = headers(buyer.compose(mail_id))
    assert sender in mail["From"]
    assert "anne@mulhouse.test" in mail["Reply-To"]
    assert "orders@stauber.test" in mail["To"]
    assert mail["Auto-Submitted"] == "auto-generated"
    row = buyer.row(OutboundMail)
    assert (row.envelope_from, row.recipient) == (envelope, "orders@stauber.test")


def test_each_mail_may_have_a_bounce_address_of_its_own(sqlite_sites: Pair) -> None:
    """`design.md` §7, relay.bounce = plus."""
    buyer = sqlite_sites.buyer
    relay = {"name": "r", "host": "127.0.0.1", "port": 25, "security": "none", "bounce_mode": "plus"}
    with buyer.database.transaction() as connection:
        connection.execute(insert(Relay).values(**relay, bounce_address="back@mulhouse.test"))
    (mail_id,) = requested(sqlite_sites, "CFR1")
    buyer.compose(mail_id)
    row = buyer.row(OutboundMail)
    token = buyer.bounce_key.token(row.id, row.transfer_id)
    assert row.envelope_from == f"back+{token}@mulhouse.test"
    assert headers(buyer.row(OutboundBody).mime)["X-Intergestan-Bounce"] == token


def test_a_bounce_address_that_would_be_too_long_stays_as_it_is(sqlite_sites: Pair) -> None:
    """RFC 5321 §4.5.3.1.1: 64 characters before the @; the mark stands in the mail all the same."""
    buyer, address = sqlite_sites.buyer, f"{'b' * 60}@mulhouse.test"
    relay = {"name": "r", "host": "127.0.0.1", "port": 25, "security": "none", "bounce_mode": "plus"}
    with buyer.database.transaction() as connection:
        connection.execute(insert(Relay).values(**relay, bounce_address=address))
    (mail_id,) = requested(sqlite_sites, "CFR1")
    buyer.compose(mail_id)
    assert buyer.row(OutboundMail).envelope_from == address


def test_answers_go_to_the_pinned_address_and_quote_the_mail(sites: Pair) -> None:
    """`design.md` §10: From the site, To the address of the card, never the From or Reply-To of the mail."""
    buyer, seller = sites.buyer, sites.seller
    seller.put_products(*products_of(cfr1()))
    (mail_id,) = requested(sites, "CFR1")
    raw = buyer.compose(mail_id).replace(b"anne@mulhouse.test", b"evil@elsewhere.test")
    seller.receive(raw)
    (answers,) = seller.compose_requested()
    mail = headers(answers)
    order = buyer.row(OutboundMail)
    assert (mail["From"], mail["To"]) == ("Stauber <orders@stauber.test>", "Mulhouse <orders@mulhouse.test>")
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == mail["References"] == f"<{order.transfer_id}@mulhouse.test>"
    assert b"elsewhere" not in answers
    received = read_mail(answers, {seller.key.public.kid: seller.key.public})
    assert received.manifest.in_reply_to is not None
    assert (received.manifest.in_reply_to.jti, received.manifest.in_reply_to.digest) == (
        order.transfer_id,
        order.transfer_digest,
    )
    assert [(answer.order_id, answer.n) for answer in received.manifest.answers] == [("CFR1", 1)]
    assert seller.row(OutboundMail).envelope_from == "orders@stauber.test"


def test_a_thousand_orders_in_one_mail(sqlite_sites: Pair) -> None:
    """`formats.md` §1: as many as a mail may carry, below the size limit, and they can all be read."""
    buyer = sqlite_sites.buyer
    buyer.put_products(*products_of(cfr1(), cfr2()))
    numbers = [f"B{number:04}" for number in range(MAX_ORDERS)]
    rows = [f"{number};2026-11-15;{sqlite_sites.seller.code};FAI01;2;45" for number in numbers]
    file = "\n".join(["number;date;supplier;product;quantity;price", *rows])
    import_file(buyer.database, "orders.csv", file.encode(), by="anne")
    raw = buyer.compose(buyer.request(sqlite_sites.seller.code, *numbers))
    received = read_mail(raw, {buyer.key.public.kid: buyer.key.public})
    assert [document.id for document, _ in received.documents] == numbers
    assert len(raw) < 15_000_000


@pytest.mark.parametrize(("point", "state", "seq"), [("commit:1", "requested", 0), ("commit:1:after", "composed", 1)])
def test_a_killed_composer_leaves_all_or_nothing(
    sites: Pair, session_redis: RedisServer, point: str, state: str, seq: int
) -> None:
    """F1, crash table: the next one goes on where this one fell; no number is lost, no byte differs."""
    buyer = sites.buyer
    (mail_id,) = requested(sites, "CFR1")
    url = buyer.database.engine.url.render_as_string(hide_password=False)
    arguments = [url, str(mail_id), buyer.key.to_pem().hex(), session_redis.url, sites.clock.now.isoformat()]
    command = [sys.executable, "-m", "tests.services.composer.compose_once", *arguments]
    assert warm.run(command, env=os.environ | {ENVIRONMENT: point}, check=False).returncode == -9
    assert (buyer.row(OutboundMail).state, buyer.row(Partner).out_seq) == (state, seq)
    before = [row.mime for row in buyer.rows(OutboundBody)]
    raw = buyer.compose(mail_id)
    assert (buyer.row(OutboundMail).state, buyer.row(OutboundMail).seq) == ("composed", 1)
    assert before in ([], [raw])
