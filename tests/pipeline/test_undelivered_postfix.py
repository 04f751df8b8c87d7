"""Undelivered mail with a real mail server: Postfix takes our mail, fails to deliver it, and writes its reports."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, update

from intergestan_db.tables import DeliveryReport, InboundMail, OutboundMail, Partner, PurchaseOrder, Relay
from intergestan_exchange.holds.hold_acts import release
from intergestan_exchange.holds.holds import list_holds
from intergestan_msg.ubl import write_order
from intergestan_runtime.metrics import Metrics
from services.sender.deliver import Timeouts
from services.sender.settings import SenderSettings
from services.sender.worker import Connections, Sender
from tests.databases import as_service
from tests.factories import cfr1
from tests.patience import PATIENCE, eventually
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import Dovecot, Fault, MailUser, Postfix, SmtpServer
from tests.servers.process import free_port

pytestmark = pytest.mark.mainly_on("postgresql")


@dataclass
class Post:
    """The buyer with an order to send, a relay, and the mailboxes of both sites on Dovecot."""

    sites: Pair
    dovecot: Dovecot
    ours: MailUser
    theirs: MailUser

    @property
    def buyer(self) -> SiteUnderTest:
        return self.sites.buyer

    def send_to(self, address: str, relay: Postfix, bounce: str = "plus") -> Any:
        """Valider, compose and deliver CFR1; the outbound mail's row."""
        order = cfr1()
        for site in (self.buyer, self.sites.seller):
            site.put_products(*products_of(order))
        self.buyer.import_orders(write_order(order))
        account = {"name": "r", "host": relay.host, "port": relay.smtp, "security": "none", "bounce_mode": bounce}
        with self.buyer.database.transaction() as connection:
            connection.execute(insert(Relay).values(**account, bounce_address=self.ours.address))
        self.correct(address)
        mail_id = self.buyer.request(self.sites.seller.code, "CFR1")
        self.buyer.compose(mail_id)
        self.deliver(mail_id)
        row = self.buyer.row(OutboundMail)
        assert row.state == "sent", row.detail
        return row

    def correct(self, address: str) -> None:
        with self.buyer.database.transaction() as connection:
            connection.execute(update(Partner).values(order_address=address))

    def deliver(self, mail_id: int) -> None:
        """Let a sender have one conversation with the relay."""
        connections = Connections(
            Timeouts(connect=PATIENCE, before_dot=PATIENCE, after_dot=PATIENCE), lambda _relay: None
        )
        database, metrics = self.buyer.database, Metrics(CollectorRegistry())
        Sender(as_service(database, "sender"), metrics, "sender-1", SenderSettings(), connections).send(mail_id)
        connections.close()

    def collect(self, user: MailUser, site: SiteUnderTest, enough: Callable[[], bool]) -> None:
        """Take in what comes into a mailbox, as a poller would find it, until it is enough."""
        seen: set[Path] = set()

        def is_enough() -> bool:
            for file in set(self.dovecot.maildir(user.address).glob("new/*")) - seen:
                seen.add(file)
                site.receive(file.read_bytes())
            return enough()

        eventually(is_enough, what=lambda: [email.message_from_bytes(file.read_bytes()) for file in seen], every=0.1)

    def held(self) -> bool:
        return bool(self.buyer.row(OutboundMail).state == "held")

    def what(self, language: str) -> str:
        with self.buyer.database.read() as connection:
            (hold,) = list_holds(connection)
        return hold.what(language)


@pytest.fixture
def post(sites: Pair, dovecot: Dovecot) -> Post:
    return Post(sites, dovecot, dovecot.new_user(), dovecot.new_user())


@pytest.fixture
def sqlite_post(sqlite_sites: Pair, dovecot: Dovecot) -> Post:
    return Post(sqlite_sites, dovecot, dovecot.new_user(), dovecot.new_user())


@contextmanager
def postfix_that(dovecot: Dovecot, routes: dict[str, int], **settings: str) -> Iterator[Postfix]:
    """A Postfix that hands domains on to ports of this machine."""
    maps = ", ".join(f"{{ {domain} = smtp:[127.0.0.1]:{port} }}" for domain, port in routes.items())
    with Postfix(dovecot, {"transport_maps": f"inline:{{ {maps} }}", **settings}) as server:
        yield server


