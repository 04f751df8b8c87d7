"""Settlements as they are entered: people enter them in processes without metrics, so the database is asked."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select

from intergestan_db.tables import Settlement
from intergestan_runtime.metrics import Metrics

LATE = 1000
"""So many rows back one may still come whose transaction began before that of a later row."""
_COUNT = select(func.count(Settlement.payment_id), func.count(Settlement.credit_note_id)).where(
    Settlement.id > bindparam("after"), Settlement.id <= bindparam("until")
)
_NEWEST = select(func.coalesce(func.max(Settlement.id), 0))
_BIGGEST = 2**63 - 1


class SettlementCounter:
    """Counts on from what is there when it looks first; every later settlement counts once."""

    def __init__(self) -> None:
        self._after: int | None = None
        self._counted = {"payment": 0, "credit_note": 0}

    def look(self, connection: Connection, metrics: Metrics) -> None:
        """Count what was entered since it last looked; a look reads a few thousand rows of an index at most."""
        newest = connection.execute(_NEWEST).scalar_one()
        if self._after is None:
            self._after = max(0, newest - LATE)
            self._counted = _count(connection, self._after)
            return
        found = _count(connection, self._after)
        for by, count in found.items():
            metrics.inc("settlements_total", count - self._counted[by], by=by)
        self._counted = found
        if newest > self._after + 2 * LATE:
            settled = _count(connection, self._after, newest - LATE)
            self._counted = {by: count - settled[by] for by, count in found.items()}
            self._after = newest - LATE


def _count(connection: Connection, after: int, until: int = _BIGGEST) -> dict[str, int]:
    payments, credit_notes = connection.execute(_COUNT, {"after": after, "until": until}).one()
    return {"payment": payments, "credit_note": credit_notes}
