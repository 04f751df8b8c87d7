"""The states of orders, mails and payments, one table each, and the only function that changes one.

A move is a compare-and-set: it changes the rows that are in a state the event may leave, checks that these
are all the rows it was asked for, and writes an `event` row for each. The diagrams in `docs/architecture.md`
are generated from the tables below (`python -m intergestan_db.states`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ClauseElement, Connection, Update, bindparam, select, update

from intergestan_db.bulk import insert_rows
from intergestan_db.enums import ChangeState as Change
from intergestan_db.enums import InboundState as Inbound
from intergestan_db.enums import OutboundState as Outbound
from intergestan_db.enums import PaymentState, QuoteState
from intergestan_db.enums import PurchaseState as Purchase
from intergestan_db.enums import SalesState as Sales
from intergestan_db.enums import SlipState as Slip
from intergestan_db.tables import (
    Event,
    InboundMail,
    OutboundMail,
    Payment,
    PickingSlip,
    PurchaseOrder,
    PurchaseOrderChange,
    Quote,
    SalesOrder,
)

Moves = Mapping[str, tuple[tuple[str, ...], str]]
"""Event → (the states it may leave, the state it leads to)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The life of one kind of row: its table, its first state, and what may happen to it."""

    table: type[
        OutboundMail | PurchaseOrder | PurchaseOrderChange | InboundMail | Quote | SalesOrder | Payment | PickingSlip
    ]
    first: str
    moves: Moves

    @property
    def name(self) -> str:
        """The subject under which its events are written."""
        return self.table.__tablename__


class StaleState(Exception):
    """A row was not in a state that the event may leave, or somebody else holds it: nothing was changed.

    :ivar missing: the ids of the rows that could not be moved.
    """

    def __init__(self, machine: Machine, event: str, missing: set[int]) -> None:
        super().__init__(f"{machine.name} {sorted(missing)}: «{event}» does not apply to its state now.")
        self.missing = missing


OUTBOUND_MAIL = Machine(
    OutboundMail,
    Outbound.REQUESTED,
    {
        "compose": ((Outbound.REQUESTED,), Outbound.COMPOSED),
        "cannot_compose": ((Outbound.REQUESTED,), Outbound.HELD),
        "recompose": ((Outbound.HELD,), Outbound.REQUESTED),
        "number_anew": (
            (Outbound.HELD, Outbound.SENT, Outbound.UNKNOWN, Outbound.ANSWERED),
            Outbound.REQUESTED,
        ),
        "claim": ((Outbound.COMPOSED, Outbound.SENT, Outbound.UNKNOWN), Outbound.SENDING),
        "accept": ((Outbound.SENDING,), Outbound.SENT),
        "retry": ((Outbound.SENDING,), Outbound.COMPOSED),
        "lose": ((Outbound.SENDING,), Outbound.UNKNOWN),
        "refuse": ((Outbound.SENDING,), Outbound.HELD),
        "give_up": ((Outbound.SENT, Outbound.UNKNOWN), Outbound.HELD),
        "bounce": ((Outbound.SENT, Outbound.UNKNOWN, Outbound.HELD), Outbound.HELD),
        "resend": ((Outbound.HELD, Outbound.SENT, Outbound.UNKNOWN, Outbound.ANSWERED), Outbound.COMPOSED),
        "answer": (
            (Outbound.COMPOSED, Outbound.SENDING, Outbound.SENT, Outbound.UNKNOWN, Outbound.HELD),
            Outbound.ANSWERED,
        ),
        "abandon": ((Outbound.REQUESTED, Outbound.COMPOSED, Outbound.HELD), Outbound.ABANDONED),
        "drop": ((Outbound.REQUESTED, Outbound.COMPOSED, Outbound.SENDING), Outbound.ABANDONED),  # heartbeats only
    },
)

_SENT_ORDER = (
    Purchase.TRANSMITTING,
    Purchase.WAITING,
    Purchase.ACCEPTED,
    Purchase.CHANGED,
    Purchase.REJECTED,
)

PURCHASE_ORDER = Machine(
    PurchaseOrder,
    Purchase.DRAFT,
    {
        "confirm": ((Purchase.DRAFT,), Purchase.CONFIRMED),
        "unconfirm": ((Purchase.CONFIRMED,), Purchase.DRAFT),
        "request": ((Purchase.CONFIRMED,), Purchase.TRANSMITTING),
        "transmit": ((Purchase.TRANSMITTING,), Purchase.WAITING),
        "abandon": ((Purchase.TRANSMITTING,), Purchase.CONFIRMED),
        "wait": ((Purchase.TRANSMITTING, Purchase.WAITING), Purchase.WAITING),
        "wait again": ((Purchase.ACCEPTED, Purchase.CHANGED, Purchase.REJECTED), Purchase.WAITING),  # a restored seller
        "accept": (_SENT_ORDER, Purchase.ACCEPTED),
        "change": (_SENT_ORDER, Purchase.CHANGED),
        "reject": (_SENT_ORDER, Purchase.REJECTED),
        "cancel": ((Purchase.WAITING, Purchase.ACCEPTED, Purchase.CHANGED), Purchase.CANCELLED),
        "revise": ((Purchase.REJECTED,), Purchase.DRAFT),
        "pair_cancel": ((Purchase.ACCEPTED,), Purchase.CANCELLED),  # with the sales order of another agency
    },
)

_OPEN_CHANGE = (Change.TRANSMITTING, Change.WAITING)

PURCHASE_ORDER_CHANGE = Machine(
    PurchaseOrderChange,
    Change.TRANSMITTING,
    {
        "transmit": ((Change.TRANSMITTING,), Change.WAITING),
        "abandon": ((Change.TRANSMITTING,), Change.ABANDONED),
        "wait": (_OPEN_CHANGE, Change.WAITING),
        "accept": (_OPEN_CHANGE, Change.ACCEPTED),
        "change": (_OPEN_CHANGE, Change.CHANGED),
        "reject": (_OPEN_CHANGE, Change.REJECTED),
    },
)

INBOUND_MAIL = Machine(
    InboundMail,
    Inbound.ARCHIVED,
    {
        "finish": ((Inbound.ARCHIVED,), Inbound.DONE),
        "hold": ((Inbound.ARCHIVED,), Inbound.HELD),
        "leave": ((Inbound.ARCHIVED,), Inbound.ALIEN),
        "refuse": ((Inbound.HELD,), Inbound.DONE),
        "release": ((Inbound.HELD,), Inbound.ARCHIVED),
        "supersede": ((Inbound.HELD,), Inbound.DONE),
        "expire": ((Inbound.HELD,), Inbound.ALIEN),
        "want": ((Inbound.ALIEN,), Inbound.HELD),
        "replay": ((Inbound.DONE, Inbound.HELD, Inbound.ALIEN), Inbound.ARCHIVED),
    },
)

SALES_ORDER = Machine(
    SalesOrder,
    Sales.REVIEW,
    {
        "accept": ((Sales.REVIEW,), Sales.ACCEPTED),
        "cancel": ((Sales.REVIEW, Sales.ACCEPTED), Sales.CANCELLED),
        "pair_cancel": ((Sales.ACCEPTED,), Sales.CANCELLED),
    },
)

QUOTE = Machine(
    Quote,
    QuoteState.OPEN,
    {
        "accept": ((QuoteState.OPEN,), QuoteState.ACCEPTED),
        "refuse": ((QuoteState.OPEN,), QuoteState.REFUSED),
    },
)

PAYMENT = Machine(
    Payment,
    PaymentState.ENTERED,
    {
        "fail": ((PaymentState.ENTERED,), PaymentState.FAILED),
        "cancel": ((PaymentState.ENTERED,), PaymentState.CANCELLED),
    },
)

PICKING_SLIP = Machine(
    PickingSlip,
    Slip.GENERATED,
    {
        "enter": ((Slip.GENERATED, Slip.ENTERED), Slip.ENTERED),
        "finish": ((Slip.ENTERED,), Slip.READY),
        "validate": ((Slip.READY,), Slip.EXPIRED),
        "fail": ((Slip.READY,), Slip.ERROR),
        "reopen": ((Slip.ERROR,), Slip.ENTERED),
        "cancel": ((Slip.GENERATED, Slip.ENTERED, Slip.ERROR), Slip.CANCELLED),
    },
)

MACHINES = (
    *(PURCHASE_ORDER, PURCHASE_ORDER_CHANGE, OUTBOUND_MAIL, INBOUND_MAIL, SALES_ORDER, QUOTE, PAYMENT),
    PICKING_SLIP,
)
_BY_NAME = {machine.name: machine for machine in MACHINES}


def move(
    connection: Connection,
    machine: Machine,
    ids: Iterable[int],
    event: str,
    *,
    by: str,
    at: datetime,
    fence: int | None = None,
    old: Mapping[int, str] | None = None,
    event_detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> None:
    """Move all the named rows, or none of them.

    :param event: a key of the machine's table.
    :param by: the user's login or the service that acts.
    :param fence: the lease that must still hold, for a row that was claimed.
    :param old: the rows' states, where the caller has just read them under a lock.
    :param event_detail: what the `event` rows shall tell besides.
    :param values: other columns to set in the same statement.
    :raises StaleState: when any row does not allow it; the caller's transaction must then be rolled back.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return
    froms, to = machine.moves[event]
    before = old or _states_before(connection, machine, wanted, froms)
    computed = {name: value for name, value in values.items() if isinstance(value, ClauseElement)}
    parameters = {"ids": wanted} | {f"new_{name}": value for name, value in values.items() if name not in computed}
    if fence is not None:
        parameters["fence"] = fence
    changed = _change(machine.name, event, tuple(parameters))
    if computed:
        changed = changed.values(computed)
    moved = set(connection.execute(changed, parameters).scalars())
    if len(moved) != len(wanted):
        raise StaleState(machine, event, set(wanted) - moved)
    record(
        connection,
        machine.name,
        [(row_id, before[row_id], to) for row_id in wanted],
        event,
        by=by,
        at=at,
        detail=event_detail,
    )


