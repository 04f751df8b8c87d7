"""Two sites of one process, and whatever their services do over and over as steps that can be run one by one.

For those who ask what a step costs (`benchmarks/growth.py`), or what it asks of its database
(`tests/pipeline/test_plans.py`): the services' own objects are called, in the role of the service on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from intergestan_db import leases
from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.tables import (
    Mailbox,
    OutboundBody,
    OutboundMail,
    Partner,
)
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.selling.sales import show_sales_order
from intergestan_exchange.budgets.limits import USUAL_LIMITS
from intergestan_exchange.health.status import read_status
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import Choice, choose, newest_mail
from intergestan_exchange.mail_accounts.accounts import NewMailbox, NewRelay, add_mailbox, set_relay
from intergestan_exchange.mailboxes import pollers
from intergestan_exchange.statements.beginnings import keep
from intergestan_exchange.statements.statement_requests import request as request_statements
from intergestan_exchange.statements.statements import Counter, Pace
from intergestan_exchange.tracing.trace import trace
from intergestan_msg.ubl import write_order
from intergestan_operations.alerting.watching import Watcher, Ways
from intergestan_operations.replaying.plan import AT_ONCE
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.settings import HeartbeatSettings, NoticeSettings
from services.dispatcher.budgets import Budgets
from services.dispatcher.clock import ClockKeeper
from services.dispatcher.credit import CreditRinger
from services.dispatcher.damaged_mails import DamagedMails
from services.dispatcher.heartbeats import HeartbeatKeeper
from services.dispatcher.high_water import HighWaterKeeper
from services.dispatcher.notify import Notifier
from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.statements import Statements
from services.dispatcher.strangers import Strangers
from services.dispatcher.worker import Dispatcher
from services.poller.handles import UidNotes
from services.poller.rows import Archived, MailboxRows
from services.sender.outcome import Kind, Outcome, ResponseClass
from services.sender.record import claim, commit_dot, conclude
from services.sender.settings import SenderSettings
from services.sender.too_far import is_any_too_far
from tests.databases import as_service
from tests.factories import an_order
from tests.pipeline.two_sites import SiteUnderTest, make_site, pair, products_of, with_services

SIRETS = {"Mulhouse": "73282932000074", "Stauber": "80295478500028"}
LINES = 2
HOURS = 48
UIDVALIDITY = 7
DAY = date(2020, 11, 15)
"""Of the orders."""
LONG_AGO = Pace(10**9, 0, 0)
"""As if all had been counted long ago: in grown databases the first mails are the newest."""
_TAKEN = Outcome(kind=Kind.ACCEPTED, response_class=ResponseClass.SUCCESS, text="250 taken", code=250)
_CATALOGUE = products_of(an_order("catalogue", lines=8))

Work = Callable[[], Any]
"""One step, ready to be run."""


class WorkingSites:
    """A buyer and a seller that trust each other, each with a relay and a mailbox. The database's own clock counts."""

    def __init__(self, buyer: Database, seller: Database, folder: Path, pool: ReaderPool, redis_url: str) -> None:
        made = [make_site(each, name, SIRETS[name]) for each, name in zip((buyer, seller), SIRETS, strict=True)]
        pair(*made)
        for name in SIRETS:
            (folder / name).mkdir(parents=True)
        self.buyer, self.seller = (
            with_services(site, folder / name, pool, redis_url, name) for site, name in zip(made, SIRETS, strict=True)
        )
        self._numbers = count(1)
        for site in (self.buyer, self.seller):
            site.put_products(*_CATALOGUE)
            _add_accounts(site)
        self.dispatchers = {
            name: Dispatching(site, folder / name) for name, site in (("buyer", self.buyer), ("seller", self.seller))
        }
        self._pollers = {id(site): Polling(site) for site in (self.buyer, self.seller)}

    # -- the way of an order ---------------------------------------------------------------------------------

    def request(self, orders: int = 1, lines: int = LINES) -> int:
        """Orders and their *Valider*: the mail to compose."""
        numbers = [f"CFR{next(self._numbers)}" for _ in range(orders)]
        self.buyer.import_orders(*(write_order(an_order(number, lines)) for number in numbers))
        return self.buyer.request(self.seller.code, *numbers)

    def composed(self) -> int:
        """A mail that is ready to leave."""
        mail_id = self.request()
        self.buyer.composer.compose(mail_id)
        return mail_id

    def ordered(self) -> bytes:
        """A mail of one order that left."""
        mail_id = self.composed()
        send(self.buyer, mail_id)
        return frozen(self.buyer, mail_id)

    def arrived(self, site: SiteUnderTest, raw: bytes) -> int:
        """A mail in the archive, as the poller enters it."""
        return self._pollers[id(site)].keep(raw)

    def polling(self, site: SiteUnderTest) -> Polling:
        """The poller of a site."""
        return self._pollers[id(site)]

    def booked(self) -> bytes:
        """A mail of an order that is booked, and whose answer left."""
        raw = self.ordered()
        self.seller.importer.take_in(self.arrived(self.seller, raw))
        return raw

    def answered(self) -> bytes:
        """The mail that answers an order."""
        self.booked()
        return frozen(self.seller, self.answer_all()[-1])

    def answer_all(self) -> list[int]:
        """Let the answers leave that wait for the composer; their mails."""
        mails = [row.id for row in self.seller.rows(OutboundMail, state="requested", kind="answers")]
        for mail_id in mails:
            self.seller.composer.compose(mail_id)
            send(self.seller, mail_id)
        return mails

    def once_round(self, orders: int = 1, lines: int = LINES) -> None:
        """A mail of orders from their entry to the answer that their buyer applied."""
        mail_id = self.request(orders, lines)
        self.buyer.composer.compose(mail_id)
        send(self.buyer, mail_id)
        self.seller.importer.take_in(self.arrived(self.seller, frozen(self.buyer, mail_id)))
        self.buyer.importer.take_in(self.arrived(self.buyer, frozen(self.seller, self.answer_all()[-1])))

    # -- steps ----------------------------------------------------------------------------------------------

    def compose(self) -> Work:
        """A mail of one order."""
        mail_id = self.request()
        return lambda: self.buyer.composer.compose(mail_id)

    def send(self) -> Work:
        """All that the sender writes of it."""
        mail_id = self.composed()
        return lambda: send(self.buyer, mail_id)

    def keep(self) -> Work:
        """What the poller writes of a new mail."""
        raw = self.ordered()
        return lambda: self.arrived(self.seller, raw)

    def book(self) -> Work:
        """A new order."""
        self.answer_all()
        mail_id = self.arrived(self.seller, self.ordered())
        return lambda: self.seller.importer.take_in(mail_id)

    def book_again(self) -> Work:
        """The same transfer, by another mail."""
        raw = self.booked()
        self.answer_all()
        mail_id = self.arrived(self.seller, b"X-Again: yes\r\n" + raw)
        return lambda: self.seller.importer.take_in(mail_id)

    def answer(self) -> Work:
        """Composing and sending the answer to an order."""
        self.answer_all()
        self.booked()
        (mail_id,) = (row.id for row in self.seller.rows(OutboundMail, state="requested", kind="answers"))

        def compose_and_send() -> None:
            self.seller.composer.compose(mail_id)
            send(self.seller, mail_id)

        return compose_and_send

    def apply(self) -> Work:
        """An answer, at the buyer."""
        mail_id = self.arrived(self.buyer, self.answered())
        return lambda: self.buyer.importer.take_in(mail_id)

    def statement(self) -> Work:
        """Composing what the buyer says of all mails between the two."""
        with self.buyer.database.transaction() as connection:
            partner = self.buyer.row(Partner).id
            (mail_id,) = request_statements(connection, [partner], at=self.buyer.database.now(), newest=True)
        return lambda: self.buyer.composer.compose(mail_id)

    def take_statement(self) -> Work:
        """What the buyer says, at the seller."""
        with self.buyer.database.transaction() as connection:
            partner = self.buyer.row(Partner).id
            (mail_id,) = request_statements(connection, [partner], at=self.buyer.database.now(), newest=True)
        self.buyer.composer.compose(mail_id)
        arrived = self.arrived(self.seller, frozen(self.buyer, mail_id))
        return lambda: self.seller.importer.take_in(arrived)

    def count_years(self) -> None:
        """Count what statements and the dispatcher of years would have counted by now, at either site."""
        until = int(self.buyer.database.now().timestamp())
        for dispatching in self.dispatchers.values():
            dispatching.count_resting()
        for site, other in ((self.buyer, self.seller), (self.seller, self.buyer)):
            with other.database.read() as connection:
                theirs = Counter(connection, other.row(Partner).id).our_statement(until)
            partner = site.row(Partner).id
            with site.database.transaction() as connection:
                ours, compared = (Counter(connection, partner, LONG_AGO) for _ in range(2))
                ours.our_statement(until)
                compared.compare_all(theirs)
                keep(connection, partner, ours.longer() + compared.longer())

    def steps(self) -> Mapping[str, Callable[[], Work]]:
        """By name, what gets each ready."""
        buyer, seller = self.buyer, self.seller
        found: dict[str, Callable[[], Work]] = {
            "compose": self.compose,
            "send": self.send,
            "keep a new mail": self.keep,
            "book": self.book,
            "book again": self.book_again,
            "answer": self.answer,
            "apply an answer": self.apply,
            "statement": self.statement,
            "take a statement": self.take_statement,
        }
        for whose, site in (("buyer", buyer), ("seller", seller)):
            dispatcher, poller = self.dispatchers[whose], self._pollers[id(site)]
            found |= {
                f"look, {whose}": _ready(*dispatcher.often),
                f"gauges, {whose}": _ready(*dispatcher.gauges),
                f"every minute, {whose}": _ready(*dispatcher.rarely, poller.look, partial(live, site)),
                f"watch, {whose}": _ready(dispatcher.watch),
                f"tidy, {whose}": _ready(*dispatcher.tidy),
                f"known UIDs, {whose}": _ready(poller.known),
                f"status, {whose}": _ready(partial(reading, site, _status)),
                f"replay begins, {whose}": _ready(partial(reading, site, _choose)),
            }
        return found | {
            "trace, buyer": _ready(lambda: reading(buyer, lambda connection, _now: trace(connection, "CFR1"))),
            "trace, seller": _ready(lambda: reading(seller, lambda connection, _now: trace(connection, "CFR1"))),
            "sales show": _ready(lambda: reading(seller, lambda connection, _: show_sales_order(connection, "CCL1"))),
            "sales list of a day": _ready(lambda: reading(seller, _list_a_day)),
        }


