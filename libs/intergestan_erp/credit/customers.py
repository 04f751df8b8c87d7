"""What customers may owe and what they owe, read under their lock or without (T18, T19)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, select

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.tables import Party
from intergestan_erp.credit.exposure import Exposure, read_exposures
from intergestan_erp.site.credit_rules import CreditRules

CUSTOMERS: Final = select(
    Party.id, Party.code, Party.name, Party.credit_max, Party.credit_insured, Party.exposure_version
)
_READ: Final = CUSTOMERS.where(among(Party.id, "ids")).order_by(Party.id)
_LOCK: Final = _READ.with_for_update(key_share=True)


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
    return [
        CustomerCredit(
            *(row.id, row.code, row.name, row.credit_max, row.credit_insured, row.exposure_version),
            exposure=exposures[row.id],
        )
        for row in rows
    ]


def versions(customers: Mapping[int, CustomerCredit]) -> dict[int, int]:
    """How often what each owes had changed."""
    return {customer.id: customer.version for customer in customers.values()}
