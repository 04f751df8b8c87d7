"""What the rules need to know about a batch of orders, read in as few queries as possible, then frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Executable, and_, bindparam, or_, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import LedgerOutcome
from intergestan_db.tables import Answer, Ledger, PartnerPrice, Product
from intergestan_erp.selling.current_order import StandingOrder, read_standing
from intergestan_exchange.partners.customer_matches import Customer, identity_of, read_customers
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_exchange.partners.product_matches import read_matches, their_code
from intergestan_msg.order import Order, OrderLine

GTIN = "0160"
"""ICD code of a GTIN in `cbc:ID@schemeID`."""


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
    """What the ledger says about a document that came before.

    :ivar stated: what it stated and we did not book (`starting_point`); None: an earlier release kept nothing.
    """

    ledger_id: int
    business_hash: str
    outcome: str
    sales_order_id: int | None
    waived: frozenset[str]
    stated: Mapping[str, Mapping[str, Any] | None] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the document was booked or refused: it will not be looked at again."""
        return self.outcome in {LedgerOutcome.CREATED, LedgerOutcome.REJECTED, LedgerOutcome.APPLIED}


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The newest answer that we gave to an order."""

    n: int
    code: str
    sales_order_number: str | None
    note: str | None
    lines: list[dict[str, Any]] | None


DocumentKey = tuple[str, str, int]
"""Type, number and revision: with the partner, what makes a document the same document."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the decisions about one transfer may depend on.

    :ivar products: ours by code; `matches`: what people said that a code of this partner means.
    :ivar customers: by the buyer's identifier, where that is not the partner's own, whose orders these may be.
    :ivar answers: the newest to each order; `answered`: the newest to each document, by number and revision.
    :ivar standing: the sales orders that changes and cancellations of this transfer are about, by their number.
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
    customers: Mapping[str, tuple[Customer, ...]] = field(default_factory=dict)

    def customers_of(self, order: Order) -> tuple[Customer, ...]:
        """The customers of ours that the order may be for; none: it is the partner's own."""
        identity = identity_of(order) if self.customers else None
        return self.customers.get(identity.text, ()) if identity else ()

    def customer_of(self, order: Order) -> int | None:
        """The one customer that the order is for; None: the partner's own party."""
        fit = self.customers_of(order)
        return fit[0].id if len(fit) == 1 else None

    def booked_before(self, key: DocumentKey) -> Known | None:
        """Another revision of this very order that became a sales order: an order is booked once."""
        kind, number, revision = key
        return next(
            (
                known
                for (its_kind, its_number, its_revision), known in self.known.items()
                if (its_kind, its_number) == (kind, number)
                and its_revision != revision
                and known.sales_order_id is not None
                and known.outcome != LedgerOutcome.REJECTED
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
    *(Ledger.outcome, Ledger.sales_order_id, Ledger.waived, Ledger.stated),
).where(Ledger.partner_id == bindparam("partner"), Ledger.number.in_(_NUMBERS))
_ANSWERS = (
    select(
        *(Answer.order_number, Answer.revision, Answer.n, Answer.code),
        *(Answer.sales_order_number, Answer.note, Answer.lines),
    )
    .where(Answer.partner_id == bindparam("partner"), Answer.order_number.in_(_NUMBERS))
    .order_by(Answer.n)
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
) -> Facts:
    """Read the facts for one transfer in a few queries, however many orders and lines it has."""
    codes = _codes(orders)
    matched = read_matches(connection, partner.id, codes)
    products = _products(connection, partner.id, orders, codes | set(matched.values()))
    by_code = {row.code: _product(row) for row in products}
    answers = _read_answers(connection, partner.id, sorted({number for _, number, _ in keys}))
    return Facts(
        partner=partner,
        currency=currency,
        products=by_code,
        by_gtin={row.gtin: _product(row) for row in products if row.gtin},
        matches={theirs: by_code[ours] for theirs, ours in matched.items() if ours in by_code},
        customers=read_customers(connection, partner.id, partner.party_id, partner.siret, orders),
        known=read_known(connection, partner.id, keys),
        answers=_newest_answers(answers),
        answered={(row.order_number, row.revision): _last_answer(row) for row in answers},
        standing=read_standing(connection, partner.id, [number for kind, number, _ in keys if kind != "order"]),
    )


def read_known(connection: Connection, partner_id: int, keys: Sequence[DocumentKey]) -> dict[DocumentKey, Known]:
    """What the ledger has of these documents."""
    numbers = sorted({number for _, number, _ in keys})
    rows = connection.execute(_KNOWN, {"partner": partner_id, "numbers": numbers})
    return {
        (row.type, row.number, row.revision): Known(
            row.id, row.business_hash, row.outcome, row.sales_order_id, frozenset(row.waived or ()), row.stated
        )
        for row in rows
    }


def last_answer(connection: Connection, partner_id: int, number: str) -> LastAnswer | None:
    """The newest answer to an order, whichever of its revisions that was about."""
    return _newest_answers(_read_answers(connection, partner_id, [number])).get(number)


def _read_answers(connection: Connection, partner_id: int, numbers: Collection[str]) -> Sequence[AnyRow]:
    """All answers to these orders, oldest first."""
    return connection.execute(_ANSWERS, {"partner": partner_id, "numbers": numbers}).all()


def _newest_answers(rows: Sequence[AnyRow]) -> dict[str, LastAnswer]:
    """The newest answer to each order, by order number."""
    return {row.order_number: _last_answer(row) for row in rows}


def _last_answer(row: AnyRow) -> LastAnswer:
    return LastAnswer(row.n, row.code, row.sales_order_number, row.note, row.lines)


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
