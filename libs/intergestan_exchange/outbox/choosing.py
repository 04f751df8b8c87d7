"""What a person looks at before *Valider*: to whom orders may go, the chosen ones as they are now, what is odd."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, and_, exists, func, or_, select

from intergestan_db.enums import PurchaseState
from intergestan_db.problem import Act, Problem, ProblemCode, Remark
from intergestan_db.tables import (
    OutboundMail,
    OutboundOrder,
    Partner,
    Party,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Relay,
)
from intergestan_exchange.outbox.outbound import ON_ITS_WAY, WAS_COMPOSED
from intergestan_msg.diagnosis import Diagnosed
from intergestan_msg.kinds import Kind

MOST_ADDRESSEES = 1000
"""So many suppliers a page offers."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A supplier to whom orders may be chosen.

    :ivar partner_id: None where they are no partner, so that nothing can be sent.
    """

    party_id: int
    code: str
    name: str
    partner_id: int | None
    order_address: str | None
    proposed: str | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """An order of a selection as it is now, and the `version` that the person saw.

    :ivar is_same: it may be sent: confirmed, and in that version still.
    """

    id: int
    number: str
    version: int
    state: str
    supplier_id: int
    issue_date: date
    note: str | None
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """What chosen orders come to in one currency."""

    currency: str
    count: int
    total_ht: Decimal
    total_ttc: Decimal


def list_addressees(connection: Connection) -> list[Addressee]:
    """Suppliers that are partners, and those others for whom an order waits to be sent."""
    order = PurchaseOrder
    waits = exists(order.id).where(order.supplier_id == Party.id, order.state == PurchaseState.CONFIRMED)
    query = (
        select(
            *(Party.id, Party.code, Party.name, Partner.id.label("partner"), Partner.order_address),
            Partner.proposed_order_address,
        )
        .outerjoin(Partner, Partner.party_id == Party.id)
        .where(Party.code.is_not(None), or_(and_(Partner.id.is_not(None), Party.is_supplier), waits))
        .order_by(Party.code)
        .limit(MOST_ADDRESSEES)
    )
    return [Addressee(*row) for row in connection.execute(query)]


def find_addressee(connection: Connection, party_id: int) -> Addressee:
    """One of them."""
    query = select(
        *(Party.id, Party.code, Party.name, Partner.id.label("partner"), Partner.order_address),
        Partner.proposed_order_address,
    ).outerjoin(Partner, Partner.party_id == Party.id)
    row = connection.execute(query.where(Party.id == party_id)).one()
    party, code, name, partner, address, proposed = row
    return Addressee(party, code or name, name, partner, address, proposed)


def read_chosen(connection: Connection, versions: Mapping[str, int]) -> list[Chosen]:
    """The orders of a selection by date and number; one that is gone is not among them.

    :param versions: what the person saw, by number.
    """
    order = PurchaseOrder
    rows = connection.execute(
        select(
            *(order.id, order.number, order.version, order.state, order.supplier_id, order.issue_date, order.note),
            *(order.total_ht, order.total_ttc, order.currency),
        )
        .where(order.number.in_(list(versions)))
        .order_by(order.issue_date, order.id)
    )
    return [
        Chosen(*row, row.state == PurchaseState.CONFIRMED and row.version == versions[row.number])  # type: ignore[call-arg]
        for row in rows
    ]


def chosen_orders(connection: Connection, versions: Mapping[str, int]) -> list[Chosen]:
    """The orders of a selection, whether they can still be sent or not.

    :param versions: what whoever chose them saw, by number.
    :raises Problem: one of them is not there.
    """
    orders = read_chosen(connection, versions)
    missing = [number for number in versions if number not in {each.number for each in orders}]
    if missing:
        raise Problem(
            "There is no purchase order {numbers}. Nothing was changed.",
            ProblemCode.NO_ORDER,
            (Act.LIST_ORDERS,),
            numbers=", ".join(missing),
        )
    return orders


def one_supplier(orders: Iterable[Chosen]) -> int:
    """Whom chosen orders are for.

    :raises Problem: for several, or there is none.
    """
    suppliers = {each.supplier_id for each in orders}
    if len(suppliers) != 1:
        raise Problem("Only orders for one supplier go out in a mail; nothing was sent.", ProblemCode.OTHER_SUPPLIER)
    return suppliers.pop()


def sums_of(orders: Iterable[Chosen]) -> list[Sum]:
    """What they come to, by currency."""
    found: dict[str, Sum] = {}
    for each in orders:
        so_far = found.get(each.currency, Sum(each.currency, 0, Decimal(0), Decimal(0)))
        found[each.currency] = Sum(
            each.currency, so_far.count + 1, so_far.total_ht + each.total_ht, so_far.total_ttc + each.total_ttc
        )
    return [found[currency] for currency in sorted(found)]


def sending_warnings(connection: Connection, order_ids: Collection[int]) -> dict[int, list[Remark]]:
    """What is odd of orders that are about to leave, by their ids: nothing of it keeps them from leaving."""
    found: dict[int, list[Remark]] = {}
    order, line = PurchaseOrder, PurchaseOrderLine
    ids = list(order_ids)
    for row in connection.execute(
        select(order.id).where(order.id.in_(ids), order.total_ttc == Decimal(0)).order_by(order.id)
    ):
        found.setdefault(row.id, []).append(Remark(None, None, "The total is nothing."))
    unknown = (
        select(line.purchase_order_id, line.product_code)
        .outerjoin(Product, Product.code == line.product_code)
        .where(line.purchase_order_id.in_(ids), line.product_code.is_not(None))
        .where(or_(Product.id.is_(None), Product.active.is_(False)))
        .order_by(line.purchase_order_id, line.position)
    )
    for order_id, code in connection.execute(unknown):
        said = Remark(None, None, "We have no product {code} ourselves, or use it no more.", code=code)
        found.setdefault(order_id, []).append(said)
    sent = (
        select(OutboundOrder.purchase_order_id)
        .join(OutboundMail, OutboundMail.id == OutboundOrder.outbound_mail_id)
        .where(OutboundOrder.purchase_order_id.in_(ids), WAS_COMPOSED)
        .distinct()
    )
    for (order_id,) in connection.execute(sent):
        said = Remark(None, None, "It was in a mail before, which was given up.")
        found.setdefault(order_id, []).append(said)
    return found


def relay_warnings(connection: Connection, now: datetime) -> list[Remark]:
    """What keeps mails from leaving at once, as far as it is about the server that takes them."""
    relay = connection.execute(
        select(Relay.host, Relay.paused_until, Relay.last_error, Relay.last_diagnosis).order_by(Relay.id)
    ).first()
    if relay is None:
        return [
            Remark(
                None, None, "No server is set up that takes our mail: the request waits until an administrator does it."
            )
        ]
    if relay.paused_until is not None and relay.paused_until > now:
        said = Diagnosed.beside(relay.last_error, relay.last_diagnosis) or "–"
        return [
            Remark(
                None,
                None,
                "{host} takes no mail at the moment ({said}): the request waits.",
                host=relay.host,
                said=said,
            )
        ]
    return []


def count_to_former_address(connection: Connection, partner_id: int, address: str) -> int:
    """Of mails of orders that were asked for, how many go out to another address than this one still (G18)."""
    mail = OutboundMail
    query = select(func.count()).where(
        mail.partner_id == partner_id,
        mail.kind == Kind.ORDERS,
        mail.state.in_(ON_ITS_WAY),
        mail.recipient != address,
    )
    return connection.execute(query).scalar_one()
