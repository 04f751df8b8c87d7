"""A sales order that is entered here: the acknowledgement by hand (D17).

It has a number of the usual series, is accepted from the start, and is delivered, invoiced and exported as all others.
Nothing goes by mail, even if the customer is a partner: there is no purchase order to answer (ADR 0045).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select

from intergestan_db import numbers, states
from intergestan_db.database import AnyRow
from intergestan_db.enums import Incomplete, SalesState, Stage
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party, SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.agencies.belonging import at_place
from intergestan_erp.agencies.places import Place, usual_place
from intergestan_erp.credit.gate import Gate, Sold, close_gate, let_pass, open_gate
from intergestan_erp.parties.addresses import main_address
from intergestan_erp.parties.fees import Borne, active_fee
from intergestan_erp.selling.booked_lines import BookedLine
from intergestan_erp.selling.drafts import Draft, Typed, checked, head_values, lock_customer, price, write_parts
from intergestan_erp.selling.fee_charges import charge_of
from intergestan_erp.selling.minimum import BelowMinimum, below
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.site.zone import today
from intergestan_erp.stock import arbitration
from intergestan_erp.stock.allocate import Allocated, Choices
from intergestan_erp.stock.arbitration import LineProposal
from intergestan_erp.stock.at_entry import goods_and_services, secure_at_entry, sourcing_at_entry, write_secured
from intergestan_erp.stock.plan import Need


@dataclass(frozen=True, slots=True)
class SmallOrder:
    """An order below its customer's minimum.

    :ivar fee: the site's fee for that; None: it has none.
    :ivar charge: what that fee adds; None: it is on the order already.
    """

    below: BelowMinimum
    fee: Borne | None
    charge: Decimal | None


@dataclass(frozen=True, slots=True)
class EnteredOrder:
    """The order that was entered.

    :ivar small: it is below the customer's minimum, whatever fees it has.
    :ivar allocated: what was set aside for it; None: nothing yet.
    """

    id: int
    number: str
    total_ht: Decimal
    total_ttc: Decimal
    small: SmallOrder | None
    allocated: Allocated | None = None


def enter_order(
    connection: Connection,
    typed: Typed,
    *,
    add_fee: bool = False,
    override: str | None = None,
    place: Place | None = None,
    choices: Choices | None = None,
    incomplete: Incomplete | None = None,
    term_id: int | None = None,
    by: str,
    at: datetime,
) -> EnteredOrder:
    """Enter an order, accepted.

    :param place: where it is entered (D62); None: where the site usually is.
    :param add_fee: add the fee of orders that are below their customer's minimum, if this one is.
    :param override: why it passes although the customer owes too much.
    :param choices: from which depots lines come, by their ids: L1 is the first one (A32).
    :param incomplete: what becomes of it when not all of it is there; None: as address, customer and dossier say (A39).
    :param term_id: the payment term of its invoices; None: the customer's, else the site's.
    :raises Problem: something of it cannot be, or the customer owes too much (T20). Nothing may be written then.
    """
    gate = open_gate(connection, typed.customer_id, at)
    customer = lock_customer(connection, typed.customer_id)
    draft = price(connection, typed, today(connection, at), place)
    how: Any = {"add_fee": add_fee, "override": override, "place": place, "choices": choices}
    how |= {"incomplete": incomplete, "term_id": term_id}
    return write_order(connection, gate, customer, draft, **how, by=by, at=at)


def foresee(connection: Connection, typed: Typed, at: datetime, place: Place | None = None) -> SmallOrder | None:
    """What would be said of the minimum, so that a person can be asked; it locks and writes nothing.

    :raises Problem: as `enter_order` would.
    """
    minimum = connection.execute(select(Party.minimum_order).where(Party.id == typed.customer_id)).scalar_one()
    return small_order(connection, minimum, price(connection, typed, today(connection, at), place))


def foresee_shares(connection: Connection, typed: Typed, at: datetime, place: Place) -> list[LineProposal]:
    """Of which lines a person chooses the depots, with what is proposed (A32); it locks and writes nothing.

    :raises Problem: as `enter_order` would.
    """
    sourcing = sourcing_at_entry(connection, place)
    if not sourcing.rules.at_entry:
        return []
    draft = price(connection, typed, today(connection, at), place)
    needs = goods_and_services(connection, [need_of(line) for line in draft.lines])
    proposals = arbitration.foresee(connection, sourcing, needs)
    return [each for each in proposals if each.is_asked(sourcing.rules.arbitrate)]


def small_order(connection: Connection, minimum: Decimal | None, draft: Draft) -> SmallOrder | None:
    """What is to be said of an order's size."""
    found = below(minimum, draft.goods)
    if found is None:
        return None
    code = read_preferences(connection).minimum_fee
    fee = None if code is None else active_fee(connection, code)
    there = fee is None or any(charge.fee_id == fee.fee_id for charge in draft.charges)
    return SmallOrder(found, fee, None if fee is None or there else charge_of(fee, draft.goods).amount)


