"""For which partners booking rests after a restore (`pauses.py`), for people and for the metrics."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import InboundState
from intergestan_db.tables import InboundMail, Partner


def list_paused(connection: Connection) -> list[AnyRow]:
    """The partners for whom booking is paused: `site_code`, `name`, `paused_at`, and how many `mails` wait."""
    mail = InboundMail
    waiting = (
        select(func.count())
        .where(mail.partner_id == Partner.id, mail.state == InboundState.ARCHIVED, mail.paused_at.is_not(None))
        .scalar_subquery()
        .label("mails")
    )
    query = select(Partner.site_code, Partner.name, Partner.paused_at, waiting).where(Partner.paused_at.is_not(None))
    return list(connection.execute(query.order_by(Partner.site_code)))
