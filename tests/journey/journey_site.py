"""A site of the journey tests: a folder with its configuration and key, a base, a mailbox, five processes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from intergestan_msg.order import Order
from intergestan_msg.seal import SigningKey
from intergestan_msg.ubl import write_order
from intergestan_runtime.archive import Archive
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import BellBroker, make_broker
from intergestan_runtime.secrets import create_key_file
from intergestan_runtime.steps import COMPOSE
from intergestan_site import migrate, setup
from intergestan_site.catalogues import catalogue
from intergestan_site.database import Database
from intergestan_site.files.order_files import import_file
from intergestan_site.mail_accounts.accounts import NewMailbox, NewRelay, add_mailbox, set_relay
from intergestan_site.request import request_orders
from intergestan_site.tables import InboundMail, OutboundMail, Partner, PurchaseOrder
from intergestan_site.words import Security
from tests.journey.service_process import ServiceProcess
from tests.pipeline.two_sites import products_of
from tests.servers import Dovecot, MailUser, RedisServer

Tables = Mapping[str, Mapping[str, Any]]
"""The tables of a configuration file."""

SERVICES = ("composer", "sender", "poller", "importer", "dispatcher")

QUICK: Tables = {
    "sender": {"retry_seconds": [1], "resend_seconds": [4, 8, 15, *[30] * 20], "relay_rest_seconds": 2},
    "dispatcher": {"scan_seconds": 0.3, "ring_again_seconds": 1.5, "gauge_seconds": 5},
    "poller": {"min_free_bytes": 0, "min_free_share": 0},
    "heartbeats": {"every_seconds": 0},
}
"""Settings with which a test need not wait for minutes. What is due when is a matter of the settings.

Mails are sent again later each time, because a machine that is busy for a minute would drown in them.
"""

USUAL: Tables = {"poller": QUICK["poller"], "heartbeats": QUICK["heartbeats"]}
"""The defaults, but for the disk, which is the tester's, and for heartbeats, which would be counted as mails."""


@dataclass(frozen=True)
class Surroundings:
    """The servers that the sites of a pair share; the Redis is the pair's own."""

    redis: RedisServer
    dovecot: Dovecot
    relay: tuple[str, int]