class Dispatching:
    """The dispatcher of a site: its loops, by how often they come round."""

    def __init__(self, site: SiteUnderTest, folder: Path) -> None:
        database = as_service(site.database, "dispatcher")
        broker, metrics, archive = site.broker, Metrics(CollectorRegistry()), site.archive
        settings = DispatcherSettings()
        dispatcher = Dispatcher(database, broker, metrics, archive, settings, HOURS)
        keeper = HeartbeatKeeper(database, broker, metrics, archive, HeartbeatSettings())
        statements = Statements(database, broker, settings.statement_hours)
        strangers = Strangers(database, archive, metrics, settings)
        budgets = Budgets(database, broker, USUAL_LIMITS)
        notices = NoticeSettings(to="anne@example.test")
        watcher = Watcher(database, broker, archive, Ways(None, None), "en", HOURS, timedelta(minutes=5))
        self.often: tuple[Work, ...] = (
            ClockKeeper(database).look,
            dispatcher.ring_due,
            dispatcher.close_gaps,
            budgets.let_go_on,
            statements.end_pauses,
            keeper.beat,
            HighWaterKeeper(database, folder / "high-water.json").keep,
        )
        self.gauges: tuple[Work, ...] = (
            dispatcher.measure,
            Notifier(database, broker, notices, "en").notify,
            statements.ask_for_statements,
            DamagedMails(database, broker, archive).mend,
            keeper.measure,
        )
        self.rarely: tuple[Work, ...] = (
            dispatcher.remind,
            dispatcher.try_writes,
            CreditRinger(database, broker).ring_for_credit,
        )
        self.watch: Work = watcher.look
        self.tidy: tuple[Work, ...] = (strangers.tidy, keeper.tidy, statements.tidy)
        self.count_resting: Work = dispatcher.count_resting


