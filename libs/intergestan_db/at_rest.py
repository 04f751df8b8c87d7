"""What a person paused or took out of use, as conditions of SQL (`design.md` §11). Its rows stay."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from intergestan_db.enums import Rest
from intergestan_db.tables import Mailbox, Partner


def is_polled() -> ColumnElement[bool]:
    """Mailboxes that shall be polled."""
    return and_(Mailbox.active, Mailbox.rests_since.is_(None))


def is_sent_to() -> ColumnElement[bool]:
    """Partners to whom mails leave."""
    return _goes_on(Rest.BOOKING)


def is_booked_for() -> ColumnElement[bool]:
    """Partners whose orders are booked, as far as a person says; after a restore they may have to wait all the same."""
    return _goes_on(Rest.SENDING)


def _goes_on(other: Rest) -> ColumnElement[bool]:
    return and_(Partner.active, or_(Partner.rests.is_(None), Partner.rests == other))


NOT_SENT_TO: Any = select(Partner.id).where(~is_sent_to())
"""The ids of partners to whom nothing leaves now."""
