"""Ask the composer for mails: rows of `outbound_mail` in state `requested`, of every kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import uuid_utils
from sqlalchemy import Connection, insert

from intergestan_db.enums import OutboundState
from intergestan_db.tables import OutboundMail
from intergestan_msg.kinds import Kind

REQUEST = insert(OutboundMail).returning(OutboundMail.id)
"""Enters a row of `requested`; its id, to ring the composer with."""


def request_mail(connection: Connection, kind: Kind, partner_id: int, at: datetime, **values: Any) -> int:
    """Enter one mail; its row id, to ring the composer with.

    :param values: columns that only this kind has: who asked, what it answers.
    """
    return connection.execute(REQUEST, requested(kind, partner_id, at) | values).scalar_one()


def request_mails(connection: Connection, kind: Kind, partner_ids: Iterable[int], at: datetime) -> tuple[int, ...]:
    """Enter a mail to each of these partners; their row ids, rising."""
    mails = [requested(kind, partner_id, at) for partner_id in sorted(partner_ids)]
    if not mails:
        return ()
    return tuple(sorted(connection.execute(REQUEST, mails).scalars()))


def requested(kind: Kind, partner_id: int, at: datetime) -> dict[str, Any]:
    """The values of a mail that is asked for."""
    return {
        "transfer_id": str(uuid_utils.uuid7()),
        "kind": kind,
        "state": OutboundState.REQUESTED,
        "partner_id": partner_id,
        "requested_at": at,
        "rung_at": at,
    }