class JourneySite:
    """One site. The constructor makes it; `start` runs its services."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        surroundings: Surroundings,
        *,
        name: str,
        siret: str,
        user: MailUser,
        settings: Tables,
    ) -> None:
        self.folder = folder
        self.mail_user = user
        self.key = SigningKey.generate()
        self.database = Database(database_url, pgbouncer=settings.get("site", {}).get("pgbouncer", False))
        self.archive: Archive = FolderArchive(folder / "archive")
        self.processes = {service: ServiceProcess(service, folder) for service in SERVICES}
        self._mail = surroundings
        self._make_folder(settings)
        migrate.upgrade(self.database)
        with self.database.transaction() as connection:
            now = self.database.now()
            new = setup.NewSite(name=name, orders_address=user.address, answers_address=user.address, siret=siret)
            self.code = setup.create_site(connection, new, self.key.public, by="test", at=now)
            self.user_id = setup.add_user(connection, "anne", "Anne Martin", user.address, by="test", at=now)
            add_mailbox(connection, self._mailbox(), by="test", at=now)
        self.use_relay()
        self.broker: BellBroker = make_broker(surroundings.redis.url, self.code)

    # -- its processes ---------------------------------------------------------------------------------------

    def start(self, *services: str) -> None:
        """Start these services, all by default, where they do not run."""
        for service in services or SERVICES:
            if not self.processes[service].runs:
                self.processes[service].start()

    def wait_ready(self) -> None:
        """Until all that were started are ready."""
        for process in self.processes.values():
            if process.runs:
                process.wait_ready()

    def stop(self) -> None:
        """End all processes, whatever state they are in, and let the base go."""
        for process in self.processes.values():
            process.kill()
        self.broker.client.close()
        self.database.dispose()

    def expire_lease(self, service: str) -> None:
        """Let the 60 s pass for which the mails of a killed process stay its own."""
        past = self.database.now() - timedelta(seconds=1)
        worker = self.processes[service].worker
        with self.database.transaction() as connection:
            for table in (OutboundMail, InboundMail):
                connection.execute(update(table).where(table.lease_owner == worker).values(lease_until=past))

    # -- its accounts ----------------------------------------------------------------------------------------

    def use_relay(self, host: str = "", port: int = 0, *, tls: bool = False) -> None:
        """`relay set`; the pair's own relay by default."""
        relay = NewRelay(
            name="relay",
            host=host or self._mail.relay[0],
            port=port or self._mail.relay[1],
            security=Security.STARTTLS if tls else Security.NONE,
            ca_file=str(self._mail.dovecot.ca_file) if tls else None,
            login=self.mail_user.address,
            secret="mail",
        )
        with self.database.transaction() as connection:
            set_relay(connection, relay, by="test", at=self.database.now())

    def write_password(self, password: str) -> None:
        """The secret file of the mailbox and the relay."""
        self.write_secret("mail", password)

    def write_secret(self, name: str, text: str) -> None:
        """A secret file of the site."""
        file = self.folder / "secrets" / name
        file.touch(mode=0o600)
        file.write_text(text)

    # -- what its people do ----------------------------------------------------------------------------------

    def know_products_of(self, orders: Iterable[Order]) -> None:
        """Put what these orders name into the catalogue, at the prices that they state."""
        with self.database.transaction() as connection:
            catalogue.put_products(connection, products_of(*orders))

    def enter(self, orders: Iterable[Order]) -> None:
        """`orders import`."""
        for order in orders:
            import_file(self.database, f"{order.id}.xml", write_order(order), by="test")

    def send(self, supplier_code: str, numbers: Sequence[str], *, ring: bool = True) -> int:
        """*Valider*: one mail with these orders; its row id."""
        with self.database.transaction() as connection:
            supplier = connection.execute(select(Partner.party_id).where(Partner.site_code == supplier_code))
            rows = connection.execute(
                select(PurchaseOrder.id, PurchaseOrder.version).where(PurchaseOrder.number.in_(numbers))
            )
            versions = {row.id: row.version for row in rows}
            now = self.database.now()
            mail_id = request_orders(connection, supplier.scalar_one(), versions, self.user_id, by="test", at=now)
        if ring:
            COMPOSE.ring(self.broker, mail_id)
        return mail_id

    # -- what stands in its base -----------------------------------------------------------------------------

    def rows(self, table: Any, **where: Any) -> Sequence[Any]:
        """All rows of a table with these values, oldest first."""
        columns = table.__table__.c
        query = select(table.__table__).order_by(*table.__table__.primary_key.columns)
        with self.database.read() as connection:
            return connection.execute(query.where(*(columns[name] == value for name, value in where.items()))).all()

    def _make_folder(self, settings: Tables) -> None:
        (self.folder / "secrets").mkdir(parents=True, mode=0o700)
        self.write_password(self.mail_user.password)
        key_file = self.folder / "site.key"
        key_file.touch(mode=0o600)
        key_file.write_bytes(self.key.to_pem())
        create_key_file(self.folder / "bounce.key")
        site = {"data_dir": ".", "database_url": self.database.url, "redis_url": self._mail.redis.url}
        tables = {"log": {"form": "json"}, **settings, "site": {**site, **settings.get("site", {})}}
        (self.folder / "intergestan.toml").write_text("alone = true\n" + "".join(map(_table, tables.items())))

    def _mailbox(self) -> NewMailbox:
        return NewMailbox(
            name="inbox",
            host=self._mail.dovecot.host,
            port=self._mail.dovecot.imap,
            security=Security.NONE,
            login=self.mail_user.address,
            secret="mail",
            poll_seconds=5,
        )


def _table(table: tuple[str, Mapping[str, Any]]) -> str:
    name, values = table
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])
