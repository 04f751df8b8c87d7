"""What the rules need to know about a batch of orders, read in as few queries as possible, then frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Executable, and_, bindparam, or_, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import LedgerOutcome, SalesState
from intergestan_db.tables import (
    Answer,
    Ledger,
    OutboundMail,
    Partner,
    PartnerPrice,
    Product,
    ProductMatch,
    ReviewReply,
)
from intergestan_erp.credit.customers import CustomerCredit
from intergestan_erp.credit.customers import read_customers as read_customers_credit
from intergestan_erp.selling.current_order import StandingOrder, read_standing
from intergestan_erp.site.credit_rules import CreditRules, read_credit_rules
from intergestan_exchange.partners.customer_matches import Customer, identity_of, read_customers
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_exchange.partners.product_matches import their_code
from intergestan_msg.kinds import ORDER_TYPES
from intergestan_msg.money import ZERO
from intergestan_msg.order import GTIN, Order, OrderLine

RESPONSE = "response"
"""The ledger's type of answers that we got, which are numbered apart from what we were asked."""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """One of our products; `price` is the partner's price if there is one, else the sale price."""

    id: int
    code: str
    unit: str
    price: Decimal
    vat_category: str
    vat_rate: Decimal


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says about a document that came before, in the sender's series `epoch`.

    :ivar stated: what it stated and we did not book (`starting_point`); None: an earlier release kept nothing.
    """

    ledger_id: int
    business_hash: str
    outcome: str
    sales_order_id: int | None
    waived: frozenset[str]
    epoch: int = 0
    stated: Mapping[str, Mapping[str, Any] | None] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the document was booked or refused: it will not be looked at again."""
        return self.outcome in {LedgerOutcome.CREATED, LedgerOutcome.REJECTED, LedgerOutcome.APPLIED}


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The newest answer that we gave to an order.

    :ivar is_outdated: it left before a restore of ours, so the buyer may have had later ones that our database lost.
    """

    n: int
    code: str
    sales_order_number: str | None
    note: str | None
    lines: list[dict[str, Any]] | None
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """What the customers of a transfer owe and may owe, on a site that uses credit (T20).

    :ivar customers: by id, as they were when this was read; another version of one is another sum.
    :ivar day: on which they owe that.
    :ivar added: what the documents of this transfer that were decided before add to what each owes.
    """

    rules: CreditRules
    customers: Mapping[int, CustomerCredit]
    day: date
    added: Mapping[int, Decimal] = field(default_factory=dict)

    def with_added(self, customer_id: int, delta: Decimal) -> CreditFacts:
        """The same once a further document adds so much, or takes it away."""
        return replace(self, added={**self.added, customer_id: self.added.get(customer_id, ZERO) + delta})

    def counted(self, customer_ids: Iterable[int]) -> CreditFacts:
        """The same once we changed what these owe ourselves."""
        ours = {each: replace(self.customers[each], version=self.customers[each].version + 1) for each in customer_ids}
        return replace(self, customers={**self.customers, **ours})


