"""Where partners' orders differ from what we have: kept with every decision, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from intergestan_db.database import AnyRow
from intergestan_db.enums import HoldReason, LedgerOutcome
from intergestan_db.tables import Difference, Partner, SalesOrder
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.inbox.decisions import Accepted, Decision, Held, Refused

DIFFERENCES = frozenset(
    {
        HoldReason.PRICE_DIFFERENCE,
        HoldReason.VAT_DIFFERENCE,
        HoldReason.TOTAL_DIFFERENCE,
        HoldReason.UNIT_MISMATCH,
        HoldReason.UNKNOWN_PRODUCT,
        HoldReason.CURRENCY,
    }
)
_OUTCOMES: Mapping[type, LedgerOutcome] = {
    Accepted: LedgerOutcome.CREATED,
    Held: LedgerOutcome.HELD,
    Refused: LedgerOutcome.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which differences to report, by when they were found; None is open."""

    partner_id: int | None = None
    first: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """One difference: what was found, about which order, and what was decided about the order."""

    found_at: datetime
    partner: str
    order: str
    sales_order: str | None
    outcome: LedgerOutcome
    finding: Finding


def write_differences(
    connection: Connection,
    partner_id: int,
    decided: Sequence[tuple[str, Decision]],
    known: frozenset[str],
    now: datetime,
) -> None:
    """Keep what was found about these orders; what was found about them before is out of date.

    :param decided: order numbers with their decisions.
    :param known: the numbers of orders that were looked at before.
    """
    judged = [(number, decision) for number, decision in decided if type(decision) in _OUTCOMES]
    again = sorted({number for number, _ in judged} & known)
    if again:
        old = Difference.partner_id == partner_id, Difference.order_number.in_(again)
        connection.execute(delete(Difference).where(*old))
    rows = [_row(partner_id, number, decision, found, now) for number, decision in judged for found in _found(decision)]
    if rows:
        connection.execute(insert(Difference), rows)


def refuse_differences(connection: Connection, partner_id: int, number: str) -> None:
    """Note that a person refused the order."""
    own = Difference.partner_id == partner_id, Difference.order_number == number
    connection.execute(update(Difference).where(*own).values(outcome=LedgerOutcome.REJECTED))


def report(connection: Connection, wanted: Selection, *, size: int = USUAL, after: str | None = None) -> Page[Reported]:
    """A page of the differences of a selection, oldest first.

    :raises Problem: `after` is of no such page.
    """
    found = Difference
    query = (
        select(
            *(found.found_at, Partner.name, found.order_number, SalesOrder.number.label("sales_order")),
            *(found.outcome, found.reason, found.detail, found.line_id, found.variant),
        )
        .join(Partner, Partner.id == found.partner_id)
        .outerjoin(
            SalesOrder,
            (SalesOrder.partner_id == found.partner_id) & (SalesOrder.customer_order_number == found.order_number),
        )
    )
    if wanted.partner_id is not None:
        query = query.where(found.partner_id == wanted.partner_id)
    if wanted.first is not None:
        query = query.where(found.found_at >= wanted.first)
    if wanted.before is not None:
        query = query.where(found.found_at < wanted.before)
    return read_page(connection, query, [found.found_at, found.id], _reported, size=size, after=after)


def _reported(row: AnyRow) -> Reported:
    finding = Finding(HoldReason(row.reason), row.detail, row.line_id, row.variant)
    return Reported(row.found_at, row.name, row.order_number, row.sales_order, LedgerOutcome(row.outcome), finding)


def _found(decision: Decision) -> list[Finding]:
    findings = decision.findings if isinstance(decision, Accepted | Held | Refused) else ()
    return [finding for finding in findings if finding.reason in DIFFERENCES]


def _row(partner_id: int, number: str, decision: Decision, finding: Finding, now: datetime) -> dict[str, Any]:
    return {
        "partner_id": partner_id,
        "order_number": number,
        "line_id": finding.line_id,
        "reason": finding.reason,
        "variant": finding.variant,
        "detail": dict(finding.values),
        "outcome": _OUTCOMES[type(decision)],
        "found_at": now,
    }
