"""What we say about the mails between us and a partner, and how what they said compares with our base. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge

from sqlalchemy import Connection, func, select

from intergestan_db.tables import MissingNumber, Partner, PartnerStatement
from intergestan_db.views import viewed
from intergestan_exchange.statements.beginnings import STEP, Direction, Kept, ListedBy, Longer, Series, read_kept
from intergestan_exchange.statements.numbered_mails import entries, epochs, is_missing, waiting_entries
from intergestan_msg.number_ranges import Ranges, gaps, ranges_of, subtract, union
from intergestan_msg.statement import (
    START,
    STATEMENT,
    Account,
    Beginning,
    Comparison,
    Entry,
    Statement,
    account_of,
    compare,
    longer,
    nothing_of,
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a beginning grows.

    :ivar most: so many numbers more are hashed step by step at once: that takes a second. Of more than that, all are
        hashed anew.
    :ivar fresh_s: what was composed in the last hours is left out, for the next statement may be about less.
    :ivar settled_s: what lacks for longer than that hardly comes any more.
    """

    most: int = 10_000
    fresh_s: int = 6 * 3600
    settled_s: int = 2 * 86400


USUAL = Pace()


@dataclass(frozen=True, slots=True)
class Compared:
    """A partner's statement against our base: what we sent and they received, what they sent and we received."""

    sent: tuple[Comparison, ...]
    received: tuple[Comparison, ...]

    @property
    def all_here(self) -> bool:
        """Whether everything that they sent is here, as they sent it."""
        return not any(each.unknown or each.differs for each in self.received)


class Counter:
    """Counts the numbered mails between us and a partner, from where they were counted last.

    :param pace: how what is kept grows.
    """

    def __init__(self, connection: Connection, partner_id: int, pace: Pace = USUAL) -> None:
        self._pace = pace
        self._connection = connection
        self._partner_id = partner_id
        self._kept = read_kept(connection, partner_id)  # before any number is read
        self._waiting = waiting_entries(connection, partner_id)
        self._counted: list[tuple[_Counted, int, Account | None]] = []

    def our_statement(self, until: int, *, wanted: bool = False) -> Statement:
        """What we say to the partner.

        :param until: what was composed later is left out, in seconds since 1970.
        """
        theirs = last_said(self._connection, self._partner_id)
        said = {} if theirs is None else {account.epoch: account for account in theirs.sent}
        sent = [Series(Direction.SENT, epoch) for epoch in sorted(self._epochs(Direction.SENT))]
        received = [Series(Direction.RECEIVED, epoch) for epoch in sorted({*self._epochs(Direction.RECEIVED), *said})]
        return Statement(
            until=until,
            wanted=wanted,
            sent=tuple(self._account(series, until) for series in sent),
            received=tuple(
                self._account(series, until, said.get(series.epoch), newest=series == received[-1])
                for series in received
            ),
        )

    def compare_all(self, theirs: Statement) -> Compared:
        """Compare a partner's statement with our base."""
        return Compared(
            self._compare(Direction.SENT, theirs.received, theirs.until),
            self._compare(Direction.RECEIVED, theirs.sent, theirs.until),
        )

    def longer(self) -> tuple[Longer, ...]:
        """What others need not count again, if it is kept."""
        found = (_longer(*each, self._kept, self._pace) for each in self._counted)
        return tuple(each for each in found if each is not None and self._kept.is_worth_keeping(each))

    def _epochs(self, direction: Direction) -> set[int]:
        waiting = self._waiting if direction is Direction.RECEIVED else ()
        return {*epochs(self._connection, direction, self._partner_id), *waiting}

    def _account(self, series: Series, until: int, said: Account | None = None, *, newest: bool = False) -> Account:
        counted = self._count(series, lambda beginning: beginning.serves_account(until))
        self._counted.append((counted, until, None))
        account = account_of(series.epoch, counted.entries, until, (), counted.before)
        if series.direction is Direction.SENT:
            return account
        return replace(account, missing=_missing(account, counted, said, newest=newest))

    def _compare(self, direction: Direction, accounts: tuple[Account, ...], until: int) -> tuple[Comparison, ...]:
        said: Mapping[int, Account] = {account.epoch: account for account in accounts}
        return tuple(
            self._compare_one(Series(direction, epoch), said.get(epoch) or nothing_of(epoch), until)
            for epoch in sorted({*said, *self._epochs(direction)})
        )

    def _compare_one(self, series: Series, account: Account, until: int) -> Comparison:
        counted = self._count(series, lambda beginning: beginning.serves_comparison(account, until))
        self._counted.append((counted, until, account))
        found = compare(account, counted.entries, until, counted.before)
        if not found.differs or counted.before is START:
            return found
        return compare(account, self._all(series), until)  # a person is told: that is said of nothing that was kept

    def _count(self, series: Series, serves: Callable[[Beginning], bool]) -> _Counted:
        before = self._kept.best(series, serves)
        new = entries(self._connection, series, self._partner_id, before.up_to)
        if before is not START and len(new) > self._pace.most:
            return _Counted(series, START, before, self._all(series))
        return _Counted(series, before, before, self._with_waiting(series, new))

    def _all(self, series: Series) -> list[Entry]:
        return self._with_waiting(series, entries(self._connection, series, self._partner_id))

    def _with_waiting(self, series: Series, some: list[Entry]) -> list[Entry]:
        waiting = self._waiting.get(series.epoch, []) if series.direction is Direction.RECEIVED else []
        return list(merge(some, waiting, key=lambda entry: entry.seq)) if waiting else some


