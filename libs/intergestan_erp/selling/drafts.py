"""What a person enters for a customer, priced: what a quote and a sales order by hand have in common (D17).

Prices are those of the price lists, else the one agreed with a partner, else the sale price (`prices.py`, D42).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Context, Decimal
from typing import Any

from sqlalchemy import Connection, and_, select

from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import PriceSide
from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_db.tables import (
    Address,
    Partner,
    PartnerPrice,
    Product,
    QuoteCharge,
    QuoteLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_db.views import INSIDE, viewed
from intergestan_erp.agencies.places import Place
from intergestan_erp.inputs.days import may_be_wanted
from intergestan_erp.inputs.typed_keys import all_as_stored
from intergestan_erp.inputs.units import can_be
from intergestan_erp.parties.addresses import main_address
from intergestan_erp.parties.fees import fee_now, proposed_to
from intergestan_erp.parties.parties import lock_party
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine, sums_of
from intergestan_erp.selling.fee_charges import charge_of
from intergestan_erp.selling.prices import (
    Candidate,
    Decided,
    ListedPrice,
    Wanted,
    decide_price,
    read_listed,
    weigh_prices,
)
from intergestan_msg.money import CENT, MILLIONTH, ONE, ZERO, Sums, fits, line_total, plain, round_half_up

_PLACE = ("line1", "line2", "postcode", "city", "country")
_HUNDRED = Decimal(100)
_WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class TypedLine:
    """So much of a product; `price` is a person's, without VAT; None for the catalogue's."""

    product: str
    quantity: Decimal
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a person enters.

    :ivar fees: besides those that the customer bears, or in their place with another amount, by code.
    :ivar proposed_fees: whether those that the customer bears are charged.
    :ivar reference: the customer's own number for it.
    :ivar any_dates: whether the wanted day is meant, however far it is.
    :ivar discount: so many percent are allowed on each line.
    :ivar address_id: the customer's address to which it goes; None: their own postal address.
    """

    customer_id: int
    lines: tuple[TypedLine, ...]
    fees: Mapping[str, Decimal | None] = field(default_factory=dict)
    proposed_fees: bool = True
    note: str | None = None
    wanted_date: date | None = None
    reference: str | None = None
    any_dates: bool = False
    discount: Decimal = ZERO
    address_id: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The same, priced: what will stand on the quote or the order."""

    lines: tuple[BookedLine, ...]
    charges: tuple[BookedCharge, ...]
    note: str | None = None
    wanted_date: date | None = None
    reference: str | None = None
    address_id: int | None = None

    @property
    def goods(self) -> Decimal:
        """What the lines come to without VAT, after their allowances."""
        return sum((line.total for line in self.lines), ZERO)

    @property
    def sums(self) -> Sums:
        """What it comes to."""
        return sums_of(self.lines, self.charges)

    def with_charge(self, charge: BookedCharge) -> Draft:
        """The same with one charge more, unless that fee stands on it already or comes to nothing."""
        there = any(each.fee_id == charge.fee_id for each in self.charges)
        return self if there or not charge.amount else replace(self, charges=(*self.charges, charge))


def lock_customer(connection: Connection, customer_id: int) -> AnyRow:
    """The customer's row, locked before all others: what is decided about a customer's sums is decided after this.

    :raises Problem: it is no customer.
    """
    customer = lock_party(connection, customer_id)
    if not customer.is_customer:
        raise Problem(
            "{code} is not a customer. Nothing was entered.",
            ProblemCode.NO_ROLE,
            (Act.LIST_PARTIES,),
            code=customer.code,
        )
    return customer


def price(connection: Connection, typed: Typed, day: date, place: Place | None = None) -> Draft:
    """What was typed, with the prices, VAT and fees of now. It writes nothing.

    :param day: the document's own; `place`: where it is entered, None: where the site usually is.
    :raises Problem: there is no such product or fee, or a figure may not stand there; one about a line has its place
        as the value `line`.
    """
    return price_with_origins(connection, typed, day, place)[0]


def price_with_origins(
    connection: Connection, typed: Typed, day: date, place: Place | None = None
) -> tuple[Draft, tuple[Decided, ...]]:
    """The same, with what each line costs where no person says a price, and the list that this is of (A07).

    :raises Problem: as `price`.
    """
    if not typed.lines:
        raise Problem("An order has one line at least. Nothing was entered.", ProblemCode.NO_VALUE)
    if typed.wanted_date is not None and not typed.any_dates and not may_be_wanted(typed.wanted_date, day):
        raise Problem(
            "Nothing was entered: it is wanted for {wanted}, and it is of {day}: goods come from that day on, and in "
            "two years at most. Correct the date.",
            ProblemCode.NO_VALUE,
            (Act.ANY_DATES,),
            wanted=typed.wanted_date,
            day=day,
        )
    if not fits(typed.discount, MILLIONTH) or not 0 <= typed.discount <= _HUNDRED:
        raise Problem(
            "Nothing was entered: {discount} is not a discount in percent; it lies between 0 and 100, with at most 6 "
            "decimals.",
            ProblemCode.NO_VALUE,
            discount=typed.discount,
        )
    note, reference = (_one_line(text) for text in (typed.note, typed.reference))
    for _column, limit in too_long(SalesOrder, {"customer_order_number": reference}):
        raise Problem(
            "«{value}» is too long: at most {limit} characters fit. Nothing was entered.",
            ProblemCode.NO_VALUE,
            value=reference,
            limit=limit,
        )
    priced = decide_prices(connection, typed, day, place)
    lines = tuple(
        _line(place, each, product, decided.price, typed.discount)
        for place, (each, (product, decided)) in enumerate(zip(typed.lines, priced, strict=True), start=1)
    )
    draft = Draft(lines, (), note, typed.wanted_date, reference, typed.address_id)
    whole = checked(replace(draft, charges=tuple(_charges(connection, typed, draft.goods))))
    return whole, tuple(decided for _product, decided in priced)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldProduct:
    """A product as a line is priced by it. `agreed_price`: what the customer's mails say that they pay."""

    id: int = field(metadata=INSIDE)
    family_id: int | None = field(metadata=INSIDE)
    code: str
    name: str
    unit: str
    sale_price: Decimal
    vat_category: str
    vat_rate: Decimal
    agreed_price: Decimal | None


