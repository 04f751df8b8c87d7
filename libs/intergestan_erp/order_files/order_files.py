"""`orders import`: purchase orders from files of other software (UBL, CSV, XLSX, ODS), taken whole or not at all.

The files' own readers (`read_orders.py`) know nothing of the base; here their orders get a supplier, products and
totals, every fault is named, and what stands is written in one transaction. A file that was taken before changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from intergestan_db.database import Database
from intergestan_db.enums import PurchaseState
from intergestan_db.problem import Fault, FileProblems, Problem, Remark
from intergestan_db.site_rows import read_site
from intergestan_db.tables import PurchaseOrder, PurchaseOrderCharge, PurchaseOrderLine
from intergestan_erp.agencies.places import Place
from intergestan_erp.inputs.identity import case_doubts
from intergestan_erp.order_files.file_order import USUAL, FileOrder, Options
from intergestan_erp.order_files.order_judge import OrderJudge
from intergestan_erp.order_files.order_rows import write_orders
from intergestan_erp.order_files.order_sums import compare_sums
from intergestan_erp.order_files.order_values import FROM_CATALOGUE, FROM_LIST, OrderValues
from intergestan_erp.order_files.plausible_days import implausible_days
from intergestan_erp.order_files.product_names import keep_name, thing_key
from intergestan_erp.site.day import site_day
from intergestan_erp.site.zone import read_zone
from intergestan_msg.identity import case_key, nfc

if TYPE_CHECKING:
    from intergestan_erp.order_files.order_reading import ReadOrders

_MOST_VALUES = 5000
_MOST_NAMED = 50
"""More orders than this nobody reads in a sentence."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The numbers of the orders of one file: those entered now, and those that stood here already.

    :ivar doubts: what may be a typing error, though it was entered.
    :ivar said: what was taken for granted, and where the file was read.
    """

    new: tuple[str, ...]
    there: tuple[str, ...]
    doubts: tuple[Problem, ...] = field(default=(), compare=False)
    said: tuple[Remark, ...] = field(default=(), compare=False)


Also = Callable[[Connection, Imported], None]


def import_file(
    database: Database,
    file: str,
    data: bytes,
    *,
    read: ReadOrders,
    by: str,
    draft: bool = False,
    options: Options = USUAL,
    place: Place | None = None,
    also: Also | None = None,
) -> Imported:
    """Enter the purchase orders of a file, confirmed unless `draft`.

    :param file: its name, for the faults.
    :param read: `LimitedOrders.read`, unless we made the file ourselves.
    :param options: what its sender says about it; what names of things mean is kept with the orders.
    :param place: where they are entered (D62); None: where the site usually is.
    :param also: what is written in the same transaction.
    :raises FileProblems: with every fault of the file; nothing of it was taken.
    """
    with database.read() as connection:
        zone = read_zone(connection)
        today = site_day(zone, database.now())
    reading = read(file, data, options, zone)
    for last_try in (False, True):
        try:
            with database.read() as connection:
                known = OrderJudge(
                    connection, reading.orders, options, None if place is None else place.establishment_id
                )
                found, there, sums = _settle(connection, known, file, reading.orders, options, today)
                names = list(known.said_names()) if options.names else []
            said = (*reading.said, *sums, *(each for order in found for each in order.notes))
            said += tuple(_unused(options, [name for _, name, _ in names]))
            with database.transaction() as connection:
                state = PurchaseState.DRAFT if draft else PurchaseState.CONFIRMED
                entered = write_orders(connection, found, state, place, event="import", by=by, at=database.now())
                imported = Imported(
                    tuple(entered),
                    tuple(there),
                    doubts=tuple(_doubts(connection, entered)),
                    said=(*said, *_catalogue_prices(found)),
                )
                for supplier_id, name, code in names:
                    keep_name(connection, supplier_id, name, code, by=by, at=database.now())
                if also is not None:
                    also(connection, imported)
            return imported
        except IntegrityError:
            if last_try:
                raise  # somebody entered the same number a moment ago: the second look sees it
    raise AssertionError


def _unused(options: Options, names: Sequence[str]) -> Iterator[Remark]:
    """What was said of names that no line has."""
    used = set(map(thing_key, names))
    for name in sorted(set(options.names) - used):
        yield Remark(None, None, "No line without code and GTIN is called «{name}»: nothing was kept of it.", name=name)


def _catalogue_prices(orders: Sequence[OrderValues]) -> Iterator[Remark]:
    """Which orders have prices that nobody stated, and what these are from."""
    if without := _priced_from(orders, FROM_CATALOGUE):
        yield Remark(
            None, None, "No price is stated for these orders (lines): {orders}. Price from catalogue.", orders=without
        )
    if without := _priced_from(orders, FROM_LIST):
        yield Remark(
            None,
            None,
            "No price is stated for these orders (lines): {orders}. Price from our price lists.",
            orders=without,
        )


def _priced_from(orders: Sequence[OrderValues], source: str) -> str:
    """The orders with lines whose price is from there, and which lines these are."""
    lines = {
        order.head["number"]: [line for line, found in order.kept["prices"].items() if found == source]
        for order in orders
    }
    without = [f"{number} ({', '.join(those)})" for number, those in lines.items() if those]
    more = ["…"] if len(without) > _MOST_NAMED else []
    return ", ".join([*without[:_MOST_NAMED], *more])


def values_of(connection: Connection, file: str, order: FileOrder, options: Options = USUAL) -> OrderValues:
    """The rows that an order of a file would be, with its supplier, and in `notes` what must be known of it.

    The day of its issue is not judged: it was.

    :raises FileProblems: with every fault of the order.
    """
    faults: list[Fault] = []
    known = OrderJudge(connection, [order], options)
    values = known.values(order, faults)
    faults += [] if options.any_dates else known.titled(order, implausible_days(order, order.issue_date))
    said = compare_sums([order], [values], faults)
    if values is None or faults:
        raise FileProblems(file, faults)
    values.notes = (*values.notes, *said, *_catalogue_prices([values]))
    return values


def _settle(
    connection: Connection, known: OrderJudge, file: str, orders: Sequence[FileOrder], options: Options, today: date
) -> tuple[list[OrderValues], list[str], list[Remark]]:
    """What is to be written, the numbers of orders that stand here with the same content, what is said of totals.

    :param today: the day from which the dates of new orders may differ so much.
    """
    faults: list[Fault] = []
    settled = [known.values(order, faults) for order in orders]
    country = str(read_site(connection).country)
    stored = _stored(connection, [order.number for order in orders if order.number], country)
    new: list[OrderValues] = []
    there: list[str] = []
    for order, values in zip(orders, settled, strict=True):
        if order.number is None or order.number not in stored:
            new += [values] if values is not None else []
            faults += [] if options.any_dates else known.titled(order, implausible_days(order, today))
        elif values is not None and values.content(country) == stored[order.number]:
            there.append(order.number)
        elif values is not None:
            faults.append(_conflict(order))
    faults += (fault for fault in _split(known, orders, settled))
    said = compare_sums(orders, settled, faults)
    if faults:
        raise FileProblems(file, sorted(faults, key=lambda fault: fault.row or 0))
    return new, there, said


def _split(known: OrderJudge, orders: Sequence[FileOrder], settled: Sequence[OrderValues | None]) -> Iterator[Fault]:
    """Rows without a number that are two orders because they name one supplier in two ways."""
    first: dict[tuple[Any, ...], FileOrder] = {}
    for order, values in zip(orders, settled, strict=True):
        if order.number is not None or values is None:
            continue
        other = first.setdefault((values.head["supplier_id"], order.issue_date, nfc(order.note or "")), order)
        if other is not order:
            fault = Fault(
                order.row,
                "supplier",
                "The row {row} names the same supplier in another way («{other}»), on the same day and without a "
                "number: is it one order or two? Write the supplier in one way, or give the orders numbers.",
                row=other.row,
                other=other.suppliers[0],
            )
            yield from known.titled(order, [fault])


def _conflict(order: FileOrder) -> Fault:
    return Fault(
        order.row,
        None,
        "The order {number} stands here already, with other content: give this one another number, or leave it out.",
        number=order.number,
    )


def _stored(connection: Connection, wanted: Sequence[str], country: str) -> dict[str, Any]:
    """The content of the orders that have one of these numbers."""
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), _MOST_VALUES):
        some = wanted[start : start + _MOST_VALUES]
        heads = connection.execute(select(PurchaseOrder.__table__).where(PurchaseOrder.number.in_(some))).mappings()
        by_id = {head["id"]: OrderValues(dict(head), [], []) for head in heads}
        for table, rows in ((PurchaseOrderLine, "lines"), (PurchaseOrderCharge, "charges")):
            query = select(table.__table__).where(table.purchase_order_id.in_(list(by_id))).order_by(table.id)
            for row in connection.execute(query).mappings():
                getattr(by_id[row["purchase_order_id"]], rows).append(dict(row))
        found |= {order.head["number"]: order.content(country) for order in by_id.values()}
    return found


def _doubts(connection: Connection, entered: Sequence[str]) -> list[Problem]:
    """What is said about numbers that differ from others by case alone."""
    keys, alike = sorted(set(map(case_key, entered))), set[str]()
    for start in range(0, len(keys), _MOST_VALUES):
        some = keys[start : start + _MOST_VALUES]
        alike |= set(
            connection.execute(select(PurchaseOrder.number).where(PurchaseOrder.number_key.in_(some))).scalars()
        )
    return case_doubts(alike - set(entered), entered)
