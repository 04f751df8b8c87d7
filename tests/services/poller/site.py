"""A site's base and archive with a real poller on it, for tests."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, PollRun
from intergestan_exchange.mailboxes.placement import Takes
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.metrics import Metrics
from services.poller.collect import Tools
from services.poller.rows import MailboxRows
from services.poller.settings import PollerSettings
from services.poller.source import Secret
from services.poller.worker import Poller, Seat
from tests.databases import as_service
from tests.patience import PATIENCE, eventually


def mail(number: int, size: int = 0) -> bytes:
    """A small mail, different for each number, or one of about `size` octets."""
    head = f"From: a@a.test\r\nTo: b@b.test\r\nSubject: mail {number}\r\n\r\n".encode()
    return head + b"Hello.\r\n" + (b"x" * 76 + b"\r\n") * (size // 78)


class PollerSite:
    """One site. `rung` are the ids that IMPORT was rung for, `rung_first` those that go before all that wait."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.archive = FolderArchive(folder / "archive", min_free_bytes=0, min_free_share=0)
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.rung: list[int] = []
        self.rung_first: list[int] = []
        self.passwords: dict[str, Secret] = {}

    def add_mailbox(self, name: str, password: str = "secret", **values: Any) -> int:
        """A row of `mailbox`; polled every 60 s, by IDLE too, unless `values` say otherwise."""
        self.passwords[name] = password
        row = {"name": name, "host": "127.0.0.1", "security": "none", "login": name} | values
        with self.database.transaction() as connection:
            return connection.execute(insert(Mailbox).returning(Mailbox.id), [row]).scalar_one()

    def change_mailbox(self, name: str, **values: Any) -> None:
        with self.database.transaction() as connection:
            connection.execute(update(Mailbox).where(Mailbox.name == name).values(**values))

    def mailbox(self, name: str) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(Mailbox.__table__).where(Mailbox.name == name)).one()

    def tools(self, die: Callable[[BaseException], None], **settings: Any) -> Tools:
        return Tools(
            archive=self.archive,
            metrics=self.metrics,
            settings=PollerSettings(**settings),
            ring=self.rung.extend,
            ring_first=self.rung_first.extend,
            password_for=lambda row: self.passwords[row.name],
            language="en",
            die=die,
        )

    @contextmanager
    def poller(self, *names: str, worker: str = "poller-1", **settings: Any) -> Iterator[Poller]:
        """A poller at work. What it dies of is raised at the end."""
        seat = Seat(worker, worker, Takes(names))
        poller = Poller(as_service(self.database, "poller"), seat, lambda die: self.tools(die, **settings))
        stop, errors = threading.Event(), []

        def run() -> None:
            try:
                poller.run(stop)
            except Exception as error:  # noqa: BLE001 - raised again below
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield poller
        finally:
            stop.set()
            thread.join(PATIENCE)
        assert not thread.is_alive()
        for error in errors:
            raise error

    def rows_of(self, name: str, worker: str = "poller-1") -> MailboxRows:
        """The mailbox's rows under the lease that it has now."""
        row = self.mailbox(name)
        return MailboxRows(as_service(self.database, "poller"), worker, row.id, row.fence)

    def ask(self, name: str) -> int:
        """A *Relever*; its id."""
        row = {"mailbox_id": self.mailbox(name).id, "requested_at": self.database.now(), "requested_by": "test"}
        with self.database.transaction() as connection:
            return connection.execute(insert(PollRun).returning(PollRun.id), [row]).scalar_one()

    def run(self, run_id: int) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(PollRun.__table__).where(PollRun.id == run_id)).one()

    def relever(self, poller: Poller, name: str) -> Any:
        """Ask for a collection, ring, wait for its end; the `poll_run` row."""
        run_id = self.ask(name)
        poller.poll(run_id)
        eventually(lambda: self.run(run_id).listed_at or self.run(run_id).error)
        return self.run(run_id)

    def mails(self) -> list[bytes]:
        """The archived bytes of every inbound mail, in the order of their rows."""
        return [self.archive.get(row.sha256) for row in self.inbound()]

    def inbound(self) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(select(InboundMail.__table__).order_by(InboundMail.id)).all()

    def uids(self, name: str) -> dict[tuple[int, int], Any]:
        """(UIDVALIDITY, UID) → row of `mailbox_uid`."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(MailboxUid.__table__)
                .join(Mailbox, Mailbox.id == MailboxUid.mailbox_id)
                .where(Mailbox.name == name)
            )
            return {(row.uidvalidity, row.uid): row for row in rows}

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"intergestan_{name}", labels) or 0.0
