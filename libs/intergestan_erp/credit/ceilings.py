"""Setting what a customer may owe, under the lock of the sum that it bounds (T18, T19)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Party
from intergestan_erp.parties.ceilings import Ceiling, check_ceiling
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.locking import lock_parties


def read_ceiling(connection: Connection, party_id: int) -> Ceiling:
    """What a customer may owe."""
    columns = select(Party.credit_max, Party.credit_insured).where(Party.id == party_id)
    return Ceiling(*connection.execute(columns).one())


def set_ceiling(connection: Connection, party_id: int, ceiling: Ceiling, *, by: str, at: datetime) -> Freed:
    """Set what a customer may owe; those who may owe more than before are freed.

    :raises Problem: more is insured than the maximum, or the party is no customer; nothing is changed then.
    """
    check_ceiling(ceiling)
    lock_parties(connection, [party_id])
    row = connection.execute(select(Party.code, Party.is_customer).where(Party.id == party_id)).one()
    if not row.is_customer:
        raise Problem("Only customers owe: {code} is none. Nothing was changed.", ProblemCode.NO_ROLE, code=row.code)
    before = read_ceiling(connection, party_id)
    if ceiling == before:
        return Freed()
    values = {"credit_max": ceiling.maximum, "credit_insured": ceiling.insured}
    connection.execute(update(Party).where(Party.id == party_id).values(**values))
    detail = {
        name: [_said(old), _said(new)]
        for name, old, new in (
            ("credit_max", before.maximum, ceiling.maximum),
            ("credit_insured", before.insured, ceiling.insured),
        )
        if old != new
    }
    states.record(connection, Party.__tablename__, [(party_id, None, None)], "set", by=by, at=at, detail=detail)
    higher = ceiling.maximum is None or (before.maximum is not None and ceiling.maximum > before.maximum)
    return Freed((party_id,)) if higher else Freed()


def _said(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