@dataclass(frozen=True, slots=True)
class _Counted:
    """The entries of a series behind `before`, and what waits before that.

    :ivar kept: the beginning that may grow. It is shorter than what is hashed at once where `before` is `START`.
    """

    series: Series
    before: Beginning
    kept: Beginning
    entries: list[Entry]


def _longer(counted: _Counted, until: int, account: Account | None, kept: Kept, pace: Pace) -> Longer | None:
    series, listed_by = counted.series, ListedBy.US if account is None else ListedBy.THEM
    if len(counted.entries) < STEP:
        return None
    grown = longer(counted.kept, counted.entries, until - pace.fresh_s, until - pace.settled_s, pace.most, account)
    return Longer(series, listed_by, grown, kept.withdrawn.get(series.epoch, 0))


def our_statement(connection: Connection, partner_id: int, until: int) -> Statement:
    """What we would say to a partner."""
    return Counter(connection, partner_id).our_statement(until)


def _missing(account: Account, counted: _Counted, said: Account | None, *, newest: bool) -> Ranges:
    """What they said they sent and is not here; and the gaps between what came, as far as they may not have said yet.

    A gap in an old epoch that their own base does not know (it was restored, too) can be asked of nobody.
    """
    came = union(counted.before.complete, ranges_of(each.seq for each in counted.entries))
    told = () if said is None else subtract(said.complete, came)
    if said is not None and not newest:
        return told
    holes = gaps(account.complete)
    void = () if said is None else said.void
    return union(told, subtract(holes, union(came, void)))


def compare_all(connection: Connection, partner_id: int, theirs: Statement) -> Compared:
    """Compare a partner's statement with our base."""
    return Counter(connection, partner_id).compare_all(theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStatement:
    """The newest statement of a partner, as `PartnerStatement` keeps it; `read_claims` reads what it says."""

    partner_id: int
    transfer_id: str
    epoch: int
    composed_at: datetime
    received_at: datetime
    statement: Mapping[str, object]
    known: str | None


def last_kept(connection: Connection, partner_id: int) -> KeptStatement | None:
    """The newest statement of a partner."""
    query = select(PartnerStatement.__table__).where(PartnerStatement.partner_id == partner_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else viewed(KeptStatement, row)


def last_said(connection: Connection, partner_id: int) -> Statement | None:
    """The newest statement of a partner."""
    row = last_kept(connection, partner_id)
    return None if row is None else read_claims(row.statement)


def read_claims(claims: object) -> Statement:
    """A statement as the base keeps it."""
    return STATEMENT.convert(claims)


def is_asked_for(connection: Connection, partner_id: int, epoch: int, seq: int) -> bool:
    """Whether our own statement asked for this mail, so that it may be of any age (`design.md` §9)."""
    missing = MissingNumber
    query = select(missing.seq).where(missing.partner_id == partner_id, missing.epoch == epoch, missing.seq == seq)
    return connection.execute(query).first() is not None


def missing_mails(connection: Connection) -> dict[int, tuple[int, datetime]]:
    """By partner, how many mails of theirs our last statement asked for and have not come, and since when the first."""
    missing = MissingNumber
    not_here = is_missing(missing.epoch, missing.seq, missing.partner_id)
    query = select(missing.partner_id, func.count(), func.min(missing.asked_at)).where(not_here)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query.group_by(missing.partner_id))}


def count_missing(connection: Connection) -> dict[str, int]:
    """The same count by the partner's code; 0 for those of whom nothing is missing."""
    found = missing_mails(connection)
    partners = connection.execute(select(Partner.id, Partner.site_code).order_by(Partner.id))
    return {row.site_code: found.get(row.id, (0, None))[0] for row in partners}


def covers(statement: Statement, instant: datetime) -> bool:
    """Whether a statement is about everything that was composed until then."""
    return statement.until >= int(instant.timestamp())
