"""The verified manifest and the mail that brought it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from intergestan_db import states
from intergestan_db.leases import FREE
from intergestan_db.tables import InboundMail, InboundTransfer
from intergestan_exchange.transfers.transfer import (
    BY,
    ClaimedMail,
    Transfer,
)

_ENTER = insert(InboundTransfer).returning(InboundTransfer.id)


def finish_mail(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> None:
    """The mail is done: all its documents are booked, held or known.

    :raises StaleState: the lease on the mail was lost.
    """
    end_mail(connection, mail, transfer.partner.id, transfer.jti, now, kid=transfer.kid)


def end_mail(
    connection: Connection, mail: ClaimedMail, partner_id: int, jti: str, now: datetime, **values: Any
) -> None:
    """The mail is done with this transfer of a partner.

    One that brings more stays as it is, still ours: it is done with the last of its manifests.

    :raises StaleState: the lease on the mail was lost.
    """
    if mail.brings_more:
        keep(connection, mail)
        return
    states.move(
        connection,
        states.INBOUND_MAIL,
        [mail.id],
        "finish",
        by=BY,
        at=now,
        fence=mail.fence,
        partner_id=partner_id,
        transfer_id=jti,
        subject=mail.subject,
        sender=mail.sender,
        reason=None,
        detail=None,
        strikes=0,
        replayed=False,
        unproven=False,
        budget=None,
        **values,
        **FREE,
    )


def keep(connection: Connection, mail: ClaimedMail) -> None:
    """Hold on to a mail that is not done yet.

    :raises StaleState: the lease on it was lost.
    """
    ours = (InboundMail.id == mail.id, InboundMail.lease_fence == mail.fence)
    kept = connection.execute(update(InboundMail).where(*ours).values(lease_fence=mail.fence))
    if kept.rowcount != 1:
        raise states.StaleState(states.INBOUND_MAIL, "finish", {mail.id})


def insert_transfer(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> int:
    """Enter a verified manifest, unless the base has it; its row id."""
    return transfer.row_id or _insert(connection, mail, transfer, now)


def _insert(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> int:
    values = {
        "partner_id": transfer.partner.id,
        "jti": transfer.jti,
        "epoch": transfer.epoch,
        "seq": transfer.seq,
        "kind": transfer.kind,
        "transfer_digest": transfer.digest,
        "composed_at": transfer.composed_at,
        "received_at": now,
        "inbound_mail_id": mail.id,
        "message_id": transfer.message_id,
        "spelled": transfer.spelled or None,
    }
    return connection.execute(_ENTER, values).scalar_one()
