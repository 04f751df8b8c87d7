"""Statements of ours that were sent long ago go, with their bytes, attempts and events: only the newest ever counted.

Those of partners stay in the archive, as any mail that came.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from intergestan_db.enums import OutboundState
from intergestan_db.mail_kinds import IS_STATEMENT
from intergestan_db.tables import OutboundMail, OutboundStatement
from intergestan_exchange.outbox.delete_mails import delete_mails

KEPT = timedelta(days=30)
"""So long one stays after it was asked for; `roles.sql` says so, too."""
_AT_ONCE = 500
_AT_REST = (OutboundState.SENT, OutboundState.UNKNOWN, OutboundState.ABANDONED)
_AT_WORK = tuple(state for state in OutboundState if state not in _AT_REST)
"""Asked that way round, for SQLite would take an index of states else, and read all that rests in any of them."""


def delete_sent(connection: Connection, now: datetime) -> int:
    """Delete some old statements of ours; how many there were. One that waits for a person stays."""
    mail = OutboundMail
    old = (IS_STATEMENT, mail.requested_at < now - KEPT, mail.state.not_in(_AT_WORK))
    oldest = select(mail.id).where(*old).order_by(mail.partner_id, mail.requested_at)  # as their index has them
    ids = connection.scalars(oldest.limit(_AT_ONCE).with_for_update()).all()
    if ids:
        delete_mails(connection, ids, OutboundStatement)
    return len(ids)
