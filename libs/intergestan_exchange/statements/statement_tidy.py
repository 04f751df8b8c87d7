"""Statements of ours that were sent long ago go, with their bytes, attempts and events: only the newest ever counted.

Those of partners stay in the archive, as any mail that came.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, literal_column, select, update

from intergestan_db import states
from intergestan_db.enums import OutboundState
from intergestan_db.tables import DeliveryAttempt, DeliveryReport, Event, OutboundBody, OutboundMail, OutboundStatement
from intergestan_msg.kinds import Kind

KEPT = timedelta(days=30)
"""So long one stays after it was asked for; `roles.sql` says so, too."""
_AT_ONCE = 500
_AT_REST = (OutboundState.SENT, OutboundState.UNKNOWN, OutboundState.ABANDONED)
_AT_WORK = tuple(state for state in OutboundState if state not in _AT_REST)
"""Asked that way round, for SQLite would take an index of states else, and read all that rests in any of them."""
_IS_STATEMENT = OutboundMail.kind == literal_column(f"'{Kind.STATEMENT}'")
"""Written out as the condition of their index is, so that SQLite sees that it fits."""


def delete_sent(connection: Connection, now: datetime) -> int:
    """Delete some old statements of ours; how many there were. One that waits for a person stays."""
    mail = OutboundMail
    old = (_IS_STATEMENT, mail.requested_at < now - KEPT, mail.state.not_in(_AT_WORK))
    oldest = select(mail.id).where(*old).order_by(mail.partner_id, mail.requested_at)  # as their index has them
    ids = connection.scalars(oldest.limit(_AT_ONCE).with_for_update()).all()
    if ids:
        reports = update(DeliveryReport).where(DeliveryReport.outbound_mail_id.in_(ids))
        connection.execute(reports.values(outbound_mail_id=None))
        for table in (OutboundStatement, OutboundBody, DeliveryAttempt):
            connection.execute(delete(table).where(table.outbound_mail_id.in_(ids)))
        happened = (Event.subject == states.OUTBOUND_MAIL.name, Event.subject_id.in_(ids))
        connection.execute(delete(Event).where(*happened))
        connection.execute(delete(mail).where(mail.id.in_(ids)))
    return len(ids)