def decide_prices(
    connection: Connection, typed: Typed, day: date, place: Place | None
) -> list[tuple[SoldProduct, Decided]]:
    """The product of each line, and what it costs where no person says a price (A07).

    :raises Problem: there is no such product.
    """
    establishment_id = None if place is None else place.establishment_id
    return [
        (product, decide_price(listed, wanted))
        for product, listed, wanted in _weighed(connection, typed, day, establishment_id)
    ]


def explain_prices(
    connection: Connection, typed: Typed, day: date, establishment_id: int | None
) -> list[tuple[SoldProduct, list[Candidate]]]:
    """The product of each line, and all prices that it might have, in the order in which they count (D42).

    :raises Problem: there is no such product.
    """
    return [
        (product, weigh_prices(listed, wanted))
        for product, listed, wanted in _weighed(connection, typed, day, establishment_id)
    ]


def _weighed(
    connection: Connection, typed: Typed, day: date, establishment_id: int | None
) -> Iterator[tuple[SoldProduct, Sequence[ListedPrice], Wanted]]:
    products = _products(connection, typed)
    listed = read_listed(
        *(connection, PriceSide.SALE),
        party_id=typed.customer_id,
        establishment_id=establishment_id,
        day=day,
        products=[(product.id, product.family_id) for product in products],
    )
    for line, product in zip(typed.lines, products, strict=True):
        yield product, listed, _wanted(product, line.quantity)


def _wanted(product: SoldProduct, quantity: Decimal) -> Wanted:
    return Wanted(product.id, product.family_id, quantity, product.sale_price, product.agreed_price)


def checked(draft: Draft) -> Draft:
    """The draft, if the columns hold all that it comes to.

    :raises Problem: they do not.
    """
    largest = max((draft.sums.largest, *(line.total for line in draft.lines)), key=abs)
    if not fits(largest, CENT):
        raise Problem(
            "Nothing was entered: a total would be {amount}, and an amount has at most 16 digits before its decimals.",
            ProblemCode.TOO_LARGE,
            amount=plain(largest),
        )
    return draft


def head_values(connection: Connection, customer: AnyRow, draft: Draft, day: date) -> dict[str, Any]:
    """The columns of the head: of a quote as of an order. It goes to the address that was chosen, or to the customer's
    own.

    :raises Problem: the address that was chosen is none of theirs.
    """
    own = main_address()
    addresses = select(Address.__table__).where(Address.party_id == customer.id)
    if draft.address_id is None:
        addresses = addresses.join(own, own.c.id == Address.id)
    else:
        addresses = addresses.where(Address.id == draft.address_id)
    address = connection.execute(addresses).first()
    if address is None and draft.address_id is not None:
        raise Problem(
            "This address is none of {customer} any more: choose another one. Nothing was entered.",
            ProblemCode.NO_VALUE,
            customer=customer.name,
        )
    sums = draft.sums
    assert sums.totals.tax_exclusive is not None
    return {
        "customer_id": customer.id,
        "issue_date": day,
        "note": draft.note,
        "wanted_date": draft.wanted_date,
        "currency": read_site(connection).currency,
        "total_ht": sums.totals.tax_exclusive,
        "total_vat": sums.tax_amount,
        "total_ttc": sums.totals.payable,
        "delivery_name": customer.name,
        **{f"delivery_{name}": getattr(address, name, None) for name in _PLACE},
    }