class Polling:
    """The poller of a site, without the server: what it reads and writes of its one mailbox."""

    def __init__(self, site: SiteUnderTest) -> None:
        self._archive = site.archive
        self._database = as_service(site.database, "poller")
        self._notes = UidNotes(UIDVALIDITY)
        self._uids = count(1_000_000_000)
        mailbox_id = site.row(Mailbox).id
        with self._database.transaction() as connection:
            leases.beat(connection, "poller", "poller", site.database.now())
            ((_, fence),) = leases.claim_mailboxes(connection, [mailbox_id], "poller", site.database.now()).items()
        self._rows = MailboxRows(self._database, "poller", mailbox_id, fence)

    def look(self) -> None:
        """A poll that finds nothing, and a beat."""
        with self._database.read() as connection:
            pollers.placements(connection, self._database.now())
        self._rows.mailbox()
        self._rows.open_runs()
        self._rows.spent()
        self._rows.ask_again(self._notes, self._archive.is_whole)
        self._rows.finish([], 0)

    def known(self) -> set[int]:
        """What need not be fetched."""
        return self._rows.known(self._notes)

    def keep(self, raw: bytes) -> int:
        """Enter a mail."""
        (sha256,) = self._archive.put_many([raw])
        new = self._rows.keep(self._notes, [Archived(next(self._uids), sha256, len(raw))], None)
        return new[sha256]


