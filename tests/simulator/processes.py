"""A process of a simulated site: its own view of the database, through which it dies and sleeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection

from intergestan_db.database import Database, Moment


class Killed(BaseException):
    """The process is dead: as after `kill -9` nothing that it would have done happens, its `finally` included."""


class Fate(Protocol):
    """Who decides what happens to a process around its transactions."""

    def before_transaction(self, process: Process) -> None:
        """It is about to begin one: it may fall asleep here, while others go on."""

    def at_commit(self, process: Process, moment: Moment) -> None:
        """It is about to commit, or has just done so. Raises `Killed` where it dies."""


class Process:
    """One process by its name; `start` makes what it works with anew, as a supervisor does.

    :ivar work: what it is about at this moment, for the counters: `sender composed`.
    """

    def __init__(self, service: str, name: str, site: Database, fate: Fate) -> None:
        self.service = service
        self.name = name
        self.work = service
        self.is_asleep = False
        self._is_dead = False
        self._fate = fate
        self.database: Database = ProcessDatabase(site, self)

    def check(self) -> None:
        """Raise `Killed` once the process is dead; whatever touches the world asks."""
        if self._is_dead:
            raise Killed

    def die(self) -> None:
        """Do nothing more, from now on."""
        self._is_dead = True

    def begins(self) -> None:
        """A transaction begins; the process may sleep before it, and find itself dead when it wakes."""
        self.check()
        self._fate.before_transaction(self)
        self.check()

    def commits(self, moment: Moment) -> None:
        """A transaction is about to be committed, or was."""
        self.check()
        self._fate.at_commit(self, moment)


class ProcessDatabase(Database):
    """A site's database as one process has it; every commit of the code passes here, without being named."""

    def __init__(self, site: Database, process: Process) -> None:
        self.url = site.url
        self.now = site.now
        self.engine = site.engine
        self._reader = site._reader
        self.at_commit = process.commits
        self._process = process

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._process.check()
        with super().read() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self._process.begins()
        with super().transaction() as connection:
            yield connection