DocumentKey = tuple[str, str, int]
"""Type, number and revision: with the partner, what makes a document the same document."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the decisions about one transfer may depend on.

    :ivar products: ours by code; `matches`: what people said that a code of this partner means.
    :ivar customers: by the buyer's identifier, where that is not the partner's own, whose orders these may be.
    :ivar answers: the newest to each order; `answered`: the newest to each document, by number and revision.
    :ivar standing: the sales orders that changes and cancellations of this transfer are about, by their number.
    :ivar to_tell: of those in review, what the buyer shall be told of each line once a clerk accepts the order.
    :ivar known: what the ledger has, of the sender's newest series; `earlier`: of the series before, newest first.
    :ivar epoch: the sender's series in which this transfer is numbered.
    :ivar credit: what customers owe; None: the site does not use credit, or nothing here depends on it.
    :ivar allocates: goods are set aside for orders as soon as they are accepted (A11).
    """

    partner: PartnerFacts
    currency: str
    products: Mapping[str, ProductFacts]
    by_gtin: Mapping[str, ProductFacts]
    known: Mapping[DocumentKey, Known]
    answers: Mapping[str, LastAnswer]
    matches: Mapping[str, ProductFacts] = field(default_factory=dict)
    answered: Mapping[tuple[str, int], LastAnswer] = field(default_factory=dict)
    standing: Mapping[str, StandingOrder] = field(default_factory=dict)
    to_tell: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    customers: Mapping[str, tuple[Customer, ...]] = field(default_factory=dict)
    earlier: Mapping[DocumentKey, tuple[Known, ...]] = field(default_factory=dict)
    epoch: int = 0
    credit: CreditFacts | None = None
    allocates: bool = False

    def rows(self) -> Iterator[tuple[DocumentKey, Known]]:
        """What the ledger has of each document, of all series."""
        return ((key, row) for key, newest in self.known.items() for row in (newest, *self.earlier.get(key, ())))

    def same(self, key: DocumentKey, business_hash: str) -> Known | None:
        """What the ledger has of this very document, or else what stands against it; None for a new one.

        A sender that was restored from a backup gives numbers again, in a later series: what that says takes the
        place of what the earlier series said, and never the other way round (`design.md` §16.1). What followed on
        that went with it: where it is stated again it is new, even if it is the same to the byte.
        """
        newest = self.known.get(key)
        if newest is None:
            return None
        if newest.business_hash == business_hash:
            return None if newest.epoch < self.epoch and self._is_overtaken(key, newest) else newest
        if newest.epoch < self.epoch:
            return None
        earlier = (row for row in self.earlier.get(key, ()) if row.epoch <= self.epoch < newest.epoch)
        return next((row for row in earlier if row.business_hash == business_hash and row.is_settled), newest)

    def _is_overtaken(self, key: DocumentKey, row: Known) -> bool:
        """Whether it is settled, and a change that goes before it was applied after it, in a later series."""
        return row.is_settled and any(
            other.ledger_id > row.ledger_id and other.epoch > row.epoch and other.outcome == LedgerOutcome.APPLIED
            for (kind, number, revision), other in self.known.items()
            if kind == "change" and number == key[1] and revision < key[2]
        )

    def came_early(self, key: DocumentKey) -> tuple[Known, ...]:
        """The changes of this series, or a later one, that were applied although they go behind this one.

        Nobody knew of it: what an earlier series had in its place closed the gap.
        """
        return tuple(
            row
            for (kind, number, revision), row in self.known.items()
            if kind == "change" and number == key[1] and revision > key[2]
            if row.epoch >= self.epoch and row.outcome == LedgerOutcome.APPLIED
        )

    def replaced(self, key: DocumentKey, business_hash: str) -> tuple[Known, ...]:
        """The unsettled documents of earlier series whose place in the order this one takes."""
        if self.same(key, business_hash) is not None:
            return ()
        return tuple(
            row
            for its, row in self.rows()
            if its[0] != RESPONSE and its[1:] == key[1:] and row.epoch < self.epoch and not row.is_settled
        )

    def told_last(self, number: str) -> LastAnswer | None:
        """The newest answer to an order that says anything of its lines."""
        answers = (its for (its_number, _), its in self.answered.items() if its_number == number and its.lines)
        return max(answers, key=lambda its: its.n, default=None)

    def customers_of(self, order: Order) -> tuple[Customer, ...]:
        """The customers of ours that the order may be for; none: it is the partner's own."""
        identity = identity_of(order) if self.customers else None
        return self.customers.get(identity.text, ()) if identity else ()

    def customer_of(self, order: Order) -> int | None:
        """The one customer that the order is for; None: the partner's own party."""
        fit = self.customers_of(order)
        return fit[0].id if len(fit) == 1 else None

    def debtor_of(self, order: Order) -> int:
        """Whoever owes what the order comes to."""
        return self.customer_of(order) or self.partner.party_id

    def minimum_of(self, order: Order) -> Decimal | None:
        """The minimum of the customer whose order it is."""
        fit = self.customers_of(order)
        return fit[0].minimum_order if len(fit) == 1 else self.partner.minimum_order

    def booked_before(self, key: DocumentKey) -> Known | None:
        """Another revision or series of this very order that became a sales order: an order is booked once."""
        return next(
            (
                row
                for its, row in self.rows()
                if its[:2] == key[:2] and row.sales_order_id is not None and row.outcome != LedgerOutcome.REJECTED
            ),
            None,
        )

    def product_of(self, line: OrderLine) -> ProductFacts | None:
        """Our product of a line: by our code as the buyer wrote it, by the common code (G05), by GTIN.

        What a person said that a code means wins over a product of ours that happens to have it.
        """
        item = line.item
        for code in (item.sellers_id, item.buyers_id):
            if code is not None and (product := self.matches.get(code) or self.products.get(code)) is not None:
                return product
        if self.matches and (product := self.matches.get(their_code(line))) is not None:
            return product
        standard = item.standard_id
        return self.by_gtin.get(standard.value) if standard is not None and standard.scheme == GTIN else None


