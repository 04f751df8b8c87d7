"""`orders import`: purchase orders from files of other software (UBL, CSV, XLSX), taken whole or not at all.

The files' own readers (`read_orders.py`) know nothing of the base; here their orders get a supplier, products and
totals, every fault is named, and what stands is written in one transaction. A file that was taken before changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from intergestan_db import numbers, states
from intergestan_db.database import Database
from intergestan_db.enums import PartyRole, PriceSide, PurchaseState
from intergestan_db.problem import Act, Fault, FileProblems, Problem, Remark
from intergestan_db.tables import (
    PriceList,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    Site,
    User,
)
from intergestan_erp.agencies.belonging import at_place
from intergestan_erp.agencies.places import Place
from intergestan_erp.catalogue.catalogue import code_like, products_by_code, products_by_gtin
from intergestan_erp.inputs.identifiers import is_gtin
from intergestan_erp.inputs.identity import case_doubts
from intergestan_erp.order_files.file_order import USUAL, FileOrder, Options
from intergestan_erp.order_files.order_buyer import Us, is_named, is_of
from intergestan_erp.order_files.order_values import (
    FROM_CATALOGUE,
    FROM_LIST,
    Around,
    OrderValues,
    Product,
    Products,
    order_values,
)
from intergestan_erp.order_files.plausible_days import implausible_days
from intergestan_erp.parties.folding import name_key
from intergestan_erp.parties.one_party import parties_named
from intergestan_erp.selling.prices import ListedPrice, Wanted, decide_price, read_listed
from intergestan_erp.site.day import site_day
from intergestan_erp.site.zone import read_zone
from intergestan_msg.identity import case_key, nfc
from intergestan_msg.money import ZERO
from intergestan_msg.order_rules import MAX_LINES

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
    :param options: what its sender says about it.
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
                known = _Known(connection, reading.orders, options, place)
                found, there = _settle(connection, known, file, reading.orders, options, today)
            said = (*reading.said, *(each for order in found for each in order.notes))
            with database.transaction() as connection:
                state = PurchaseState.DRAFT if draft else PurchaseState.CONFIRMED
                entered = _write(connection, found, state, place, by=by, at=database.now())
                imported = Imported(
                    tuple(entered),
                    tuple(there),
                    doubts=tuple(_doubts(connection, entered)),
                    said=(*said, *_catalogue_prices(found)),
                )
                if also is not None:
                    also(connection, imported)
            return imported
        except IntegrityError:
            if last_try:
                raise  # somebody entered the same number a moment ago: the second look sees it
    raise AssertionError


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
    known = _Known(connection, [order], options)
    values = known.values(order, faults)
    faults += [] if options.any_dates else known.titled(order, implausible_days(order, order.issue_date))
    if values is None or faults:
        raise FileProblems(file, faults)
    values.notes = (*values.notes, *_catalogue_prices([values]))
    return values


def _settle(
    connection: Connection, known: _Known, file: str, orders: Sequence[FileOrder], options: Options, today: date
) -> tuple[list[OrderValues], list[str]]:
    """What is to be written, and the numbers of orders that stand here with the same content.

    :param today: the day from which the dates of new orders may differ so much.
    """
    faults: list[Fault] = []
    settled = [known.values(order, faults) for order in orders]
    stored = _stored(connection, [order.number for order in orders if order.number])
    new: list[OrderValues] = []
    there: list[str] = []
    for order, values in zip(orders, settled, strict=True):
        if order.number is None or order.number not in stored:
            new += [values] if values is not None else []
            faults += [] if options.any_dates else known.titled(order, implausible_days(order, today))
        elif values is not None and values.content() == stored[order.number]:
            there.append(order.number)
        elif values is not None:
            faults.append(_conflict(order))
    faults += (fault for fault in _split(known, orders, settled))
    if faults:
        raise FileProblems(file, sorted(faults, key=lambda fault: fault.row or 0))
    return new, there


def _split(known: _Known, orders: Sequence[FileOrder], settled: Sequence[OrderValues | None]) -> Iterator[Fault]:
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


class _Known:
    """What the base knows of all that a file's orders name, read in a few queries."""

    def __init__(
        self, connection: Connection, orders: Sequence[FileOrder], options: Options, place: Place | None = None
    ) -> None:
        self._connection = connection
        self._establishment_id = None if place is None else place.establishment_id
        self._suppliers: dict[tuple[str, ...], int | Fault] = {}
        site = connection.execute(select(Site.name, Site.siret, Site.vat_id, Site.currency)).one()
        self._us = Us(site.name, site.siret, site.vat_id)
        self._around = Around(_products(connection, orders), site.currency, options, self._like)
        users = connection.execute(select(User.id, User.login, User.name, User.email).where(User.active))
        self._users = _by_name(users)

    def values(self, order: FileOrder, faults: list[Fault]) -> OrderValues | None:
        """The rows to write for an order; None, and faults noted, when it does not stand."""
        before = len(faults)
        self._check_buyer(order, faults)
        supplier_id = self._supplier(order, faults)
        followed_by = self._followed_by(order, faults)
        if len(order.lines) > MAX_LINES:
            faults.append(Fault(order.row, None, "An order has at most {most} lines: split it.", most=MAX_LINES))
        values = order_values(order, self._around_of(order, supplier_id), faults)
        faults[before:] = self.titled(order, faults[before:])
        if values is None or len(faults) > before:
            return None
        values.head.update(supplier_id=supplier_id, followed_by_id=followed_by)
        return values

    def _around_of(self, order: FileOrder, supplier_id: int | None) -> Around:
        """The same, with what our price lists say of lines that state no price (A07, D42)."""
        lines = [line for line in order.lines if line.price is None and line.amount is None]
        if supplier_id is None or not lines or not self._has_lists:
            return self._around
        known = self._around.products
        named = [known.by_code[code] for line in lines for code in line.products if code in known.by_code]
        named += [product for line in lines for product in known.with_gtin(line.gtin)]
        listed = read_listed(
            *(self._connection, PriceSide.PURCHASE),
            party_id=supplier_id,
            establishment_id=self._establishment_id,
            day=order.issue_date,
            products=[(product["id"], product["family_id"]) for product in named],
        )
        return replace(self._around, listed=partial(_listed, listed)) if listed else self._around

    @cached_property
    def _has_lists(self) -> bool:
        """Whether there is a price list of what we buy at all: asked once for a file."""
        there = select(PriceList.id).where(PriceList.side == PriceSide.PURCHASE).limit(1)
        return self._connection.execute(there).first() is not None

    def _like(self, code: str) -> str | None:
        """The code of a product that looks like this one."""
        return code_like(self._connection, code)

    def titled(self, order: FileOrder, faults: Iterable[Fault]) -> list[Fault]:
        """Faults that name the columns as the file does."""
        named = list(faults)
        for fault in named:
            fault.column = order.titles.get(fault.column or "", fault.column)
        return named

    def _check_buyer(self, order: FileOrder, faults: list[Fault]) -> None:
        buyer, wanted = order.buyer, self._around.options.buyer
        if buyer is None or (is_of(buyer, self._us) if wanted is None else is_named(buyer, wanted)):
            return
        place = "cac:BuyerCustomerParty"
        if not str(buyer):
            faults.append(Fault(order.row, place, "The document does not say who orders: write our name or SIRET."))
            return
        ours = wanted or ", ".join(filter(None, (self._us.name, self._us.siret or self._us.vat_id)))
        faults.append(
            Fault(
                order.row,
                place,
                "The buyer is {theirs}, and the order would be entered for {ours}. If it is of this site, correct "
                "the document or say the buyer's name or SIRET when you import it.",
                acts=(Act.SAY_BUYER,),
                theirs=buyer,
                ours=ours,
            )
        )

    def _supplier(self, order: FileOrder, faults: list[Fault]) -> int | None:
        found = self._suppliers.get(order.suppliers)
        if found is None:
            found = self._suppliers[order.suppliers] = self._look_up(order.suppliers)
        if isinstance(found, int):
            return found
        faults.append(Fault(order.row, found.column, found.template, acts=found.next, **found.values))
        return None

    def _look_up(self, texts: tuple[str, ...]) -> int | Fault:
        for text in texts:
            found = parties_named(self._connection, text, PartyRole.SUPPLIER)
            if len(found) == 1:
                return int(found[0].id)
            if found:
                return Fault(
                    None,
                    "supplier",
                    "«{text}» fits several suppliers: {codes}. Write the code of the one you mean.",
                    text=text,
                    codes=", ".join(row.code for row in found),
                )
        return Fault(
            None,
            "supplier",
            "No supplier has the code, SIRET, VAT number or name «{text}»: correct it, or enter the supplier's "
            "card first.",
            text=" / ".join(texts),
        )

    def _followed_by(self, order: FileOrder, faults: list[Fault]) -> int | None:
        if order.followed_by is None:
            named = (self._users.get(name_key(text)) for text in order.contact)
            return next((user_id for user_id in named if user_id is not None), None)
        user_id = self._users.get(name_key(order.followed_by))
        if user_id is None:
            faults.append(
                Fault(
                    order.row,
                    "followed_by",
                    "There is no user «{login}»: correct it, or enter them first.",
                    acts=(Act.ADD_USER,),
                    login=order.followed_by,
                )
            )
        return user_id