def write_order(
    connection: Connection,
    gate: Gate,
    customer: AnyRow,
    draft: Draft,
    *,
    add_fee: bool,
    override: str | None,
    place: Place | None,
    quote: AnyRow | None = None,
    choices: Choices | None = None,
    incomplete: Incomplete | None = None,
    term_id: int | None = None,
    by: str,
    at: datetime,
) -> EnteredOrder:
    """Enter a priced order; the customer is locked, and the number is taken last of the locks.

    :param quote: that it comes from; what a person let pass as a quote passes as an order, if it is no more.
    """
    small = small_order(connection, customer.minimum_order, draft)
    if small is not None and add_fee:
        draft = _with_fee(draft, small)
    head = head_values(connection, customer, draft, today(connection, at))
    total = head["total_ttc"]
    earlier = [] if quote is None else [Sold((quote.number,), total)]
    passing = let_pass(
        *(connection, gate, Stage.ORDER),
        delta=total,
        total_ttc=total,
        establishment_id=None if place is None else place.establishment_id,
        comes_from=earlier,
        reason=override,
        by=by,
    )
    needs = [need_of(line) for line in draft.lines]
    secured = secure_at_entry(connection, place or usual_place(connection), needs, choices or {})
    (number,) = numbers.take(connection, numbers.SALES_ORDERS, 1)
    own = main_address()
    values = {
        **head,
        **at_place(place),
        "number": number,
        "state": SalesState.ACCEPTED,
        "customer_order_number": draft.reference,
        "quote_id": None if quote is None else quote.id,
        "below_minimum": small is not None,
        "address_id": draft.address_id
        or select(own.c.id).where(own.c.party_id == head["customer_id"]).scalar_subquery(),
        "payment_term_id": term_id,
        "incomplete": incomplete,
        "created_at": at,
        "allocated_at": None if secured is None else at,
    }
    order_id = connection.execute(insert(SalesOrder).values(**values).returning(SalesOrder.id)).scalar_one()
    write_parts(connection, draft, SalesOrderLine, SalesOrderCharge, {"sales_order_id": order_id})
    states.record(connection, states.SALES_ORDER.name, [(order_id, None, SalesState.ACCEPTED)], "create", by=by, at=at)
    close_gate(connection, gate, passing, number, by=by, at=at)
    if small is not None:
        detail = small.below.as_detail()
        own = [(order_id, None, None)]
        states.record(connection, states.SALES_ORDER.name, own, "below_minimum", by=by, at=at, detail=detail)
    found = None if secured is None else write_secured(connection, order_id, number, secured, by=by, at=at)
    return EnteredOrder(order_id, number, head["total_ht"], head["total_ttc"], small, found)


def need_of(line: BookedLine) -> Need:
    """What a line asks of the depots."""
    assert line.product_id is not None, "an order by hand has no line without a product"
    assert line.product_code is not None
    return Need(line.line_id, line.product_id, line.product_code, line.unit, line.quantity)


def _with_fee(draft: Draft, small: SmallOrder) -> Draft:
    if small.fee is None:
        raise Problem(
            "No fee is chosen for orders below the minimum, so none can be added. Nothing was entered.",
            ProblemCode.NO_FEE,
            (Act.FEE_SETTINGS,),
        )
    return checked(draft.with_charge(charge_of(small.fee, draft.goods)))