_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_KNOWN = select(
    *(Ledger.id, Ledger.type, Ledger.number, Ledger.revision, Ledger.business_hash),
    *(Ledger.outcome, Ledger.sales_order_id, Ledger.waived, Ledger.epoch, Ledger.stated),
).where(Ledger.partner_id == bindparam("partner"), Ledger.type.in_(ORDER_TYPES), Ledger.number.in_(_NUMBERS))
"""By the three types, which the index of the ledger names before the number."""
_ANSWERS = (
    select(
        *(Answer.order_number, Answer.revision, Answer.n, Answer.code),
        *(Answer.sales_order_number, Answer.note, Answer.lines),
        (OutboundMail.epoch < Partner.out_epoch).label("is_outdated"),
    )
    .join(OutboundMail, OutboundMail.id == Answer.outbound_mail_id)
    .join(Partner, Partner.id == Answer.partner_id)
    .where(Answer.partner_id == bindparam("partner"), Answer.order_number.in_(_NUMBERS))
    .order_by(Answer.n)
)

_REPLIES = select(ReviewReply.sales_order_id, ReviewReply.lines).where(
    ReviewReply.sales_order_id.in_(bindparam("orders", expanding=True))
)


_MATCHES = (
    select(ProductMatch.their_code, Product.code)
    .join(Product, Product.id == ProductMatch.product_id)
    .where(
        ProductMatch.partner_id == bindparam("partner"),
        ProductMatch.their_code.in_(bindparam("codes", expanding=True)),
    )
)


def _products_where(wanted: ColumnElement[bool]) -> Executable:
    price = and_(PartnerPrice.product_id == Product.id, PartnerPrice.partner_id == bindparam("partner"))
    return (
        select(
            *(Product.id, Product.code, Product.gtin, Product.unit, Product.sale_price),
            *(Product.vat_category, Product.vat_rate, PartnerPrice.price.label("agreed_price")),
        )
        .outerjoin(PartnerPrice, price)
        .where(Product.active, wanted)
    )


_BY_CODE = Product.code.in_(bindparam("codes", expanding=True))
_PRODUCTS = _products_where(_BY_CODE)
_PRODUCTS_OR_GTINS = _products_where(or_(_BY_CODE, Product.gtin.in_(bindparam("gtins", expanding=True))))


def read_facts(
    connection: Connection,
    partner: PartnerFacts,
    currency: str,
    keys: Sequence[DocumentKey],
    orders: Sequence[Order],
    epoch: int = 0,
    credit_on: date | None = None,
    *,
    allocates: bool = False,
) -> Facts:
    """Read the facts for one transfer in a few queries, however many orders and lines it has.

    :param epoch: the sender's series in which the transfer is numbered.
    :param credit_on: the day on which to read what customers owe, where the site uses credit.
    :param allocates: whether goods are set aside for orders as soon as they are accepted.
    """
    known = read_rows(connection, partner.id, keys)
    codes = _codes(orders)
    matched = _read_matches(connection, partner.id, codes)
    products = _products(connection, partner.id, orders, codes | set(matched.values()))
    by_code = {row.code: _product(row) for row in products}
    answers = _read_answers(connection, partner.id, sorted({number for _, number, _ in keys}))
    standing = read_standing(connection, partner.id, [number for kind, number, _ in keys if kind != "order"])
    facts = Facts(
        partner=partner,
        currency=currency,
        products=by_code,
        by_gtin={row.gtin: _product(row) for row in products if row.gtin},
        matches={theirs: by_code[ours] for theirs, ours in matched.items() if ours in by_code},
        customers=read_customers(connection, partner.id, partner.party_id, partner.siret, orders),
        known={key: rows[0] for key, rows in known.items()},
        earlier={key: rows[1:] for key, rows in known.items() if len(rows) > 1},
        epoch=epoch,
        answers=_newest_answers(answers),
        answered={(row.order_number, row.revision): _last_answer(row) for row in answers},
        standing=standing,
        to_tell=_read_replies(connection, standing),
        allocates=allocates,
    )
    if credit_on is None:
        return facts
    debtors = {facts.debtor_of(order) for order in orders} | {order.customer_id for order in standing.values()}
    return replace(facts, credit=_read_credit(connection, sorted(debtors), credit_on))


