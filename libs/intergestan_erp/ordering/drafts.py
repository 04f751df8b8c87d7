"""What people do with drafts: they enter them, change them, copy orders, delete drafts.

All that must be looked up is read before the writing transaction. Whether a draft is still the one that a person saw is
decided by the statement that changes it: of two people who change the same draft one is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import states
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import PurchaseState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import Event, PurchaseOrder, PurchaseOrderCharge, PurchaseOrderLine
from intergestan_erp.agencies.places import Place
from intergestan_erp.order_files.order_rows import write_orders, write_parts
from intergestan_erp.order_files.order_values import OrderValues
from intergestan_erp.ordering.draft_edits import DraftEdits, edited
from intergestan_erp.ordering.judging import PricedOrder, judged, priced
from intergestan_erp.ordering.stored_order import StoredOrder, read_stored
from intergestan_erp.ordering.typed_order import TypedOrder, as_new
from intergestan_erp.purchasing.purchase_orders import find_orders
from intergestan_erp.site.zone import today

_BEFORE = (PurchaseState.DRAFT, PurchaseState.CONFIRMED, PurchaseState.TRANSMITTING)
"""The states of an order that nobody else has seen."""


@dataclass(frozen=True, slots=True)
class SavedOrder:
    """An order that was entered or changed: its number, its version, and what it comes to."""

    number: str
    version: int
    state: str
    priced: PricedOrder


@dataclass(frozen=True, slots=True)
class ReadyOrder:
    """An order that stands, and waits to be written by `write_order`.

    :ivar stored: the draft that it changes, as it was looked at; None: a new order, entered at `place`.
    """

    values: OrderValues
    stored: StoredOrder | None = None
    place: Place | None = None


def judge_new(
    connection: Connection, typed: TypedOrder, at: datetime, *, any_dates: bool = False, place: Place | None = None
) -> ReadyOrder:
    """Look at a purchase order that a person enters. Nothing is written.

    :param any_dates: whether its days are meant, however far they are.
    :param place: where it is entered (D62); None: where the site usually is.
    :raises EntryProblems: with all that is wrong with it.
    """
    return ReadyOrder(judged(connection, typed, today(connection, at), any_dates=any_dates, place=place), place=place)


def judge_copy(
    connection: Connection,
    number: str,
    at: datetime,
    edits: DraftEdits | None = None,
    *,
    any_dates: bool = False,
    place: Place | None = None,
) -> ReadyOrder:
    """Look at an order that is to be entered once more. Nothing is written.

    :raises EntryProblems: something of it cannot be ordered any more.
    :raises Problem: there is no such order.
    """
    stored = read_stored(connection, number)
    typed = stored.typed if edits is None else edited(stored.number, stored.typed, edits)
    wanted = None if edits is None else edits.wanted_date
    day = None if edits is None else edits.issue_date
    typed = replace(as_new(typed), wanted_date=wanted, issue_date=day)
    values = judged(connection, typed, today(connection, at), any_dates=any_dates, place=place)
    values.kept["copied"] = stored.number
    return ReadyOrder(values, place=place)


def judge_change(
    connection: Connection,
    number: str,
    wanted: TypedOrder | DraftEdits,
    at: datetime,
    *,
    version: int | None = None,
    any_dates: bool = False,
) -> ReadyOrder:
    """Look at a draft as it shall be: all of it, or some of it. Nothing is written.

    :param version: the one that the person saw; None: the one that is there now.
    :raises EntryProblems: with all that is wrong with it.
    :raises Problem: there is no such order; it is no draft; somebody changed it meanwhile.
    """
    stored = read_stored(connection, number)
    _check_draft(connection, stored, version)
    typed = edited(stored.number, stored.typed, wanted) if isinstance(wanted, DraftEdits) else wanted
    values = judged(connection, typed, today(connection, at), any_dates=any_dates, stored=stored)
    return ReadyOrder(values, stored)


def write_order(
    connection: Connection, ready: ReadyOrder, *, by: str, at: datetime, confirm: bool = False
) -> SavedOrder:
    """Write an order that was looked at: a new one under the next number, a draft anew if it is still the same.

    :raises Problem: the draft was changed meanwhile, or is none any more.
    :raises IntegrityError: a file brought the number of a new order along a moment ago; it may be written again.
    """
    stored, values = ready.stored, ready.values
    state = PurchaseState.CONFIRMED if confirm else PurchaseState.DRAFT
    if stored is None:
        values.head["number"] = None
        (number,) = write_orders(connection, [values], state, ready.place, event="enter", by=by, at=at)
        return SavedOrder(number, 1, state, priced(values))
    _replace(connection, stored, values, by=by, at=at)
    if confirm:
        states.move(connection, states.PURCHASE_ORDER, [stored.id], "confirm", by=by, at=at)
    return SavedOrder(stored.number, stored.version + 1, state, priced(values))


def enter_order(
    database: Database,
    typed: TypedOrder,
    *,
    by: str,
    confirm: bool = False,
    any_dates: bool = False,
    place: Place | None = None,
) -> SavedOrder:
    """Enter a purchase order under the next number of the site: a draft, or confirmed at once.

    :param any_dates, place: as of `judge_new`.
    :raises EntryProblems: with all that is wrong with it; nothing was entered.
    """
    at = database.now()
    with database.read() as connection:
        ready = judge_new(connection, typed, at, any_dates=any_dates, place=place)
    return _written(database, ready, by=by, at=at, confirm=confirm)


def copy_order(
    database: Database,
    number: str,
    edits: DraftEdits | None = None,
    *,
    by: str,
    confirm: bool = False,
    any_dates: bool = False,
    place: Place | None = None,
) -> SavedOrder:
    """Enter an order that is there once more, whatever became of it: of today, and wanted on no day.

    Supplier, lines, prices and charges are those of the order; its history, its answer and its references are not.

    :param edits: what shall be otherwise; lines are named as in the order.
    :raises EntryProblems: something of it cannot be ordered any more; nothing was entered.
    :raises Problem: there is no such order.
    """
    at = database.now()
    with database.snapshot() as connection:
        ready = judge_copy(connection, number, at, edits, any_dates=any_dates, place=place)
    return _written(database, ready, by=by, at=at, confirm=confirm)


def change_order(
    database: Database,
    number: str,
    wanted: TypedOrder | DraftEdits,
    *,
    by: str,
    version: int | None = None,
    confirm: bool = False,
    any_dates: bool = False,
) -> SavedOrder:
    """Change a draft: all of it, or some of it.

    :param version: the one that the person saw; None: the one that is there now.
    :raises EntryProblems: with all that is wrong with it; nothing was changed.
    :raises Problem: there is no such order; it is no draft; somebody changed it meanwhile.
    """
    at = database.now()
    with database.read() as connection:
        ready = judge_change(connection, number, wanted, at, version=version, any_dates=any_dates)
    return _written(database, ready, by=by, at=at, confirm=confirm)


def _written(database: Database, ready: ReadyOrder, *, by: str, at: datetime, confirm: bool) -> SavedOrder:
    for last_try in (False, True):
        try:
            with database.transaction() as connection:
                return write_order(connection, ready, by=by, at=at, confirm=confirm)
        except IntegrityError:
            if last_try or ready.stored is not None:
                raise
    raise AssertionError


def delete_orders(
    connection: Connection, numbers: Sequence[str], *, by: str, at: datetime, versions: Mapping[str, int] | None = None
) -> list[str]:
    """Delete drafts, all of these or none. Their numbers are not given again; the history says who deleted what.

    An order that was sent is never deleted, even where it is a draft now. What else points at one, such as a mail that
    was given up, must be gone before: `intergestan_exchange.outbox.delete_drafts` sees to that.

    :param versions: those that the person saw, by the numbers as they stand here.
    :returns: the numbers as they stood here.
    :raises Problem: one does not exist, is no draft, was sent once, or was changed meanwhile.
    """
    ids = find_orders(connection, list(dict.fromkeys(numbers)))
    order = PurchaseOrder
    rows = connection.execute(
        select(order.id, order.number, order.state, order.version, order.total_ttc)
        .where(order.id.in_(ids.values()))
        .order_by(order.id)
        .with_for_update()
    ).all()
    for row in rows:
        if row.state != PurchaseState.DRAFT:
            raise _no_draft(row.number, row.state)
        if versions is not None and versions.get(row.number) != row.version:
            raise _stale(connection, row)
    _refuse_sent(connection, [row.id for row in rows])
    gone = [row.id for row in rows]
    for table in (PurchaseOrderLine, PurchaseOrderCharge):
        connection.execute(delete(table).where(table.purchase_order_id.in_(gone)))
    connection.execute(delete(order).where(order.id.in_(gone)))
    details = {row.id: {"number": row.number, "total_ttc": f"{row.total_ttc:f}"} for row in rows}
    moves = [(row.id, row.state, None) for row in rows]
    states.record(connection, states.PURCHASE_ORDER.name, moves, "delete", by=by, at=at, details=details)
    return [row.number for row in rows]


def _replace(connection: Connection, stored: StoredOrder, values: OrderValues, *, by: str, at: datetime) -> None:
    """Write a draft anew, if it is the one that was looked at."""
    order = PurchaseOrder
    head: dict[str, Any] = {name: value for name, value in values.head.items() if name != "number"}
    head |= {"version": order.version + 1, "updated_at": at, "exported_at": None}
    same = order.id == stored.id, order.version == stored.version, order.state == PurchaseState.DRAFT
    if not connection.execute(update(order).where(*same).values(head).returning(order.id)).all():
        now = read_stored(connection, stored.number)
        raise _no_draft(now.number, now.state) if now.state != PurchaseState.DRAFT else _stale(connection, now)
    for table in (PurchaseOrderLine, PurchaseOrderCharge):
        connection.execute(delete(table).where(table.purchase_order_id == stored.id))
    write_parts(connection, {stored.id: values})
    move = (stored.id, str(PurchaseState.DRAFT), str(PurchaseState.DRAFT))
    states.record(connection, states.PURCHASE_ORDER.name, [move], "edit", by=by, at=at, detail=values.kept)


def _check_draft(connection: Connection, stored: StoredOrder, version: int | None) -> None:
    if stored.state != PurchaseState.DRAFT:
        raise _no_draft(stored.number, stored.state)
    if version not in {None, stored.version}:
        raise _stale(connection, stored)


def _no_draft(number: str, state: str) -> Problem:
    act = {PurchaseState.CONFIRMED: (Act.UNCONFIRM_ORDER,), PurchaseState.CANCELLED: (Act.COPY_ORDER,)}
    return Problem(
        "Nothing was changed: {number} is {state}, and this is for drafts.",
        ProblemCode.OTHER_STATE,
        act.get(PurchaseState(state), (Act.CHANGE_ORDER, Act.CANCEL_ORDER, Act.COPY_ORDER)),
        number=number,
        state=Word(state),
    )


def _stale(connection: Connection, order: StoredOrder | AnyRow) -> Problem:
    of_order = Event.subject == states.PURCHASE_ORDER.name, Event.subject_id == order.id
    last = select(Event.who, Event.at).where(*of_order).order_by(Event.id.desc()).limit(1)
    changed = connection.execute(last).one()
    return Problem(
        "Nothing was changed: {number} was changed meanwhile, by {who} at {at}. Look at it again.",
        ProblemCode.CHANGED_MEANWHILE,
        (Act.SHOW_ORDER,),
        number=order.number,
        who=changed.who,
        at=changed.at,
    )


def _refuse_sent(connection: Connection, ids: Sequence[int]) -> None:
    """An order is sent once it waits for its answer; one that was given up before was not."""
    sent = connection.execute(
        select(PurchaseOrder.number)
        .join(Event, and_(Event.subject == states.PURCHASE_ORDER.name, Event.subject_id == PurchaseOrder.id))
        .where(PurchaseOrder.id.in_(ids), Event.new.not_in(_BEFORE))
        .order_by(PurchaseOrder.id)
        .limit(1)
    ).scalar()
    if sent is not None:
        raise Problem(
            "Nothing was deleted: {number} was sent once, and what was sent stays.",
            ProblemCode.SENT_BEFORE,
            (Act.COPY_ORDER,),
            number=sent,
        )
