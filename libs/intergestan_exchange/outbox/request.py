"""*Valider*: ask for one mail with these purchase orders (G14). What can be refused is refused here.

Nothing leaves without this act. It writes an `outbound_mail` in state `requested` and moves the orders to
`transmitting`, in one transaction; the composer does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import OutboundState, PurchaseState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import OutboundMail, OutboundOrder, Partner, PurchaseOrder
from intergestan_erp.site.setup import check_address
from intergestan_exchange.outbox.outbound import WAS_COMPOSED
from intergestan_exchange.outbox.requests import request_mail
from intergestan_exchange.partners.partner_rests import check_sending
from intergestan_msg.kinds import Kind

MAX_ORDERS = 1000

_WAS_COMPOSED = exists().where(
    OutboundOrder.purchase_order_id == PurchaseOrder.id,
    OutboundOrder.revision == PurchaseOrder.revision,
    OutboundMail.id == OutboundOrder.outbound_mail_id,
    WAS_COMPOSED,
)
_SELECTED = (
    select(
        *(PurchaseOrder.id, PurchaseOrder.number, PurchaseOrder.supplier_id, PurchaseOrder.state),
        *(PurchaseOrder.version, PurchaseOrder.revision, _WAS_COMPOSED.label("was_composed")),
    )
    .where(PurchaseOrder.id.in_(bindparam("ids", expanding=True)))
    .with_for_update()
)
_RAISE = (
    update(PurchaseOrder)
    .where(PurchaseOrder.id.in_(bindparam("ids", expanding=True)))
    .values(revision=PurchaseOrder.revision + 1)
)


class MissingAddress(Problem):
    """The supplier has no address for orders yet (G17): ask the user for it, store it, then request again.

    :ivar proposed: the address that the partner's card proposes, if it does.
    """

    def __init__(self, supplier: str, proposed: str | None) -> None:
        super().__init__(
            "{supplier} has no address for orders yet, so nothing was sent. Give it once.",
            ProblemCode.NO_ADDRESS,
            (Act.GIVE_ORDER_ADDRESS,),
            supplier=supplier,
        )
        self.proposed = proposed


def request_orders(
    connection: Connection,
    supplier_id: int,
    versions: Mapping[int, int],
    user_id: int,
    *,
    by: str,
    at: datetime,
    leave_at: datetime | None = None,
) -> int:
    """Ask for one mail to a supplier with all of these orders, or refuse the whole request.

    It goes to the address for orders that the supplier has now, also where that is another one when it leaves (G18).
    An order that was composed before, in a mail that was given up, has the next revision: another document, which may
    say something else, never has the number and the revision of one that was signed.

    :param versions: purchase order id → the version that the user saw and selected.
    :param user_id: the user whose mail address becomes the From (G15).
    :param leave_at: until then it is not composed, and may be taken back as if it had never been asked for.
    :returns: the id of the outbound mail, to ring the composer with.
    :raises MissingAddress: the supplier's address for orders is not known (G17).
    :raises Problem: the supplier is no partner; too many orders; a draft; an order that changed meanwhile or
        is on its way already (a double click).
    """
    partner = _ready_partner(connection, supplier_id)
    revisions = _raised(connection, _check_orders(connection, supplier_id, versions))
    own = {"requested_by_id": user_id, "recipient": partner.order_address, "next_attempt_at": leave_at}
    rung_at = at if leave_at is None else None
    mail_id = request_mail(connection, Kind.ORDERS, partner.id, at, **own, rung_at=rung_at)
    states.record(connection, "outbound_mail", [(mail_id, None, OutboundState.REQUESTED)], "request", by=by, at=at)
    states.move(
        connection,
        states.PURCHASE_ORDER,
        versions,
        "request",
        by=by,
        at=at,
        outbound_mail_id=mail_id,
        updated_at=at,
    )
    _link_orders(connection, mail_id, versions, revisions)
    return mail_id


def set_order_address(connection: Connection, supplier_id: int, address: str, *, by: str, at: datetime) -> None:
    """Store the supplier's address for orders if there is none yet (G17).

    :raises Problem: it is no mail address; another one is stored: changing it is an act of its own (G18).
    """
    check_address(address)
    stored = connection.execute(
        update(Partner)
        .where(Partner.party_id == supplier_id, Partner.order_address.is_(None))
        .values(order_address=address)
        .returning(Partner.id)
    ).scalars()
    rows = [(partner_id, None, None) for partner_id in stored]
    states.record(connection, Partner.__tablename__, rows, "set", by=by, at=at, detail={"order_address": address})
    check_order_address(connection, supplier_id, address)


def check_order_address(connection: Connection, supplier_id: int, address: str) -> None:
    """Refuse an address that orders to this supplier cannot go to.

    :raises Problem: it is no mail address, or another one is stored.
    """
    check_address(address)
    current = partner_row(connection, supplier_id).order_address
    if current not in {None, address}:
        raise Problem(
            "Orders to this supplier go to {current}, not to {address}; nothing was sent.",
            ProblemCode.OTHER_ADDRESS,
            (Act.CHANGE_ORDER_ADDRESS,),
            current=current,
            address=address,
        )


@dataclass(frozen=True, slots=True)
class SupplyingPartner:
    """A partner that supplies us. :ivar proposed_order_address: the one that its card names."""

    id: int
    name: str
    order_address: str | None
    proposed_order_address: str | None


def partner_row(connection: Connection, supplier_id: int) -> SupplyingPartner:
    """The partner that a supplier is for us.

    :raises Problem: it is none.
    """
    row = connection.execute(
        select(Partner.id, Partner.name, Partner.order_address, Partner.proposed_order_address).where(
            Partner.party_id == supplier_id
        )
    ).first()
    if row is None:
        raise Problem(
            "This supplier is no partner: we have no key of theirs, so nothing was sent. Ask for their card.",
            ProblemCode.NO_PARTNER,
            (Act.ADD_PARTNER,),
        )
    return SupplyingPartner(*row)


def partner_of(connection: Connection, supplier_id: int) -> int:
    """The partner that a supplier is for us, with an address for orders.

    :raises Problem: it is none, or rests.
    :raises MissingAddress: the address is not known (G17).
    """
    return int(_ready_partner(connection, supplier_id).id)


def _ready_partner(connection: Connection, supplier_id: int) -> SupplyingPartner:
    partner = partner_row(connection, supplier_id)
    if partner.order_address is None:
        raise MissingAddress(partner.name, partner.proposed_order_address)
    check_sending(connection, partner.id)
    return partner


def check_count(count: int) -> None:
    """Whether one mail may carry so many orders.

    :raises Problem: it may not.
    """
    if count > MAX_ORDERS:
        raise Problem(
            "A mail carries at most {most} orders; {count} were selected and nothing was sent. Select fewer.",
            ProblemCode.TOO_MANY,
            most=MAX_ORDERS,
            count=count,
        )


def _check_orders(connection: Connection, supplier_id: int, versions: Mapping[int, int]) -> Sequence[AnyRow]:
    """Lock the orders and look whether all may be sent."""
    if not versions:
        raise Problem("No order was selected, so nothing was sent.", ProblemCode.NO_VALUE)
    check_count(len(versions))
    rows = connection.execute(_SELECTED, {"ids": sorted(versions)}).all()
    if len(rows) != len(versions):
        raise Problem(
            "An order of the selection is not there any more; nothing was sent. Select again.",
            ProblemCode.CHANGED_MEANWHILE,
            (Act.LIST_ORDERS,),
        )
    for row in rows:
        _check_order(row, supplier_id, versions[row.id])
    return rows


def _raised(connection: Connection, rows: Sequence[AnyRow]) -> dict[int, int]:
    """The revisions of the orders, by id; of those that were composed before as the one that they have, the next."""
    again = [row.id for row in rows if row.was_composed]
    if again:
        connection.execute(_RAISE, {"ids": again})
    return {row.id: row.revision + row.was_composed for row in rows}


def _check_order(row: AnyRow, supplier_id: int, version: int) -> None:
    if row.supplier_id != supplier_id:
        raise Problem(
            "{number} is for another supplier; nothing was sent.", ProblemCode.OTHER_SUPPLIER, number=row.number
        )
    if row.state == PurchaseState.DRAFT:
        raise Problem(
            "{number} is a draft; nothing was sent. Confirm it first.",
            ProblemCode.OTHER_STATE,
            (Act.CONFIRM_ORDER,),
            number=row.number,
        )
    if row.state != PurchaseState.CONFIRMED:
        raise Problem(
            "{number} was sent already (it is {state}); nothing was sent.",
            ProblemCode.SENT_BEFORE,
            (Act.RESEND_MAIL,),
            number=row.number,
            state=Word(row.state),
        )
    if row.version != version:
        raise Problem(
            "{number} was changed meanwhile; nothing was sent. Look at it again.",
            ProblemCode.CHANGED_MEANWHILE,
            (Act.SHOW_ORDER,),
            number=row.number,
        )


def _link_orders(
    connection: Connection, mail_id: int, versions: Mapping[int, int], revisions: Mapping[int, int]
) -> None:
    insert_rows(
        connection,
        OutboundOrder,
        [
            {
                "outbound_mail_id": mail_id,
                "purchase_order_id": order_id,
                "revision": revision,
                "version": versions[order_id],
                "live": True,
            }
            for order_id, revision in revisions.items()
        ],
    )
