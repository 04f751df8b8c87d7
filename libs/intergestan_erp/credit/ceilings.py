"""Setting what a customer may owe, under the lock of the sum that it bounds (T18, T19, A06)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party, PartyCredit
from intergestan_erp.agencies.establishments import establishment_called
from intergestan_erp.parties.agencies import stands_for_depot
from intergestan_erp.parties.ceilings import NO_CEILING, Ceiling, check_ceiling
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
    _lock_customer(connection, party_id, ceiling)
    before = read_ceiling(connection, party_id)
    if ceiling == before:
        return Freed()
    values = {"credit_max": ceiling.maximum, "credit_insured": ceiling.insured}
    connection.execute(update(Party).where(Party.id == party_id).values(**values))
    _note(connection, party_id, _changes(before, ceiling), by, at)
    return _freed(party_id, before, ceiling)


def set_ceiling_at(
    connection: Connection, party_id: int, establishment: int, ceiling: Ceiling, *, by: str, at: datetime
) -> Freed:
    """Set what a customer may owe to an establishment, beside what they may owe in all (A06).

    :param establishment: its number, of the dossier with the lowest number that has one.
    :raises Problem: there is no such establishment, more is insured than the maximum, or the party is no customer;
        nothing is changed then.
    """
    check_ceiling(ceiling)
    _lock_customer(connection, party_id, ceiling)
    place = establishment_called(connection, establishment).id
    mine = PartyCredit.party_id == party_id, PartyCredit.establishment_id == place
    row = connection.execute(select(PartyCredit.credit_max, PartyCredit.credit_insured).where(*mine)).one_or_none()
    before = NO_CEILING if row is None else Ceiling(*row)
    if ceiling == before:
        return Freed()
    connection.execute(delete(PartyCredit).where(*mine))
    if ceiling.maximum is not None:
        values = {"credit_max": ceiling.maximum, "credit_insured": ceiling.insured}
        connection.execute(insert(PartyCredit).values(party_id=party_id, establishment_id=place, **values))
    _note(connection, party_id, {"establishment": establishment, **_changes(before, ceiling)}, by, at)
    return _freed(party_id, before, ceiling)


def _lock_customer(connection: Connection, party_id: int, ceiling: Ceiling) -> None:
    """Lock the customer; of those that stand for a depot of ours nobody sets a maximum (D40)."""
    lock_parties(connection, [party_id])
    row = connection.execute(select(Party.code, Party.is_customer).where(Party.id == party_id)).one()
    if not row.is_customer:
        raise Problem("Only customers owe: {code} is none. Nothing was changed.", ProblemCode.NO_ROLE, code=row.code)
    stands = select(Party.id).where(Party.id == party_id, stands_for_depot())
    if ceiling.maximum is not None and connection.execute(stands).first() is not None:
        raise Problem(
            "{code} stands for a depot of ours, and agencies have no credit maximum. Nothing was changed.",
            ProblemCode.PARTY_TIED,
            (Act.LIST_DEPOTS,),
            code=row.code,
        )


def _changes(before: Ceiling, after: Ceiling) -> dict[str, Any]:
    return {
        name: [_said(old), _said(new)]
        for name, old, new in (
            ("credit_max", before.maximum, after.maximum),
            ("credit_insured", before.insured, after.insured),
        )
        if old != new
    }


def _note(connection: Connection, party_id: int, detail: Mapping[str, Any], by: str, at: datetime) -> None:
    states.record(connection, Party.__tablename__, [(party_id, None, None)], "set", by=by, at=at, detail=detail)


def _freed(party_id: int, before: Ceiling, after: Ceiling) -> Freed:
    higher = after.maximum is None or (before.maximum is not None and after.maximum > before.maximum)
    return Freed((party_id,)) if higher else Freed()


def _said(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