@lru_cache(maxsize=500)
def _change(subject: str, event: str, parameters: tuple[str, ...]) -> Update:
    """The compare-and-set of an event with these parameters: to build it would cost more than to run it."""
    machine = _BY_NAME[subject]
    froms, to = machine.moves[event]
    table = machine.table
    changed = update(table).where(table.id.in_(bindparam("ids", expanding=True)), table.state.in_(froms))
    if "fence" in parameters:
        changed = changed.where(table.lease_fence == bindparam("fence"))  # type: ignore[union-attr]
    new = [name for name in parameters if name.startswith("new_")]
    values: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in new}
    return changed.values(state=to, **values).returning(table.id)


TOLD: Final = (
    *(Event.id, Event.at, Event.who, Event.subject, Event.subject_id, Event.name, Event.old, Event.new),
    Event.detail,
)
"""What is told of an event."""


def record(
    connection: Connection,
    subject: str,
    rows: Iterable[tuple[int, str | None, str | None]],
    event: str,
    *,
    by: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
    details: Mapping[int, Mapping[str, Any]] | None = None,
) -> None:
    """Write one `event` row for each (id, old state, new state).

    :param detail: of every row; `details`: of rows by their id, in its place.
    """
    own = details or {}
    events = [
        {"at": at, "who": by, "subject": subject, "subject_id": row_id, "name": event}
        | {"old": old, "new": new, "detail": dict(own.get(row_id) or detail or {}) or None}
        for row_id, old, new in rows
    ]
    insert_rows(connection, Event, events)


def _states_before(
    connection: Connection, machine: Machine, ids: list[int], froms: tuple[str, ...]
) -> Mapping[int, str]:
    if len(froms) == 1:
        return dict.fromkeys(ids, froms[0])  # the compare-and-set itself proves it
    table = machine.table
    rows = connection.execute(
        select(table.id, table.state).where(table.id.in_(ids), table.state.in_(froms)).with_for_update()
    )
    return {row.id: row.state for row in rows}


def diagram(machine: Machine) -> str:
    """The machine as a Mermaid state diagram."""
    arrows = [f"    {old} --> {to}: {event}" for event, (froms, to) in machine.moves.items() for old in froms]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {machine.first}", *arrows])
