"""Two sites in one process, each with its own base, archive, key and services; a post office between them.

The services' own objects are called directly, one step at a time, so that a test can look between the steps and
damage what travels. On PostgreSQL each service has the rights of its role. Bells go to a real Redis that nobody
listens to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.enums import InboundState
from intergestan_db.tables import (
    InboundMail,
    OutboundBody,
    OutboundMail,
    Site,
    User,
)
from intergestan_erp.catalogue import catalogue
from intergestan_erp.order_files.file_order import Options
from intergestan_exchange.budgets.limits import USUAL_LIMITS
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.order import Order
from intergestan_msg.seal import SigningKey
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import BellBroker, make_broker
from intergestan_runtime.metrics import Metrics
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer
from services.dispatcher.budgets import Budgets
from services.importer.worker import Importer
from tests import site_factories
from tests.databases import as_service
from tests.order_files import import_file
from tests.site_factories import SiteToTest, a_product, trust


@dataclass
class SiteUnderTest(SiteToTest):
    """One site with the services that need no server of their own.

    :ivar keys: all that it signs with, by key id.
    """

    keys: dict[str, SigningKey]
    archive: FolderArchive
    composer: Composer
    importer: Importer
    broker: BellBroker
    metrics: Metrics
    bounce_key: BounceKey

    def import_orders(self, *files: bytes) -> None:
        for number, file in enumerate(files):
            import_file(self.database, f"{number}.xml", file, by="test", options=Options(any_dates=True))

    def compose(self, mail_id: int) -> bytes:
        """Compose a requested mail; its frozen bytes."""
        self.composer.compose(mail_id)
        return bytes(self.row(OutboundBody, outbound_mail_id=mail_id).mime)

    def compose_requested(self) -> list[bytes]:
        """Compose whatever is requested."""
        return [self.compose(row.id) for row in self.rows(OutboundMail, state="requested")]

    def go_on(self) -> int:
        """What waits for a partner's budget, and for which there is room now: its dispatcher lets it go on."""
        count = Budgets(self.database, self.broker, USUAL_LIMITS).let_go_on()
        for row in self.rows(InboundMail, state="archived"):
            self.importer.take_in(row.id)
        return count

    def mark_sent(self, mail_id: int) -> None:
        """Pretend that the relay took the mail."""
        from services.sender.record import mark_waiting

        now = self.database.now()
        with self.database.transaction() as connection:
            connection.execute(
                update(OutboundMail)
                .where(OutboundMail.id == mail_id)
                .values(state="sent", sent_at=now, next_attempt_at=None)
            )
            mark_waiting(connection, mail_id, now)

    def receive(self, raw: bytes, *, take_in: bool = True) -> Any:
        """Archive a mail as the poller does, and take it in; its `inbound_mail` row."""
        (sha256,) = self.archive.put_many([raw])
        with self.database.transaction() as connection:
            known = connection.execute(select(InboundMail.id).where(InboundMail.sha256 == sha256)).scalar()
            mail_id = (
                known
                or connection.execute(
                    insert(InboundMail)
                    .values(sha256=sha256, size=len(raw), state=InboundState.ARCHIVED, archived_at=self.database.now())
                    .returning(InboundMail.id)
                ).scalar_one()
            )
        if take_in:
            self.importer.take_in(mail_id)
        return self.row(InboundMail, id=mail_id)


def make_site(database: Database, name: str, siret: str | None = None) -> SiteToTest:
    """A new site in an empty, migrated base."""
    address = f"orders@{name.lower()}.test"
    return site_factories.make_site(database, name, siret, orders_address=address, user="Anne Martin")


def assemble(
    database: Database, folder: Path, pool: ReaderPool, redis_url: str, *, name: str, key: SigningKey
) -> SiteUnderTest:
    """The services of a site that is there, whose key this is; the first user acts."""
    with database.read() as connection:
        code = connection.execute(select(Site.code)).scalar_one()
        user_id = connection.execute(select(User.id).order_by(User.id).limit(1)).scalar_one()
    return with_services(SiteToTest(database, key, code, user_id), folder, pool, redis_url, name)


def with_services(made: SiteToTest, folder: Path, pool: ReaderPool, redis_url: str, name: str) -> SiteUnderTest:
    """The services of a site, with their files in the folder."""
    database = made.database
    archive = FolderArchive(folder / "archive", min_free_bytes=0, min_free_share=0)
    keys = {made.key.public.kid: made.key}
    metrics = Metrics(CollectorRegistry())
    broker = make_broker(redis_url, made.code, metrics=metrics)
    bounce_key = BounceKey(name.encode())
    return SiteUnderTest(
        **vars(made),
        keys=keys,
        archive=archive,
        composer=Composer(
            as_service(database, "composer"), broker, metrics, KeyRing(keys.__getitem__), 15_000_000, bounce_key
        ),
        importer=Importer(
            database=as_service(database, "importer"),
            broker=broker,
            metrics=metrics,
            archive=archive,
            pool=pool,
            worker=f"importer-{name}",
            max_age=timedelta(days=30),
            bounce_key=bounce_key,
        ),
        broker=broker,
        metrics=metrics,
        bounce_key=bounce_key,
    )


def pair(one: SiteToTest, other: SiteToTest) -> None:
    """Each pins the other's key, and knows where to send its orders."""
    for us, them in ((one, other), (other, one)):
        trust(us, them)


def products_of(*orders: Order) -> list[catalogue.ProductRow]:
    """The products that these orders name, at the prices that they state."""
    found = {}
    for order in orders:
        for line in order.lines:
            assert line.price is not None
            code = line.item.sellers_id or line.item.buyers_id or ""
            price = str(line.price.amount / line.price.base_quantity)
            found[code] = a_product(code, price, purchase_price=None)
    return list(found.values())
