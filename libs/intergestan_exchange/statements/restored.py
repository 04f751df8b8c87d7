"""What a database that came back from a backup must do before it sends again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import uuid_utils
from sqlalchemy import Connection, select, update

from intergestan_db import numbers, states
from intergestan_db.database import AnyRow
from intergestan_db.enums import OutboundState
from intergestan_db.numbers import Gap
from intergestan_db.tables import Event, OutboundMail, Partner, PartnerStatement, Site
from intergestan_exchange.statements import statement_requests
from intergestan_exchange.statements.pauses import pause
from intergestan_exchange.statements.releases import takes
from intergestan_exchange.statements.statements import read_claims
from intergestan_msg.kinds import Kind


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of the time after the backup, from elsewhere than the database.

    :ivar epoch: the highest series in which mails were numbered.
    :ivar numbers: the next number of each series of documents.
    """

    epoch: int
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TakenUp:
    """How many partners we count anew for, and which document numbers are left out."""

    partners: int
    gaps: tuple[Gap, ...]


def new_epoch(ours: int, told: int, remembered: Remembered | None, at: datetime) -> int:
    """A series in which no number was ever given: above ours, what the partner told back, and what is remembered.

    A restore of the same backup may have come before this one and left no trace, where what is remembered went back
    with the machine: so it is at least the milliseconds since 1970, which no two restores share (`design.md` §16.1).
    """
    known = max(ours, told, remembered.epoch if remembered is not None else 0)
    return max(known + 1, int(at.timestamp() * 1000))


def begin_new_epoch(
    connection: Connection, *, by: str, at: datetime, remembered: Remembered | None = None
) -> list[int]:
    """Count what we send anew, for every partner; who these are.

    The backup does not know the numbers that were given after it was made. A partner that saw one of them would hold
    the next mail under the same number as a conflict; under a new epoch no number was ever given (`design.md` §11).
    """
    query = select(Partner.id, Partner.out_epoch, Partner.told_got_epoch, PartnerStatement.statement)
    rows = connection.execute(
        query.outerjoin(PartnerStatement, PartnerStatement.partner_id == Partner.id)
        .order_by(Partner.id)
        .with_for_update(of=Partner)
    ).all()
    for row in rows:
        epoch = new_epoch(row.out_epoch, _told(row), remembered, at)
        connection.execute(update(Partner).where(Partner.id == row.id).values(out_epoch=epoch, out_seq=0))
    ids = [row.id for row in rows]
    states.record(connection, "partner", [(row_id, None, None) for row_id in ids], "new epoch", by=by, at=at)
    return ids


def _told(row: AnyRow) -> int:
    """The newest series of ours that a partner has said it has mails of."""
    received = read_claims(row.statement).received if row.statement is not None else ()
    return max(int(row.told_got_epoch), *(account.epoch for account in received), 0)


def take_up(connection: Connection, *, by: str, at: datetime, remembered: Remembered | None = None) -> TakenUp:
    """All that a restored database needs: new numbers, booking paused, our statement to every partner.

    Their statements, which ours asks for, say what the database has lost.
    """
    partners = begin_new_epoch(connection, by=by, at=at, remembered=remembered)
    _name_requests_anew(connection)
    pause(connection, at=at)
    wished = connection.execute(select(Partner.id).where(takes(Kind.STATEMENT))).scalars().all()
    statement_requests.request(connection, wished, at=at, wanted=True, newest=True)
    return TakenUp(len(partners), _leave_gaps(connection, remembered, by=by, at=at))


def _leave_gaps(connection: Connection, remembered: Remembered | None, *, by: str, at: datetime) -> tuple[Gap, ...]:
    """Leave out the document numbers that may have been given after the backup; the log of events keeps which."""
    site = connection.execute(select(Site.id, Site.created_at)).one()
    last = connection.execute(select(Event.at).order_by(Event.id.desc()).limit(1)).scalar() or site.created_at
    before, lost = (last - site.created_at).total_seconds(), (at - last).total_seconds()
    share = max(0.0, lost) / max(before, 86400.0)
    gaps = numbers.leave_gaps(connection, {} if remembered is None else remembered.numbers, share)
    told = {gap.series: f"{gap.first}–{gap.last}" for gap in gaps}
    states.record(
        connection, Site.__tablename__, [(site.id, None, None)], "leave out numbers", by=by, at=at, detail=told
    )
    return gaps


def _name_requests_anew(connection: Connection) -> None:
    """What waited for the composer at the backup may have been sent since, under the same transfer id."""
    query = select(OutboundMail.id).where(OutboundMail.state == OutboundState.REQUESTED)
    for mail_id in connection.execute(query).scalars().all():
        new = str(uuid_utils.uuid7())
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(transfer_id=new))
