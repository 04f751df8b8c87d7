"""What a customer may owe is a person's decision: the maximum, and what of it an insurer covers (T18, T19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party
from intergestan_erp.credit.customers import note_change
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.locking import lock_parties
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A maximum; None: there is none. `insured` is part of it."""

    maximum: Decimal | None
    insured: Decimal = ZERO


def check_ceiling(ceiling: Ceiling) -> None:
    """Refuse a maximum of which more is insured.

    :raises Problem: with both.
    """
    if ceiling.maximum is not None and ceiling.insured > ceiling.maximum:
        raise Problem(
            "The insured amount {insured} is more than the maximum {maximum}; nothing was changed.",
            ProblemCode.INSURED_TOO_MUCH,
            (Act.SET_CEILING,),
            insured=f"{ceiling.insured:.2f}",
            maximum=f"{ceiling.maximum:.2f}",
        )


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
    note_change(connection, [party_id])
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
