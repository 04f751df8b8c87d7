"""What establishments order from each other, written: a purchase order and a sales order for each pair (A40 to A45).

One transaction for each pair, in the one order of locks: the parties, the customers' orders, the number series. What is
set aside for a customer's order in the supplying depot is handed over to the pair's sales order in one act: nobody else
can have it in between, and no row of `stock` changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, bindparam, insert, select, update

from intergestan_db import numbers, states
from intergestan_db.among import among
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import Invoiced, PurchaseState, ReservationKind, ReservationState, Route, SalesState
from intergestan_db.fresh_ids import with_fresh_ids
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_db.tables import (
    AgencyOrder,
    AgencyOrderLine,
    Allocation,
    Depot,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.pairs.pairing import Agency, Pair, PairLine, Pending, pair_up
from intergestan_erp.pairs.pending import Wanted, read_pending, read_pending_of
from intergestan_erp.pairs.preview import read_marks
from intergestan_erp.pairs.prices import prices_of
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.site.zone import today
from intergestan_erp.stock.locking import lock_sales
from intergestan_msg.money import CENT, ONE, ZERO, Sums, TaxCategory, fits, totals_of, without_zeros

_PLACE: Final = ("name", "line1", "line2", "postcode", "city", "country")
_HELD: Final = select(Reservation.id).where(
    among(Reservation.allocation_id, "allocations"),
    Reservation.state == ReservationState.ACTIVE,
    Reservation.kind == ReservationKind.STOCK,
)
_RELEASE: Final = (
    update(Reservation)
    .where(among(Reservation.id, "ids"))
    .values(state=ReservationState.RELEASED, ended_at=bindparam("now", type_=UtcDateTime()))
)
_COVER: Final = update(Allocation).where(among(Allocation.id, "allocations"), Allocation.remainder > ZERO)


@dataclass(frozen=True, slots=True)
class OrderedPair:
    """A pair that was ordered, with the numbers of its two orders."""

    requesting: Agency
    supplying: Agency
    billable: bool
    lines: tuple[PairLine, ...]
    purchase_order: str
    sales_order: str


def order_pairs(
    database: Database,
    wanted: Wanted,
    *,
    by: str,
    at: datetime,
    run: str | None = None,
    only: Collection[int] | None = None,
) -> Iterator[OrderedPair]:
    """Order all that waits, pair by pair, each in a transaction of its own.

    Whoever does the same at the same time orders the rest, or finds nothing. An act that was interrupted is simply done
    once more.

    :param run: what its pairs have in common, of 36 characters at most; None: something new.
    :param only: the allocations that are ordered, by id, as far as they wait still; None: all of them.
    """
    run = run or str(uuid4())
    with database.read() as connection:
        pairs = pair_up(_those(read_pending(connection, wanted), only)).pairs
    for pair in pairs:
        with database.transaction() as connection:
            ordered = order_pair(connection, pair, run, by=by, at=at, only=only)
        if ordered is not None:
            yield ordered


def _those(pending: Iterable[Pending], only: Collection[int] | None) -> list[Pending]:
    return [each for each in pending if only is None or each.allocation_id in only]


def order_pair(
    connection: Connection, seen: Pair, run: str, *, by: str, at: datetime, only: Collection[int] | None = None
) -> OrderedPair | None:
    """Order what waits still of a pair that was seen without a lock; None: somebody else did, or nobody needs it.

    :raises Problem: a total is larger than can be written down.
    """
    lock_parties(connection, [seen.customer_id, seen.supplier_id])
    orders = sorted({each.order_id for each in seen.pending})
    lock_sales(connection, orders)
    waiting = read_pending_of(connection, seen.requesting.id, seen.supplying.id, orders)
    found = pair_up(_those(waiting, only)).pairs
    if not found:
        return None
    (pair,) = found
    lines = pair.lines(prices_of(connection, pair, today(connection, at)))
    purchase_id, sale_id, *taken = _write_heads(connection, pair, lines, by, at)
    own = {"requesting_id": pair.requesting.id, "supplying_id": pair.supplying.id, "billable": pair.billable}
    orders_of = {"purchase_order_id": purchase_id, "sales_order_id": sale_id}
    pair_id = connection.execute(
        insert(AgencyOrder).values(**own, **orders_of, run=run, created_at=at).returning(AgencyOrder.id)
    ).scalar_one()
    purchase_lines = _write_lines(connection, PurchaseOrderLine, "purchase_order_id", purchase_id, lines)
    sale_lines = _write_lines(connection, SalesOrderLine, "sales_order_id", sale_id, lines)
    _swap(connection, lines, purchase_lines, sale_lines, at)
    rows = [
        {
            "agency_order_id": pair_id,
            "allocation_id": line.pending.allocation_id,
            "purchase_order_line_id": purchase_lines[line.number],
            "sales_order_line_id": sale_lines[line.number],
        }
        for line in lines
    ]
    insert_rows(connection, AgencyOrderLine, rows)
    number, sale_number = taken
    return OrderedPair(pair.requesting, pair.supplying, pair.billable, lines, number, sale_number)


def _write_heads(
    connection: Connection, pair: Pair, lines: Sequence[PairLine], by: str, at: datetime
) -> tuple[int, int, str, str]:
    """Both orders, accepted: their ids and their numbers, which are taken last of the locks."""
    sums = _sums(lines)
    marks = read_marks(connection, pair)
    place = connection.execute(select(Depot.__table__).where(Depot.id == pair.destination.id)).one()
    head = _head(connection, pair, sums, place, at) | {"category_id": marks.category_id}
    (number,) = numbers.take(connection, numbers.PURCHASE_ORDERS, 1)
    (sale_number,) = numbers.take(connection, numbers.SALES_ORDERS, 1)
    bought = head | {
        "number": number,
        "supplier_id": pair.supplier_id,
        "establishment_id": pair.requesting.id,
        "depot_id": pair.destination.id,
        "operation_code_id": marks.supplier_operation_id,
        "state": PurchaseState.ACCEPTED,
        "updated_at": at,
    }
    sold = head | {
        "number": sale_number,
        "customer_id": pair.customer_id,
        "customer_order_number": number,
        "establishment_id": pair.supplying.id,
        "depot_id": pair.source.id,
        "operation_code_id": marks.customer_operation_id,
        "state": SalesState.ACCEPTED,
        "invoiced": Invoiced.NONE if pair.billable else Invoiced.NEVER,
        "allocated_at": at,
    }
    (bought_here,) = with_fresh_ids(connection, states.PURCHASE_ORDER, [bought])
    new = insert(PurchaseOrder).values(**bought_here).returning(PurchaseOrder.id)
    purchase_id = connection.execute(new).scalar_one()
    sale_id = connection.execute(insert(SalesOrder).values(**sold).returning(SalesOrder.id)).scalar_one()
    detail = {"purchase_order": number, "sales_order": sale_number}
    born = {
        states.PURCHASE_ORDER.name: (purchase_id, None, PurchaseState.ACCEPTED),
        states.SALES_ORDER.name: (sale_id, None, SalesState.ACCEPTED),
    }
    for name, row in born.items():
        states.record(connection, name, [row], "pair", by=by, at=at, detail=detail)
    return purchase_id, sale_id, number, sale_number


def _head(connection: Connection, pair: Pair, sums: Sums, place: AnyRow, at: datetime) -> dict[str, Any]:
    return {
        "issue_date": today(connection, at),
        "currency": read_site(connection).currency,
        "wanted_date": pair.requested,
        "total_ht": sums.totals.tax_exclusive,
        "total_vat": sums.tax_amount,
        "total_ttc": sums.totals.payable,
        "created_at": at,
        **{f"delivery_{name}": getattr(place, f"delivery_{name}") for name in _PLACE},
    }


def _write_lines(
    connection: Connection,
    table: type[PurchaseOrderLine | SalesOrderLine],
    owner: str,
    order_id: int,
    lines: Sequence[PairLine],
) -> dict[int, int]:
    """The lines of one of the orders; their ids by place."""
    own = {PurchaseOrderLine: "gtin", SalesOrderLine: "product_id"}[table]
    rows = [{owner: order_id, own: getattr(line.pending.goods, own), **_line_row(line)} for line in lines]
    return {
        int(line_id): row_id for line_id, row_id in insert_rows_with_ids(connection, table, rows, "line_id").items()
    }


def _line_row(line: PairLine) -> dict[str, Any]:
    goods = line.pending.goods
    return {
        "line_id": str(line.number),
        "position": line.number,
        "product_code": goods.code,
        "name": goods.name,
        "quantity": line.pending.quantity,
        "unit": goods.unit,
        "price": line.price,
        "base_quantity": ONE,
        "allowance": ZERO,
        "total": line.total,
        "vat_category": line.vat_category,
        "vat_rate": line.vat_rate,
        "wanted_date": line.pending.requested,
    }


def _swap(
    connection: Connection,
    lines: Sequence[PairLine],
    purchase_lines: Mapping[int, int],
    sale_lines: Mapping[int, int],
    at: datetime,
) -> None:
    """Hand over what is set aside: the pair's sales order has it now, and the customer's gets it by the purchase order
    (A45). What nobody had yet is a remainder of the pair's sales order.
    """
    ids = [line.pending.allocation_id for line in lines]
    held = connection.execute(_HELD, {"allocations": ids}).scalars().all()
    connection.execute(_RELEASE, {"ids": held, "now": at})
    connection.execute(_COVER.values(remainder=ZERO), {"allocations": ids})
    allocations = [
        {
            "sales_order_line_id": sale_lines[line.number],
            "depot_id": line.pending.source.id,
            "route": Route.DIRECT,
            "quantity": line.pending.quantity,
            "remainder": line.pending.remainder,
        }
        for line in lines
    ]
    of_sale = insert_rows_with_ids(connection, Allocation, allocations, "sales_order_line_id")
    inbound = [
        _reservation(line, line.pending.allocation_id, line.pending.destination.id, line.pending.quantity, at)
        | {"kind": ReservationKind.INBOUND, "purchase_order_line_id": purchase_lines[line.number]}
        for line in lines
    ]
    there = [(line, line.pending.quantity - line.pending.remainder) for line in lines]
    stock = [
        _reservation(line, of_sale[sale_lines[line.number]], line.pending.source.id, quantity, at)
        | {"kind": ReservationKind.STOCK, "purchase_order_line_id": None}
        for line, quantity in there
        if quantity
    ]
    insert_rows(connection, Reservation, inbound + stock)


def _reservation(line: PairLine, allocation_id: int, depot_id: int, quantity: Decimal, at: datetime) -> dict[str, Any]:
    return {
        "allocation_id": allocation_id,
        "depot_id": depot_id,
        "product_id": line.pending.goods.product_id,
        "quantity": quantity,
        "state": ReservationState.ACTIVE,
        "created_at": at,
    }


def _sums(lines: Sequence[PairLine]) -> Sums:
    sums = totals_of((line.total, TaxCategory(line.vat_category, line.vat_rate)) for line in lines)
    largest = max((sums.largest, *(line.total for line in lines)), key=abs)
    if not fits(largest, CENT):
        raise Problem(
            "Nothing was ordered: a total would be {amount}, and an amount has at most 16 digits before its decimals.",
            ProblemCode.TOO_LARGE,
            amount=without_zeros(largest),
        )
    return sums
