"""A person lets orders that wait for room pass, each for the amount that it has now (T20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import HoldReason, Stage
from intergestan_db.tables import Hold
from intergestan_erp.credit.block import passed_limit
from intergestan_erp.credit.customers import read_customers
from intergestan_erp.credit.gate import Passing, check_override, write_override
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_erp.site.zone import today
from intergestan_exchange.findings.finding import read_findings


def let_pass(connection: Connection, hold_ids: Sequence[int], reason: str, *, by: str, at: datetime) -> dict[int, str]:
    """Write down who lets these pass and why; the words of the waivers by hold, to be kept with their documents.

    The customers are locked first. A waiver is of an amount: an order that came to more would wait again.

    :raises Problem: the person may not, or says too little; nothing may be written then.
    """
    words = check_override(connection, reason, by)
    query = select(Hold.id, Hold.party_id, Hold.number, Hold.total_ttc, Hold.detail)
    rows = connection.execute(query.where(Hold.id.in_(hold_ids), Hold.party_id.is_not(None)).order_by(Hold.id)).all()
    rules, day = read_credit_rules(connection), today(connection, at)
    customers = read_customers(connection, {row.party_id for row in rows}, day, rules, lock=True)
    for row in rows:
        customer = customers[row.party_id]
        limit = passed_limit(rules, Stage.ORDER, customer, row.total_ttc) or customer.limits()[0]
        if limit.maximum is not None:
            passing = Passing(Stage.ORDER, row.total_ttc, _whole(row.detail, row.total_ttc), words, limit)
            write_override(connection, customer, passing, row.number, by=by, at=at)
    return {row.id: f"{HoldReason.CREDIT}:{row.total_ttc:.2f}" for row in rows}


def _whole(detail: str, delta: Decimal) -> Decimal:
    """What the order comes to as a whole: of a change more than it adds."""
    found = next((each for each in read_findings(detail) if each.reason is HoldReason.CREDIT), None)
    return delta if found is None else Decimal(found.values.get("total", f"{delta:f}"))
