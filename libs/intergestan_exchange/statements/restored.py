"""What a base that came back from a backup must do before it sends again."""

from __future__ import annotations

from datetime import datetime

import uuid_utils
from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.enums import OutboundState
from intergestan_db.tables import OutboundMail, Partner
from intergestan_exchange.statements import statement_requests
from intergestan_exchange.statements.pauses import pause
from intergestan_exchange.statements.releases import takes
from intergestan_msg.kinds import Kind


def begin_new_epoch(connection: Connection, *, by: str, at: datetime) -> int:
    """Count what we send anew, for every partner; how many these are.

    The backup does not know the numbers that were given after it was made. A partner that saw one of them would hold
    the next mail under the same number as a conflict; under a new epoch no number was ever given (`design.md` §11).
    """
    renewed = update(Partner).values(out_epoch=Partner.out_epoch + 1, out_seq=0).returning(Partner.id)
    ids = connection.execute(renewed).scalars().all()
    states.record(connection, "partner", [(row_id, None, None) for row_id in ids], "new epoch", by=by, at=at)
    return len(ids)


def take_up(connection: Connection, *, by: str, at: datetime) -> int:
    """All that a restored base needs: new numbers, booking paused, our statement to every partner; how many these are.

    Their statements, which ours asks for, say what the base has lost.
    """
    partners = begin_new_epoch(connection, by=by, at=at)
    _name_requests_anew(connection)
    pause(connection, at=at)
    wished = connection.execute(select(Partner.id).where(takes(Kind.STATEMENT))).scalars().all()
    statement_requests.request(connection, wished, at=at, wanted=True)
    return partners


def _name_requests_anew(connection: Connection) -> None:
    """What waited for the composer at the backup may have been sent since, under the same transfer id."""
    query = select(OutboundMail.id).where(OutboundMail.state == OutboundState.REQUESTED)
    for mail_id in connection.execute(query).scalars().all():
        new = str(uuid_utils.uuid7())
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(transfer_id=new))