def _read_credit(connection: Connection, customer_ids: Sequence[int], day: date) -> CreditFacts:
    rules = read_credit_rules(connection)
    customers = read_customers_credit(connection, customer_ids, day, rules)
    return CreditFacts(rules, customers, day)


def read_known(connection: Connection, partner_id: int, keys: Sequence[DocumentKey]) -> dict[DocumentKey, Known]:
    """What the ledger has of these documents, each of the sender's newest series."""
    return {key: rows[0] for key, rows in read_rows(connection, partner_id, keys).items()}


def _read_matches(connection: Connection, partner_id: int, codes: Collection[str]) -> dict[str, str]:
    """Our product's code by the partner's, for those of these codes that somebody matched."""
    rows = connection.execute(_MATCHES, {"partner": partner_id, "codes": sorted(codes)})
    return {row.their_code: row.code for row in rows}


def read_rows(
    connection: Connection, partner_id: int, keys: Sequence[DocumentKey]
) -> dict[DocumentKey, tuple[Known, ...]]:
    """All that the ledger has of what a buyer sent about these orders, of each document the newest series first."""
    numbers = sorted({number for _, number, _ in keys})
    rows = connection.execute(_KNOWN, {"partner": partner_id, "numbers": numbers})
    found: dict[DocumentKey, tuple[Known, ...]] = {}
    for row in sorted(rows, key=lambda each: -each.epoch):
        waived = frozenset(row.waived or ())
        known = Known(row.id, row.business_hash, row.outcome, row.sales_order_id, waived, row.epoch, row.stated)
        key = (row.type, row.number, row.revision)
        found[key] = (*found.get(key, ()), known)
    return found


def last_answer(connection: Connection, partner_id: int, number: str) -> LastAnswer | None:
    """The newest answer to an order, whichever of its revisions that was about."""
    return _newest_answers(_read_answers(connection, partner_id, [number])).get(number)


def _read_answers(connection: Connection, partner_id: int, numbers: Collection[str]) -> Sequence[AnyRow]:
    """All answers to these orders, oldest first."""
    return connection.execute(_ANSWERS, {"partner": partner_id, "numbers": numbers}).all()


def _read_replies(connection: Connection, standing: Mapping[str, StandingOrder]) -> dict[str, list[dict[str, Any]]]:
    """What waits for a clerk to be told of the lines of these orders, by their number."""
    in_review = {order.id: number for number, order in standing.items() if order.state == SalesState.REVIEW}
    if not in_review:
        return {}
    rows = connection.execute(_REPLIES, {"orders": sorted(in_review)})
    return {in_review[row.sales_order_id]: row.lines for row in rows if row.lines}


def _newest_answers(rows: Sequence[AnyRow]) -> dict[str, LastAnswer]:
    """The newest answer to each order, by order number."""
    return {row.order_number: _last_answer(row) for row in rows}


def _last_answer(row: AnyRow) -> LastAnswer:
    return LastAnswer(row.n, row.code, row.sales_order_number, row.note, row.lines, bool(row.is_outdated))


def _codes(orders: Iterable[Order]) -> set[str]:
    """The codes that these orders' lines give for products, theirs and ours."""
    lines = [line for order in orders for line in order.lines]
    codes = {code for line in lines for code in (line.item.sellers_id, line.item.buyers_id) if code is not None}
    return codes | {their_code(line) for line in lines}


def _products(
    connection: Connection, partner_id: int, orders: Iterable[Order], codes: Iterable[str]
) -> Sequence[AnyRow]:
    items = [line.item for order in orders for line in order.lines]
    gtins = {
        item.standard_id.value for item in items if item.standard_id is not None and item.standard_id.scheme == GTIN
    }
    parameters = {"partner": partner_id, "codes": sorted(codes)}
    if gtins:
        return connection.execute(_PRODUCTS_OR_GTINS, {**parameters, "gtins": sorted(gtins)}).all()
    return connection.execute(_PRODUCTS, parameters).all()


def _product(row: AnyRow) -> ProductFacts:
    price = row.sale_price if row.agreed_price is None else row.agreed_price
    return ProductFacts(row.id, row.code, row.unit, price, row.vat_category, row.vat_rate)
