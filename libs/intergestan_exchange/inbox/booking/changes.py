"""Sales orders that a change or a cancellation of the buyer alters, and the changes that waited for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.enums import LedgerOutcome, SalesState
from intergestan_db.tables import ReviewReply, SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.credit.invoiced import ALTERED
from intergestan_erp.selling.current_order import StandingOrder, note_small, read_standing
from intergestan_exchange.inbox.booking.entries import Entry
from intergestan_exchange.inbox.booking.ledger import DecidedMeanwhile
from intergestan_exchange.inbox.booking.sales_orders import charge_rows, line_values, reply_values
from intergestan_exchange.inbox.decide_change import SEQUENCE
from intergestan_exchange.inbox.decisions import Amended, Cancelled
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.inbox.heads import carried_by, head_values
from intergestan_exchange.inbox.waiting import take_in_again
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_exchange.transfers.transfer import BY


def write_changes(
    connection: Connection, partner: PartnerFacts, entries: Sequence[Entry], now: datetime
) -> tuple[list[Entry], Bells]:
    """Apply what was decided about changes and cancellations; the entries, and what is to be rung for.

    What is set aside for them and not needed any more is given back before they change, for all of them at once.

    :raises DecidedMeanwhile: when a sales order is not as it was when this was decided: goods have left, say.
    """
    numbers = [entry.settled.key[1] for entry in entries if _alters(entry)]
    standing = read_standing(connection, partner.id, numbers, lock=True)
    for entry in entries:
        decision, number = entry.settled.decision, entry.settled.key[1]
        if isinstance(decision, Amended | Cancelled) and standing.get(number) != decision.standing:
            raise DecidedMeanwhile(f"The sales order of {number} was altered by somebody else.")
    allocated = {number: order for number, order in standing.items() if order.allocated_at is not None}
    bells = Bells(serve=_give_back(connection, entries, allocated, now))
    written = []
    for entry in entries:
        decision, number = entry.settled.decision, entry.settled.key[1]
        if isinstance(decision, Amended | Cancelled):
            _apply(connection, entry, decision, now)
            order = decision.standing
            written.append(replace(entry, sales_order_id=order.id, sales_order_number=order.number))
            if isinstance(decision, Amended) and number in allocated:
                bells += _ask_for_more(connection, order, now)
        else:
            written.append(entry)
    return written, bells


def _give_back(
    connection: Connection, entries: Sequence[Entry], allocated: Mapping[str, StandingOrder], now: datetime
) -> tuple[int, ...]:
    """Release what these orders will not need; the products that are free."""
    if not allocated:
        return ()
    from intergestan_erp.stock.allocate import NewLine, release_lines

    changed: dict[int, NewLine] = {}
    for entry in entries:
        order, decision = allocated.get(entry.settled.key[1]), entry.settled.decision
        if order is not None and isinstance(decision, Amended | Cancelled):
            lines = {} if isinstance(decision, Cancelled) else {line.line_id: line for line in decision.lines}
            gone = None if isinstance(decision, Cancelled) else decision.deleted
            for line in order.lines:
                line_id = line.booked.line_id
                if line_id in lines:
                    changed[line.row_id] = NewLine(lines[line_id].product_id, lines[line_id].quantity)
                elif gone is None or line_id in gone:
                    changed[line.row_id] = NewLine()
    return release_lines(connection, changed, by=BY, at=now).products if changed else ()


def wake(connection: Connection, entries: Sequence[Entry], facts: Facts, now: datetime) -> tuple[int, ...]:
    """Put back the mails of changes that waited for what was just settled; the inbound mails to ring for."""
    places = {(entry.settled.key[1], entry.settled.key[2] + 1) for entry in entries}
    waiting = [
        known.ledger_id
        for (kind, number, revision), known in facts.known.items()
        if kind in SEQUENCE and (number, revision) in places and known.outcome == LedgerOutcome.WAITING
    ]
    return take_in_again(connection, waiting, by=BY, at=now)


def _ask_for_more(connection: Connection, order: StandingOrder, now: datetime) -> Bells:
    """Let what an amended order needs besides be a remainder, which the allocator serves."""
    from intergestan_erp.stock.allocate import let_remain

    return Bells(allocate=(order.id,) if let_remain(connection, order.id, order.depot_id, at=now) else ())


def _alters(entry: Entry) -> bool:
    return isinstance(entry.settled.decision, Amended | Cancelled)


def _apply(connection: Connection, entry: Entry, decision: Amended | Cancelled, now: datetime) -> None:
    order_id, revision = decision.standing.id, entry.settled.key[2]
    connection.execute(delete(ReviewReply).where(ReviewReply.sales_order_id == order_id))  # it was about other lines
    if isinstance(decision, Amended) and decision.standing.state == SalesState.REVIEW:
        connection.execute(insert(ReviewReply).values(reply_values(order_id, decision.code, decision.answer_lines)))
    if isinstance(decision, Cancelled):
        values: dict[str, Any] = {"revision": revision, "exported_at": None}
        if decision.standing.is_cancelled:
            connection.execute(update(SalesOrder).where(SalesOrder.id == order_id).values(revision=revision))
            return
        states.move(
            connection,
            states.SALES_ORDER,
            [order_id],
            "cancel",
            by=BY,
            at=now,
            event_detail={"revision": revision},
            **values,
        )
        return
    _write_lines(connection, decision)
    _write_charges(connection, decision)
    assert entry.settled.order is not None
    head = head_values(entry.settled.order) | {
        "revision": revision,
        "total_ht": decision.total_ht,
        "total_vat": decision.total_vat,
        "total_ttc": decision.total_ttc,
        "below_minimum": decision.below is not None,
        "invoiced": ALTERED,
        "exported_at": None,
    }
    said = carried_by(entry.settled.order)
    if said is not None:
        before = connection.execute(select(SalesOrder.carried).where(SalesOrder.id == order_id)).scalar() or {}
        head["carried"] = {**before, **said}  # a change does not say again what an order is
    connection.execute(update(SalesOrder).where(SalesOrder.id == order_id).values(**head))
    detail: dict[str, Any] = {
        "revision": revision,
        "lines": [line.line_id for line in decision.lines],
        "deleted": list(decision.deleted),
    }
    states.record(connection, states.SALES_ORDER.name, [(order_id, None, None)], "amend", by=BY, at=now, detail=detail)
    note_small(connection, decision.standing, decision.below, by=BY, at=now)


def _write_lines(connection: Connection, decision: Amended) -> None:
    there = {line.booked.line_id: line.row_id for line in decision.standing.lines}
    gone = [there[line_id] for line_id in decision.deleted]
    if gone:
        connection.execute(delete(SalesOrderLine).where(SalesOrderLine.id.in_(gone)))
    rows = [
        {**line_values(line), "promised_date": decision.promised[line.line_id], "said": None} for line in decision.lines
    ]
    changed = [{**row, "row_id": there[row["line_id"]]} for row in rows if row["line_id"] in there]
    if changed:
        table = SalesOrderLine.__table__
        connection.execute(update(table).where(table.c.id == bindparam("row_id")), changed)
    added = [row for row in rows if row["line_id"] not in there]
    if added:
        last = _last_position(connection, decision.standing.id)
        own = [
            {**row, "sales_order_id": decision.standing.id, "position": last + place}
            for place, row in enumerate(added, start=1)
        ]
        connection.execute(insert(SalesOrderLine), own)


def _last_position(connection: Connection, order_id: int) -> int:
    query = select(func.max(SalesOrderLine.position)).where(SalesOrderLine.sales_order_id == order_id)
    return connection.execute(query).scalar() or 0


def _write_charges(connection: Connection, decision: Amended) -> None:
    if decision.charges is None:
        return
    order_id = decision.standing.id
    connection.execute(delete(SalesOrderCharge).where(SalesOrderCharge.sales_order_id == order_id))
    rows = charge_rows(order_id, decision.charges)
    if rows:
        connection.execute(insert(SalesOrderCharge), rows)
