"""For which partners booking rests after a restore (`pauses.py`), for people and for the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from intergestan_db.enums import InboundState
from intergestan_db.tables import InboundMail, Partner


@dataclass(frozen=True, slots=True)
class PausedPartner:
    """A partner for whom booking is paused, and how many mails wait."""

    code: str
    name: str
    since: datetime
    mails: int


def list_paused(connection: Connection) -> list[PausedPartner]:
    """Those of all partners."""
    mail = InboundMail
    waiting = (
        select(func.count())
        .where(mail.partner_id == Partner.id, mail.state == InboundState.ARCHIVED, mail.paused_at.is_not(None))
        .scalar_subquery()
        .label("mails")
    )
    query = select(Partner.site_code, Partner.name, Partner.paused_at, waiting).where(Partner.paused_at.is_not(None))
    return [PausedPartner(*row) for row in connection.execute(query.order_by(Partner.site_code))]
