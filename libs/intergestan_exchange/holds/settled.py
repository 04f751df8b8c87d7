"""What became of something that waited: who settled it, when and how. For whoever comes to it too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db import states
from intergestan_db.enums import InboundState
from intergestan_db.tables import Event, InboundMail, OutboundMail, Partner
from intergestan_db.tables import Hold as HoldRow
from intergestan_exchange.holds.holds import INBOUND, ORDER, parse_ref


@dataclass(frozen=True, slots=True)
class Settled:
    """Something that waited once.

    :ivar event: what was done, as in the `event` rows; `close` of an order that went on by itself.
    :ivar by: a login, or the service that saw that it need not wait any more.
    :ivar words: what the person said of it. :ivar order: the order's number, of a hold of one.
    :ivar again: the same order waits again, under this name.
    :ivar is_moving: the importer is about to take it in.
    """

    ref: str
    event: str
    by: str
    at: datetime
    partner: str | None = None
    order: str | None = None
    words: str | None = None
    again: str | None = None
    is_moving: bool = False


def find_settled(connection: Connection, ref: str) -> Settled | None:
    """What became of it; None: it waits still, or never did.

    :raises Problem: that is no ref.
    """
    kind, row_id = parse_ref(ref)
    if kind == ORDER:
        return _order(connection, row_id)
    is_in = kind == INBOUND
    machine, table = (states.INBOUND_MAIL, InboundMail) if is_in else (states.OUTBOUND_MAIL, OutboundMail)
    mail = connection.execute(
        select(table.state, Partner.name).outerjoin(Partner, Partner.id == table.partner_id).where(table.id == row_id)
    ).first()
    if mail is None or mail.state == "held":
        return None
    left = select(Event.__table__).where(Event.subject == machine.name, Event.subject_id == row_id, Event.old == "held")
    event = connection.execute(left.order_by(Event.id.desc()).limit(1)).first()
    if event is None:
        return None
    words = (event.detail or {}).get("words")
    moving = is_in and mail.state == InboundState.ARCHIVED
    return Settled(
        *(f"{kind}-{row_id}", event.name, event.who, event.at), partner=mail.name, words=words, is_moving=moving
    )


def _order(connection: Connection, row_id: int) -> Settled | None:
    row = connection.execute(
        select(HoldRow.__table__, Partner.name, InboundMail.state)
        .join(Partner, Partner.id == HoldRow.partner_id)
        .join(InboundMail, InboundMail.id == HoldRow.inbound_mail_id)
        .where(HoldRow.id == row_id, HoldRow.closed_at.is_not(None))
    ).first()
    if row is None:
        return None
    event = connection.execute(
        select(Event.name, Event.detail)
        .where(
            Event.subject == HoldRow.__tablename__, Event.subject_id == row_id, Event.name.in_(("release", "refuse"))
        )
        .order_by(Event.id.desc())
        .limit(1)
    ).first()
    same = (HoldRow.partner_id == row.partner_id, HoldRow.number == row.number, HoldRow.closed_at.is_(None))
    again = connection.execute(select(HoldRow.id).where(*same).order_by(HoldRow.id.desc()).limit(1)).scalar()
    return Settled(
        f"{ORDER}-{row_id}",
        "close" if event is None else event.name,
        row.closed_by,
        row.closed_at,
        partner=row.name,
        order=row.number,
        words=None if event is None else (event.detail or {}).get("words"),
        again=None if again is None else f"{ORDER}-{again}",
        is_moving=row.state == InboundState.ARCHIVED,
    )
