"""Several copies of one transfer: a damaged one needs nobody once another was taken in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, select

from intergestan_db.enums import HoldReason, InboundState
from intergestan_db.tables import InboundMail, InboundTransfer, PartnerKey
from intergestan_exchange.transfers.put_back import put_back
from intergestan_exchange.transfers.transfer import BY, ClaimedMail
from intergestan_exchange.transfers.transfers import end_mail


def signer_of(connection: Connection, kid: str) -> int:
    """The partner whose key this is; it was pinned when the mail was read, and no key is forgotten."""
    return connection.execute(select(PartnerKey.partner_id).where(PartnerKey.kid == kid)).scalar_one()


def was_taken_in(connection: Connection, partner_id: int, jti: str, digest: str) -> bool:
    """Whether this very transfer came whole, and was taken in."""
    same = (InboundTransfer.partner_id == partner_id, InboundTransfer.jti == jti)
    found = select(InboundTransfer.id).where(*same, InboundTransfer.transfer_digest == digest)
    return connection.execute(found).first() is not None


def finish_copy(connection: Connection, mail: ClaimedMail, partner_id: int, jti: str, now: datetime) -> None:
    """A damaged copy is done, because the transfer was taken in from another one."""
    end_mail(connection, mail, partner_id, jti, now, event_detail={"as": jti})


_partner = InboundMail.partner_id + 0
"""As no index has it: SQLite would look through all mails of a partner for the one that the transfer id names."""


def is_damaged_copy(partner_id: ColumnElement[int], jti: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a damaged copy of this transfer waits for a person."""
    return _damaged_copies(partner_id, jti).exists()


def end_damaged(connection: Connection, partner_id: int, jti: str, *, at: datetime) -> tuple[int, ...]:
    """Give damaged copies of a transfer back to the importer, which then finds it taken in; ring for these."""
    held = connection.scalars(_damaged_copies(partner_id, jti)).all()
    return put_back(connection, held, by=BY, at=at, event="release")


def _damaged_copies(partner_id: int | ColumnElement[int], jti: str | ColumnElement[str]) -> Select[int]:
    return select(InboundMail.id).where(
        InboundMail.transfer_id == jti,
        _partner == partner_id,
        InboundMail.state == InboundState.HELD,
        InboundMail.reason == HoldReason.DAMAGED,
    )
