"""Lettering by what settlements say: again, where a letter was taken off, or lines came to the books later."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, or_, select

from intergestan_db.enums import PaymentState
from intergestan_db.tables import CreditNote, Entry, EntryLine, Payment
from intergestan_erp.books.folders import Folder
from intergestan_erp.books.lettering import letter_closed
from intergestan_erp.books.typed import lock_letters
from intergestan_erp.paying.closed_set import closed_set
from intergestan_erp.paying.open_amounts import left_of
from intergestan_msg.money import ZERO

_PREFIX: Final = {f"{kind.__tablename__}:": kind for kind in (Payment, CreditNote)}
_SOURCES = (
    select(Entry.source)
    .join(EntryLine, EntryLine.entry_id == Entry.id)
    .where(
        *(EntryLine.aux == bindparam("aux"), EntryLine.letter.is_(None), Entry.folder_id == bindparam("folder")),
        or_(*(Entry.source.startswith(prefix, autoescape=True) for prefix in _PREFIX)),
    )
    .order_by(Entry.id)
)
_STATE = select(Payment.state).where(Payment.id == bindparam("id"))


def letter_settled_lines(connection: Connection, folder: Folder, aux: str, *, by: str, at: datetime) -> int:
    """Letter the lines of a third party's account that settle each other wholly, also over years.

    :returns: how many letters were given.
    :raises Problem: who asks may not.
    """
    number, here = lock_letters(connection, folder, aux, by=by, at=at)
    given = 0
    for source in connection.execute(_SOURCES, {"aux": number, "folder": folder.id}).scalars().all():
        sources = _settled_with(connection, source)
        if sources:
            given += letter_closed(connection, sources, here)
    return given


def _settled_with(connection: Connection, source: str) -> list[str]:
    """What a payment or a credit note settles wholly, itself in it; what undid a payment that does not stand."""
    kind, _colon, number = source.partition(":")
    document, found = _PREFIX[f"{kind}:"], int(number)
    if document is Payment:
        state = connection.execute(_STATE, {"id": found}).scalar_one()
        if state != PaymentState.ENTERED:
            return [source, f"{state}:{found}"]
    if connection.execute(select(left_of(document)).where(document.id == found)).scalar_one() > ZERO:
        return []
    return closed_set(connection, kind, found)
