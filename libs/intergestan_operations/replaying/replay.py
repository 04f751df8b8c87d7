"""Doing it: mails are given back to the importer, so many at a time, and what they bring is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from intergestan_db.database import Database
from intergestan_exchange.inbox.replay import Chosen, Stray, adopt, resting
from intergestan_exchange.mailboxes.poll_runs import is_alive
from intergestan_exchange.tracing.brought import Brought, brought_by
from intergestan_exchange.transfers.put_back import put_back
from intergestan_operations.replaying.plan import Work

Place = tuple[str, str | None]
"""A mail's state, and why it is held."""

AT_ONCE = 200  # mails given back to the importer at a time


@dataclass(frozen=True, slots=True)
class Looked:
    """How far the importer is: mails that rest again, of all, and whether those that it has do."""

    done: int
    total: int
    is_over: bool


class Replay:
    """One replay. Whoever drives it gives, looks until all rest, counts, and gives again; it may stop at any time.

    :param by: who does it, as the database knows them. :param ring: rings the importer for mails, after the commit.
    :ivar brought: what the mails counted so far brought. :ivar after: where they rest, by sha256.
    """

    def __init__(
        self, database: Database, work: Work, by: Callable[[Connection], str], ring: Callable[[tuple[int, ...]], object]
    ) -> None:
        self.brought = Brought()
        self.after: dict[str, Place] = {}
        self._database = database
        self._work = work
        self._by = by
        self._ring = ring
        self._batches = iter([*_pieces(work.mails), *_pieces(work.strays)])
        self._given: tuple[int, ...] = ()
        self._since = database.now()
        self._counted = 0

    def has_importer(self) -> bool:
        """Whether anybody would take the mails in."""
        with self._database.read() as connection:
            return is_alive(connection, "importer", self._database.now())

    def give(self) -> bool:
        """Give the next mails to the importer; False when there are none left."""
        batch = next(self._batches, None)
        if batch is None:
            return False
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
        return Looked(self._counted + done, self._work.total, done == len(self._given))

    def count(self) -> None:
        """Add what the mails given last brought, as far as they rest."""
        with self._database.read() as connection:
            self.after |= {mail.sha256: (mail.state, mail.reason) for mail in resting(connection, self._given)}
            self.brought += brought_by(connection, self._given, self._since)
        self._counted += len(self._given)

    def moved(self) -> dict[str, Place]:
        """The mails that rest elsewhere than before, by sha256."""
        before = self.before()
        return {sha256: now for sha256, now in self.after.items() if before.get(sha256) != now}

    def before(self) -> dict[str, Place]:
        """Where the mails of the database were, by sha256."""
        return {mail.sha256: (mail.state, mail.reason) for mail in self._work.mails}


def _pieces(items: Sequence[Chosen] | Sequence[Stray]) -> Iterator[Sequence[Chosen | Stray]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
