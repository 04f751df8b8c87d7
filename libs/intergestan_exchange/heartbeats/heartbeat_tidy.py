"""Heartbeats leave nothing behind: after two days their rows, bytes and events go, and after an hour their mails.

They are the only mails that we delete without being asked: they are ours, they carry no order, and they would bury the
mails of people (ADR 0018).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from intergestan_db import states
from intergestan_db.at_rest import is_polled
from intergestan_db.enums import InboundState, OutboundState
from intergestan_db.tables import (
    Event,
    Heartbeat,
    InboundMail,
    Mailbox,
    MailboxUid,
    MailboxUidl,
    OutboundMail,
    PurgeMail,
    PurgeRun,
)
from intergestan_exchange.heartbeats.heartbeat_mails import KEPT
from intergestan_exchange.outbox.delete_mails import delete_mails
from intergestan_msg.kinds import Kind

IN_MAILBOX = timedelta(hours=1)
"""How long one stays in the mailbox after it was taken in."""
UNSEEN = timedelta(days=7)
"""After so long we no longer wait for a mailbox to be emptied: somebody else did it, or it is not read any more."""
BY = "heartbeats"

_AT_ONCE = 500
_NOTES = (MailboxUid, MailboxUidl)
_IS_HEARTBEAT: ColumnElement[bool] = literal_column("inbound_mail.is_heartbeat")
"""Written out as the condition of their index is, so that SQLite sees that it fits."""


def delete_sent(connection: Connection, now: datetime) -> int:
    """Delete some old heartbeats and echoes of ours; how many there were."""
    mail = OutboundMail
    old = (mail.requested_at < now - KEPT, mail.state != OutboundState.SENDING)
    beats = select(mail.id).join(Heartbeat, Heartbeat.outbound_mail_id == mail.id).where(*old)
    oldest = beats.order_by(Heartbeat.outbound_mail_id).limit(_AT_ONCE)
    ids = connection.scalars(oldest.with_for_update(of=mail)).all()
    if ids:
        delete_mails(connection, ids, Heartbeat)
    return len(ids)


def old_received(connection: Connection, now: datetime) -> list[tuple[int, str]]:
    """Some received heartbeats that may go, by id and sha256: their mailbox has them no longer, or never will."""
    mail = InboundMail
    waits = or_(*(_is_noted(table) for table in _NOTES))
    hopeless = and_(mail.archived_at < now - UNSEEN, ~_is_kept())
    query = select(mail.id, mail.sha256).where(
        *(_IS_HEARTBEAT, mail.state == InboundState.DONE, mail.archived_at < now - KEPT),
        or_(~waits, hopeless),
    )
    return [(row.id, row.sha256) for row in connection.execute(query.order_by(mail.archived_at).limit(_AT_ONCE))]


def delete_received(connection: Connection, ids: Sequence[int]) -> None:
    """Delete these; their bytes are gone already. A name that still stands for one stays known as not to be fetched."""
    for table in _NOTES:
        mine = update(table).where(table.inbound_mail_id.in_(ids))
        connection.execute(mine.values(inbound_mail_id=None, note=Kind.HEARTBEAT))
    connection.execute(delete(PurgeMail).where(PurgeMail.inbound_mail_id.in_(ids)))
    connection.execute(delete(Event).where(Event.subject == states.INBOUND_MAIL.name, Event.subject_id.in_(ids)))
    connection.execute(delete(InboundMail).where(InboundMail.id.in_(ids)))


def ask_to_remove(connection: Connection, now: datetime) -> int:
    """Ask the pollers to remove from the mailboxes what was taken in; how many mailboxes have any.

    What they removed before is forgotten: it is listed nowhere.
    """
    run = PurgeRun
    over = select(run.id).where(run.heartbeats_only, run.ended_at < now - IN_MAILBOX)
    connection.execute(delete(PurgeMail).where(PurgeMail.purge_run_id.in_(over)))
    connection.execute(delete(run).where(run.id.in_(over)))
    asked = exists().where(run.mailbox_id == Mailbox.id, run.ended_at.is_(None))
    boxes = select(Mailbox.id).where(is_polled(), ~Mailbox.keeps_heartbeats, Mailbox.id.in_(_having_any(now)), ~asked)
    same = {"requested_at": now, "requested_by": BY, "archived_before": now - IN_MAILBOX, "dry_run": False}
    rows = [{"mailbox_id": each, "heartbeats_only": True} | same for each in connection.scalars(boxes).all()]
    if rows:
        connection.execute(insert(run), rows)
    return len(rows)


def _having_any(now: datetime) -> Any:
    """The mailboxes that have old ones; asked from the heartbeats, of which there are few."""
    mail = InboundMail
    old = (_IS_HEARTBEAT, mail.state == InboundState.DONE, mail.archived_at < now - IN_MAILBOX)
    uids, uidls = (
        select(table.mailbox_id).join(mail, mail.id == table.inbound_mail_id).where(*old) for table in _NOTES
    )
    return uids.union(uidls)


def _is_noted(table: type[MailboxUid | MailboxUidl]) -> Any:
    return exists().where(table.inbound_mail_id == InboundMail.id)


def _is_kept() -> Any:
    """Whether it lies in a mailbox that is to keep heartbeats."""
    return or_(
        *(
            exists(Mailbox.id)  # not of all columns: passwords are not for the dispatcher's role
            .where(table.inbound_mail_id == InboundMail.id, table.mailbox_id == Mailbox.id)
            .where(Mailbox.keeps_heartbeats)
            for table in _NOTES
        )
    )
