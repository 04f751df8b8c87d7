"""Sales orders with their lines and charges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from intergestan_db import numbers, states
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.tables import (
    ReviewReply,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine
from intergestan_exchange.inbox.booking.entries import Entry, Settled
from intergestan_exchange.inbox.decisions import Accepted
from intergestan_exchange.inbox.heads import carried_by, head_values
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_exchange.transfers.transfer import BY
from intergestan_msg.answer import AnswerCode, AnswerLine


def write_sales_orders(
    connection: Connection, partner: PartnerFacts, entries: Sequence[Entry], now: datetime
) -> list[Entry]:
    """Insert the accepted ones; the numbers are taken last, for their series is locked until the commit."""
    accepted = [entry for entry in entries if isinstance(entry.settled.decision, Accepted)]
    if not accepted:
        return list(entries)
    taken = numbers.take(connection, numbers.SALES_ORDERS, len(accepted))
    rows = [
        _sales_order_row(partner, entry.settled, number, now) for entry, number in zip(accepted, taken, strict=True)
    ]
    ids = insert_rows_with_ids(connection, SalesOrder, rows, by="number")
    made = {
        entry.settled.key: replace(entry, sales_order_id=ids[number], sales_order_number=number)
        for entry, number in zip(accepted, taken, strict=True)
    }
    _insert_all(connection, SalesOrderLine, made.values(), _line_rows)
    _insert_all(connection, SalesOrderCharge, made.values(), _charge_rows)
    replies = [_reply_row(entry) for entry in made.values() if _accepted(entry).after_review is not None]
    insert_rows(connection, ReviewReply, replies)
    created = [(entry.sales_order_id, None, _accepted(entry).state) for entry in made.values()]
    states.record(connection, "sales_order", created, "create", by=BY, at=now)  # type: ignore[arg-type]
    small = {entry.sales_order_id: below.as_detail() for entry in made.values() if (below := _accepted(entry).below)}
    if small:
        own = [(order_id, None, None) for order_id in small]
        states.record(connection, "sales_order", own, "below_minimum", by=BY, at=now, details=small)  # type: ignore[arg-type]
    return [made.get(entry.settled.key, entry) for entry in entries]


def _accepted(entry: Entry) -> Accepted:
    assert isinstance(entry.settled.decision, Accepted)
    return entry.settled.decision


def _insert_all(
    connection: Connection,
    table: type[SalesOrderLine | SalesOrderCharge],
    entries: Any,
    rows_of: Callable[[Entry], list[dict[str, Any]]],
) -> None:
    rows = [row for entry in entries for row in rows_of(entry)]
    insert_rows(connection, table, rows)


def _sales_order_row(partner: PartnerFacts, settled: Settled, number: str, now: datetime) -> dict[str, Any]:
    order, decision = settled.order, settled.decision
    assert order is not None
    assert isinstance(decision, Accepted)
    return {
        "number": number,
        "customer_id": decision.customer_id or partner.party_id,
        "partner_id": partner.id,
        "customer_order_number": order.id,
        "revision": settled.key[2],
        "state": decision.state,
        "below_minimum": decision.below is not None,
        "issue_date": order.issue_date,
        "currency": order.currency,
        "total_ht": decision.total_ht,
        "total_vat": decision.total_vat,
        "total_ttc": decision.total_ttc,
        "created_at": now,
        **head_values(order),
        "carried": carried_by(order),
    }


def _reply_row(entry: Entry) -> dict[str, Any]:
    reply = _accepted(entry).after_review
    assert reply is not None
    return reply_values(entry.sales_order_id, reply.code, reply.lines)


def reply_values(order_id: int | None, code: AnswerCode, lines: Sequence[AnswerLine]) -> dict[str, Any]:
    """The row of what the buyer of an order in review is told once a clerk accepts it."""
    return {"sales_order_id": order_id, "code": code, "lines": msgspec.to_builtins(lines) or None}


def _line_rows(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"sales_order_id": entry.sales_order_id, "position": position, **line_values(line)}
        for position, line in enumerate(_accepted(entry).lines, start=1)
    ]


def line_values(line: BookedLine) -> dict[str, Any]:
    """The columns of a sales order's line, but for its order and position."""
    return {
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
        "wanted_date": line.wanted_date,
    }


def charge_rows(order_id: int | None, charges: Iterable[BookedCharge]) -> list[dict[str, Any]]:
    """The rows of a sales order's charges."""
    return [
        {
            "sales_order_id": order_id,
            "reason": charge.reason,
            "amount": charge.amount,
            "vat_category": charge.vat_category,
            "vat_rate": charge.vat_rate,
            "fee_id": charge.fee_id,
        }
        for charge in charges
    ]


def _charge_rows(entry: Entry) -> list[dict[str, Any]]:
    return charge_rows(entry.sales_order_id, _accepted(entry).charges)
