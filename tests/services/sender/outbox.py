"""A buyer's base with composed mails in it, and a real sender for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count
from types import TracebackType
from typing import Any, Self

import uuid_utils
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.tables import (
    DeliveryAttempt,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    Relay,
)
from intergestan_exchange.keys import pairing
from intergestan_msg.card import Card
from intergestan_msg.seal import SigningKey
from intergestan_runtime.metrics import Metrics
from services.sender.deliver import Timeouts
from services.sender.settings import SenderSettings
from services.sender.worker import Connections, Sender
from tests.databases import as_service
from tests.patience import PATIENCE
from tests.site_factories import make_site, rows_of

UNHURRIED = Timeouts(connect=PATIENCE, before_dot=PATIENCE, after_dot=PATIENCE, goodbye=0.2)
OUR_KEY, THEIR_KEY = SigningKey(bytes(32)), SigningKey(bytes(range(32)))


class Outbox:
    """A context manager, for the connections that its senders keep. `relay_port` may be changed by `set_relay`."""

    def __init__(self, base: Database, relay_port: int) -> None:
        self.base = base
        self.connections: list[Connections] = []
        self._numbers = count(1)
        at = base.now()
        card = Card(
            code="80295478500028",
            name="Stauber",
            orders_address="o@stauber.test",
            answers_address="a@stauber.test",
            siret=None,
            vat=None,
            key=THEIR_KEY.public,
            iat=int(at.timestamp()),
        )
        addresses = {"orders_address": "o@mulhouse.test", "answers_address": "a@mulhouse.test"}
        self.user_id = make_site(base, "Mulhouse", **addresses, user="Anne", key=OUR_KEY).user_id
        with base.transaction() as connection:
            pairing.add_partner(connection, card, by="test", at=at)
            connection.execute(update(Partner).values(order_address=card.orders_address))
            self.partner = connection.execute(select(Partner.__table__)).one()
            connection.execute(insert(Relay).values(name="relay", host="127.0.0.1", port=relay_port, security="none"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connections in self.connections:
            connections.close()

    def set_relay(self, **values: Any) -> None:
        with self.base.transaction() as connection:
            connection.execute(update(Relay).values(**values))

    def put(self, orders: int = 1, kind: str = "orders", lines: int = 1, **values: Any) -> int:
        """A composed mail of some lines that is due, with purchase orders in transmission; its row id."""
        at = self.base.now()
        with self.base.transaction() as connection:
            transfer = str(uuid_utils.uuid7())
            row = {
                "transfer_id": transfer,
                "kind": kind,
                "state": "composed",
                "partner_id": self.partner.id,
                "requested_at": at,
                "next_attempt_at": at,
                "envelope_from": "anne@mulhouse.test",
                "recipient": "o@stauber.test",
            } | values
            mail_id: int = connection.execute(
                insert(OutboundMail).values(**row).returning(OutboundMail.id)
            ).scalar_one()
            mime = f"Message-ID: <{transfer}@mulhouse.test>\r\nSubject: {mail_id}\r\n\r\n.\r\n" + "Orders.\r\n" * lines
            connection.execute(insert(OutboundBody).values(outbound_mail_id=mail_id, mime=mime.encode()))
            for _ in range(orders if kind == "orders" else 0):
                self._put_order(connection, mail_id)
        return mail_id

    def _put_order(self, connection: Any, mail_id: int) -> None:
        at = self.base.now()
        order = {
            "number": f"CFR{next(self._numbers)}",
            "supplier_id": self.partner.party_id,
            "state": "transmitting",
            "issue_date": at.date(),
            "currency": "EUR",
            "total_ht": Decimal(0),
            "total_vat": Decimal(0),
            "total_ttc": Decimal(0),
            "outbound_mail_id": mail_id,
            "created_at": at,
            "updated_at": at,
        }
        order_id = connection.execute(insert(PurchaseOrder).values(**order).returning(PurchaseOrder.id)).scalar_one()
        link = {"outbound_mail_id": mail_id, "purchase_order_id": order_id, "revision": 0, "version": 1}
        connection.execute(insert(OutboundOrder).values(**link))

    def sender(
        self,
        worker: str = "sender-1",
        timeouts: Timeouts = UNHURRIED,
        password_of: Callable[[Any], str | None] = lambda _relay: None,
        **settings: Any,
    ) -> Sender:
        """A sender with connections of its own."""
        connections = Connections(timeouts, password_of)
        self.connections.append(connections)
        base = as_service(self.base, "sender")
        return Sender(base, Metrics(CollectorRegistry()), worker, SenderSettings(**settings), connections)

    def rows(self, table: Any, **where: Any) -> Sequence[Any]:
        """All rows of a table with these values, oldest first."""
        return rows_of(self.base, table, **where)

    def mail(self, mail_id: int) -> Any:
        """The row of an outbound mail."""
        (row,) = self.rows(OutboundMail, id=mail_id)
        return row

    def change(self, mail_id: int, **values: Any) -> None:
        with self.base.transaction() as connection:
            connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(**values))

    def orders(self) -> list[str]:
        """The states of all purchase orders."""
        return [row.state for row in self.rows(PurchaseOrder)]

    def attempts(self, mail_id: int) -> list[tuple[str, str | None]]:
        """How far each attempt went, and what it came to."""
        return [(row.phase, row.outcome) for row in self.rows(DeliveryAttempt, outbound_mail_id=mail_id)]

    def mime(self, mail_id: int) -> bytes:
        """The frozen bytes."""
        (row,) = self.rows(OutboundBody, outbound_mail_id=mail_id)
        return bytes(row.mime)
