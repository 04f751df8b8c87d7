"""Undelivered mail: a proven report moves our mail to hold, in words; nothing else changes anything; on both bases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import (
    Answer,
    DeliveryReport,
    Event,
    Hold,
    InboundTransfer,
    Ledger,
    OutboundBody,
    OutboundMail,
    Partner,
    PurchaseOrder,
    Relay,
    SalesOrder,
)
from intergestan_exchange.delivery_reports.report_list import list_reports
from intergestan_exchange.holds.hold_acts import release
from intergestan_exchange.holds.holds import list_holds
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import Choice, choose, foresee
from intergestan_exchange.keys.keys import public_keys
from intergestan_exchange.transfers.put_back import put_back
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.mail.letter import BOUNCE_HEADER
from intergestan_msg.ubl import write_order
from tests.factories import cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_gateways import in_one
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.reports import EXCHANGE, POSTFIX, SERVERS, Server, report

pytestmark = pytest.mark.mainly_on("postgresql")

TABLES = (Answer, Hold, InboundTransfer, Ledger, OutboundMail, PurchaseOrder, SalesOrder)


def send(sites: Pair, *, state: str = "sent") -> tuple[int, bytes]:
    """CFR1 in a mail that the relay took; its id and its bytes."""
    order = cfr1()
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(order))
    sites.buyer.import_orders(write_order(order))
    relay = {"name": "r", "host": "127.0.0.1", "port": 25, "security": "none", "bounce_mode": "plus"}
    with sites.buyer.database.transaction() as connection:
        connection.execute(insert(Relay).values(**relay, bounce_address="back@mulhouse.test"))
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    put(sites.buyer, state=state)
    return mail_id, mail


def put(site: SiteUnderTest, table: Any = OutboundMail, **values: Any) -> None:
    with site.database.transaction() as connection:
        connection.execute(update(table).values(**values))


def effects(site: SiteUnderTest) -> dict[str, list[Any]]:
    """All that a mail can do to a base."""
    return {table.__tablename__: [tuple(row) for row in site.rows(table)] for table in TABLES}


def events(site: SiteUnderTest) -> list[str]:
    return [row.name for row in site.rows(Event, subject="outbound_mail")]


def count(site: SiteUnderTest, name: str, **labels: str) -> float:
    return site.metrics.registry.get_sample_value(f"intergestan_{name}", labels) or 0


@pytest.mark.parametrize("server", SERVERS, ids=["postfix", "exchange", "headers", "encoded"])
def test_a_report_moves_the_mail_to_hold_with_the_reason_in_words(sites: Pair, server: Server) -> None:
    """Issue 3: VERP with a keyed token, RFC 3464 reports move the batch to hold."""
    buyer = sites.buyer
    _, mail = send(sites)
    inbound = buyer.receive(report("orders@mulhouse.test", mail, server=server))
    row = buyer.row(OutboundMail)
    assert (row.state, row.reason, row.next_attempt_at) == ("held", "undelivered", None)
    assert (inbound.state, inbound.transfer_id, inbound.partner_id) == ("done", row.transfer_id, row.partner_id)
    assert buyer.row(PurchaseOrder).state == "waiting"
    with buyer.database.read() as connection:
        (hold,) = list_holds(connection)
    assert (hold.ref, hold.partner, hold.order) == (f"out-{row.id}", "Stauber", "CFR1")
    assert "cette adresse n'existe pas" in hold.what("fr")
    assert "there is no such address" in hold.what("en")
    assert "5.1.1" in hold.what("en")
    assert "orders@stauber.test: 550 5.1.1" in hold.what("en")
    assert "la bonne adresse" in hold.advice("fr").do
    assert events(buyer)[-1] == "bounce"
    assert count(buyer, "mails_total", direction="in", outcome="report") > 0
    assert count(buyer, "delivery_reports_total", outcome="held") > 0


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_the_address_alone_proves_it(sites: Pair, state: str) -> None:
    """VERP: the report need not quote anything; and it tells that an unsure sending did get out."""
    send(sites, state=state)
    sites.buyer.receive(report(sites.buyer.row(OutboundMail).envelope_from, b"Subject: x\r\n\r\n"))
    assert sites.buyer.row(OutboundMail).reason == "undelivered"


def test_a_report_that_quotes_several_mails_is_one_report(sites: Pair) -> None:
    """What it quotes of ours is none of its own business, however many manifests that has."""
    buyer = sites.buyer
    _, mail = send(sites)
    other = Forge(buyer.key, buyer.code, sites.seller.code, sites.clock).orders(cfr2())
    inbound = buyer.receive(report(buyer.row(OutboundMail).envelope_from, in_one(mail, other)))
    assert (inbound.state, inbound.lease_owner) == ("done", None)
    assert buyer.row(OutboundMail).reason == "undelivered"
    assert events(buyer).count("bounce") == 1


def test_releasing_sends_the_same_bytes_to_the_corrected_address(sites: Pair) -> None:
    """D1; the order is booked once and answered."""
    buyer = sites.buyer
    mail_id, mail = send(sites)
    buyer.receive(report("orders@mulhouse.test", mail))
    put(buyer, Partner, order_address="right@stauber.test")
    with buyer.database.transaction() as connection:
        bells = release(connection, [f"out-{mail_id}"], by="anne", at=buyer.database.now())
    row = buyer.row(OutboundMail)
    assert bells.send == (mail_id,)
    assert (row.state, row.recipient, row.reason) == ("composed", "right@stauber.test", None)
    assert buyer.row(OutboundBody).mime == mail

    buyer.mark_sent(mail_id)
    sites.seller.receive(mail)
    (answers,) = sites.seller.compose_requested()
    buyer.receive(answers)
    assert (buyer.row(OutboundMail).state, buyer.row(PurchaseOrder).state) == ("answered", "accepted")


def test_the_same_report_again_changes_nothing(sites: Pair, pool: ReaderPool) -> None:
    """Delivered twice, or replayed after its hold was released."""
    buyer = sites.buyer
    mail_id, mail = send(sites)
    raw = report("orders@mulhouse.test", mail)
    first = buyer.receive(raw)
    with buyer.database.transaction() as connection:
        release(connection, [f"out-{mail_id}"], by="anne", at=buyer.database.now())
    buyer.mark_sent(mail_id)
    before = effects(buyer)
    buyer.receive(b"Received: from elsewhere; now\r\n" + raw)
    with buyer.database.read() as connection:
        reading = pool.read(raw, public_keys(connection))
        (chosen, _) = choose(connection, Choice())
        assert not foresee(connection, reading, sites.clock.now, buyer.bounce_key).changes(chosen)
    with buyer.database.transaction() as connection:
        put_back(connection, [first.id], by="anne", at=buyer.database.now())
    buyer.importer.take_in(first.id)
    assert effects(buyer) == before
    assert [row.effect for row in buyer.rows(DeliveryReport)] == ["held", "again"]
    buyer.receive(report("orders@mulhouse.test", mail, number=2))
    assert buyer.row(OutboundMail).state == "held", "another report is news"


@pytest.mark.parametrize(
    ("action", "event"),
    [("delayed", "delayed"), ("delivered", "delivered"), ("relayed", "relayed"), ("expanded", "expanded")],
)
def test_a_delay_or_a_delivery_is_an_event_and_nothing_more(sites: Pair, action: str, event: str) -> None:
    _, mail = send(sites)
    before = effects(sites.buyer)
    sites.buyer.receive(report("orders@mulhouse.test", mail, action=action, status="4.4.1"))
    assert effects(sites.buyer) == before
    assert events(sites.buyer)[-1] == event
    assert sites.buyer.row(DeliveryReport).effect == "noted"


@pytest.mark.parametrize(
    ("state", "reason"), [("answered", None), ("abandoned", None), ("composed", None), ("held", "refused_by_server")]
)
def test_a_report_that_comes_too_late_changes_nothing(sites: Pair, state: str, reason: str | None) -> None:
    """An answer wins over any report; what is about to go out again goes out."""
    _, mail = send(sites, state=state)
    put(sites.buyer, reason=reason)
    before = effects(sites.buyer)
    sites.buyer.receive(report("orders@mulhouse.test", mail))
    assert effects(sites.buyer) == before
    assert sites.buyer.row(DeliveryReport).effect == "late"
    assert events(sites.buyer)[-1] == "undelivered"


def test_a_report_after_the_last_resending_tells_the_true_reason(sites: Pair) -> None:
    """A server that gives up after five days reports when we have given up waiting."""
    _, mail = send(sites, state="held")
    put(sites.buyer, reason="no_answer", detail="4")
    sites.buyer.receive(report("orders@mulhouse.test", mail, status="4.4.1"))
    assert sites.buyer.row(OutboundMail).reason == "undelivered"


def test_an_answer_ends_the_hold(sites: Pair) -> None:
    """`design.md` §5: a valid answer leads to answered from any state."""
    _, mail = send(sites)
    sites.buyer.receive(report("orders@mulhouse.test", mail))
    sites.seller.receive(mail)
    (answers,) = sites.seller.compose_requested()
    sites.buyer.receive(answers)
    assert sites.buyer.row(OutboundMail).state == "answered"


def test_a_report_that_overtakes_the_sender_waits(sites: Pair) -> None:
    """The relay bounced before we wrote down that it took the mail."""
    _, mail = send(sites, state="sending")
    inbound = sites.buyer.receive(report("orders@mulhouse.test", mail))
    assert (inbound.state, inbound.strikes, inbound.lease_owner) == ("archived", 0, None)
    put(sites.buyer, state="sent")
    sites.buyer.importer.take_in(inbound.id)
    assert sites.buyer.row(OutboundMail).state == "held"


def forged(sites: Pair, mail: bytes) -> dict[str, bytes]:
    """Reports that prove nothing about the mail."""
    row = sites.buyer.row(OutboundMail)
    other = BounceKey(b"guess").token(row.id, row.transfer_id)
    of_another = sites.buyer.bounce_key.token(row.id, "0190f8a0-1b2c-7d3e-8f40-5162738495a6")
    no_such = sites.buyer.bounce_key.token(10**15, row.transfer_id)
    lines = mail.split(b"\r\n")
    bare = b"\r\n".join(line for line in lines if not line.startswith(BOUNCE_HEADER.encode()))
    return {
        "no token, Message-ID and manifest right": report("orders@mulhouse.test", bare),
        "another key": report(f"back+{other}@mulhouse.test", bare),
        "another mail's token": report(f"back+{of_another}@mulhouse.test", bare),
        "a mail that we do not have": report(f"back+{no_such}@mulhouse.test", bare),
        "the row alone": report(f"back+{row.id}@mulhouse.test", bare),
        "a stranger's": report("orders@mulhouse.test", b"Subject: holidays\r\n\r\nHello\r\n", server=EXCHANGE),
    }


def test_forged_and_unrelated_reports_change_nothing_and_are_listed(sites: Pair) -> None:
    """Issue 3; reliability.md §4: a report counts only if its token verifies."""
    _, mail = send(sites)
    before, said = effects(sites.buyer), events(sites.buyer)
    strangers = forged(sites, mail)
    for name, raw in strangers.items():
        assert sites.buyer.receive(raw).state == "alien", name
    assert effects(sites.buyer) == before
    assert events(sites.buyer) == said
    with sites.buyer.database.read() as connection:
        listed = list_reports(connection).rows
    assert [(each.mail, each.effect) for each in listed] == [(None, "unproven")] * len(strangers)
    assert {each.status for each in listed} == {"5.1.1"}
    assert count(sites.buyer, "delivery_reports_total", outcome="unproven") == len(strangers)


def test_a_sites_token_proves_nothing_to_another_site(sites: Pair) -> None:
    """Both sites may have a mail of the same number."""
    _, mail = send(sites)
    sites.seller.receive(mail)
    sites.seller.compose_requested()
    put(sites.seller, state="sent")
    sites.seller.receive(report("orders@stauber.test", mail))
    assert sites.seller.row(OutboundMail).state == "sent"


def test_without_a_key_no_report_counts_and_orders_go_on(sqlite_sites: Pair) -> None:
    buyer = sqlite_sites.buyer
    buyer.composer._bounce_key = buyer.importer._bounce_key = None
    _, mail = send(sqlite_sites)
    assert BOUNCE_HEADER.encode() not in mail
    assert buyer.row(OutboundMail).envelope_from == "back@mulhouse.test"
    buyer.receive(report("back@mulhouse.test", mail))
    assert buyer.row(OutboundMail).state == "sent"


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3, 0.5, 0.7, 0.95])
@pytest.mark.parametrize("marked", [True, False])
def test_a_report_that_is_cut_off_holds_only_by_what_is_left(sqlite_sites: Pair, share: float, *, marked: bool) -> None:
    """With token and action it is a report, and so it is without a sender at an address that we gave to one mail; with
    less it changes nothing, and no person is bothered.
    """
    _, mail = send(sqlite_sites)
    address = sqlite_sites.buyer.row(OutboundMail).envelope_from
    raw = report(address if marked else "orders@mulhouse.test", mail)
    cut = raw[: int(len(raw) * share)]
    proven = (address.encode() if marked else b"X-Intergestan-Bounce: ") in cut[:-40]
    inbound = sqlite_sites.buyer.receive(cut)
    assert (inbound.state, sqlite_sites.buyer.row(OutboundMail).state) == (
        ("done", "held") if proven else ("alien", "sent")
    )


def test_a_gigantic_report_is_read(sqlite_sites: Pair) -> None:
    """In the limited child: what a server returns may be as large as what we sent, and more."""
    _, mail = send(sqlite_sites)
    large = mail + (b"x" * 76 + b"\r\n") * 250_000
    assert sqlite_sites.buyer.receive(report("orders@mulhouse.test", large)).state == "done"
    assert sqlite_sites.buyer.row(OutboundMail).state == "held"


ABSENT = (
    b"From: Jean <orders@stauber.test>\r\nTo: orders@mulhouse.test\r\nMessage-ID: <oof@stauber.test>\r\n"
    b"Subject: Absence du bureau\r\nAuto-Submitted: auto-replied\r\nReturn-Path: <>\r\n"
)


def test_an_absence_note_is_counted_and_left(sites: Pair) -> None:
    """RFC 3834: never answered, never an order."""
    send(sites)
    before = effects(sites.buyer)
    note = ABSENT + b"Content-Type: text/plain\r\n\r\nJe suis absent jusqu'au 30.\r\n"
    assert sites.buyer.receive(note).state == "alien"
    assert effects(sites.buyer) == before
    assert count(sites.buyer, "mails_total", direction="in", outcome="automatic") == 1


def test_our_own_mail_that_comes_back_is_left(sites: Pair) -> None:
    """A loop, or an absence note that quotes it whole, ends here: nothing is booked, held or answered."""
    _, mail = send(sites)
    before = effects(sites.buyer)
    assert sites.buyer.receive(b"Received: from a list; now\r\n" + mail).state == "alien"
    quoting = ABSENT + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: message/rfc822\r\n\r\n"
    assert sites.buyer.receive(quoting + mail + b"\r\n--q--\r\n").state == "alien"
    assert effects(sites.buyer) == before
    assert count(sites.buyer, "mails_total", direction="in", outcome="own") == 2


def test_headers_do_not_stop_an_order(sites: Pair) -> None:
    """`design.md` §1: they are signals for people; a signed order in whatever wrapping is an order, once."""
    _, mail = send(sites)
    sites.seller.receive(b"Precedence: bulk\r\nReturn-Path: <>\r\n" + mail)
    sites.seller.receive(report("orders@stauber.test", mail, server=POSTFIX))
    assert [row.customer_order_number for row in sites.seller.rows(SalesOrder)] == ["CFR1"]


def test_an_answer_that_is_undelivered_is_held_too(sites: Pair) -> None:
    _, mail = send(sites)
    sites.seller.receive(mail)
    (answers,) = sites.seller.compose_requested()
    put(sites.seller, state="sent")
    sites.seller.receive(report("orders@stauber.test", answers))
    assert sites.seller.row(OutboundMail).reason == "undelivered"
