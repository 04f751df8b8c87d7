"""What the services would do between two commands, done in this process: so a command's test needs no server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select

from intergestan_db.database import Database
from intergestan_db.tables import InboundMail, OutboundBody
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.secrets import read_key_file
from services.composer.key_ring import ring_of
from services.composer.worker import Composer
from services.importer.worker import Importer

NOBODY = "unix:///nonexistent"
"""A Redis that is away: bells are lost, and nothing else."""


@contextmanager
def base(folder: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{folder / 'site.db'}")
    yield database
    database.dispose()


def rows(folder: Path, table: Any) -> list[Any]:
    """All rows of a site's table."""
    with base(folder) as database, database.read() as connection:
        return list(connection.execute(select(table.__table__)))


def compose(folder: Path, mail_id: int) -> bytes:
    """Compose a requested mail; its frozen bytes."""
    metrics = Metrics(CollectorRegistry())
    keys = ring_of(folder / "site.key")
    with base(folder) as database:
        broker = make_broker(NOBODY, "x", metrics=metrics)
        Composer(database, broker, metrics, keys, 15_000_000, bounce_key(folder)).compose(mail_id)
        with database.read() as connection:
            body = select(OutboundBody.mime).where(OutboundBody.outbound_mail_id == mail_id)
            return bytes(connection.execute(body).scalar_one())


def archive(folder: Path, raw: bytes) -> str:
    """Put a mail into a site's archive; its sha256."""
    (sha256,) = FolderArchive(folder / "archive").put_many([raw])
    return sha256


def enter(folder: Path, sha256: str, size: int) -> int:
    """Enter an archived mail as the poller does."""
    with base(folder) as database, database.transaction() as connection:
        row = {"sha256": sha256, "size": size, "state": "archived", "archived_at": database.now()}
        return connection.execute(insert(InboundMail).values(row).returning(InboundMail.id)).scalar_one()


def bounce_key(folder: Path) -> BounceKey:
    """The site's key of the marks in its mails."""
    return BounceKey(read_key_file(folder / "bounce.key"))


def take_in(folder: Path, *mail_ids: int) -> None:
    """Take archived mails in."""
    metrics, pool = Metrics(CollectorRegistry()), ReaderPool()
    try:
        with base(folder) as database:
            importer = Importer(
                database=database,
                broker=make_broker(NOBODY, "x", metrics=metrics),
                metrics=metrics,
                archive=FolderArchive(folder / "archive"),
                pool=pool,
                worker="importer-test",
                max_age=timedelta(days=30),
                bounce_key=bounce_key(folder),
            )
            for mail_id in mail_ids:
                importer.take_in(mail_id)
    finally:
        pool.close()


def receive(folder: Path, raw: bytes) -> str:
    """A mail comes and is taken in; its sha256."""
    sha256 = archive(folder, raw)
    take_in(folder, enter(folder, sha256, len(raw)))
    return sha256
