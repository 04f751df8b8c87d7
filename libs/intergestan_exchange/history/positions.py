"""What a partner's mails say about the numbering between us, and whose database is behind it (`design.md` §16.6).

A partner that has mails of ours which our database did not number yet: ours went back. A partner that says it sent
fewer mails than came: theirs did.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from intergestan_db.tables import InboundTransfer, Partner
from intergestan_exchange.statements import statement_requests
from intergestan_exchange.statements.numbered_mails import last_got
from intergestan_exchange.statements.releases import takes
from intergestan_msg.kinds import TAKES, Kind

if TYPE_CHECKING:
    from intergestan_db.database import AnyRow
    from intergestan_msg.manifest import Manifest

_AT_ONCE = 60 * 10**6
"""In microseconds: two mails of one site may be composed at the same moment, each without a view of the other."""
UNDER_WAY = timedelta(minutes=4)
"""A mail need not come sooner than a heartbeat that was composed after it."""


def is_told(manifest: Manifest, partner: AnyRow) -> bool:
    """Whether a mail's position is worth a note: a heartbeat's and a statement's are, and whatever shows us behind.

    :param partner: with `out_epoch` and `out_seq`.
    """
    position = manifest.position
    if position is None:
        return False
    return manifest.kind in TAKES or (position.got_epoch, position.got) > (partner.out_epoch, partner.out_seq)


def note_position(
    connection: Connection, partner_id: int, manifest: Manifest, composed_at: datetime, now: datetime
) -> None:
    """Note what a partner's mail says, unless a newer one said something before.

    What a clock wrote that is ahead of ours counts as written now: else all that comes after the clock was set right
    would look older, for as long as the step.
    """
    position = manifest.position
    if position is None:
        return
    said_at = min(composed_at, now)
    instant = literal(said_at, Partner.told_at.type)
    place = tuple_(literal(manifest.epoch, BigInteger), instant)
    is_newer = or_(
        Partner.told_at.is_(None),
        Partner.told_at > literal(now, Partner.told_at.type),
        tuple_(Partner.told_epoch, Partner.told_at) <= place,
    )
    same = and_(Partner.told_epoch == manifest.epoch, Partner.told_seq == position.sent, Partner.told_since <= instant)
    told = {
        "told_since": case((same, Partner.told_since), else_=instant),
        "told_epoch": manifest.epoch,
        "told_seq": position.sent,
        "told_got_epoch": position.got_epoch,
        "told_got_seq": position.got,
        "told_at": said_at,
    }
    connection.execute(update(Partner).where(Partner.id == partner_id, is_newer).values(**told))


def ask_for_lost(connection: Connection, partner_id: int, manifest: Manifest, now: datetime) -> tuple[int, ...]:
    """Ask for a statement where a partner's last mails did not come, though it told of them some time ago.

    What lies between mails that came is found without (`statements`).

    :returns: the mail to compose.
    """
    partner = connection.execute(select(Partner.__table__).where(Partner.id == partner_id)).one()
    told_long_ago = partner.told_since is not None and now - partner.told_since >= UNDER_WAY
    if not told_long_ago or partner.told_epoch != manifest.epoch or not partner.told_seq:
        return ()
    if last_got(connection, partner_id) >= (partner.told_epoch, partner.told_seq):
        return ()
    last = statement_requests.last_requested(connection, [partner_id], now).get(partner_id)
    if last is not None and last > now - statement_requests.WHILE_PAUSED:
        return ()
    able = connection.execute(select(Partner.id).where(Partner.id == partner_id, takes(Kind.STATEMENT))).first()
    return statement_requests.request(connection, [partner_id] if able else [], at=now, wanted=True, newest=True)


def ours_is_older() -> ColumnElement[bool]:
    """The condition of partners that have later mails of ours than our database knows."""
    got = tuple_(Partner.told_got_epoch, Partner.told_got_seq)
    return and_(Partner.told_at.is_not(None), got > tuple_(Partner.out_epoch, Partner.out_seq))


def theirs_is_older() -> ColumnElement[bool]:
    """The condition of partners that say they sent less than came before they said so.

    Before it by their clock, since mails overtake each other, and by ours, since theirs may have been set back. Asked
    in the order of the index that begins where they said: whoever looks through all finds out at the end that there is
    none.
    """
    transfer = InboundTransfer
    composed = type_coerce(transfer.composed_at, BigInteger) < type_coerce(Partner.told_at, BigInteger) - _AT_ONCE
    came = (transfer.partner_id == Partner.id, composed, transfer.received_at < Partner.told_at)

    def is_any(*later: ColumnElement[bool]) -> ColumnElement[bool]:
        first = select(transfer.id).where(*came, *later).order_by(transfer.epoch, transfer.seq).limit(1)
        return first.correlate(Partner).scalar_subquery().is_not(None)

    told = case((Partner.told_at.is_not(None), Partner.told_epoch))  # NULL, and so nothing to look up, before they did
    return or_(is_any(transfer.epoch == told, transfer.seq > Partner.told_seq), is_any(transfer.epoch > told))
