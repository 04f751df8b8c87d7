"""Writes what was decided about the orders of one transfer, all of it in the caller's one transaction.

The transfer, the ledger, the sales orders, the holds, the answers and the inbound mail's own state are
written together or not at all: that, and the UNIQUE keys of the ledger, are what "exactly once" rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import uuid_utils
from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from intergestan_msg.answer import AnswerCode
from intergestan_msg.order import Order
from intergestan_site import numbers, states
from intergestan_site.decisions import Accepted, Conflict, Decision, Duplicate, Finding, Held, Refused
from intergestan_site.differences import write_differences
from intergestan_site.explain import explain_all
from intergestan_site.facts import DocumentKey, Facts, Known, LastAnswer, PartnerFacts
from intergestan_site.leases import FREE
from intergestan_site.tables import (
    Answer,
    Hold,
    InboundTransfer,
    Ledger,
    OutboundMail,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_site.words import HoldEnd, LedgerOutcome, MailKind, OutboundState

BY = "importer"
REPEAT_AFTER = timedelta(minutes=10)
"""The same answers mail goes out again for a duplicate at most this often."""


class DecidedMeanwhile(Exception):
    """The ledger is not as it was when this was decided: nothing may be written on the strength of old facts."""


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """The inbound mail that is worked on under the fence of our lease, and its head for people."""

    id: int
    fence: int
    subject: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A verified manifest. `row_id` is None while the base does not have it."""

    partner: PartnerFacts
    kid: str
    jti: str
    epoch: int
    seq: int
    kind: str
    digest: str
    composed_at: datetime
    message_id: str | None
    row_id: int | None