def _listed(listed: Sequence[ListedPrice], product: Product, quantity: Decimal) -> Decimal | None:
    """What a list says of so much of a product; None: none says it, or it takes something off a price that we lack."""
    own: Decimal | None = product["purchase_price"]
    fitting = listed if own is not None else [each for each in listed if each.price is not None]
    decided = decide_price(fitting, Wanted(product["id"], product["family_id"], quantity, own or ZERO))
    return None if decided.list_code is None else decided.price


def _by_name(users: Iterable[Row[int, str, str, str]]) -> dict[str, int]:
    """Users by login, else by mail address, else by name, each folded. What several have means nobody."""
    found: dict[str, int] = {}
    rows = list(users)
    for column in (1, 3, 2):
        fit: dict[str, set[int]] = {}
        for user in rows:
            fit.setdefault(name_key(str(user[column])), set()).add(user.id)
        for key, ids in fit.items():
            if len(ids) == 1:
                found.setdefault(key, *ids)
    return found


def _products(connection: Connection, orders: Sequence[FileOrder]) -> Products:
    """The products that orders name, by code or GTIN."""
    lines = [line for order in orders for line in order.lines]
    codes = [code for line in lines for code in line.products]
    gtins = {code for code in codes if is_gtin(code)} | {line.gtin for line in lines if line.gtin is not None}
    return Products(products_by_code(connection, codes), products_by_gtin(connection, gtins))


