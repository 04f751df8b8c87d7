"""What the archive's newest mails say of a database that lies about its age.

Files of the archive are never altered, and a copied database does not take them back. Mails that came after it was
copied are in the archive and not in it. A crash leaves such files, too, but few, and none much younger than the last
sign of life in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import Event, InboundMail, OutboundMail, Partner, PartnerKey, Worker
from intergestan_exchange.statements.numbered_mails import last_got
from intergestan_msg.manifest import Manifest

NEWEST = 50
"""So many files are read at most: one that proves it is enough."""
AFTER_A_CRASH = timedelta(minutes=10)
"""A mail may be archived so much later than the database's last sign of life, and its row be lost in a crash."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The partner that signed a mail, and how far the numbering with it is in the database.

    :ivar ours: our series and the last number that we gave in it; `theirs`: the highest that came from them.
    """

    name: str
    ours: tuple[int, int]
    theirs: tuple[int, int]


def last_sign_of_life(connection: Connection) -> datetime | None:
    """The newest instant that the database knows of."""
    newest = select(Event.at).order_by(Event.id.desc()).limit(1).scalar_subquery()
    beats, came = select(func.max(Worker.alive_until)), select(func.max(InboundMail.archived_at))
    row = connection.execute(select(newest, beats.scalar_subquery(), came.scalar_subquery())).one()
    return max((instant for instant in row if instant is not None), default=None)


def unknown_mails(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those files of the archive, by their sha256, of which the database has no row."""
    unknown = set(names)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        unknown -= set(connection.execute(select(InboundMail.sha256).where(InboundMail.sha256.in_(some))).scalars())
    return unknown


_AT_ONCE = 500


def sender_of(connection: Connection, kid: str, manifest: Manifest, our_code: str) -> Sender | None:
    """Who signed it, if that is a partner and it is for us."""
    query = select(Partner.__table__).join(PartnerKey, PartnerKey.partner_id == Partner.id).where(PartnerKey.kid == kid)
    partner: AnyRow | None = connection.execute(query).first()
    if partner is None or manifest.aud != our_code or manifest.iss != partner.site_code:
        return None
    return Sender(partner.name, (partner.out_epoch, partner.out_seq), last_got(connection, partner.id))


def is_sent(connection: Connection, manifest: Manifest) -> bool:
    """Whether the database knows the mail of ours that an answer quotes; heartbeats are forgotten after a day."""
    quoted = manifest.in_reply_to
    if quoted is None or not manifest.answers:
        return True
    return connection.execute(select(OutboundMail.id).where(OutboundMail.transfer_id == quoted.jti)).first() is not None


def proves_older(
    manifest: Manifest, sender: Sender, *, is_sent: bool, archived_at: datetime, last_sign: datetime
) -> bool:
    """Whether a verified mail in the archive, of which the database knows nothing, proves that it was copied back.

    The partner has mails of ours that we did not give a number yet, or answers one that we did not send; or its own
    mails are further than ours to them say, and came long after the database's last sign of life.
    """
    position = manifest.position
    if not is_sent or (position is not None and (position.got_epoch, position.got) > sender.ours):
        return True
    is_news = manifest.seq > 0 and (manifest.epoch, manifest.seq) > sender.theirs
    return is_news and archived_at - last_sign > AFTER_A_CRASH