def send(site: SiteUnderTest, mail_id: int) -> None:
    """What the sender does with a mail that the relay takes."""
    database, settings = as_service(site.database, "sender"), SenderSettings()
    with database.transaction() as connection:
        claimed = claim(connection, mail_id, "sender", database.now(), settings)
    assert claimed is not None
    with database.transaction() as connection:
        commit_dot(connection, claimed)
    with database.transaction() as connection:
        conclude(connection, claimed, _TAKEN, database.now(), settings)


def live(site: SiteUnderTest) -> None:
    """Signs of life, and what is done with them."""
    database = as_service(site.database, "sender")
    with database.transaction() as connection:
        leases.beat(connection, "sender", "sender", database.now())
    with database.read() as connection:
        is_any_too_far(connection, database.now(), SenderSettings())


def frozen(site: SiteUnderTest, mail_id: int) -> bytes:
    """The bytes of a mail."""
    return bytes(site.row(OutboundBody, outbound_mail_id=mail_id).mime)


def reading(site: SiteUnderTest, read: Callable[[Any, Any], Any]) -> Any:
    """What this reads for a person, who has all rights."""
    with site.database.read() as connection:
        return read(connection, site.database.now())


def _ready(*works: Work) -> Callable[[], Work]:
    def run() -> None:
        for work in works:
            work()

    return lambda: run


def _status(connection: Any, now: Any) -> Any:
    return read_status(connection, now, HOURS)


def _choose(connection: Any, _now: Any) -> Any:
    return choose(connection, Choice(newest=newest_mail(connection)), None, AT_ONCE)


def _list_a_day(connection: Any, _now: Any) -> Any:
    return list_sales_page(connection, WhichSales(first=DAY, last=DAY))


def _add_accounts(site: SiteUnderTest) -> None:
    account: dict[str, Any] = {"host": "localhost", "port": 1, "security": Security.NONE}
    account |= {"login": "us", "secret": "mail"}
    with site.database.transaction() as connection:
        now = site.database.now()
        set_relay(connection, NewRelay(name="relay", **account), by="test", at=now)
        add_mailbox(connection, NewMailbox(name="inbox", **account), by="test", at=now)
