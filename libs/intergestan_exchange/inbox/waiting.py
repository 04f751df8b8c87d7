"""Changes that wait for a document before them: found again and taken in as soon as the gap is closed.

The transaction that settles a document wakes its successor. When both came at the same moment neither saw the
other: therefore the dispatcher looks again (`take_in_ripe`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, exists, literal_column, select

from intergestan_db.enums import LedgerOutcome
from intergestan_db.tables import InboundTransfer, Ledger
from intergestan_exchange.inbox.decide_change import missing_before
from intergestan_exchange.inbox.facts import read_known
from intergestan_exchange.transfers.put_back import put_back
from intergestan_msg.kinds import ORDER_TYPES

_WAITING: ColumnElement[str] = literal_column(f"'{LedgerOutcome.WAITING}'")
"""Written out, so that SQLite sees that the index of those that wait fits."""
_BEFORE = Ledger.__table__.alias().c
_IS_BEFORE = (
    _BEFORE.partner_id == Ledger.partner_id,
    _BEFORE.type.in_(ORDER_TYPES),
    _BEFORE.number == Ledger.number,
    _BEFORE.revision == Ledger.revision - 1,
)
_IS_BLOCKED = exists().where(*_IS_BEFORE, _BEFORE.outcome.in_([LedgerOutcome.WAITING, LedgerOutcome.HELD]))
_IS_THERE = exists().where(*_IS_BEFORE)
_READY = (
    select(Ledger.id, Ledger.partner_id, Ledger.type, Ledger.number, Ledger.revision)
    .where(Ledger.outcome == _WAITING, _IS_THERE, ~_IS_BLOCKED)
    .order_by(Ledger.id)
    .limit(bindparam("most"))
)
"""Those whose direct predecessor is not waiting itself."""


def take_in_again(connection: Connection, ledger_ids: Iterable[int], *, by: str, at: datetime) -> tuple[int, ...]:
    """Put back the mails that brought these documents; ring for what is returned."""
    wanted = sorted(set(ledger_ids))
    if not wanted:
        return ()
    mails = (
        select(InboundTransfer.inbound_mail_id)
        .join(Ledger, Ledger.inbound_transfer_id == InboundTransfer.id)
        .where(Ledger.id.in_(wanted))
    )
    return put_back(connection, connection.execute(mails).scalars(), by=by, at=at)


def take_in_ripe(connection: Connection, *, by: str, at: datetime) -> tuple[int, ...]:
    """Put back the mails of all changes that wait for nothing any more; ring for what is returned."""
    ripe = [row_id for row_id, partner_id, key in _waiting(connection) if _is_ripe(connection, partner_id, key)]
    return take_in_again(connection, ripe, by=by, at=at)


def is_any_waiting(connection: Connection) -> bool:
    """Whether `take_in_ripe` has anything to look at; costs no write."""
    return bool(_waiting(connection, 1))


def after(connection: Connection, partner_id: int, number: str, revision: int) -> Sequence[int]:
    """The ledger rows of documents that waited for this one."""
    query = select(Ledger.id).where(
        Ledger.partner_id == partner_id,
        Ledger.type.in_(ORDER_TYPES),
        Ledger.number == number,
        Ledger.revision == revision + 1,
        Ledger.outcome == LedgerOutcome.WAITING,
    )
    return connection.execute(query).scalars().all()


def _waiting(connection: Connection, most: int = 500) -> list[tuple[int, int, tuple[str, str, int]]]:
    rows = connection.execute(_READY, {"most": most})
    return [(row.id, row.partner_id, (row.type, row.number, row.revision)) for row in rows]


def _is_ripe(connection: Connection, partner_id: int, key: tuple[str, str, int]) -> bool:
    return missing_before(key, read_known(connection, partner_id, [key])) is None
