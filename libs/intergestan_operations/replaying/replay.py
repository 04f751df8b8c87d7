"""Doing it: mails are given back to the importer, so many at a time, and what they bring is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from intergestan_db.database import Database
from intergestan_exchange.inbox.replay import Chosen, Stray, adopt, resting
from intergestan_exchange.mailboxes.poll_runs import is_alive
from intergestan_exchange.tracing.brought import Brought, brought_by
from intergestan_exchange.transfers.put_back import put_back
from intergestan_operations.replaying.plan import AT_ONCE, Work

Place = tuple[str, str | None]
"""A mail's state, and why it is held."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How far the importer is: mails that rest again, of all, and whether those that it has do."""

    done: int
    total: int
    is_over: bool


class Replay:
    """One replay. Whoever drives it gives, looks until all rest, counts, and gives again; it may stop at any time.

    :param by: who does it, as the database knows them. :param ring: rings the importer for mails, after the commit.
    :ivar brought: what the mails counted so far brought. :ivar settled: how many of them rest.
    :ivar moved: those that rest elsewhere than before, by sha256: where they were (None: nowhere), and are.
    """

    def __init__(
        self, database: Database, work: Work, by: Callable[[Connection], str], ring: Callable[[tuple[int, ...]], object]
    ) -> None:
        self.brought = Brought()
        self.settled = 0
        self.moved: dict[str, tuple[Place | None, Place]] = {}
        self._database = database
        self._work = work
        self._by = by
        self._ring = ring
        self._left = iter(work)
        self._given: tuple[int, ...] = ()
        self._before: dict[str, Place] = {}
        self._since = database.now()
        self._counted = 0

    def has_importer(self) -> bool:
        """Whether anybody would take the mails in."""
        with self._database.read() as connection:
            return is_alive(connection, "importer", self._database.now())

    def give(self) -> bool:
        """Give the next mails to the importer; False when there are none left."""
        batch = list(islice(self._left, AT_ONCE))
        if not batch:
            return False
        self._before = {each.sha256: (each.state, each.reason) for each in batch if isinstance(each, Chosen)}
        self._since = self._database.now()
        with self._database.transaction() as connection:
            by, at = self._by(connection), self._database.now()
            mails = [each.id for each in batch if isinstance(each, Chosen)]
            files = [each for each in batch if isinstance(each, Stray)]
            self._given = put_back(connection, mails, by=by, at=at) + adopt(connection, files, by=by, at=at)
        self._ring(self._given)
        return True

    def look(self) -> Looked:
        """How far it is."""
        with self._database.read() as connection:
            done = len(resting(connection, self._given))
        total = max(self._work.expected - len(self._work.skipped), self._work.given)
        return Looked(self._counted + done, total, done == len(self._given))

    def count(self) -> None:
        """Add what the mails given last brought, as far as they rest."""
        with self._database.read() as connection:
            rested = resting(connection, self._given)
            self.brought += brought_by(connection, self._given, self._since)
        self._counted += len(self._given)
        self.settled += len(rested)
        for mail in rested:
            was, now = self._before.get(mail.sha256), (mail.state, mail.reason)
            if was != now:
                self.moved[mail.sha256] = (was, now)
