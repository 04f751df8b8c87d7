"""When a statement of ours is due, and asking the composer for one. Only the newest one matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from intergestan_db import states
from intergestan_db.at_rest import is_sent_to
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import OutboundState
from intergestan_db.mail_kinds import IS_STATEMENT
from intergestan_db.tables import OutboundMail, OutboundStatement, Partner
from intergestan_db.tables.types import UtcDateTime
from intergestan_exchange.outbox.requests import request_mails
from intergestan_exchange.statements.releases import takes
from intergestan_msg.kinds import Kind

REPLY_AFTER = timedelta(minutes=10)
"""A statement of theirs that asks for none brings one of ours at most this often: two sites never talk in circles."""
WHILE_PAUSED = timedelta(hours=1)
"""How often we ask for theirs while booking is paused."""
ANSWERED_WITHIN = timedelta(days=1)
"""For so long one of theirs may be the answer to one of ours."""
TWO_CLOCKS = timedelta(minutes=1)
"""So far the clocks of two machines of one site may differ."""
_GOLDEN = 0.6180339887
_TO_GO = (OutboundState.REQUESTED, OutboundState.COMPOSED, OutboundState.HELD)
_GET_THEM = select(Partner.id, Partner.created_at, Partner.paused_at).where(takes(Kind.STATEMENT), is_sent_to())
_TAKES = select(Partner.takes).where(Partner.id == bindparam("partner"))
_LAST = select(
    Partner.id,
    select(func.max(OutboundMail.requested_at))
    .where(IS_STATEMENT, OutboundMail.partner_id == Partner.id)
    .where(OutboundMail.requested_at <= bindparam("soon", type_=UtcDateTime()))
    .scalar_subquery()
    .correlate(Partner),
).where(Partner.id.in_(bindparam("partners", expanding=True)))


def request(
    connection: Connection,
    partner_ids: Iterable[int],
    *,
    at: datetime,
    wanted: bool = False,
    newest: bool = False,
) -> tuple[int, ...]:
    """Ask for a statement to each of these partners; the mails to compose.

    :param wanted: it asks for theirs; `newest`: it covers what was composed just now, too.
    """
    ids = request_mails(connection, Kind.STATEMENT, set(partner_ids), at)
    rows = [{"outbound_mail_id": mail_id, "wanted": wanted, "newest": newest} for mail_id in ids]
    insert_rows(connection, OutboundStatement, rows)
    return ids


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A statement of ours that asks for theirs. :ivar is_taken_in: a mail of theirs showed that they read such."""

    mails: tuple[int, ...]
    is_taken_in: bool


def request_exchange(connection: Connection, partner_id: int, *, at: datetime) -> Exchanged:
    """Ask for a statement to a partner that asks for theirs, because a person wants to see both."""
    known = connection.execute(_TAKES, {"partner": partner_id}).scalar_one()
    mails = request(connection, [partner_id], at=at, wanted=True)
    return Exchanged(mails, Kind.STATEMENT in known.split())


def reply(connection: Connection, partner_id: int, *, at: datetime, wanted: bool) -> tuple[int, ...]:
    """A statement of ours because of one of theirs; the mail to compose.

    What they ask for they get, whatever we said just now: they may have been restored since, and book nothing until
    they have it. Ours asks for nothing, so that this makes no circle. Else nothing, if we said something just now.

    :param wanted: they ask for it; it covers what was composed just now, too.
    """
    last = None if wanted else last_requested(connection, [partner_id], at).get(partner_id)
    if last is not None and at - last < REPLY_AFTER:
        return ()
    return request(connection, [partner_id], at=at, newest=wanted)


def is_answer(connection: Connection, partner_id: int, last: datetime | None, now: datetime) -> bool:
    """Whether a statement of theirs answers one of ours that asked for it, since their last one.

    :param last: when that was taken in.
    """
    since = now - ANSWERED_WITHIN if last is None else max(last, now - ANSWERED_WITHIN)
    asked = (
        select(OutboundMail.id)
        .join(OutboundStatement, OutboundStatement.outbound_mail_id == OutboundMail.id)
        .where(IS_STATEMENT, OutboundMail.partner_id == partner_id, OutboundStatement.wanted)
        .where(OutboundMail.requested_at > since, OutboundMail.requested_at <= now)
    )
    return connection.execute(asked.limit(1)).first() is not None


def due(connection: Connection, hours: int, now: datetime) -> tuple[list[int], list[int]]:
    """The partners who get their daily statement now, and those of whom we ask theirs while booking is paused.

    Each partner has a time of day of its own. Who never said that its release takes statements gets none.

    :param hours: how often.
    """
    rows = connection.execute(_GET_THEM).all()
    last = last_requested(connection, [row.id for row in rows], now)
    paused = [
        row.id
        for row in rows
        if row.paused_at is not None and (row.id not in last or now - last[row.id] >= WHILE_PAUSED)
    ]
    daily = [row.id for row in rows if is_time(row.id, last.get(row.id, row.created_at), now, hours)]
    return sorted({*daily} - {*paused}), paused


def is_time(partner_id: int, last: datetime, now: datetime, hours: int) -> bool:
    """Whether the partner's own time of day lies between the two instants, or the last one is a period ahead."""
    period = hours * 3600.0
    shift = partner_id * _GOLDEN % 1 * period
    began, ended = ((each.timestamp() - shift) // period for each in (last, now))
    return ended > began or last.timestamp() - now.timestamp() > period


def last_requested(connection: Connection, partner_ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """When each of these partners was last sent a statement, or was to be.

    One of our future, from when our clock was ahead, says nothing: until that time comes it would be the last one.
    """
    values = {"partners": list(partner_ids), "soon": now + TWO_CLOCKS}
    return {row[0]: row[1] for row in connection.execute(_LAST, values) if row[1] is not None}


def give_up_older(connection: Connection, partner_id: int, than: int, *, by: str, at: datetime) -> None:
    """Statements to a partner that were asked for before this one and have not left need not leave any more."""
    mail = OutboundMail
    older = (IS_STATEMENT, mail.partner_id == partner_id, mail.id < than, mail.state.in_(_TO_GO))
    found = connection.execute(select(mail.id, mail.state).where(*older).with_for_update())
    old = {row.id: row.state for row in found}
    states.move(connection, states.OUTBOUND_MAIL, old, "abandon", by=by, at=at, old=old, next_attempt_at=None)
