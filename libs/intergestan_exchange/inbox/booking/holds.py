"""What waits for a person: opened, kept, changed and closed as decisions change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from intergestan_db.database import AnyRow
from intergestan_db.enums import HoldEnd
from intergestan_db.tables import (
    Hold,
)
from intergestan_erp.credit.exposure import next_changes
from intergestan_exchange.findings.finding import Finding, read_findings, write_findings
from intergestan_exchange.findings.findings import explain_told
from intergestan_exchange.inbox.booking.entries import Entry, Settled, is_stated_again
from intergestan_exchange.inbox.decisions import Conflict, Decision, Held, Waiting
from intergestan_exchange.inbox.facts import DocumentKey, Facts
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer


@dataclass(frozen=True, slots=True)
class Waited:
    """What is to be known of the documents that waited before.

    :ivar unchanged: those that wait, or were refused, exactly as before: there is nothing new to say of them.
    :ivar had_no_room: those that waited for room and do no more, with the version of the debt that they last met.
    """

    unchanged: frozenset[DocumentKey]
    had_no_room: Mapping[DocumentKey, int | None]


LANGUAGE = "en"
"""In which two texts are compared; any would do."""


def write_holds(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    transfer_id: int,
    entries: Sequence[Entry],
    facts: Facts,
    now: datetime,
) -> Waited:
    """Close what this transfer settles or takes the place of, and open what it leaves to a person.

    A hold that stays keeps its number.

    """
    came_before = [entry.settled.key for entry in entries if _may_have_waited(entry)]
    before = holds_before(connection, transfer.partner.id, came_before)
    again_on = _less_by_itself(connection, entries, facts)
    opened, unchanged = [], set()
    for entry in entries:
        settled = entry.settled
        findings = findings_held_for(settled.decision)
        hold = before.get((settled.key, settled.business_hash))
        if hold is not None and hold.closed_at is None and is_stated_again(entry, transfer):
            here = {"inbound_mail_id": mail.id, "inbound_transfer_id": transfer_id}
            connection.execute(update(Hold).where(Hold.id == hold.id).values(**here))
        if hold is None:
            opened += [_hold_row(mail, transfer, transfer_id, settled, findings, again_on, now)] if findings else []
        elif findings and (hold.closed_at is not None or _tells_the_same(hold.detail, findings)):
            unchanged.add(settled.key)
            if hold.closed_at is None and (hold.detail != write_findings(findings) or hold.party_id is not None):
                _update_hold(connection, hold.id, settled.decision, findings, again_on, now)
        elif hold.closed_at is None:
            _update_hold(connection, hold.id, settled.decision, findings, again_on, now)
    if opened:
        connection.execute(insert(Hold), opened)
    _close_replaced(connection, transfer.partner.id, entries, facts, now)
    debts = {
        hold.business_hash: hold for hold in before.values() if hold.party_id is not None and hold.closed_at is None
    }
    seen = {
        entry.settled.key: debts[entry.settled.business_hash].seen_version
        for entry in entries
        if entry.settled.business_hash in debts and not findings_held_for(entry.settled.decision)
    }
    return Waited(frozenset(unchanged), seen)


def _close_replaced(
    connection: Connection, partner_id: int, entries: Sequence[Entry], facts: Facts, now: datetime
) -> None:
    """Nobody needs to decide about what the sender states otherwise since, in a later series (`Facts.replaced`)."""
    for settled in (entry.settled for entry in entries if entry.known is None):
        hashes = [row.business_hash for row in facts.replaced(settled.key, settled.business_hash)]
        if hashes:
            mine = (Hold.partner_id == partner_id, Hold.number == settled.key[1], Hold.revision == settled.key[2])
            ended = update(Hold).where(*mine, Hold.business_hash.in_(hashes), Hold.closed_at.is_(None))
            connection.execute(ended.values(closed_at=now, closed_by=BY, closed_how=HoldEnd.TRIED_AGAIN))


def _may_have_waited(entry: Entry) -> bool:
    """A conflict with another revision is not in the ledger, and may have come before all the same."""
    return entry.known is not None or isinstance(entry.settled.decision, Conflict)


def findings_held_for(decision: Decision) -> tuple[Finding, ...]:
    """Why a document waits for a person; nothing when it does not."""
    if isinstance(decision, Held | Waiting):
        return decision.findings
    return (decision.finding,) if isinstance(decision, Conflict) else ()


def holds_before(
    connection: Connection, partner_id: int, keys: Sequence[DocumentKey]
) -> dict[tuple[DocumentKey, str], AnyRow]:
    """The open holds of these documents, and those that a person refused, by key and content."""
    if not keys:
        return {}
    rows = connection.execute(
        select(Hold.__table__)
        .where(
            Hold.partner_id == partner_id,
            Hold.number.in_(sorted({number for _, number, _ in keys})),
            or_(Hold.closed_at.is_(None), Hold.closed_how == HoldEnd.REFUSED),
        )
        .order_by(Hold.closed_at.is_(None), Hold.id)  # of several the open one counts: it comes last
    )
    return {((row.type, row.number, row.revision), row.business_hash): row for row in rows}


def _tells_the_same(detail: str, findings: tuple[Finding, ...]) -> bool:
    """Whether the buyer would read the same as before: what a customer owes is another sum each time, and not told."""
    return detail == write_findings(findings) or [explain_told([each], LANGUAGE) for each in read_findings(detail)] == [
        explain_told([each], LANGUAGE) for each in findings
    ]


def _update_hold(
    connection: Connection,
    hold_id: int,
    decision: Decision,
    findings: tuple[Finding, ...],
    again_on: Mapping[int, date],
    now: datetime,
) -> None:
    changed: dict[str, Any] = {"closed_at": now, "closed_by": BY, "closed_how": HoldEnd.TRIED_AGAIN}
    if findings:
        changed = {"reason": findings[0].reason, "detail": write_findings(findings), **_debt_values(decision, again_on)}
    connection.execute(update(Hold).where(Hold.id == hold_id).values(**changed))


def _less_by_itself(connection: Connection, entries: Sequence[Entry], facts: Facts) -> Mapping[int, date]:
    """The next day on which each customer of whom an order waits for room owes less by itself (D29)."""
    decisions = (entry.settled.decision for entry in entries)
    waiting = {each.debt.customer_id for each in decisions if isinstance(each, Held) and each.debt is not None}
    if not waiting or facts.credit is None:
        return {}
    by_payment_due = facts.credit.rules.by_payment_due
    return next_changes(connection, sorted(waiting), facts.credit.day, by_payment_due=by_payment_due)


def _debt_values(decision: Decision, again_on: Mapping[int, date]) -> dict[str, Any]:
    """What an order that waits for room waits for; nothing for all others."""
    debt = decision.debt if isinstance(decision, Held) else None
    return {
        "party_id": debt.customer_id if debt else None,
        "total_ttc": debt.delta if debt else None,
        "seen_version": debt.version if debt else None,
        "look_again_on": again_on.get(debt.customer_id) if debt else None,
    }


def _hold_row(
    mail: ClaimedMail,
    transfer: Transfer,
    transfer_id: int,
    settled: Settled,
    findings: tuple[Finding, ...],
    again_on: Mapping[int, date],
    now: datetime,
) -> dict[str, Any]:
    kind, number, revision = settled.key
    return {
        "partner_id": transfer.partner.id,
        "inbound_mail_id": mail.id,
        "inbound_transfer_id": transfer_id,
        "type": kind,
        "number": number,
        "revision": revision,
        "business_hash": settled.business_hash,
        "reason": findings[0].reason,
        "detail": write_findings(findings),
        "opened_at": now,
        **_debt_values(settled.decision, again_on),
    }