def _stored(connection: Connection, wanted: Sequence[str]) -> dict[str, Any]:
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
        found |= {order.head["number"]: order.content() for order in by_id.values()}
    return found


def _write(
    connection: Connection,
    orders: Sequence[OrderValues],
    state: PurchaseState,
    place: Place | None,
    *,
    by: str,
    at: datetime,
) -> list[str]:
    """Insert orders sorted by number, those without one last; returns the numbers."""
    if not orders:
        return []
    _number(connection, [order for order in orders if order.head["number"] is None])
    ordered = sorted(orders, key=lambda order: order.head["number"])
    common = {"state": state, "created_at": at, "updated_at": at, **at_place(place)}
    ids = connection.execute(
        insert(PurchaseOrder).returning(PurchaseOrder.id, sort_by_parameter_order=True),
        [order.head | common for order in ordered],
    ).scalars()
    by_id = dict(zip(ids, ordered, strict=True))
    for table, rows in ((PurchaseOrderLine, "lines"), (PurchaseOrderCharge, "charges")):
        values = [
            row | {"purchase_order_id": order_id} for order_id, order in by_id.items() for row in getattr(order, rows)
        ]
        if values:
            connection.execute(insert(table), values)
    moves = [(order_id, None, str(state)) for order_id in by_id]
    details = {order_id: order.kept for order_id, order in by_id.items()}
    states.record(connection, states.PURCHASE_ORDER.name, moves, "import", by=by, at=at, details=details)
    return [order.head["number"] for order in orders]


def _doubts(connection: Connection, entered: Sequence[str]) -> list[Problem]:
    """What is said about numbers that differ from others by case alone."""
    keys, alike = sorted(set(map(case_key, entered))), set[str]()
    for start in range(0, len(keys), _MOST_VALUES):
        some = keys[start : start + _MOST_VALUES]
        alike |= set(
            connection.execute(select(PurchaseOrder.number).where(PurchaseOrder.number_key.in_(some))).scalars()
        )
    return case_doubts(alike - set(entered), entered)


def _number(connection: Connection, orders: Sequence[OrderValues]) -> None:
    """Give the next numbers of the site, past those that files brought along."""
    waiting = list(orders)
    while waiting:
        taken = numbers.take(connection, numbers.PURCHASE_ORDERS, len(waiting))
        used = select(PurchaseOrder.number).where(PurchaseOrder.number.in_(taken))
        there = set(connection.execute(used).scalars())
        for number in taken:
            if number not in there:
                waiting.pop(0).head["number"] = number
