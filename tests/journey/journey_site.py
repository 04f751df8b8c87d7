"""A site of the journey tests: a folder with its configuration and key, a base, a mailbox, five processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.tables import InboundMail, OutboundMail
from intergestan_erp.order_files.file_order import Options
from intergestan_exchange.mail_accounts.accounts import NewMailbox, NewRelay, add_mailbox, set_relay
from intergestan_msg.order import Order
from intergestan_msg.ubl import write_order
from intergestan_runtime.archive import Archive
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import BellBroker, make_broker
from intergestan_runtime.steps import COMPOSE
from tests.journey.service_process import ServiceProcess
from tests.order_files import import_file
from tests.pipeline.two_sites import products_of
from tests.servers import Dovecot, FakeClock, MailUser, RedisServer
from tests.site_factories import SiteToTest, make_site, write_secret, write_site_folder
from tests.tester_disk import ROOMY

Tables = Mapping[str, Mapping[str, Any]]
"""The tables of a configuration file."""

SERVICES = ("composer", "sender", "poller", "importer", "dispatcher")

QUICK: Tables = {
    "sender": {"retry_seconds": [1], "resend_seconds": [4, 8, 15, *[30] * 20], "relay_rest_seconds": 2},
    "dispatcher": {"scan_seconds": 0.5, "ring_again_seconds": 1.5, "gauge_seconds": 5},
    "heartbeats": {"every_seconds": 0},
}
"""Settings with which a test need not wait for minutes. What is due when is a matter of the settings.

Mails are sent again later each time, because a machine that is busy for a minute would drown in them.
"""

USUAL: Tables = {"heartbeats": QUICK["heartbeats"]}
"""The defaults, but for heartbeats, which would be counted as mails."""


@dataclass(frozen=True)
class Surroundings:
    """The servers that the sites of a pair share; the Redis is the pair's own.

    :ivar cold: their processes are started by `exec`, as a site does it, for those who ask what they cost.
    :ivar clock: that of a site's machine, with its own Redis, where it is not the tests'.
    """

    redis: RedisServer
    dovecot: Dovecot
    relay: tuple[str, int]
    cold: bool = False
    clock: FakeClock | None = None


class JourneySite(SiteToTest):
    """One site in a migrated base. The constructor makes it; `start` runs its services."""

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
        database = Database(database_url, pgbouncer=settings.get("site", {}).get("pgbouncer", False))
        made = make_site(
            database, name, siret, orders_address=user.address, user="Anne Martin", user_address=user.address
        )
        super().__init__(**vars(made))
        self.folder = folder
        self.mail_user = user
        self.archive: Archive = FolderArchive(folder / "archive")
        self.clock = surroundings.clock
        cold = surroundings.cold or self.clock is not None
        environment = None if self.clock is None else self.clock.environment
        self.processes = {
            service: ServiceProcess(service, folder, cold=cold, environment=environment) for service in SERVICES
        }
        self._mail = surroundings
        site = {"data_dir": ".", "database_url": database.url, "redis_url": surroundings.redis.url}
        tables = {"log": {"form": "json"}, **settings, "site": {**ROOMY, **site, **settings.get("site", {})}}
        write_site_folder(folder, self.key, tables)
        self.write_password(user.password)
        with database.transaction() as connection:
            add_mailbox(connection, self._mailbox(), by="test", at=database.now())
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
        if self.clock is not None:
            self._mail.redis.stop()

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
        write_secret(self.folder / "secrets" / name, text.encode())

    # -- what its people do ----------------------------------------------------------------------------------

    def know_products_of(self, orders: Iterable[Order]) -> None:
        """Put what these orders name into the catalogue, at the prices that they state."""
        self.put_products(*products_of(*orders))

    def enter(self, orders: Iterable[Order]) -> None:
        """`orders import`."""
        for order in orders:
            import_file(
                self.database, f"{order.id}.xml", write_order(order), by="test", options=Options(any_dates=True)
            )

    def send(self, supplier_code: str, numbers: Sequence[str], *, ring: bool = True) -> int:
        """*Valider*: one mail with these orders; its row id."""
        mail_id = self.request(supplier_code, *numbers)
        if ring:
            COMPOSE.ring(self.broker, mail_id)
        return mail_id

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
