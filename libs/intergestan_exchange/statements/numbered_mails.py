"""The numbered mails between us and a partner, as entries that statements are made of and compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, literal, select, union_all

from intergestan_db.enums import OutboundState
from intergestan_db.tables import InboundMail, InboundTransfer, OutboundMail
from intergestan_exchange.statements.beginnings import Direction, Series
from intergestan_msg.statement import Entry

_AT_ONCE = 5000
_TABLES = {Direction.SENT: OutboundMail, Direction.RECEIVED: InboundTransfer}


def epochs(connection: Connection, direction: Direction, partner_id: int) -> list[int]:
    """The series of the mails of one direction that were sent or taken in, ascending.

    One after the other by the index: there are few, and a million mails may be of each.
    """
    table: Any = _TABLES[direction]
    found: list[int] = []
    while True:
        later = select(table.epoch).where(table.partner_id == partner_id, table.epoch > (found[-1] if found else -1))
        following = connection.execute(later.order_by(table.epoch).limit(1)).scalar()
        if following is None:
            return found
        found.append(following)


def entries(connection: Connection, series: Series, partner_id: int, after: int = 0) -> list[Entry]:
    """The numbers of a series behind one of them, ascending: those that we gave to mails, or those of mails that were
    taken in.
    """
    table: Any = _TABLES[series.direction]
    state: Any = OutboundMail.state if series.direction is Direction.SENT else literal("")
    query = select(table.seq, table.transfer_digest, table.composed_at, state.label("state")).where(
        table.partner_id == partner_id, table.epoch == series.epoch
    )
    found: list[Entry] = []
    while True:
        page = query.where(table.seq > after).order_by(table.seq).limit(_AT_ONCE)
        rows = connection.execute(page).all()
        found += (
            Entry(row.seq, row.transfer_digest, int(row.composed_at.timestamp()), row.state == OutboundState.ABANDONED)
            for row in rows
        )
        if len(rows) < _AT_ONCE:
            return found
        after = rows[-1].seq


def waiting_entries(connection: Connection, partner_id: int) -> Mapping[int, list[Entry]]:
    """By series, the numbers of a partner's mails that came and wait, or were turned down, as a whole."""
    found: dict[int, list[Entry]] = {}
    for row in connection.execute(_not_taken_in(partner_id)):
        found.setdefault(row.epoch, []).append(Entry(row.seq, None, 0))
    return found


class Numbered(NamedTuple):
    """A number of a mail, and the series in which it was given; the later series is the greater."""

    epoch: int
    seq: int


def last_got(connection: Connection, partner_id: int) -> Numbered:
    """The highest number of a partner's mails that came, whatever became of the mail; (0, 0) before the first."""
    rows = connection.execute(_LAST_GOT, {"partner": partner_id})
    return max((Numbered(row.epoch, row.seq) for row in rows), default=Numbered(0, 0))


def _highest(table: type[InboundTransfer | InboundMail]) -> Any:
    query = select(table.epoch, table.seq).where(table.partner_id == bindparam("partner"), table.epoch.is_not(None))
    return query.order_by(table.epoch.desc(), table.seq.desc()).limit(1).subquery().select()


_LAST_GOT = union_all(_highest(InboundTransfer), _highest(InboundMail))


def is_missing(epoch: Any, seq: Any, partner_id: Any) -> ColumnElement[bool]:
    """Whether no mail of a partner with this number came, whatever became of one; each table is asked by its index."""
    transfer, mail = InboundTransfer, InboundMail
    booked = exists().where(transfer.partner_id == partner_id, transfer.epoch == epoch, transfer.seq == seq)
    waiting = exists().where(mail.partner_id == partner_id, mail.epoch == epoch, mail.seq == seq)
    return and_(~booked, ~waiting)


def _not_taken_in(partner_id: int) -> Any:
    mail, transfer = InboundMail, InboundTransfer
    booked = exists().where(
        transfer.partner_id == mail.partner_id, transfer.epoch == mail.epoch, transfer.seq == mail.seq
    )
    return (
        select(mail.epoch, mail.seq)
        .where(mail.partner_id == partner_id, mail.epoch >= 0, mail.seq.is_not(None), ~booked)  # those that have one
        .distinct()
        .order_by(mail.epoch, mail.seq)
    )
