"""What customers may owe and what they owe, read under their lock or without (T18, T19).

Beside what they may owe in all, some may owe only so much to an establishment (A06). Nothing is read for that of
customers who have no such ceiling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, exists, select

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.tables import Establishment, Party, PartyCredit
from intergestan_db.tables.usual_place import USUAL_ESTABLISHMENT
from intergestan_erp.credit.exposure import NOTHING, Exposure, read_exposures, read_exposures_by_establishment
from intergestan_erp.site.credit_rules import CreditRules

CUSTOMERS: Final = select(
    *(Party.id, Party.code, Party.name, Party.credit_max, Party.credit_insured, Party.exposure_version),
    exists().where(PartyCredit.party_id == Party.id).label("has_ceilings"),
)
_READ: Final = CUSTOMERS.where(among(Party.id, "ids")).order_by(Party.id)
_LOCK: Final = _READ.with_for_update(key_share=True, of=Party.__table__)
_CEILINGS: Final = (
    select(
        *(PartyCredit.party_id, Establishment.id, Establishment.number, PartyCredit.credit_max),
        *(PartyCredit.credit_insured, (Establishment.id == USUAL_ESTABLISHMENT).label("is_usual")),
    )
    .join(Establishment, Establishment.id == PartyCredit.establishment_id)
    .where(among(PartyCredit.party_id, "ids"))
    .order_by(PartyCredit.party_id, Establishment.number, Establishment.id)
)


@dataclass(frozen=True, slots=True)
class CreditAt:
    """What a customer may owe and owes to one establishment.

    :ivar number: the establishment's.
    :ivar is_usual: orders that come by mail are that establishment's.
    """

    establishment_id: int
    number: int
    maximum: Decimal
    insured: Decimal
    is_usual: bool
    exposure: Exposure


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling, and what counts against it; `establishment`: its number, None for what a customer owes in all."""

    exposure: Decimal
    maximum: Decimal | None
    insured: Decimal
    establishment: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerCredit:
    """A customer and their debt; `maximum` None is no ceiling, `version` counts the changes of what they owe."""

    id: int
    code: str
    name: str
    maximum: Decimal | None
    insured: Decimal
    version: int
    exposure: Exposure
    places: tuple[CreditAt, ...] = ()

    def limits(self, establishment_id: int | None = None) -> tuple[Limit, ...]:
        """The ceilings that a document of an establishment is under; None for the one whose orders come by mail."""
        of_place = (each for each in self.places if _is_at(each, establishment_id))
        places = (Limit(each.exposure.total, each.maximum, each.insured, each.number) for each in of_place)
        return Limit(self.exposure.total, self.maximum, self.insured), *places

    @property
    def authorised(self) -> Decimal | None:
        """What of the maximum no insurer covers (T18)."""
        return None if self.maximum is None else self.maximum - self.insured

    @property
    def free(self) -> Decimal | None:
        """What they may still owe; below zero for who is above the maximum."""
        return None if self.maximum is None else self.maximum - self.exposure.total


def read_customers(
    connection: Connection, ids: Iterable[int], day: date, rules: CreditRules, *, lock: bool = False
) -> dict[int, CustomerCredit]:
    """These customers, by id.

    :param lock: so that nobody else changes what they owe until the transaction ends; who changes it calls
        `lock_parties` before.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = connection.execute(_LOCK if lock else _READ, {"ids": wanted}).all()
    return {each.id: each for each in with_exposures(connection, rows, day, rules)}


def with_exposures(
    connection: Connection, rows: Sequence[AnyRow], day: date, rules: CreditRules
) -> list[CustomerCredit]:
    """The customers whose rows these are, as `CUSTOMERS` reads them."""
    exposures = read_exposures(connection, [row.id for row in rows], day, by_payment_due=rules.by_payment_due)
    limited = [row.id for row in rows if row.has_ceilings]
    places = _read_places(connection, limited, day, rules) if limited else {}
    return [
        CustomerCredit(
            *(row.id, row.code, row.name, row.credit_max, row.credit_insured, row.exposure_version),
            exposure=exposures[row.id],
            places=places.get(row.id, ()),
        )
        for row in rows
    ]


def versions(customers: Mapping[int, CustomerCredit]) -> dict[int, int]:
    """How often what each owes had changed."""
    return {customer.id: customer.version for customer in customers.values()}


def _is_at(place: CreditAt, establishment_id: int | None) -> bool:
    return place.is_usual if establishment_id is None else place.establishment_id == establishment_id


def _read_places(
    connection: Connection, ids: list[int], day: date, rules: CreditRules
) -> dict[int, tuple[CreditAt, ...]]:
    exposures = read_exposures_by_establishment(connection, ids, day, by_payment_due=rules.by_payment_due)
    found: dict[int, tuple[CreditAt, ...]] = {}
    for row in connection.execute(_CEILINGS, {"ids": ids}):
        exposure = exposures.get((row.party_id, row.id), NOTHING)
        found[row.party_id] = (*found.get(row.party_id, ()), CreditAt(*row[1:6], exposure))
    return found
