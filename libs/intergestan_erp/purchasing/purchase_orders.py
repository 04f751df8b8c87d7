"""Purchase orders on the screen: which ones a person sees and may send (G09–G13, D1), and one as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from intergestan_db import states
from intergestan_db.enums import PurchaseState
from intergestan_db.named_ids import named_ids
from intergestan_db.problem import Act, Problem, ProblemCode, Words
from intergestan_db.tables import (
    Address,
    Contact,
    Event,
    Party,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    User,
)
from intergestan_db.views import ChargeView, EventView, View, viewed
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.parties.addresses import MAIN
from intergestan_erp.purchasing.views import PurchaseChangeView, PurchaseLineView, PurchaseOrderView, SelectedOrder

WRITTEN = ("import", "enter", "edit")
"""The events with which all of an order was written; the newest one keeps what has no column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What **Afficher** shows (G09). An end that is None is open; both ends are included.

    :ivar everything: *tout voir*: also drafts and what was transmitted, each with its state (G12, D1).
    """

    first: date | None = None
    last: date | None = None
    supplier_id: int | None = None
    followed_by_id: int | None = None
    everything: bool = False
    category_id: int | None = None


def select_orders(connection: Connection, wanted: Selection) -> list[SelectedOrder]:
    """The orders of a selection by date and number, with the columns of the sending screen (G10).

    Unless everything is wanted: those that are neither draft nor transmitted, which are the ones to be sent.
    """
    query = _listing()
    if not wanted.everything:
        query = query.where(PurchaseOrder.state == PurchaseState.CONFIRMED)
    if wanted.first is not None:
        query = query.where(PurchaseOrder.issue_date >= wanted.first)
    if wanted.last is not None:
        query = query.where(PurchaseOrder.issue_date <= wanted.last)
    if wanted.supplier_id is not None:
        query = query.where(PurchaseOrder.supplier_id == wanted.supplier_id)
    if wanted.followed_by_id is not None:
        query = query.where(PurchaseOrder.followed_by_id == wanted.followed_by_id)
    if wanted.category_id is not None:
        query = query.where(PurchaseOrder.category_id == wanted.category_id)
    ordered = query.order_by(PurchaseOrder.issue_date, PurchaseOrder.id)
    return [viewed(SelectedOrder, row) for row in connection.execute(ordered).mappings()]


def _listing() -> Select[*tuple[Any, ...]]:
    order, party = PurchaseOrder, Party.__table__
    first_address = select(func.min(Address.id)).where(Address.kind == MAIN, Address.party_id == Party.id)
    first_contact = select(func.min(Contact.id)).where(Contact.party_id == Party.id)
    return (
        select(
            *(order.id, order.version, order.number, order.issue_date, order.note),
            *(order.total_ht, order.total_ttc, order.currency, order.state, Contact.name.label("contact")),
            *(order.supplier_id, Party.code.label("supplier_code"), Party.name.label("supplier")),
            *(Address.line1, Address.postcode, Address.city, User.login.label("followed_by")),
        )
        .join(Party, Party.id == order.supplier_id)
        .outerjoin(Address, Address.id == first_address.correlate(party).scalar_subquery())
        .outerjoin(Contact, Contact.id == first_contact.correlate(party).scalar_subquery())
        .outerjoin(User, User.id == order.followed_by_id)
    )


_HEAD: Final = select(PurchaseOrder.__table__, *named_ids(PurchaseOrder))


def find_orders(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    """The ids of orders by number.

    :raises Problem: naming those that do not exist.
    """
    wanted = list(dict.fromkeys(as_stored(connection, each, PurchaseOrder.number) for each in numbers))
    rows = connection.execute(select(PurchaseOrder.number, PurchaseOrder.id).where(PurchaseOrder.number.in_(wanted)))
    found: dict[str, int] = {row.number: row.id for row in rows}
    missing = [number for number in wanted if number not in found]
    if missing:
        raise Problem(
            "There is no purchase order {numbers}. Nothing was changed.",
            ProblemCode.NO_ORDER,
            (Act.LIST_ORDERS,),
            numbers=", ".join(missing),
        )
    return found


def show_order(connection: Connection, number: str) -> PurchaseOrderView:
    """One order as a whole.

    :raises Problem: when there is no such order.
    """
    (order_id,) = find_orders(connection, [number]).values()
    head = connection.execute(_HEAD.where(PurchaseOrder.id == order_id)).mappings()
    listed = connection.execute(_listing().where(PurchaseOrder.id == order_id)).mappings()
    lines = select(PurchaseOrderLine.__table__).where(PurchaseOrderLine.purchase_order_id == order_id)
    charges = select(PurchaseOrderCharge.__table__).where(PurchaseOrderCharge.purchase_order_id == order_id)
    change = PurchaseOrderChange
    changes = select(
        *(change.revision, change.type, change.state, change.requested_at, change.requested_by),
        *(change.answer_code, change.answer_note),
    ).where(change.purchase_order_id == order_id)
    events = select(*states.TOLD).where(Event.subject == states.PURCHASE_ORDER.name, Event.subject_id == order_id)
    happened = _all(connection, EventView, events.order_by(Event.id))
    taken = next((event.detail or {} for event in reversed(happened) if event.name in WRITTEN), {})
    row = {**head.one(), **listed.one()}
    changed = _all(connection, PurchaseChangeView, changes.order_by(PurchaseOrderChange.id))
    of_lines = _of_lines(taken, is_changed=any(each.revision <= row["revision"] for each in changed))
    return viewed(
        *(PurchaseOrderView, row),
        taken={name: taken[name] for name in ("type", "references") if name in taken},
        lines=[
            viewed(PurchaseLineView, line, **of_lines(line["line_id"]))
            for line in connection.execute(lines.order_by(PurchaseOrderLine.position)).mappings()
        ],
        charges=_all(connection, ChargeView, charges.order_by(PurchaseOrderCharge.id)),
        changes=changed,
        events=happened,
    )


def _of_lines(taken: Mapping[str, Any], *, is_changed: bool) -> Callable[[str], Mapping[str, str | None]]:
    """What the newest writing of an order said of a line, beside its columns."""
    prices = None if is_changed else taken.get("prices")
    costs = taken.get("accounting_costs", {})
    return lambda line_id: {
        "price_from": None if prices is None else prices.get(line_id, "file"),
        "accounting_cost": costs.get(line_id),
    }


def lock_version(connection: Connection, number: str) -> int:
    """The version of an order, which nobody changes until the transaction ends.

    :raises Problem: when there is no such order.
    """
    (order_id,) = find_orders(connection, [number]).values()
    locked = select(PurchaseOrder.version).where(PurchaseOrder.id == order_id).with_for_update()
    return int(connection.execute(locked).scalar_one())


def confirm(connection: Connection, numbers: Sequence[str], *, by: str, at: datetime) -> None:
    """Drafts become confirmed, which makes them read-only and ready to be sent: all of these or none.

    :raises Problem: naming those that are no drafts.
    """
    _move(connection, numbers, "confirm", by, at)


def unconfirm(connection: Connection, numbers: Sequence[str], *, by: str, at: datetime) -> None:
    """Confirmed orders that were not transmitted become drafts again: all of these or none.

    :raises Problem: naming those that are not confirmed, or transmitted already.
    """
    _move(connection, numbers, "unconfirm", by, at)


def _move(connection: Connection, numbers: Iterable[str], event: str, by: str, at: datetime) -> None:
    wanted = list(dict.fromkeys(numbers))
    ids = find_orders(connection, wanted)
    _refuse_others(connection, ids, event)
    version = PurchaseOrder.version + 1
    states.move(
        connection,
        states.PURCHASE_ORDER,
        ids.values(),
        event,
        by=by,
        at=at,
        version=version,
        updated_at=at,
    )


def _refuse_others(connection: Connection, ids: Mapping[str, int], event: str) -> None:
    froms, _ = states.PURCHASE_ORDER.moves[event]
    query = select(PurchaseOrder.number, PurchaseOrder.state).where(
        PurchaseOrder.id.in_(ids.values()), PurchaseOrder.state.not_in(froms)
    )
    others = list(connection.execute(query.order_by(PurchaseOrder.id)))
    if others:
        raise Problem(
            "Nothing was changed: this is for orders in the state {wanted}, but {others}.",
            ProblemCode.OTHER_STATE,
            wanted=Words.any_of(froms),
            others=Words.by_number((row.number, row.state) for row in others),
        )


def _all(connection: Connection, kind: type[View], query: Select[*tuple[Any, ...]]) -> list[View]:
    return [viewed(kind, row) for row in connection.execute(query).mappings()]
