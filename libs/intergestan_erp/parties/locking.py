"""The first lock of every act that changes what a customer owes: the customer's own row (ADR 0048).

Whoever holds it alone decides about sums of this customer. Locks are taken in one order everywhere: parties by id,
holds, sales orders, purchase orders, picking slips, payments, credit notes and instalments, stock, counters of codes
and accounts, number series, the ledger, mails. Whoever needs a row of an earlier kind locks it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, select, update

from intergestan_db.among import among
from intergestan_db.tables import Party

_LOCK = select(Party.id).where(among(Party.id, "ids")).order_by(Party.id).with_for_update(key_share=True)
"""Documents that only refer to a party need not wait for it: that takes a key share, which this lock lets through."""


_CHANGED = update(Party).where(among(Party.id, "ids")).values(exposure_version=Party.exposure_version + 1)
_CHANGE = (
    update(Party)
    .where(Party.id == bindparam("party"))
    .values(exposure_version=Party.exposure_version + 1)
    .returning(Party.exposure_version)
)
"""It takes the same lock; several rows it would lock in no order."""


def lock_parties(connection: Connection, ids: Iterable[int]) -> None:
    """Let nobody else change what these parties owe until the transaction ends, and count that it changes.

    Who decided by what they owed before, without the lock, sees by the count that it is another sum now.
    """
    wanted = sorted(set(ids))
    lock_only(connection, wanted)
    count_changes(connection, wanted)


def lock_only(connection: Connection, ids: Iterable[int]) -> None:
    """Lock these parties without a count: for who locks rows of the next kinds before what changes the sum."""
    connection.execute(_LOCK, {"ids": sorted(set(ids))}).all()


def lock_and_count(connection: Connection, party_id: int) -> int:
    """`lock_parties` for one, in one statement; how often what it owes had changed before."""
    return int(connection.execute(_CHANGE, {"party": party_id}).scalar_one()) - 1


def count_changes(connection: Connection, ids: Sequence[int]) -> None:
    """Count that what these parties owe changes; they are locked already."""
    connection.execute(_CHANGED, {"ids": ids})
