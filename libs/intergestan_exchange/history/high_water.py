"""The high-water mark: how far the site's numbering came, kept in a file beside the database.

A database that is copied back, or a virtual machine's disk, brings its own past with it and says nothing. The file
does not go back. The dispatcher counts up a number in the database, commits, and only then writes the same number
into the file, with what people and `restored` want to know: so the file is never ahead of what was committed, whatever
crashes in between, and a higher number in it proves that the database is older.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select, update

from intergestan_db.tables import Event, HighWater, NumberSeries, Partner, Site

if TYPE_CHECKING:
    from intergestan_exchange.statements.restored import Remembered

_COUNT = select(HighWater.n)
_SITE = select(Site.code, Site.created_at)
_SENT = select(Partner.site_code, Partner.out_epoch, Partner.out_seq)
_SERIES = select(NumberSeries.code, NumberSeries.next_number)
_NEWEST = select(func.max(Event.id))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a site is, or was when the file was written.

    :ivar site: which one, see `name_of`; `n`: the count that tells older from newer.
    :ivar sent: by the partner's code, the series and the last number that we gave in it.
    :ivar event: the newest entry of the log; `numbers`: the next number of each series of documents.
    :ivar at: when that was, as it is written for people.
    """

    site: str
    n: int
    sent: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    event: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)
    at: str = ""

    @property
    def remembered(self) -> Remembered:
        """What `restored` starts from."""
        from intergestan_exchange.statements.restored import Remembered  # a start does without

        return Remembered(max((epoch for epoch, _ in self.sent.values()), default=0), self.numbers)


def name_of(code: str, created_at: datetime) -> str:
    """What tells a site from every other, also from one that was made anew in its place: its code, and since when."""
    return f"{code} {created_at.isoformat()}"


def read_count(connection: Connection) -> int:
    """The count of the database."""
    return connection.execute(_COUNT).scalar_one_or_none() or 0


def read_mark(connection: Connection, now: datetime) -> Mark:
    """How far the database is."""
    return Mark(
        site=name_of(*connection.execute(_SITE).one()),
        n=read_count(connection),
        sent={row.site_code: (row.out_epoch, row.out_seq) for row in connection.execute(_SENT)},
        event=connection.execute(_NEWEST).scalar() or 0,
        numbers={row.code: row.next_number for row in connection.execute(_SERIES)},
        at=now.isoformat(timespec="seconds"),
    )


def is_news(mark: Mark, written: Mark | None) -> bool:
    """Whether anything happened since the mark that was written last."""
    if written is None or written.site != mark.site:
        return True
    return replace(mark, n=written.n, at=written.at) != written


def raise_mark(connection: Connection, above: int = 0) -> int:
    """Count up; what is returned may be written into the file once this is committed.

    :param above: the count of a file that is ahead, because the database came back from a backup.
    """
    table = HighWater
    higher = func.max(table.n, above) if connection.dialect.name == "sqlite" else func.greatest(table.n, above)
    return connection.execute(update(table).values(n=higher + 1).returning(table.n)).scalar_one()


def is_older(site: str, count: int, file: Mark) -> bool:
    """Whether a database of this site with this count is older than what the file has seen."""
    return file.site == site and file.n > count
