"""The dispatcher's and the importer's roles in PostgreSQL suffice for heartbeats (deploy/postgresql/roles.sql)."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import ProgrammingError

from intergestan_db.database import Database
from intergestan_db.tables import DeliveryAttempt, Heartbeat, InboundMail, Mailbox, MailboxUid, OutboundMail, Partner
from intergestan_msg.ubl import write_order
from intergestan_runtime.broker import make_broker
from intergestan_runtime.settings import HeartbeatSettings
from services.dispatcher.heartbeats import HeartbeatKeeper
from tests.databases import as_service
from tests.factories import cfr1
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import RedisServer


def check_nothing_else(dispatcher: Database, supplier: str, buyer: SiteUnderTest) -> None:
    """Of a mail with orders it may neither delete a trace nor change the state."""
    buyer.put_products(*products_of(cfr1()))
    buyer.import_orders(write_order(cfr1()))
    buyer.compose(buyer.request(supplier, "CFR1"))
    for statement in (
        *("DELETE FROM event", "DELETE FROM outbound_body", "DELETE FROM outbound_mail"),
        "UPDATE outbound_mail SET state = 'sent' WHERE kind = 'orders'",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), dispatcher.transaction() as connection:
            connection.exec_driver_sql(statement)


def test_their_roles_suffice(postgres_sites: Pair, session_redis: RedisServer) -> None:
    buyer, seller, clock = postgres_sites.buyer, postgres_sites.seller, postgres_sites.clock
    dispatcher = as_service(buyer.database, "dispatcher")
    broker = make_broker(session_redis.url, buyer.code, metrics=buyer.metrics)
    settings = HeartbeatSettings(every_seconds=60)
    keeper = HeartbeatKeeper(dispatcher, broker, buyer.metrics, buyer.archive, settings)
    with buyer.database.transaction() as connection:
        connection.execute(update(Partner).values(heartbeat="on"))
        box = {"name": "box", "host": "127.0.0.1", "port": 1, "security": "none"}
        box_id = connection.execute(insert(Mailbox).values(**box).returning(Mailbox.id)).scalar_one()
    assert keeper.beat() == 1
    (raw,) = buyer.compose_requested()
    mail_id = buyer.row(OutboundMail).id
    buyer.mark_sent(mail_id)
    seller.receive(raw)
    (echo,) = seller.compose_requested()
    inbound = buyer.receive(echo)
    assert (inbound.state, buyer.row(Heartbeat).outcome, "heartbeat" in (buyer.row(Partner).takes or "")) == (
        "done",
        "on_time",
        True,
    )
    with buyer.database.transaction() as connection:
        attempt = {"outbound_mail_id": mail_id, "n": 1, "phase": "ended", "started_at": clock.now}
        connection.execute(insert(DeliveryAttempt).values(**attempt))
        name = {"mailbox_id": box_id, "uidvalidity": 1, "uid": 1, "inbound_mail_id": inbound.id}
        connection.execute(insert(MailboxUid).values(**name))
    assert keeper.beat() == 0
    clock.move(hours=2)
    assert keeper.beat() == 1
    clock.move(hours=2)
    keeper.beat()  # gives the second one up
    clock.move(days=8)
    keeper.measure()
    assert keeper.tidy() > 0
    assert buyer.rows(InboundMail) == buyer.rows(DeliveryAttempt) == []
    check_nothing_else(dispatcher, seller.code, buyer)