def write_parts(
    connection: Connection,
    draft: Draft,
    lines: type[SalesOrderLine | QuoteLine],
    charges: type[SalesOrderCharge | QuoteCharge],
    owner: Mapping[str, int],
) -> None:
    """Enter lines and charges of an order or a quote, which `owner` names."""
    of_lines = [{**owner, "position": place, **_columns(line)} for place, line in enumerate(draft.lines, start=1)]
    insert_rows(connection, lines, of_lines)
    insert_rows(connection, charges, [{**owner, **_columns(charge)} for charge in draft.charges])


def _columns(part: BookedLine | BookedCharge) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__dataclass_fields__}


def _products(connection: Connection, typed: Typed) -> Sequence[SoldProduct]:
    """The product of each line, with `agreed_price` where the customer is a partner that has one."""
    codes = all_as_stored(connection, [line.product for line in typed.lines], Product.code)
    agreed = and_(PartnerPrice.product_id == Product.id, PartnerPrice.partner_id == Partner.id)
    query = (
        select(Product.__table__, PartnerPrice.price.label("agreed_price"))
        .select_from(Product.__table__)
        .outerjoin(Partner, Partner.party_id == typed.customer_id)
        .outerjoin(PartnerPrice, agreed)
        .where(Product.code.in_(sorted(set(codes))), Product.active)
    )
    found = {row["code"]: viewed(SoldProduct, row) for row in connection.execute(query).mappings()}
    missing = [code for code in codes if code not in found]
    if missing:
        raise Problem(
            "There is no active product {codes}. Nothing was entered.",
            ProblemCode.NO_PRODUCT,
            (Act.LIST_PRODUCTS,),
            codes=", ".join(dict.fromkeys(missing)),
        )
    return [found[code] for code in codes]


def _line(place: int, typed: TypedLine, product: SoldProduct, ours: Decimal, discount: Decimal) -> BookedLine:
    quantity = typed.quantity
    if not fits(quantity, MILLIONTH) or quantity <= 0:
        raise Problem(
            "Nothing was entered: {quantity} is not a quantity; it is above zero, with at most 6 decimals.",
            ProblemCode.NO_VALUE,
            quantity=quantity,
            line=place,
        )
    if not can_be(quantity, product.unit):
        raise Problem(
            "Nothing was entered: {quantity} is not a number of pieces, and {product} is counted in the unit {unit}.",
            ProblemCode.NO_VALUE,
            quantity=plain(quantity),
            product=product.code,
            unit=product.unit,
            line=place,
        )
    amount = ours if typed.price is None else typed.price
    if not fits(amount, MILLIONTH) or amount < 0:
        raise Problem(
            "Nothing was entered: {price} is not a price; it is not below 0 and has at most 6 decimals.",
            ProblemCode.NO_VALUE,
            price=amount,
            line=place,
        )
    allowance = _allowance(quantity, amount, discount)
    return BookedLine(
        line_id=f"L{place}",
        product_id=product.id,
        product_code=product.code,
        name=product.name,
        quantity=quantity,
        unit=product.unit,
        price=amount,
        base_quantity=ONE,
        allowance=allowance,
        total=line_total(quantity, amount) - allowance,
        vat_category=product.vat_category,
        vat_rate=product.vat_rate,
        note=None,
    )


def _allowance(quantity: Decimal, price: Decimal, discount: Decimal) -> Decimal:
    """So much is a discount in percent of a line."""
    return round_half_up(_WIDE.divide(_WIDE.multiply(line_total(quantity, price), discount), _HUNDRED))


def _charges(connection: Connection, typed: Typed, goods: Decimal) -> Iterator[BookedCharge]:
    """The fees that the customer bears, and those that were typed, each once; a fee that comes to nothing is none."""
    borne = {fee.code: fee for fee in proposed_to(connection, typed.customer_id)} if typed.proposed_fees else {}
    for code, amount in typed.fees.items():
        fee = borne.get(code) or fee_now(connection, code)
        borne[code] = fee if amount is None else replace(fee, amount=amount)
    for fee in borne.values():
        charge = charge_of(fee, goods)
        if not fits(charge.amount, CENT) or charge.amount < 0:
            raise Problem(
                "Nothing was entered: {amount} is not the amount of a fee; it is not below 0, with at most 2 decimals.",
                ProblemCode.NO_VALUE,
                amount=charge.amount,
            )
        if charge.amount:
            yield charge


def _one_line(text: str | None) -> str | None:
    """A text without what nobody sees; None for an empty one."""
    if text is None or not text.strip():
        return None
    value = " ".join(text.split())
    if not value.isprintable():
        raise Problem(
            "«{value}» has characters that nobody sees: type it again. Nothing was entered.",
            ProblemCode.NO_VALUE,
            value=ascii(value),
        )
    return value
