"""How a customer stands whose order waits for room: what they owe, and which of their orders would pass (D27, D29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.enums import HoldReason, Stage
from intergestan_db.tables import Hold
from intergestan_erp.credit.block import passed_limit
from intergestan_erp.credit.customers import CustomerCredit, read_customers
from intergestan_erp.credit.exposure import read_delivered
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_exchange.findings.finding import read_findings
from intergestan_msg.money import ZERO

_OWN: Final = select(Hold.party_id).where(
    Hold.id == bindparam("hold"), Hold.closed_at.is_(None), Hold.reason == HoldReason.CREDIT
)
_WAITING: Final = (
    select(Hold.id, Hold.number, Hold.total_ttc, Hold.detail)
    .where(Hold.closed_at.is_(None), Hold.reason == HoldReason.CREDIT, Hold.party_id == bindparam("party"))
    .order_by(Hold.id)
)


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An order that waits for room. `passes`: it would, after those before it; None: something else is wrong, too."""

    ref: str
    number: str | None
    total_ttc: Decimal
    passes: bool | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a customer owes by parts, and what waits, the oldest first.

    :ivar orders: ordered and not delivered; `delivered`: delivered and not invoiced.
    """

    customer: CustomerCredit
    orders: Decimal
    delivered: Decimal
    waiting: tuple[WaitingOrder, ...]


def read_standing(connection: Connection, hold_id: int, day: date, *, paid: Decimal = ZERO) -> Standing | None:
    """How the customer of an order stands that waits for room; None: it does not.

    :param paid: as if they paid so much now.
    """
    party_id = connection.execute(_OWN, {"hold": hold_id}).scalar()
    if party_id is None:
        return None
    rules = read_credit_rules(connection)
    customer = read_customers(connection, [party_id], day, rules)[party_id]
    delivered = read_delivered(connection, [party_id])[party_id]
    waiting, added = [], -paid
    for row in connection.execute(_WAITING, {"party": party_id}):
        passes = None
        if all(finding.reason is HoldReason.CREDIT for finding in read_findings(row.detail)):
            passes = passed_limit(rules, Stage.ORDER, customer, row.total_ttc, added=added) is None
            added += row.total_ttc if passes else ZERO
        waiting.append(WaitingOrder(f"order-{row.id}", row.number, row.total_ttc, passes))
    return Standing(customer, customer.exposure.not_invoiced - delivered, delivered, tuple(waiting))
