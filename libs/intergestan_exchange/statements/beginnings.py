"""The beginnings of series that statements counted once, and how one knows that they are as they were (ADR 0070).

A mail of theirs that was booked stays booked, under its number, for ever: such a beginning changes only where a mail
comes with a number that it lacks. A number of ours may be withdrawn; who does it says so (`outbox/outbound.py`). Both
are asked for whenever a beginning is read, so that nobody needs to lock anything: what is written late, from what was
read before a change, is known to be late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, update

from intergestan_db.tables import InboundTransfer, OutboundMail, SeriesBeginning, WithdrawnNumber
from intergestan_msg.number_ranges import Ranges, subtract
from intergestan_msg.statement import START, Beginning

MOST_RANGES = 500
"""A beginning that needs more of them is not kept: every statement would read and write them all."""
STEP = 20
"""By so many numbers a beginning grows at least, or it is not written anew."""
_AT_ONCE = 200  # ranges in one statement


class Direction(StrEnum):
    """Whose mails these are."""

    SENT = "sent"
    RECEIVED = "received"


class ListedBy(StrEnum):
    """Whose account lists the numbers of which there is a digest."""

    US = "us"
    THEM = "them"


@dataclass(frozen=True, slots=True)
class Series:
    """The mails of one direction between us and a partner that were numbered together."""

    direction: Direction
    epoch: int


@dataclass(frozen=True, slots=True)
class Longer:
    """A beginning that is longer than the kept one. `withdrawn`: how many numbers were, before it was counted."""

    series: Series
    listed_by: ListedBy
    beginning: Beginning
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The beginnings of the series with a partner that are as they were.

    :ivar withdrawn: how many numbers of ours are, by series; it is asked before any number is.
    """

    withdrawn: Mapping[int, int]
    beginnings: Mapping[Series, Mapping[ListedBy, Beginning]] = field(default_factory=dict)

    def best(self, series: Series, serves: Callable[[Beginning], bool]) -> Beginning:
        """The longest that serves; `START` if none does."""
        found = [each for each in self.beginnings.get(series, {}).values() if serves(each)]
        return max(found, key=lambda each: each.up_to, default=START)

    def is_worth_keeping(self, longer: Longer) -> bool:
        """Whether it should be written in place of what is kept."""
        beginning, kept = longer.beginning, self.beginnings.get(longer.series, {}).get(longer.listed_by)
        ranges = len(beginning.complete) + len(beginning.void) + len(beginning.hashed)
        since = 0 if kept is None else kept.up_to
        return ranges <= MOST_RANGES and abs(beginning.up_to - since) >= STEP


def read_kept(connection: Connection, partner_id: int) -> Kept:
    """What is kept of a partner, as far as it still is as it was."""
    values = {"partner": partner_id}
    withdrawn = {row[0]: row[1] for row in connection.execute(_WITHDRAWN, values)}
    found: dict[Series, dict[ListedBy, Beginning]] = defaultdict(dict)
    for row in connection.execute(_KEPT, values).all():
        series = Series(Direction(row.direction), row.epoch)
        beginning = Beginning(
            row.up_to, _ranges(row.complete), _ranges(row.void), row.latest, _ranges(row.hashed), bytes(row.digest)
        )
        if series.direction is Direction.SENT:
            is_as_it_was = row.withdrawn == withdrawn.get(row.epoch, 0)
        else:
            is_as_it_was = not _any_came(connection, partner_id, row.epoch, beginning)
        if is_as_it_was:
            found[series][ListedBy(row.listed_by)] = beginning
    return Kept(withdrawn, found)


def keep(connection: Connection, partner_id: int, longer: Iterable[Longer]) -> None:
    """Write these in place of what is kept."""
    table = SeriesBeginning
    for each in longer:
        beginning = each.beginning
        key = {
            "partner_id": partner_id,
            "direction": each.series.direction,
            "epoch": each.series.epoch,
            "listed_by": each.listed_by,
        }
        values: dict[str, Any] = {
            "up_to": beginning.up_to,
            "complete": beginning.complete,
            "void": beginning.void,
            "latest": beginning.latest,
            "hashed": beginning.hashed,
            "digest": beginning.digest,
            "withdrawn": each.withdrawn,
        }
        own = [getattr(table, name) == value for name, value in key.items()]
        if not connection.execute(update(table).where(*own).values(**values)).rowcount:
            connection.execute(insert(table).values(**key, **values))


_WITHDRAWN = (
    select(WithdrawnNumber.epoch, func.count())
    .where(WithdrawnNumber.partner_id == bindparam("partner"))
    .group_by(WithdrawnNumber.epoch)
)
_KEPT = select(SeriesBeginning.__table__).where(SeriesBeginning.partner_id == bindparam("partner"))


def _any_came(connection: Connection, partner_id: int, epoch: int, beginning: Beginning) -> bool:
    """Whether a mail of theirs was booked under a number that the beginning lacks."""
    transfer = InboundTransfer
    lacking = subtract(((0, beginning.up_to),), beginning.complete)
    for some in in_pieces(lacking):
        is_one = are_among(transfer, partner_id, epoch, some)
        if connection.execute(select(transfer.id).where(is_one).limit(1)).first() is not None:
            return True
    return False


def in_pieces(ranges: Ranges) -> Iterator[Ranges]:
    """As many at once as one statement asks about."""
    return (ranges[start : start + _AT_ONCE] for start in range(0, len(ranges), _AT_ONCE))


def are_among(
    table: type[InboundTransfer | OutboundMail], partner_id: int, epoch: int, ranges: Ranges
) -> ColumnElement[bool]:
    """The condition of mails with these numbers of a series. Each range says all of it: SQLite looks up no range beside
    another by the index otherwise.
    """
    own = and_(table.partner_id == partner_id, table.epoch == epoch)
    return or_(*(and_(own, table.seq.between(low, high)) for low, high in ranges))


def _ranges(read: Iterable[Sequence[int]]) -> Ranges:
    return tuple((low, high) for low, high in read)
