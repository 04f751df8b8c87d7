"""Three agencies with two depots each, by the verbs that people have, against a model of single lots.

A lot is so much of a product that lies somewhere: in a depot, on its way between agencies, at a customer's. The model
knows what each act moves from where to where, and nothing else of the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, insert, select, update

from intergestan_db.database import Database
from intergestan_db.enums import Route
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    AccountingFolder,
    DeliveryNote,
    Depot,
    Dossier,
    Establishment,
    Party,
    SalesOrder,
    SalesOrderLine,
    Stock,
)
from intergestan_erp.agencies.establishments import add_folder
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.books.closing import close_year
from intergestan_erp.books.fec_rows import fec_entries
from intergestan_erp.books.folders import Folder, folder_called
from intergestan_erp.credit.exposure import read_exposure
from intergestan_erp.pairs.cancelling import cancel_pair
from intergestan_erp.pairs.ordering import OrderedPair, order_pairs
from intergestan_erp.pairs.pending import Wanted
from intergestan_erp.pairs.receiving import Received, receive
from intergestan_erp.pairs.transit import list_transit
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.picking import entering
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.picking.listing import list_slips, show_slip
from intergestan_erp.picking.making import MadeSlips, make_slips
from intergestan_erp.picking.returning import Returned, credit_return, enter_return
from intergestan_erp.picking.validating import Validated, validate
from intergestan_erp.selling import credit_notes, invoice_runs
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import EnteredOrder, enter_order
from intergestan_erp.selling.invoice_runs import FutureInvoice
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_erp.site.preferences import set_preference
from intergestan_erp.stock import entry
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.entry import Goods
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.changes.close_order import Closed, close_order
from tests.erp.books import oracles
from tests.erp.pairs import held
from tests.erp.pairs.agencies import Agencies
from tests.site_factories import NOW, SiteToTest, add_party

DEPOTS = ("AB", "AB2", "RD", "RD2", "ABL", "ABL2")
PRODUCTS = ("ALB0002", "VRAC", "TAS")
"""The first by the piece, the others by the kilogram."""
CUSTOMERS = ("C0000004", "C0000005")
OPENING = Decimal(5)
PIECES = st.integers(1, 6).map(Decimal)
QUANTITY = st.one_of(PIECES, PIECES, st.decimals("0", "6", places=6))
LINE = st.one_of(st.tuples(st.sampled_from(PRODUCTS), PIECES), st.tuples(st.sampled_from(PRODUCTS[1:]), QUANTITY))
ROUTES = st.sampled_from([None, Route.INDIRECT, Route.INDIRECT, Route.DIRECT])
SHARES = st.lists(
    st.tuples(st.sampled_from(DEPOTS), ROUTES, st.none() | st.none() | QUANTITY),
    min_size=1,
    max_size=3,
    unique_by=lambda share: share[0],
)
"""Depots and routes that somebody chose for a line; None: its quantity in equal parts."""
ANY = st.integers(0, 30)
"""One of those that are there, counted from the newest."""
PLACE = st.one_of(st.none(), st.none(), st.sampled_from(DEPOTS))
"""Where somebody is; None: where the act is to be done."""
PART = st.one_of(st.none(), st.none(), st.tuples(st.integers(1, 3), QUANTITY))
"""Of which line how much; None: all."""
PREPARED = st.sampled_from([1, 2, 3, 3])
"""How far a slip gets today: entered, finished, validated."""
ORDER = st.fixed_dictionaries(
    {
        "lines": st.lists(LINE, min_size=1, max_size=3),
        "customer": st.sampled_from(CUSTOMERS),
        "here": st.sampled_from(DEPOTS),
        "shares": st.none() | SHARES,
    }
)


def make_agencies(site: SiteToTest) -> None:
    """Two depots for each agency, three products, two customers, and 5 of all that in each depot."""
    agencies = Agencies(site, "0 0 0")
    agencies.sells("TAS")
    with site.database.transaction() as connection:
        add_party(connection, NewParty(code="C0000005", name="Durand", is_customer=True))
        grouped = {"invoice_grouping": "customer", "group_slips": True}
        connection.execute(update(Party).where(Party.code == "C0000005").values(**grouped))
        for code in ("AB", "RD", "ABL"):
            row = connection.execute(select(Depot.__table__).where(Depot.code == code)).one()
            kept = {name: getattr(row, name) for name in ("establishment_id", "customer_party_id", "supplier_party_id")}
            own = {"code": f"{code}2", "name": f"{code}2", "manage_reservations": True}
            connection.execute(insert(Depot).values(**kept, **own))
    for code in DEPOTS:
        with site.database.transaction() as connection:
            goods = [Goods(product, OPENING, Decimal(6)) for product in PRODUCTS]
            entry.receive(connection, in_depot(connection, code), goods, opening=True, by="marie", at=NOW)


@dataclass
class Sale:
    """A customer's order, and how much of its lines there is to be and has left; of a pair's order only that."""

    number: str
    customer: str | None
    lines: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    left: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass
class Slip:
    """What a slip that is ready says: what leaves its depot of which lines of its order."""

    number: str
    order: str
    depot: str
    lines: list[tuple[str, str, Decimal]] = field(default_factory=list)


@dataclass
class NoteLine:
    """A line of a delivery note: what left, and to whom: where the model has the lot."""

    product: str
    quantity: Decimal
    to: Any


class Course(RuleBasedStateMachine):
    """What happens, and what the model makes of it.

    :ivar lots: how much of a product is where: a depot, `(note, line)` on its way, `(order, line)` at its customer's.
    """

    def __init__(self, database: Database, done: Callable[[], None]) -> None:
        super().__init__()
        self.database = database
        self.done = done
        self.now = NOW
        self.lots: defaultdict[tuple[str, Any], Decimal] = defaultdict(Decimal)
        self.lots |= {(p, depot): OPENING for p in PRODUCTS for depot in DEPOTS}
        self.counted: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.counted |= {product: OPENING * len(DEPOTS) for product in PRODUCTS}
        self.sales: dict[str, Sale] = {}
        self.slips: dict[str, Slip] = {}
        self.notes: list[str] = []
        self.left: defaultdict[str, list[NoteLine]] = defaultdict(list)
        self.returns: list[str] = []
        self.invoices: list[str] = []
        self.pairs: list[OrderedPair] = []
        self.before = self.image()

    @initialize(
        at_entry=st.booleans(),
        companies=st.booleans(),
        invoicing=st.sampled_from([None, 1, 2]),
        negative=st.booleans(),
        waits=st.booleans(),
        orders=st.lists(st.tuples(ORDER, st.integers(0, 8)), min_size=2, max_size=4),
    )
    def begin(
        self,
        at_entry: bool,  # noqa: FBT001
        companies: bool,  # noqa: FBT001
        invoicing: int | None,
        negative: bool,  # noqa: FBT001
        waits: bool,  # noqa: FBT001
        orders: Sequence[tuple[Mapping[str, Any], int]],
    ) -> None:
        """What the dossier says, once; and the first orders, each as far as people got with it: what it waits for is
        brought, its slips are prepared, it left, it is invoiced, or it came back.
        """
        with self.database.transaction() as connection:
            values: dict[str, Any] = {"reserve_at_entry": at_entry, "incomplete": "wait" if waits else "pick"}
            if invoicing:
                of = select(Establishment.id).where(Establishment.number == invoicing).scalar_subquery()
                values["invoicing_establishment_id"] = of
            if companies:
                add_folder(connection, 2, {"name": "Agence 2"}, by="marie", at=self.now)
                books = folder_called(connection, 2).id
                connection.execute(
                    update(Establishment).where(Establishment.number == 2).values(accounting_folder_id=books)
                )
                values["establishments_are_companies"] = True
            connection.execute(update(Dossier).values(**values))
            set_preference(connection, "credit.block_from", "delivery", by="marie", at=self.now)
            if negative:
                connection.execute(update(Depot).where(Depot.code == "RD2").values(allow_negative=True))
                rows = select(Depot.id).where(Depot.code == "RD2").scalar_subquery()
                connection.execute(update(Stock).where(Stock.depot_id == rows).values(negative_ok=True))
        self.before = self.image()
        for order, steps in orders:
            self.enter_one(**order)
            if 0 < steps <= 3:
                self.bring_one(self.sale(0), steps, None)
            elif steps <= 5:
                self.prepare_one(self.sale(0), steps - 2, None)
            elif sale := self.sale(0):
                self.send(sale, None, None)
                if steps > 6:
                    self.invoice_one(0)
                self.return_one(0, None, (1, Decimal(1)), credit=steps == 8)

    def act(self, do: Callable[..., Any], *arguments: Any, here: str | None = None, **values: Any) -> Any:
        """An act in a transaction of its own; None: it is refused, and changes nothing (I13)."""
        try:
            with self.database.transaction() as connection:
                if here is not None:
                    values["place"] = in_depot(connection, here)
                made = do(connection, *arguments, **values, by="marie", at=self.now)
        except Problem:
            assert self.image() == self.before, "what was refused has changed something"
            return None
        self.before = self.image()
        return made

    def run(self, acts: Iterator[Any]) -> list[Any]:
        """An act of several transactions, of which those stand that were made before one is refused."""
        made: list[Any] = []
        try:
            made.extend(acts)
        except Problem:
            if not made:
                assert self.image() == self.before, "what was refused has changed something"
        self.before = self.image()
        return made

    def image(self) -> object:
        """All that the base holds."""
        return held.image(self.database)

    # What people do with orders.

    @rule(order=ORDER)
    def enter(self, order: Mapping[str, Any]) -> None:
        self.enter_one(**order)

    def enter_one(self, lines: Sequence[tuple[str, Decimal]], customer: str, here: str, shares: Any) -> None:
        """By the proposal, or by a choice for the first line."""
        with self.database.read() as connection:
            customer_id = connection.execute(select(Party.id).where(Party.code == customer)).scalar_one()
        typed = Typed(customer_id=customer_id, lines=tuple(TypedLine(*each) for each in lines))
        made: EnteredOrder | None = self.act(enter_order, typed, here=here, choices=_choices(shares, lines[0][1]))
        if made is not None:
            of = {f"L{n}": each for n, each in enumerate(lines, start=1)}
            self.sales[made.number] = Sale(made.number, customer, of)

    @rule(which=ANY, shares=st.none() | SHARES)
    def allocate(self, which: int, shares: Any) -> None:
        """As the allocator does, too, when goods came."""
        if sale := self.sale(which):
            of = next(iter(sale.lines.values()), ("", Decimal(1)))[1]
            self.act(allocate_order, sale.number, _choices(shares, of) or {})

    @rule(which=ANY, line=st.integers(1, 3), quantity=QUANTITY)
    def change(self, which: int, line: int, quantity: Decimal) -> None:
        if sale := self.sale(which):
            name = f"L{line}"
            wanted = OwnChanges(quantities={name: quantity})
            if self.act(change_sales_order, sale.number, wanted) is not None:
                assert sale.customer is not None, "an order between agencies follows the customers' orders"
                sale.lines[name] = (sale.lines[name][0], quantity)

    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        if sale := self.sale(which):
            self.act(cancel_order, sale.number, None)

    # What people do with goods.

    @rule(product=st.sampled_from(PRODUCTS), here=st.sampled_from(DEPOTS), quantity=QUANTITY)
    def come(self, product: str, here: str, quantity: Decimal) -> None:
        if self.act(_receive, [Goods(product, quantity)], here=here) is not None:
            self.lots[product, here] += quantity
            self.counted[product] += quantity

    @rule(product=st.sampled_from(PRODUCTS), here=st.sampled_from(DEPOTS), quantity=QUANTITY)
    def count(self, product: str, here: str, quantity: Decimal) -> None:
        if self.act(_count, {product: quantity}, here=here) is not None:
            self.counted[product] += quantity - self.lots[product, here]
            self.lots[product, here] = quantity

    @rule(
        product=st.sampled_from(PRODUCTS), here=st.sampled_from(DEPOTS), to=st.sampled_from(DEPOTS), quantity=QUANTITY
    )
    def transfer(self, product: str, here: str, to: str, quantity: Decimal) -> None:
        if self.act(_transfer, [Goods(product, quantity)], to, here=here) is not None:
            self.move(product, quantity, here, to)

    @rule(which=ANY, here=PLACE, part=PART)
    def leave(self, which: int, here: str | None, part: tuple[int, Decimal] | None) -> None:
        """All of an order that has not left, or so much of a line; from where it is, unless somebody is elsewhere."""
        if sale := self.sale(which):
            self.send(sale, here, part)

    def send(self, sale: Sale, here: str | None, part: tuple[int, Decimal] | None) -> None:
        lines = sale.lines or self.lines_of(sale.number)
        named = None if part is None else {list(lines)[(part[0] - 1) % len(lines)]: part[1]}
        with self.database.read() as connection:
            planned = defaultdict(Decimal, held.on_slips(connection, sale.number))
        here = here or self.depot_of(sale.number)
        owed = self.owed()
        note = self.act(deliver, sale.number, named, here=here)
        if note is None:
            return
        assert self.owed() == owed, "what leaves was owed before (I12)"
        self.notes.append(note)
        rest = {name: quantity - sale.left[name] - planned[name] for name, (_product, quantity) in lines.items()}
        gone = {name: quantity for name, quantity in (rest if named is None else named).items() if quantity}
        for name in (name for name in lines if name in gone):
            self.goes(note, sale, name, lines[name][0], gone[name], here)

    def goes(self, note: str, sale: Sale, name: str, product: str, quantity: Decimal, here: str) -> None:
        """So much of a line of an order is the next line of a delivery note."""
        to: Any = (note, len(self.left[note]) + 1) if sale.customer is None else (sale.number, name)
        self.move(product, quantity, here, to)
        self.left[note].append(NoteLine(product, quantity, to))
        sale.left[name] += quantity

    # What people do with slips.

    @rule(which=ANY, here=PLACE)
    def make(self, which: int, here: str | None) -> None:
        if sale := self.sale(which):
            self.act(make_slips, sale.number, here=here or self.depot_of(sale.number))

    @rule(which=ANY, steps=PREPARED, part=PART)
    def prepare(self, which: int, steps: int, part: tuple[int, Decimal] | None) -> None:
        """The slips of an order are made, and each depot gets as far with its own as it does today."""
        self.prepare_one(self.sale(which), steps, part)

    def prepare_one(self, sale: Sale | None, steps: int, part: tuple[int, Decimal] | None) -> None:
        if sale is None:
            return
        made: MadeSlips | None = self.act(make_slips, sale.number, here=self.depot_of(sale.number))
        for slip in made.slips if made is not None else ():
            self.get_on(slip.number, slip.depot, steps, part)

    @rule(which=ANY, here=PLACE, steps=PREPARED, part=PART)
    def go_on(self, which: int, here: str | None, steps: int, part: tuple[int, Decimal] | None) -> None:
        """A slip is entered again, finished or validated, by whoever is there."""
        if slip := self.slip(which):
            self.get_on(slip[0], here or slip[1], steps, part)

    def get_on(self, number: str, here: str, steps: int, part: tuple[int, Decimal] | None) -> None:
        found = {} if part is None else {part[0]: part[1]}
        self.act(_enter_found, number, found, here=here)
        if steps > 1:
            self.finish(number, here)
        if steps > 2:
            self.validate(here, [number])

    def finish(self, number: str, here: str) -> None:
        if self.act(_finish, number, here=here) is None:
            return
        with self.database.read() as connection:
            shown = show_slip(connection, number)
        lines = [(str(each.line), str(each.product), each.prepared or Decimal(0)) for each in shown.lines]
        self.slips[number] = Slip(number, shown.slip.order, shown.slip.depot, lines)

    @rule(here=st.sampled_from(DEPOTS))
    def validate_all(self, here: str) -> None:
        self.validate(here, None)

    def validate(self, here: str, numbers: Sequence[str] | None) -> None:
        """What is ready leaves, but for what is in error then."""
        owed = self.owed()
        with self.database.read() as connection:
            place = in_depot(connection, here)
        made: list[Validated] = self.run(validate(self.database, place, numbers, by="paul", at=self.now))
        for each in made:
            slip = self.slips.pop(each.slip)
            if each.note is None:
                continue
            if each.note not in self.notes:
                self.notes.append(each.note)
            for name, product, quantity in slip.lines:
                if quantity:
                    self.goes(each.note, self.sales[slip.order], name, product, quantity, slip.depot)
        assert self.owed() == owed, "what leaves was owed before (I12)"

    @rule(which=ANY, again=st.booleans())
    def undo(self, which: int, again: bool) -> None:  # noqa: FBT001
        """A slip is cancelled, or opened again after an error."""
        if slip := self.slip(which):
            self.act(_reopen if again else _cancel_slip, slip[0], here=slip[1])

    @rule(which=ANY, here=PLACE, part=PART, credit=st.booleans())
    def come_back(self, which: int, here: str | None, part: tuple[int, Decimal] | None, credit: bool) -> None:  # noqa: FBT001
        """All of a line of a delivery note comes back, or so much of it."""
        self.return_one(which, here, part, credit=credit)

    def return_one(self, which: int, here: str | None, part: tuple[int, Decimal] | None, *, credit: bool) -> None:
        if not self.notes:
            return
        note = self.notes[-1 - which % len(self.notes)]
        position = 1 if part is None else part[0]
        lines = self.left[note]
        line = lines[position - 1] if position <= len(lines) else None
        quantity = part[1] if part is not None else line.quantity if line is not None else Decimal(1)
        came: Returned | None = self.act(
            _come_back, note, {position: quantity}, here=here or self.depot_of_note(note), credit=credit
        )
        if came is not None:
            assert line is not None
            self.move(line.product, quantity, line.to, came.depot)
            self.returns.append(came.number)

    @rule(which=ANY)
    def credit_return(self, which: int) -> None:
        if self.returns:
            self.act(credit_return, self.returns[-1 - which % len(self.returns)])

    @rule(blocked=st.booleans())
    def block(self, blocked: bool) -> None:  # noqa: FBT001
        """Customers may owe nothing any more, or as much as they like: what is ready is in error then."""
        with self.database.transaction() as connection:
            connection.execute(
                update(Party).where(Party.code.in_(CUSTOMERS)).values(credit_max=Decimal(0) if blocked else None)
            )
        self.before = self.image()

    @rule(which=ANY)
    def close(self, which: int) -> None:
        """What remains of an order is ended."""
        if sale := self.sale(which):
            closed: Closed | None = self.act(close_order, sale.number)
            for name, quantity in (closed.lines if closed is not None else {}).items():
                product, before = sale.lines[name]
                sale.lines[name] = product, before - quantity

    # What agencies do with each other.

    @rule(which=st.none() | ANY)
    def order_pairs(self, which: int | None) -> None:
        """What waits for one order, or for all of them."""
        self.pair_up(None if which is None else self.sale(which))

    @rule(which=ANY, steps=st.integers(1, 3), part=PART)
    def bring(self, which: int, steps: int, part: tuple[int, Decimal] | None) -> None:
        """What waits for an order is ordered, sent, and comes in, as far as people get today."""
        self.bring_one(self.sale(which), steps, part)

    def bring_one(self, sale: Sale | None, steps: int, part: tuple[int, Decimal] | None) -> None:
        for pair in self.pair_up(sale):
            if steps > 1:
                self.send(self.sales[pair.sales_order], None, part)
            if steps > 2 and self.notes:
                self.take_in(self.notes[-1], None, None)

    def pair_up(self, sale: Sale | None) -> list[OrderedPair]:
        wanted = Wanted() if sale is None else Wanted(order=sale.number)
        before = self.numbers()
        made = self.run(order_pairs(self.database, wanted, by="marie", at=self.now))
        assert self.numbers() == (before[0] + len(made), before[1] + len(made)), "n pairs are 2n orders (I6)"
        self.pairs += made
        for pair in made:
            self.sales[pair.sales_order] = Sale(pair.sales_order, None)
        return made

    @rule(which=ANY)
    def cancel_pair(self, which: int) -> None:
        if self.pairs:
            self.act(cancel_pair, self.pairs[-1 - which % len(self.pairs)].purchase_order)

    @rule(which=ANY, here=PLACE, part=PART)
    def receive(self, which: int, here: str | None, part: tuple[int, Decimal] | None) -> None:
        if self.notes:
            self.take_in(self.notes[-1 - which % len(self.notes)], here, part)

    def take_in(self, number: str, here: str | None, part: tuple[int, Decimal] | None) -> None:
        here = here or self.destination_of(number)
        wanted = None if part is None else {part[0]: part[1]}
        received: Received | None = self.act(_take_in, number, wanted, here=here)
        if received is None:
            return
        for line in received.lines:
            way = (line.delivery_note, line.position)
            assert line.quantity == (self.lots[line.product, way] if part is None else part[1])
            self.move(line.product, line.quantity, way, here)

    # What people do with invoices.

    @rule(here=st.sampled_from(("AB", "RD", "ABL")))
    def invoice_all(self, here: str) -> None:
        self.invoice_at(here)

    def invoice_at(self, here: str) -> None:
        with self.database.read() as connection:
            place = in_depot(connection, here).establishment_id
        try:
            shown = list(invoice_runs.preview(self.database, place, NotesWanted()))
        except Problem:
            shown = []
        owed = self.owed()
        made = self.run(invoice_runs.run(self.database, place, NotesWanted(), by="marie", at=self.now))
        assert [_said(each) for each in made] == [_said(each) for each in shown], "the run makes what the preview shows"
        new = [each.number for each in made if isinstance(each, FutureInvoice) and each.number]
        self.invoices += new
        self.owed_by_rounding(owed, len(new))

    @rule(which=ANY)
    def invoice_one(self, which: int) -> None:
        if self.notes:
            owed = self.owed()
            made = self.act(invoice, [self.notes[-1 - which % len(self.notes)]])
            if made is not None:
                self.invoices.append(made)
                self.owed_by_rounding(owed, 1)

    @rule(which=ANY)
    def take_back(self, which: int) -> None:
        if self.invoices:
            self.act(credit_notes.credit, self.invoices[-1 - which % len(self.invoices)], "Geste commercial")

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        self.now += timedelta(days)

    # What the model knows.

    def sale(self, which: int) -> Sale | None:
        of = list(self.sales.values())
        return of[-1 - which % len(of)] if of else None

    def slip(self, which: int) -> tuple[str, str] | None:
        """One of the slips that are not delivered or cancelled, and its depot."""
        with self.database.read() as connection:
            of = list_slips(connection, size=1000).rows
        return (of[-1 - which % len(of)].number, of[-1 - which % len(of)].depot) if of else None

    def move(self, product: str, quantity: Decimal, source: Any, to: Any) -> None:
        self.lots[product, source] -= quantity
        self.lots[product, to] += quantity

    def lines_of(self, number: str) -> dict[str, tuple[str, Decimal]]:
        """The lines of a pair's sales order as they are now: they follow the customers' orders."""
        query = (
            select(SalesOrderLine.line_id, SalesOrderLine.product_code, SalesOrderLine.quantity)
            .join(SalesOrder, SalesOrder.id == SalesOrderLine.sales_order_id)
            .where(SalesOrder.number == number)
            .order_by(SalesOrderLine.position)
        )
        with self.database.read() as connection:
            return {row[0]: (str(row[1]), row[2]) for row in connection.execute(query)}

    def depot_of(self, number: str) -> str:
        query = select(Depot.code).join(SalesOrder, SalesOrder.depot_id == Depot.id).where(SalesOrder.number == number)
        with self.database.read() as connection:
            code: str = connection.execute(query).scalar_one()
        return code

    def depot_of_note(self, note: str) -> str:
        query = select(Depot.code).join(DeliveryNote, DeliveryNote.depot_id == Depot.id)
        with self.database.read() as connection:
            code: str = connection.execute(query.where(DeliveryNote.number == note)).scalar_one()
        return code

    def destination_of(self, note: str) -> str:
        with self.database.read() as connection:
            on_their_way = list_transit(connection, size=1000).rows
        return next((each.destination for each in on_their_way if each.delivery_note == note), "AB")

    def owed(self) -> dict[str, Decimal]:
        """What each customer owes, agencies left out."""
        query = select(Party.id, Party.code).where(Party.code.in_(CUSTOMERS))
        with self.database.read() as connection:
            return {
                row.code: read_exposure(connection, row.id, self.now.date(), by_payment_due=False).total
                for row in connection.execute(query).all()
            }

    def owed_by_rounding(self, before: dict[str, Decimal], invoices: int) -> None:
        """I12: an invoice changes what is owed by the rounding of its VAT, and of that of the orders that it is of."""
        for customer, amount in self.owed().items():
            assert abs(amount - before[customer]) <= Decimal("0.01") * (invoices + len(self.sales))

    def numbers(self) -> tuple[int, int]:
        """How many purchase and sales orders there are."""
        with self.database.read() as connection:
            return held.count_orders(connection)

    @invariant()
    def all_adds_up(self) -> None:
        with self.database.read() as connection:
            held.check_stock(connection)
            held.check_lines(connection)
            held.check_pairs(connection)
            held.check_numbers(connection)
            held.check_slips(connection)
            held.check_returns(connection)
            found = held.lots(connection)
        expected = {key: quantity for key, quantity in self.lots.items() if quantity}
        assert found == expected, "goods lie where they were brought (I7)"
        for product in PRODUCTS:
            assert sum(q for (of, _place), q in self.lots.items() if of == product) == self.counted[product]

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            self.done()

    def end(self) -> None:
        """All is invoiced, then the year ends: what orders came to, what books say and hand on (I8 to I11)."""
        self.block(blocked=False)
        for here in ("AB", "RD", "ABL"):
            self.invoice_at(here)
        for note in self.notes:
            self.act(invoice, [note])
        with self.database.read() as connection:
            held.check_invoices(connection)
            folders = [folder_called(connection, n) for n in self.folders(connection)]
            for folder in folders:
                held.check_folder(connection, folder)
        self.now = NOW.replace(year=NOW.year + 1, month=1, day=3)
        for folder in folders:
            self.act(close_year, folder, str(NOW.year))
            self.check_opening(folder)

    def folders(self, connection: Connection) -> list[int]:
        return list(connection.execute(select(AccountingFolder.number)).scalars())

    def check_opening(self, folder: Folder) -> None:
        """I9: what the next year begins with is what the closed one left."""
        year, first = NOW.year, date(NOW.year + 1, 1, 1)
        with self.database.snapshot() as connection:
            before = _left(fec_entries(connection, folder, date(year, 1, 1), date(year, 12, 31)))
            opened = _left(fec_entries(connection, folder, first, first))
        assert opened == oracles.opening(before)


def _left(entries: Any) -> list[oracles.Left]:
    cent = Decimal("0.01")
    return [(line[1], line[3] or "", (line[5] - line[6]) * cent) for _entry, lines in entries for line in lines]


def _choices(shares: Any, quantity: Decimal) -> dict[str, tuple[TypedShare, ...]] | None:
    """What is chosen for the first line, of so much; nobody chooses nothing of a depot (`read_shares`)."""
    if shares is None:
        return None
    part = quantity / len(shares)
    part = part if part == part.to_integral_value() else Decimal(1)
    taken = [(depot, part if odd is None else odd, route) for depot, route, odd in shares]
    return {"L1": tuple(TypedShare(*each) for each in taken if each[1])}


def _said(outcome: Any) -> object:
    if isinstance(outcome, FutureInvoice):
        return outcome.customer, outcome.notes, outcome.total_ht, outcome.total_vat, outcome.total_ttc
    return outcome.customer, outcome.notes, str(outcome.why)


def _receive(connection: Connection, goods: Any, *, place: Any, by: str, at: Any) -> Any:
    return entry.receive(connection, place, goods, by=by, at=at)


def _count(connection: Connection, counted: Any, *, place: Any, by: str, at: Any) -> Any:
    return entry.count(connection, place, counted, by=by, at=at)


def _transfer(connection: Connection, goods: Any, to: str, *, place: Any, by: str, at: Any) -> Any:
    return entry.transfer(connection, place, goods, to, by=by, at=at)


def _take_in(connection: Connection, number: str, wanted: Any, *, place: Any, by: str, at: Any) -> Any:
    return receive(connection, place, number, wanted, by=by, at=at)


def _enter_found(connection: Connection, number: str, found: Any, *, place: Any, by: str, at: Any) -> Any:
    return entering.enter(connection, number, place, found, accept=True, by=by, at=at)


def _finish(connection: Connection, number: str, *, place: Any, by: str, at: Any) -> Any:
    return entering.finish(connection, number, place, by=by, at=at)


def _reopen(connection: Connection, number: str, *, place: Any, by: str, at: Any) -> Any:
    return entering.reopen(connection, number, place, by=by, at=at)


def _cancel_slip(connection: Connection, number: str, *, place: Any, by: str, at: Any) -> Any:
    return entering.cancel(connection, number, place, by=by, at=at)


def _come_back(connection: Connection, note: str, wanted: Any, *, place: Any, credit: bool, by: str, at: Any) -> Any:
    return enter_return(connection, note, wanted, "Cassé", place, credit=credit, by=by, at=at)
