"""The numbered mails between us and a partner, as entries that statements are made of and compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, select, tuple_, union_all

from intergestan_db.enums import OutboundState
from intergestan_db.tables import InboundMail, InboundTransfer, OutboundMail
from intergestan_msg.statement import Entry

Entries = Mapping[int, list[Entry]]
"""By epoch; in each ascending by number."""

_AT_ONCE = 5000


def sent_entries(connection: Connection, partner_id: int) -> Entries:
    """All numbers that we gave to mails for a partner."""
    mail = OutboundMail
    query = select(mail.epoch, mail.seq, mail.transfer_digest, mail.composed_at, mail.state).where(
        mail.partner_id == partner_id, mail.seq.is_not(None)
    )
    rows = _in_pieces(connection, query, mail.epoch, mail.seq)
    return _by_epoch((row.epoch, _entry(row, void=row.state == OutboundState.ABANDONED)) for row in rows)


def received_entries(connection: Connection, partner_id: int) -> Entries:
    """All numbers of a partner's mails that came: those that were taken in, and those that wait as a whole."""
    transfer = InboundTransfer
    query = select(transfer.epoch, transfer.seq, transfer.transfer_digest, transfer.composed_at).where(
        transfer.partner_id == partner_id
    )
    booked = ((row.epoch, _entry(row)) for row in _in_pieces(connection, query, transfer.epoch, transfer.seq))
    waiting = ((row.epoch, Entry(row.seq, None, 0)) for row in connection.execute(_not_taken_in(partner_id)))
    return _by_epoch(merge(booked, waiting, key=lambda each: (each[0], each[1].seq)))


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


def _entry(row: Any, *, void: bool = False) -> Entry:
    return Entry(row.seq, row.transfer_digest, int(row.composed_at.timestamp()), void)


def _in_pieces(connection: Connection, query: Any, epoch: Any, seq: Any) -> Iterator[Any]:
    """The rows by number, some thousand at a time: a partner of years has a million."""
    last = (-1, -1)
    while True:
        rows = connection.execute(query.where(tuple_(epoch, seq) > last).order_by(epoch, seq).limit(_AT_ONCE)).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        last = (rows[-1].epoch, rows[-1].seq)


def _by_epoch(numbered: Iterator[tuple[int, Entry]]) -> Entries:
    return {epoch: [entry for _, entry in some] for epoch, some in groupby(numbered, key=lambda each: each[0])}
