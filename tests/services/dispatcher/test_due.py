"""What is due is rung for, once, and again until it is done; and the gauges say what the base says."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client import CollectorRegistry
from sqlalchemy import func, insert, select, update

from intergestan_db import leases
from intergestan_db.database import Database
from intergestan_db.enums import HoldReason, InboundState, OutboundState, PurchaseState
from intergestan_db.tables import (
    Address,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    Notice,
    OutboundMail,
    Partner,
    PurchaseOrder,
)
from intergestan_erp.parties.codes import CodeRule, make_codes
from intergestan_erp.site.preferences import set_preference
from intergestan_operations.opening.outage import ANY_REFUSAL
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.settings import NoticeSettings
from intergestan_runtime.steps import COMPOSE, GEOCODE, IMPORT, NOTIFY, SEND, STEPS
from services.dispatcher.due import ADDRESSES_AT_ONCE, DUE, take_due
from services.dispatcher.notify import Notifier
from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.worker import Dispatcher
from tests.clock import Clock
from tests.databases import as_service
from tests.servers import RedisServer
from tests.services.sender.outbox import Outbox

pytestmark = pytest.mark.mainly_on("postgresql")


class Site:
    """A base with a dispatcher, and a Redis that nobody listens to."""

    def __init__(self, base: Database, server: RedisServer, folder: Path) -> None:
        self.base = base
        self.outbox = Outbox(base, 25)
        self.archive = FolderArchive(folder / "archive", min_free_bytes=0, min_free_share=0)
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.broker = make_broker(server.url, "test", metrics=self.metrics)
        own = as_service(base, "dispatcher")
        self.dispatcher = Dispatcher(own, self.broker, self.metrics, self.archive, DispatcherSettings(), 4)

    def rung(self) -> dict[str, int]:
        """How often each queue was rung since the last look."""
        lengths = self.broker.queue_lengths(step.queue for step in STEPS)
        self.broker.client.flushall()
        return {queue: length for queue, length in lengths.items() if length}

    def put_inbound(self, number: int = 1, **values: Any) -> int:
        row = {"sha256": f"{number:064}", "size": 9, "state": "archived", "archived_at": self.base.now()} | values
        with self.base.transaction() as connection:
            return connection.execute(insert(InboundMail).values(**row).returning(InboundMail.id)).scalar_one()

    def change(self, table: Any, row_id: int, **values: Any) -> None:
        with self.base.transaction() as connection:
            connection.execute(update(table).where(table.id == row_id).values(**values))

    def gauge(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"intergestan_{name}", labels)


@pytest.fixture
def site(base: Database, redis_server: RedisServer, tmp_path: Path) -> Site:
    return Site(base, redis_server, tmp_path)


@pytest.fixture
def sqlite_site(sqlite_base: Database, redis_server: RedisServer, tmp_path: Path) -> Site:
    return Site(sqlite_base, redis_server, tmp_path)


def test_a_due_row_is_rung_for_every_twenty_seconds(site: Site, clock: Clock) -> None:
    """`design.md` §12: a lost bell costs seconds, for the base knows what is due."""
    site.outbox.put(state="requested", next_attempt_at=None)
    site.outbox.put()
    site.put_inbound()
    assert site.dispatcher.ring_due() == 3
    assert site.rung() == {COMPOSE.queue: 1, SEND.queue: 1, IMPORT.queue: 1}
    assert site.dispatcher.ring_due() == 0
    clock.move(seconds=20)
    assert site.dispatcher.ring_due() == 0
    clock.move(seconds=1)
    assert site.dispatcher.ring_due() == 3


def _instants(clock: Clock, values: dict[str, Any]) -> dict[str, Any]:
    return {name: clock.now + value if isinstance(value, timedelta) else value for name, value in values.items()}


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({"state": "requested"}, True),
        ({"state": "requested", "next_attempt_at": None}, True),
        ({"state": "requested", "next_attempt_at": timedelta(seconds=8)}, False),
        ({"state": "composed"}, True),
        ({"state": "composed", "next_attempt_at": timedelta(seconds=1)}, False),
        ({"state": "sent"}, True),
        ({"state": "sent", "next_attempt_at": None}, False),
        ({"state": "unknown"}, True),
        ({"state": "unknown", "next_attempt_at": timedelta(minutes=30)}, False),
        ({"state": "sending", "lease_until": timedelta(seconds=1)}, False),
        ({"state": "sending", "lease_until": timedelta(seconds=-1)}, True),
        ({"state": "sending", "lease_until": None}, True),
        ({"state": "held"}, False),
        ({"state": "answered"}, False),
        ({"state": "abandoned"}, False),
    ],
)
def test_which_outbound_mails_are_due(sqlite_site: Site, clock: Clock, values: dict[str, Any], *, due: bool) -> None:
    """A row that a dead sender left in `sending` is due as soon as its lease is over."""
    sqlite_site.outbox.put(**_instants(clock, values))
    assert sqlite_site.dispatcher.ring_due() == int(due)


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({}, True),
        ({"lease_until": timedelta(seconds=1)}, False),
        ({"lease_until": timedelta(seconds=-1)}, True),
        ({"state": "done"}, False),
        ({"state": "held"}, False),
        ({"state": "alien"}, False),
    ],
)
def test_which_inbound_mails_are_due(sqlite_site: Site, clock: Clock, values: dict[str, Any], *, due: bool) -> None:
    sqlite_site.put_inbound(**_instants(clock, values))
    assert sqlite_site.dispatcher.ring_due() == int(due)


@pytest.mark.race
def test_several_dispatchers_find_a_row_once(site: Site, clock: Clock) -> None:
    """`design.md` §12: who searches while another one is about to commit what it found, finds nothing."""
    for number in range(5):
        site.put_inbound(number)
    (due,) = (each for each in DUE if each.step is IMPORT)
    again = timedelta(seconds=20)
    started = threading.Event()

    def search() -> list[int]:
        started.set()
        with site.base.transaction() as connection:
            return take_due(connection, due, clock.now, again)

    with ThreadPoolExecutor(1) as threads:
        with site.base.transaction() as connection:
            first = take_due(connection, due, clock.now, again)
            second = threads.submit(search)
            started.wait()
            time.sleep(0.2)  # for it to come to the rows and wait there
        assert first == [row.id for row in site.outbox.rows(InboundMail)]
        assert second.result() == []


def test_a_redis_that_is_away_delays_the_bell_only(sqlite_site: Site, redis_server: RedisServer, clock: Clock) -> None:
    sqlite_site.put_inbound()
    redis_server.kill()
    assert sqlite_site.dispatcher.ring_due() == 1
    redis_server.bring_back()
    clock.move(seconds=21)
    assert sqlite_site.dispatcher.ring_due() == 1
    assert sqlite_site.rung() == {IMPORT.queue: 1}


def test_the_gauges_are_what_the_base_says(site: Site, clock: Clock) -> None:
    """O7: equal to SQL at rest, zero where there is nothing any more."""
    site.outbox.put(orders=2)
    held = site.outbox.put(state="held", reason="refused_by_server")
    site.put_inbound(1)
    site.put_inbound(2, state="held", reason="unknown_signer")
    inbound = site.put_inbound(3, state="done")
    with site.base.transaction() as connection:
        transfer = {"partner_id": site.outbox.partner.id, "jti": "x", "epoch": 1, "seq": 1, "kind": "orders"}
        instants = {"composed_at": clock.now, "received_at": clock.now, "transfer_digest": "x"}
        transfer_id = connection.execute(
            insert(InboundTransfer)
            .values(**transfer, **instants, inbound_mail_id=inbound)
            .returning(InboundTransfer.id)
        ).scalar_one()
        document = {"type": "order", "number": "CFR1", "revision": 0, "business_hash": "x", "detail": "[]"}
        connection.execute(
            insert(Hold).values(
                partner_id=site.outbox.partner.id,
                inbound_mail_id=inbound,
                inbound_transfer_id=transfer_id,
                reason="conflict",
                opened_at=clock.now,
                **document,
            )
        )
    site.dispatcher.ring_due()
    site.dispatcher.measure()
    assert_gauges_are_sql(site)
    assert site.gauge("holds", reason="conflict") == 1
    assert site.gauge("oldest_hold_timestamp_seconds") == clock.now.timestamp()
    assert site.gauge("queue_messages", queue=IMPORT.queue) == 1
    assert site.gauge("oldest_pending_order_timestamp_seconds", step="send") == clock.now.timestamp()
    site.change(OutboundMail, held, state="abandoned")
    site.dispatcher.measure()
    assert_gauges_are_sql(site)
    assert site.gauge("holds", reason="refused_by_server") == 0


def assert_gauges_are_sql(site: Site) -> None:
    def counted(column: Any, word: str, *where: Any) -> int:
        with site.base.read() as connection:
            return connection.execute(select(func.count()).where(column == word, *where)).scalar_one()

    for sent in OutboundState:
        assert site.gauge("mails_pending", direction="out", state=sent) == counted(OutboundMail.state, sent), sent
    for received in InboundState:
        expected = counted(InboundMail.state, received)
        assert site.gauge("mails_pending", direction="in", state=received) == expected, received
    for step, state in (("compose", "confirmed"), ("send", "transmitting"), ("import", "waiting")):
        expected = counted(PurchaseOrder.state, PurchaseState(state))
        assert site.gauge("orders_pending", step=step, state=state) == expected
    for reason in HoldReason:
        expected = sum(
            counted(table.reason, reason, open_)
            for table, open_ in (
                (OutboundMail, OutboundMail.state == "held"),
                (InboundMail, InboundMail.state == "held"),
                (Hold, Hold.closed_at.is_(None)),
            )
        )
        assert site.gauge("holds", reason=reason) == expected, reason


def test_measuring_goes_on_without_redis(sqlite_site: Site, redis_server: RedisServer) -> None:
    redis_server.kill()
    sqlite_site.put_inbound()
    sqlite_site.dispatcher.measure()
    assert sqlite_site.gauge("mails_pending", direction="in", state="archived") == 1
    with pytest.raises(redis.RedisError):
        sqlite_site.broker.queue_lengths([IMPORT.queue])


def test_what_redis_cannot_tell_is_told_no_longer(sqlite_site: Site, redis_server: RedisServer) -> None:
    """Issue 13: an old value would look like a new one; that it is away is a gauge of its own."""

    def told() -> list[float | None]:
        sqlite_site.dispatcher.measure()
        sqlite_site.dispatcher.try_writes()
        names = ("redis_memory_used_bytes", "clock_skew_seconds")
        others = (sqlite_site.gauge("writes_refused", store="redis"), sqlite_site.gauge("redis_up"))
        return [*map(sqlite_site.gauge, names), sqlite_site.gauge("queue_messages", queue=IMPORT.queue), *others]

    assert None not in told()
    redis_server.kill()
    assert told() == [None, None, None, None, 0]
    assert sqlite_site.gauge("writes_refused", store="base") == 0
    redis_server.bring_back()
    assert None not in told()


def test_what_a_base_that_is_away_cannot_tell_is_told_no_longer(sqlite_site: Site, tmp_path: Path) -> None:
    site = sqlite_site
    site.dispatcher.measure()
    assert site.gauge("orders_unanswered") == 0
    away = Database(f"sqlite:///{tmp_path}/nowhere/site.db")
    with pytest.raises(ANY_REFUSAL):
        Dispatcher(away, site.broker, site.metrics, site.archive, DispatcherSettings(), 4).measure()
    assert site.gauge("orders_unanswered") is None
    assert site.gauge("mails_pending", direction="in", state="archived") is None
    assert site.gauge("archive_writable") == 1
    site.dispatcher.measure()
    assert site.gauge("orders_unanswered") == 0


def test_the_person_in_charge_is_told_and_the_notice_is_rung_for(site: Site, clock: Clock) -> None:
    """Once for all that is new, and again for a lost bell."""
    site.put_inbound(state="held", reason="poison", detail='[{"reason":"poison","values":{"strikes":"3"}}]')
    own = as_service(site.base, "dispatcher")
    notifier = Notifier(own, site.broker, NoticeSettings(to="anne@mulhouse.test"), "fr")
    assert Notifier(own, site.broker, NoticeSettings(), "fr").notify() is None, "nobody is named"
    assert notifier.notify() == 1
    assert site.rung() == {NOTIFY.queue: 1}
    assert notifier.notify() is None
    clock.move(seconds=21)
    assert site.dispatcher.ring_due() == 1
    assert site.rung() == {NOTIFY.queue: 1}
    site.change(InboundMail, 1, state="done")
    assert notifier.notify() is None
    site.change(InboundMail, 1, state="held")
    clock.move(minutes=15)
    assert notifier.notify() == 2, "it waits again"


def test_a_notice_to_ourselves_is_refused_with_a_word_in_the_log(
    sqlite_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite_site.put_inbound(state="held", reason="poison", detail="[]")
    notifier = Notifier(sqlite_site.base, sqlite_site.broker, NoticeSettings(to="o@mulhouse.test"), "fr")
    assert [notifier.notify(), notifier.notify()] == [None, None]
    assert capsys.readouterr().out.count("No notice can be sent") == 1
    assert sqlite_site.outbox.rows(Notice) == []


def test_a_change_that_waits_for_nothing_is_rung_for(site: Site) -> None:
    """Whatever settles a document wakes its change; if both came at once, this does, and only for what is ripe."""
    mail_id = site.put_inbound(state="done")
    now = site.base.now()
    with site.base.transaction() as connection:
        partner_id = connection.execute(select(Partner.id)).scalar_one()
        transfer = {
            "partner_id": partner_id,
            "jti": "x",
            "epoch": 1,
            "seq": 1,
            "kind": "orders",
            "transfer_digest": "d",
        }
        transfer |= {"composed_at": now, "received_at": now, "inbound_mail_id": mail_id}
        transfer_id = connection.execute(
            insert(InboundTransfer).values(transfer).returning(InboundTransfer.id)
        ).scalar_one()
        common = {"partner_id": partner_id, "inbound_transfer_id": transfer_id, "business_hash": "h", "number": "CFR1"}
        common |= {"created_at": now, "updated_at": now}
        for kind, revision, outcome in (("order", 0, "held"), ("change", 1, "waiting"), ("change", 3, "waiting")):
            connection.execute(insert(Ledger).values(**common, type=kind, revision=revision, outcome=outcome))
    assert (site.dispatcher.close_gaps(), site.rung()) == (0, {})
    with site.base.transaction() as connection:
        connection.execute(update(Ledger).where(Ledger.revision == 0).values(outcome="created"))
    assert (site.dispatcher.close_gaps(), site.rung()) == (1, {IMPORT.queue: 1})
    assert site.dispatcher.close_gaps() == 0


def test_addresses_are_rung_for_where_somebody_is_asked(site: Site, clock: Clock) -> None:
    """T25: a few at a time, so that no queue grows where a provider wants a second between two; by default none."""
    with site.base.transaction() as connection:
        party = connection.execute(select(Partner.party_id)).scalar_one()
        rows = [
            {"party_id": party, "kind": "other", "geo_state": "waiting", "geo_key": "k", "next_attempt_at": clock.now}
            for _ in range(ADDRESSES_AT_ONCE + 1)
        ]
        connection.execute(insert(Address), rows)
    assert site.dispatcher.ring_due() == 0
    site.dispatcher.measure()
    assert site.gauge("geocode_waiting") is None
    with site.base.transaction() as connection:
        set_preference(connection, "geo.provider", "ban", by="m", at=clock.now)
    assert site.dispatcher.ring_due() == 0, "nobody started the geocoder"
    with site.base.transaction() as connection:
        leases.beat(connection, "geocoder-1", "geocoder", clock.now)
    clock.move(minutes=-1)
    assert site.dispatcher.ring_due() == 0, "they are due in a minute"
    clock.move(minutes=1)
    assert [site.dispatcher.ring_due() for _ in range(3)] == [ADDRESSES_AT_ONCE, 1, 0]
    assert site.rung() == {"geocode": ADDRESSES_AT_ONCE + 1}
    site.dispatcher.measure()
    assert site.gauge("geocode_waiting") == ADDRESSES_AT_ONCE + 1
    assert site.gauge("geocode_calls_left") == 5000
    assert site.gauge("geocode_resting", reason="cap") == site.gauge("geocode_resting", reason="key") == 0
    with site.base.transaction() as connection:
        set_preference(connection, "geo.calls_per_month", "0", by="m", at=clock.now)
    site.dispatcher.measure()
    assert (site.gauge("geocode_calls_left"), site.gauge("geocode_resting", reason="cap")) == (0, 1)


def test_how_many_codes_are_left(site: Site, clock: Clock) -> None:
    """T04: the least share over all beginnings; nothing is told where people give codes."""
    site.dispatcher.measure()
    assert site.gauge("party_codes_left") is None
    with site.base.transaction() as connection:
        for name, value in (("codes.mode", "automatic"), ("codes.length", "6"), ("codes.prefix", "5")):
            set_preference(connection, name, value, by="m", at=clock.now)
    site.dispatcher.measure()
    assert site.gauge("party_codes_left") == 1
    with site.base.transaction() as connection:
        make_codes(connection, CodeRule(True, 6, 5), ["Dupont"] * 6 + ["Zoé"])
    site.dispatcher.measure()
    assert site.gauge("party_codes_left") == pytest.approx(3 / 9)


def test_no_search_for_addresses_looks_at_all_of_them(sqlite_base: Database) -> None:
    """Every five seconds: the index of those that wait serves, however many there are."""
    (due,) = (each for each in DUE if each.step is GEOCODE)
    looking = str(due.any.compile(sqlite_base.engine, compile_kwargs={"render_postcompile": True}))
    given = ("geo.provider", "none", "geocoder", *range(9))[: looking.count("?")]
    with sqlite_base.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {looking}", given).all()
    assert any("USING INDEX ix_address_waiting" in row[3] for row in plan), plan


def test_stock_below_nothing(site: Site) -> None:
    """The rules of the table hold that there is none; 0 is told where no stock is managed, too."""
    site.dispatcher.measure()
    assert site.gauge("stock_negative") == 0


def test_slips_and_returns_that_wait(site: Site) -> None:
    """D44, A52: 0 is told where none wait, too."""
    site.dispatcher.measure()
    for state in ("generated", "entered", "ready", "error"):
        assert site.gauge("picking_slips", state=state) == 0
    assert site.gauge("oldest_ready_slip_timestamp_seconds") == 0
    assert site.gauge("returns_uncredited") == 0