@pytest.mark.parametrize("bounce", ["plus", "fixed"])
def test_an_unknown_user(post: Post, postfix: Postfix, bounce: str) -> None:
    """Postfix takes the mail, Dovecot knows no such mailbox; the address is corrected and the hold released."""
    row = post.send_to("nobody-at-all@site.test", postfix, bounce)
    assert ("+" in row.envelope_from) is (bounce == "plus")
    post.collect(post.ours, post.buyer, post.held)
    assert post.buyer.row(OutboundMail).reason == "undelivered"
    assert "cette adresse n'existe pas" in post.what("fr")
    assert "User doesn't exist" in post.what("en")
    assert post.buyer.row(PurchaseOrder).state == "waiting"
    report = post.buyer.row(DeliveryReport)
    assert (report.action, report.status, report.effect) == ("failed", "5.1.1", "held")
    assert post.buyer.row(InboundMail).state == "done"

    post.correct(post.theirs.address)
    with post.buyer.database.transaction() as connection:
        release(connection, [f"out-{row.id}"], by="anne", at=post.buyer.database.now())
    post.deliver(row.id)
    seller = post.sites.seller
    post.collect(post.theirs, seller, lambda: bool(seller.rows(OutboundMail)))
    (answers,) = seller.compose_requested()
    post.buyer.receive(answers)
    assert (post.buyer.row(OutboundMail).state, post.buyer.row(PurchaseOrder).state) == ("answered", "accepted")


def test_a_later_server_refuses(post: Post, dovecot: Dovecot, make_smtp: Callable[..., SmtpServer]) -> None:
    """5xx at the next hop: its words reach the person."""
    hop = make_smtp()
    hop.inject(Fault(at="RCPT", reply="550 5.7.1 Message refusé par nos règles", times=5))
    with postfix_that(dovecot, {"partner.test": hop.port}) as relay:
        post.send_to("appros@partner.test", relay)
        post.collect(post.ours, post.buyer, post.held)
    assert "les règles du serveur du correspondant le refusent (5.7.1)" in post.what("fr")
    assert "par nos r" in post.what("fr")


def test_a_server_that_is_away_delays_and_then_fails_the_mail(sqlite_post: Post, dovecot: Dovecot) -> None:
    """A warning after a while, which changes nothing; the failure when the queue gives up."""
    times = {"delay_warning_time": "1s", "maximal_queue_lifetime": "6s", "bounce_queue_lifetime": "60s"}
    with postfix_that(dovecot, {"partner.test": free_port()}, **times) as relay:
        sqlite_post.send_to("appros@partner.test", relay)
        sqlite_post.collect(sqlite_post.ours, sqlite_post.buyer, sqlite_post.held)
    reports = sqlite_post.buyer.rows(DeliveryReport)
    assert [(row.action, row.effect) for row in reports] == [("delayed", "noted"), ("failed", "held")]
    assert "injoignable (4.4.1)" in sqlite_post.what("fr")


def test_greylisting_is_waited_out(sqlite_post: Post, dovecot: Dovecot, make_smtp: Callable[..., SmtpServer]) -> None:
    """4xx first, then accepted: the order arrives, and nobody is told of anything."""
    delivered: list[bytes] = []
    hop = make_smtp(deliver_to=lambda _to, raw: delivered.append(raw))
    hop.inject(Fault(at="RCPT", reply="451 4.7.1 Greylisted, try again later", times=2))
    with postfix_that(dovecot, {"partner.test": hop.port}) as relay:
        sqlite_post.send_to("appros@partner.test", relay)
        eventually(lambda: delivered)
    seller = sqlite_post.sites.seller
    assert seller.receive(delivered[0]).state == "done"
    assert sqlite_post.buyer.row(OutboundMail).state == "sent"
    assert not list(dovecot.maildir(sqlite_post.ours.address).glob("new/*"))
