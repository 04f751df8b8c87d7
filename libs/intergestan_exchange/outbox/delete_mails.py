"""Mails of ours that went out long ago and that nobody will ask for: they go with all that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, update

from intergestan_db import states
from intergestan_db.tables import DeliveryAttempt, DeliveryReport, Event, OutboundBody, OutboundMail


def delete_mails(connection: Connection, ids: Sequence[int], own: type[Any]) -> None:
    """Delete these with their bytes, attempts and events; reports about them stay, and name none.

    :param own: the table in which their kind has a row beside that of the mail.
    """
    reports = update(DeliveryReport).where(DeliveryReport.outbound_mail_id.in_(ids))
    connection.execute(reports.values(outbound_mail_id=None))
    for table in (own, OutboundBody, DeliveryAttempt):
        connection.execute(delete(table).where(table.outbound_mail_id.in_(ids)))
    happened = (Event.subject == states.OUTBOUND_MAIL.name, Event.subject_id.in_(ids))
    connection.execute(delete(Event).where(*happened))
    connection.execute(delete(OutboundMail).where(OutboundMail.id.in_(ids)))
