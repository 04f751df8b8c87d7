"""Which kinds of mail a partner's release takes in: its newest mail says so (ADR 0021).

An older release holds what it does not know for a person, so it is sent nothing that it did not ask for.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, or_, update

from intergestan_db.database import AnyRow
from intergestan_db.tables import Partner
from intergestan_msg.kinds import TAKES, Kind

if TYPE_CHECKING:
    from intergestan_msg.manifest import Manifest


def takes(kind: Kind) -> ColumnElement[bool]:
    """The condition of partners whose release takes in mails of this kind."""
    return Partner.takes.contains(kind)


def news_of(manifest: Manifest, partner: AnyRow, composed_at: datetime, archived_at: datetime) -> str | None:
    """What the sender's release takes in, of the kinds that we send, where the base says otherwise; else None.

    A mail that was composed before the one that the base has it from says nothing: it came late, or again. One that
    the base has it from lies in the future where the partner's clock was ahead, and is no reason to doubt this one.
    """
    said = " ".join(kind for kind in TAKES if kind in manifest.takes)
    is_late = partner.takes_at is not None and composed_at < partner.takes_at <= archived_at
    return None if is_late or said == partner.takes else said


def note_takes(
    connection: Connection, partner_id: int, said: str, composed_at: datetime, archived_at: datetime
) -> None:
    """Note what `news_of` found, unless somebody noted it from a newer mail meanwhile."""
    taken = Partner.takes_at
    is_newest = or_(taken.is_(None), taken <= composed_at, taken > archived_at)
    said_at = min(composed_at, archived_at)
    connection.execute(update(Partner).where(Partner.id == partner_id, is_newest).values(takes=said, takes_at=said_at))