@dataclass(frozen=True, slots=True)
class Settled:
    """A document of kind order and what was decided about it."""

    key: DocumentKey
    business_hash: str
    order: Order | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class Booked:
    """What was written: the answers mail to compose, and each document's outcome (a label of the metrics)."""

    transfer_id: int
    compose: tuple[int, ...]
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A document on its way into the tables."""

    settled: Settled
    known: Known | None
    sales_order_id: int | None = None
    sales_order_number: str | None = None


def book(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    settled: Sequence[Settled],
    facts: Facts,
    now: datetime,
    *,
    finish: bool = True,
) -> Booked:
    """Write the decisions about the documents of one transfer.

    :param finish: whether the mail is done with this; False while its orders are booked one by one.
    :raises sqlalchemy.exc.IntegrityError: when another process booked the same document meanwhile; the caller
        rolls back, reads the facts again and settles anew.
    :raises DecidedMeanwhile: when a person refused a document meanwhile; the caller does the same.
    :raises StaleState: when the lease on the mail was lost.
    """
    entries = [_Entry(each, facts.known.get(each.key)) for each in sorted(settled, key=lambda s: s.key)]
    known_transfer = transfer.row_id is not None
    transfer_id = transfer.row_id or _insert_transfer(connection, mail, transfer, now)
    unchanged = _write_holds(connection, mail, transfer, transfer_id, entries, now)
    answered = [
        entry for entry in entries if not (known_transfer and (_is_duplicate(entry) or entry.settled.key in unchanged))
    ]
    outbound_id = request_answers(connection, transfer.partner.id, transfer_id, now) if answered else None
    entries = _write_sales_orders(connection, transfer.partner, entries, now)
    _write_ledger(connection, transfer.partner, transfer_id, entries, now)
    decided = [(each.key[1], each.decision) for each in settled]
    write_differences(connection, transfer.partner.id, decided, frozenset(number for _, number, _ in facts.known), now)
    if outbound_id is not None:
        answered_keys = {entry.settled.key for entry in answered}
        answered = [entry for entry in entries if entry.settled.key in answered_keys]
        _write_answers(connection, transfer.partner, outbound_id, answered, facts, now)
    if len(answered) < len(entries):
        _repeat_answers(connection, transfer_id, now)
    if finish:
        finish_mail(connection, mail, transfer, now)
    compose = () if outbound_id is None else (outbound_id,)
    return Booked(transfer_id, compose, tuple(_outcome(entry) for entry in entries))


def finish_mail(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> None:
    """The mail is done: all its documents are booked, held or known."""
    states.move(
        connection,
        states.INBOUND_MAIL,
        [mail.id],
        "finish",
        by=BY,
        at=now,
        fence=mail.fence,
        partner_id=transfer.partner.id,
        kid=transfer.kid,
        transfer_id=transfer.jti,
        subject=mail.subject,
        sender=mail.sender,
        reason=None,
        detail=None,
        strikes=0,
        replayed=False,
        **FREE,
    )


def insert_transfer(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> int:
    """Enter a verified manifest, unless the base has it; its row id."""
    return transfer.row_id or _insert_transfer(connection, mail, transfer, now)


def _insert_transfer(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> int:
    return connection.execute(
        insert(InboundTransfer)
        .values(
            partner_id=transfer.partner.id,
            jti=transfer.jti,
            epoch=transfer.epoch,
            seq=transfer.seq,
            kind=transfer.kind,
            transfer_digest=transfer.digest,
            composed_at=transfer.composed_at,
            received_at=now,
            inbound_mail_id=mail.id,
            message_id=transfer.message_id,
        )
        .returning(InboundTransfer.id)
    ).scalar_one()


def _is_duplicate(entry: _Entry) -> bool:
    return isinstance(entry.settled.decision, Duplicate)


OUTCOMES: dict[type, str] = {
    Accepted: "created",
    Held: "held",
    Refused: "rejected",
    Duplicate: "duplicate",
    Conflict: "conflict",
}


def _outcome(entry: _Entry) -> str:
    return OUTCOMES[type(entry.settled.decision)]


# -- holds ---------------------------------------------------------------------------------------------------


def _write_holds(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    transfer_id: int,
    entries: Sequence[_Entry],
    now: datetime,
) -> frozenset[DocumentKey]:
    """Close what this transfer settles, and open what it leaves to a person; a hold that stays keeps its number.

    :returns: the documents that wait, or were refused, exactly as before: there is nothing new to say of them.
    """
    came_before = [entry.settled.key for entry in entries if _may_have_waited(entry)]
    before = holds_before(connection, transfer.partner.id, came_before)
    opened, unchanged = [], set()
    for settled in (entry.settled for entry in entries):
        findings = findings_held_for(settled.decision)
        hold = before.get((settled.key, settled.business_hash))
        if hold is None:
            opened += [_hold_row(mail, transfer, transfer_id, settled, findings, now)] if findings else []
        elif findings and (hold.closed_at is not None or hold.detail == write_findings(findings)):
            unchanged.add(settled.key)
        elif hold.closed_at is None:
            _update_hold(connection, hold.id, findings, now)
    if opened:
        connection.execute(insert(Hold), opened)
    return frozenset(unchanged)


def _may_have_waited(entry: _Entry) -> bool:
    """A conflict with another revision is not in the ledger, and may have come before all the same."""
    return entry.known is not None or isinstance(entry.settled.decision, Conflict)


def findings_held_for(decision: Decision) -> tuple[Finding, ...]:
    """Why a document waits for a person; nothing when it does not."""
    if isinstance(decision, Held):
        return decision.findings
    return (decision.finding,) if isinstance(decision, Conflict) else ()


def holds_before(
    connection: Connection, partner_id: int, keys: Sequence[DocumentKey]
) -> dict[tuple[DocumentKey, str], Row[*tuple[Any, ...]]]:
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


def _update_hold(connection: Connection, hold_id: int, findings: tuple[Finding, ...], now: datetime) -> None:
    changed: dict[str, Any] = {"closed_at": now, "closed_by": BY, "closed_how": HoldEnd.TRIED_AGAIN}
    if findings:
        changed = {"reason": findings[0].reason, "detail": write_findings(findings)}
    connection.execute(update(Hold).where(Hold.id == hold_id).values(**changed))


def _hold_row(
    mail: ClaimedMail,
    transfer: Transfer,
    transfer_id: int,
    settled: Settled,
    findings: tuple[Finding, ...],
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
    }


def write_findings(findings: Sequence[Finding]) -> str:
    """Findings as the JSON that stands in the `detail` columns."""
    return msgspec.json.encode(findings).decode()


def read_findings(detail: str) -> tuple[Finding, ...]:
    """Findings from a `detail` column."""
    return msgspec.json.decode(detail, type=tuple[Finding, ...])


# -- sales orders --------------------------------------------------------------------------------------------


def _write_sales_orders(
    connection: Connection, partner: PartnerFacts, entries: Sequence[_Entry], now: datetime
) -> list[_Entry]:
    """Insert the accepted ones; the numbers are taken last, for their series is locked until the commit."""
    accepted = [entry for entry in entries if isinstance(entry.settled.decision, Accepted)]
    if not accepted:
        return list(entries)
    taken = numbers.take(connection, numbers.SALES_ORDERS, len(accepted))
    rows = [
        _sales_order_row(partner, entry.settled, number, now) for entry, number in zip(accepted, taken, strict=True)
    ]
    ids = connection.execute(insert(SalesOrder).returning(SalesOrder.id, sort_by_parameter_order=True), rows).scalars()
    made = {
        entry.settled.key: replace(entry, sales_order_id=row_id, sales_order_number=number)
        for entry, row_id, number in zip(accepted, ids, taken, strict=True)
    }
    _insert_all(connection, SalesOrderLine, made.values(), _line_rows)
    _insert_all(connection, SalesOrderCharge, made.values(), _charge_rows)
    created = [(entry.sales_order_id, None, _accepted(entry).state) for entry in made.values()]
    states.record(connection, "sales_order", created, "create", by=BY, at=now)  # type: ignore[arg-type]
    return [made.get(entry.settled.key, entry) for entry in entries]


def _accepted(entry: _Entry) -> Accepted:
    assert isinstance(entry.settled.decision, Accepted)
    return entry.settled.decision


def _insert_all(
    connection: Connection,
    table: type[SalesOrderLine | SalesOrderCharge],
    entries: Any,
    rows_of: Callable[[_Entry], list[dict[str, Any]]],
) -> None:
    rows = [row for entry in entries for row in rows_of(entry)]
    if rows:
        connection.execute(insert(table), rows)


def _sales_order_row(partner: PartnerFacts, settled: Settled, number: str, now: datetime) -> dict[str, Any]:
    order, decision = settled.order, settled.decision
    assert order is not None
    assert isinstance(decision, Accepted)
    delivery = order.delivery
    address = delivery.address if delivery else None
    wanted = delivery.wanted if delivery else None
    return {
        "number": number,
        "customer_id": partner.party_id,
        "partner_id": partner.id,
        "customer_order_number": order.id,
        "revision": settled.key[2],
        "state": decision.state,
        "issue_date": order.issue_date,
        "note": order.note,
        "currency": order.currency,
        "total_ht": decision.total_ht,
        "total_vat": decision.total_vat,
        "total_ttc": decision.total_ttc,
        "delivery_name": delivery.party.name if delivery and delivery.party else None,
        "delivery_line1": address.line1 if address else None,
        "delivery_line2": address.line2 if address else None,
        "delivery_postcode": address.postcode if address else None,
        "delivery_city": address.city if address else None,
        "delivery_country": address.country if address else None,
        "wanted_date": (wanted.end or wanted.start) if wanted else None,
        "created_at": now,
    }


def _line_rows(entry: _Entry) -> list[dict[str, Any]]:
    return [
        {
            "sales_order_id": entry.sales_order_id,
            "position": position,
            "line_id": line.line_id,
            "product_id": line.product_id,
            "product_code": line.product_code,
            "name": line.name,
            "quantity": line.quantity,
            "unit": line.unit,
            "price": line.price,
            "base_quantity": line.base_quantity,
            "allowance": line.allowance,
            "total": line.total,
            "vat_category": line.vat_category,
            "vat_rate": line.vat_rate,
            "note": line.note,
        }
        for position, line in enumerate(_accepted(entry).lines, start=1)
    ]


def _charge_rows(entry: _Entry) -> list[dict[str, Any]]:
    return [
        {
            "sales_order_id": entry.sales_order_id,
            "reason": charge.reason,
            "amount": charge.amount,
            "vat_category": charge.vat_category,
            "vat_rate": charge.vat_rate,
        }
        for charge in _accepted(entry).charges
    ]


# -- ledger --------------------------------------------------------------------------------------------------

_LEDGER_OUTCOMES: dict[type, LedgerOutcome] = {
    Accepted: LedgerOutcome.CREATED,
    Held: LedgerOutcome.HELD,
    Refused: LedgerOutcome.REJECTED,
}


def _write_ledger(
    connection: Connection, partner: PartnerFacts, transfer_id: int, entries: Sequence[_Entry], now: datetime
) -> None:
    """A row for each new document; a document that waited gets its new outcome."""
    decided = [entry for entry in entries if type(entry.settled.decision) in _LEDGER_OUTCOMES]
    new = [_ledger_row(partner, transfer_id, entry, now) for entry in decided if entry.known is None]
    if new:
        connection.execute(insert(Ledger), new)
    for entry in decided:
        if entry.known is not None:
            changed = connection.execute(
                update(Ledger)
                .where(Ledger.id == entry.known.ledger_id, Ledger.outcome == entry.known.outcome)
                .values(
                    outcome=_LEDGER_OUTCOMES[type(entry.settled.decision)],
                    sales_order_id=entry.sales_order_id,
                    updated_at=now,
                )
            )
            if changed.rowcount != 1:
                raise DecidedMeanwhile(f"{entry.settled.key} was decided by somebody else.")


def _ledger_row(partner: PartnerFacts, transfer_id: int, entry: _Entry, now: datetime) -> dict[str, Any]:
    kind, number, revision = entry.settled.key
    return {
        "partner_id": partner.id,
        "type": kind,
        "number": number,
        "revision": revision,
        "inbound_transfer_id": transfer_id,
        "business_hash": entry.settled.business_hash,
        "outcome": _LEDGER_OUTCOMES[type(entry.settled.decision)],
        "sales_order_id": entry.sales_order_id,
        "created_at": now,
        "updated_at": now,
    }


# -- answers -------------------------------------------------------------------------------------------------


def request_answers(connection: Connection, partner_id: int, transfer_id: int, now: datetime) -> int:
    """Enter the mail that will carry answers to this transfer; its row id, to ring the composer with."""
    return connection.execute(
        insert(OutboundMail)
        .values(
            transfer_id=str(uuid_utils.uuid7()),
            kind=MailKind.ANSWERS,
            state=OutboundState.REQUESTED,
            partner_id=partner_id,
            in_reply_to_id=transfer_id,
            requested_at=now,
            rung_at=now,
        )
        .returning(OutboundMail.id)
    ).scalar_one()


def _write_answers(
    connection: Connection,
    partner: PartnerFacts,
    outbound_id: int,
    entries: Sequence[_Entry],
    facts: Facts,
    now: datetime,
) -> None:
    """One answer for each order, with the next n."""
    rows = [
        {
            "partner_id": partner.id,
            "order_number": entry.settled.key[1],
            "n": last.n + 1 if (last := facts.answers.get(entry.settled.key[1])) else 1,
            "outbound_mail_id": outbound_id,
            "created_at": now,
            **_answer_values(entry, partner.language, last),
        }
        for entry in entries
    ]
    connection.execute(insert(Answer), rows)


def _answer_values(entry: _Entry, language: str, last: LastAnswer | None) -> dict[str, Any]:
    decision = entry.settled.decision
    if isinstance(decision, Duplicate) and last is not None:
        return {
            "code": last.code,
            "sales_order_number": last.sales_order_number,
            "note": last.note,
            "lines": last.lines,
        }
    findings = _findings_to_tell(decision)
    return {
        "code": _answer_code(decision),
        "sales_order_number": entry.sales_order_number or (last.sales_order_number if last else None),
        "note": explain_all(findings, language) or None,
        "lines": msgspec.to_builtins(decision.answer_lines) if isinstance(decision, Accepted) else None,
    }


def _answer_code(decision: Decision) -> AnswerCode:
    if isinstance(decision, Accepted):
        return decision.code
    return AnswerCode.REJECTED if isinstance(decision, Refused) else AnswerCode.RECEIVED


def _findings_to_tell(decision: Decision) -> tuple[Finding, ...]:
    if isinstance(decision, Conflict):
        return (decision.finding,)
    return () if isinstance(decision, Duplicate) else decision.findings


def _repeat_answers(connection: Connection, transfer_id: int, now: datetime) -> None:
    """Send the newest answers mail of this transfer again, the same bytes, unless it just went out."""
    newest = (
        select(OutboundMail.id)
        .where(OutboundMail.in_reply_to_id == transfer_id)
        .order_by(OutboundMail.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rested = or_(OutboundMail.sent_at.is_(None), OutboundMail.sent_at < now - REPEAT_AFTER)
    went_out = OutboundMail.state.in_([OutboundState.SENT, OutboundState.UNKNOWN])
    connection.execute(
        update(OutboundMail)
        .where(and_(OutboundMail.id == newest, went_out, rested))
        .values(next_attempt_at=now, rung_at=None)
    )
