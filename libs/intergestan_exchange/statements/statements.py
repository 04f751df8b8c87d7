"""What we say about the mails between us and a partner, and how what they said compares with our base. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import MissingNumber, Partner, PartnerStatement
from intergestan_exchange.statements.numbered_mails import Entries, is_missing, received_entries, sent_entries
from intergestan_msg.number_ranges import Ranges, gaps, ranges_of, subtract, union
from intergestan_msg.statement import STATEMENT, Account, Comparison, Entry, Statement, account_of, compare, nothing_of


@dataclass(frozen=True, slots=True)
class Compared:
    """A partner's statement against our base: what we sent and they received, what they sent and we received."""

    sent: tuple[Comparison, ...]
    received: tuple[Comparison, ...]

    @property
    def all_here(self) -> bool:
        """Whether everything that they sent is here, as they sent it."""
        return not any(each.unknown or each.differs for each in self.received)


def our_statement(connection: Connection, partner_id: int, until: int, *, wanted: bool = False) -> Statement:
    """What we say to a partner.

    :param until: what was composed later is left out, in seconds since 1970.
    """
    theirs = last_said(connection, partner_id)
    received = received_entries(connection, partner_id)
    said = {} if theirs is None else {account.epoch: account for account in theirs.sent}
    epochs = sorted({*received, *said})
    return Statement(
        until=until,
        wanted=wanted,
        sent=tuple(account_of(epoch, some, until) for epoch, some in sent_entries(connection, partner_id).items()),
        received=tuple(
            account_of(
                epoch,
                received.get(epoch, ()),
                until,
                _missing(received.get(epoch, ()), said.get(epoch), until, newest=epoch == epochs[-1]),
            )
            for epoch in epochs
        ),
    )


def _missing(here: list[Entry] | tuple[()], said: Account | None, until: int, *, newest: bool) -> Ranges:
    """What they said they sent and is not here; and the gaps between what came, as far as they may not have said yet.

    A gap in an old epoch that their own base does not know (it was restored, too) can be asked of nobody.
    """
    came = ranges_of(each.seq for each in here)
    told = () if said is None else subtract(said.complete, came)
    if said is not None and not newest:
        return told
    holes = gaps(ranges_of(each.seq for each in here if each.digest is not None and each.composed <= until))
    void = () if said is None else said.void
    return union(told, subtract(holes, union(came, void)))


def compare_all(connection: Connection, partner_id: int, theirs: Statement) -> Compared:
    """Compare a partner's statement with our base."""
    return Compared(
        _compare(theirs.received, sent_entries(connection, partner_id), theirs.until),
        _compare(theirs.sent, received_entries(connection, partner_id), theirs.until),
    )


def _compare(accounts: tuple[Account, ...], entries: Entries, until: int) -> tuple[Comparison, ...]:
    said: Mapping[int, Account] = {account.epoch: account for account in accounts}
    return tuple(
        compare(said.get(epoch) or nothing_of(epoch), entries.get(epoch, []), until)
        for epoch in sorted({*said, *entries})
    )


def last_row(connection: Connection, partner_id: int) -> AnyRow | None:
    """The row of the newest statement of a partner."""
    query = select(PartnerStatement.__table__).where(PartnerStatement.partner_id == partner_id)
    return connection.execute(query).one_or_none()


def last_said(connection: Connection, partner_id: int) -> Statement | None:
    """The newest statement of a partner."""
    row = last_row(connection, partner_id)
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
