"""What is made once and copied is what would have been made."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Site, User
from tests.clock import Clock
from tests.databases import MigratedBases
from tests.made_once import made_once
from tests.site_factories import add_products, make_site


class Making:
    """Counts how often a site is made."""

    def __init__(self, migrated: MigratedBases, folder: Path) -> None:
        self._migrated = migrated
        self._folder = folder
        self._names = count(1)
        self.times = 0
        self.clock = Clock()

    def database(self, folder: str) -> Database:
        place = self._folder / folder
        place.mkdir(exist_ok=True)
        return Database(self._migrated.new("sqlite", place, f"site{next(self._names)}"), self.clock)

    def once(self, database: Database) -> str:
        return made_once(database, self._folder, lambda: self._make(database))

    def _make(self, database: Database) -> str:
        self.times += 1
        return make_site(database, f"Firm {self.times}").code


def test_a_copy_is_what_was_made(migrated: MigratedBases, tmp_path: Path) -> None:
    making = Making(migrated, tmp_path)
    first, second = making.database("a"), making.database("b")
    assert making.once(first) == making.once(second)
    assert making.times == 1
    contents = []
    for database in (first, second):
        with database.transaction() as connection:
            contents.append(
                (connection.execute(select(Site.__table__)).all(), connection.execute(select(User.id)).all())
            )
            add_products(connection, "P1")  # each is a database of its own
        database.dispose()
    assert contents[0] == contents[1]


def test_what_is_not_the_same_is_made(migrated: MigratedBases, tmp_path: Path) -> None:
    """A second one in the folder of a test, another time, other content, and where somebody is connected."""
    making = Making(migrated, tmp_path)
    first, beside = making.database("a"), making.database("a")
    assert making.once(first) != making.once(beside)
    making.clock.move(seconds=1)
    later = making.database("b")
    assert making.once(later).startswith("firm-3-")
    filled = making.database("d")
    with filled.transaction() as connection:
        add_products(connection, "P1")
    filled.dispose()
    making.once(filled)
    assert making.times == 4
    connected = making.database("e")
    with connected.read() as connection:
        connection.execute(select(Site.code)).all()
    making.once(connected)
    assert making.times == 5
    for database in (first, beside, later, filled, connected):
        database.dispose()
