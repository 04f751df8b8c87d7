"""Booking rests after a restore, per partner, until their statement agrees with the base or a person says go on.

Mails of orders stay archived meanwhile; statements, answers and notices about keys are taken in (`design.md` §11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select, update

from intergestan_db import states
from intergestan_db.at_rest import is_booked_for
from intergestan_db.database import AnyRow
from intergestan_db.leases import FREE
from intergestan_db.tables import InboundMail, Partner
from intergestan_db.tables.types import UtcDateTime
from intergestan_exchange.partners.partner_clock import known_ahead
from intergestan_exchange.partners.partner_rests import release_waiting
from intergestan_exchange.statements.statements import compare_all, covers, last_kept, read_claims

if TYPE_CHECKING:
    from intergestan_exchange.transfers.transfer import ClaimedMail, Transfer
    from intergestan_msg.manifest import Manifest

_AHEAD = select(Partner.id).where(Partner.paused_at > bindparam("now", type_=UtcDateTime())).limit(1)
_PAUSED = select(Partner.id, Partner.paused_at, Partner.clock_ahead_least, Partner.clock_ahead_most).where(
    Partner.paused_at.is_not(None)
)


def pause(connection: Connection, *, at: datetime) -> tuple[int, ...]:
    """Pause booking for every partner; who these are."""
    return tuple(sorted(connection.execute(update(Partner).values(paused_at=at).returning(Partner.id)).scalars()))


def set_aside(connection: Connection, mail: ClaimedMail, transfer: Transfer, manifest: Manifest, now: datetime) -> bool:
    """Let a mail of orders wait for the end of the pause, a restore's or a person's, and give it back; False when it is
    over already.

    The partner's row stays locked until the end of the transaction, so that no mail is left behind.
    """
    columns = select(Partner.paused_at, is_booked_for().label("is_booked_for"))
    query = columns.where(Partner.id == transfer.partner.id).with_for_update(read=True)
    partner = connection.execute(query).one()
    if partner.paused_at is None and partner.is_booked_for:
        return False
    connection.execute(
        update(InboundMail)
        .where(InboundMail.id == mail.id, InboundMail.lease_fence == mail.fence)
        .values(
            paused_at=now,
            partner_id=transfer.partner.id,
            transfer_id=transfer.jti,
            epoch=manifest.epoch,
            seq=manifest.seq,
            kid=transfer.kid,
            subject=mail.subject,
            sender=mail.sender,
            strikes=0,
            **FREE,
        )
    )
    return True


def are_ahead(connection: Connection, now: datetime) -> bool:
    """Whether a pause began in our future: the clock was ahead when `restored` was typed, and was set right since."""
    return connection.execute(_AHEAD, {"now": now}).first() is not None


def bring_near(connection: Connection, *, at: datetime) -> None:
    """Let pauses of our future begin now: a statement that comes from now on was asked for after the restore."""
    connection.execute(update(Partner).where(Partner.paused_at > at).values(paused_at=at))


def agreed(connection: Connection) -> list[int]:
    """The partners whose statement shows that the base has all that they sent before the pause, and as they sent it."""
    return [row.id for row in connection.execute(_PAUSED).all() if _agrees(connection, row)]


def _agrees(connection: Connection, partner: AnyRow) -> bool:
    last = last_kept(connection, partner.id)
    if last is None or last.received_at < partner.paused_at:
        return False
    statement = read_claims(last.statement)
    clock = known_ahead(partner.clock_ahead_least, partner.clock_ahead_most)
    paused_at = partner.paused_at + timedelta(seconds=0 if clock is None else clock.seconds)  # by the partner's clock
    return covers(statement, paused_at) and compare_all(connection, partner.id, statement).all_here


def resume(
    connection: Connection, partner_ids: Sequence[int], *, by: str, at: datetime, words: str | None = None
) -> tuple[int, ...]:
    """Go on booking for these partners; the mails to take in, in the order in which they came.

    :param words: why, if a person says so.
    """
    ended = connection.execute(
        update(Partner)
        .where(Partner.id.in_(partner_ids), Partner.paused_at.is_not(None))
        .values(paused_at=None)
        .returning(Partner.id)
    ).scalars()
    ids = sorted(ended)
    detail = {"why": words or "the partner's statement agrees"}
    rows = [(partner_id, None, None) for partner_id in ids]
    states.record(connection, Partner.__tablename__, rows, "resume", by=by, at=at, detail=detail)
    return release_waiting(connection, ids, at)
