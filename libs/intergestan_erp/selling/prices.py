"""What a line of an order costs by the price lists of the site (A07, D42).

Of the lists that are valid on the order's day, the most particular one with a line for the product and the quantity
counts: that of the party in this establishment, then that of the party, of the establishment, and the general one. In a
list a line of the product goes before one of its family, and that before one of all products; of these the one with the
largest quantity that is reached. A line without a price takes the product's own; then comes its discount.

A price that was agreed with a partner is the party's own: it goes before the lists that are not, and the product's
price comes last. What mails are compared with is that agreed price alone (`intergestan_exchange.inbox`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select

from intergestan_db.among import among
from intergestan_db.enums import PriceSide
from intergestan_db.tables import PriceLine, PriceList
from intergestan_db.tables.usual_place import USUAL_ESTABLISHMENT
from intergestan_msg.money import MILLIONTH

_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A line of a price list that is valid, and whose list it is.

    :ivar list_code: the list's code.
    :ivar of_party: whether the list is this party's own; `of_establishment`: this establishment's own.
    :ivar since: the first day of the list.
    :ivar product_id: the product that the line is of; `family_id`: the family; neither: all products.
    :ivar price: without VAT, per unit; None: the product's own.
    :ivar discount: percent of that.
    """

    list_code: str
    of_party: bool
    of_establishment: bool
    since: date
    product_id: int | None
    family_id: int | None
    min_quantity: Decimal
    price: Decimal | None
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much of a product, with the prices that it has without a list; `agreed`: with this party, as a partner."""

    product_id: int
    family_id: int | None
    quantity: Decimal
    own_price: Decimal
    agreed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A price without VAT, per unit, and the list that it is of; None: it is of none."""

    price: Decimal
    list_code: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A price that a line might have, for those who ask why it has another one.

    :ivar line: the line of a list that it is of; None: it is of none. `is_agreed`: as a partner they agreed upon it.
    """

    price: Decimal
    line: ListedPrice | None = None
    is_agreed: bool = False


def weigh_prices(listed: Collection[ListedPrice], wanted: Wanted) -> list[Candidate]:
    """All prices that a line might have, in the order in which they count: the first one is its price. Pure (D42)."""
    reached = sorted((line for line in listed if _is_for(line, wanted)), key=_rank)
    found = [Candidate(_price_of(line, wanted), line) for line in reached]
    if wanted.agreed is not None:
        own = sum(line.of_party for line in reached)
        found.insert(own, Candidate(wanted.agreed, is_agreed=True))
    return [*found, Candidate(wanted.own_price)]


def decide_price(listed: Collection[ListedPrice], wanted: Wanted) -> Decided:
    """The price of a line of an order. Pure.

    :param listed: lines of the lists that are valid for its party and its establishment on its day, of other products
        too.
    """
    reached = [line for line in listed if _is_for(line, wanted)]
    if wanted.agreed is not None:
        reached = [line for line in reached if line.of_party]
    if reached:
        best = min(reached, key=_rank)
        return Decided(_price_of(best, wanted), best.list_code)
    return Decided(wanted.own_price if wanted.agreed is None else wanted.agreed)


def read_listed(
    connection: Connection,
    side: PriceSide,
    *,
    party_id: int,
    establishment_id: int | None,
    day: date,
    products: Collection[tuple[int, int | None]],
) -> Sequence[ListedPrice]:
    """What decides the prices of all lines of an order, by one statement.

    :param establishment_id: None for the one whose orders come by mail.
    :param products: the id of each, with that of its family.
    """
    found = connection.execute(
        _LISTED,
        {
            "side": side,
            "party": party_id,
            "establishment": establishment_id,
            "day": day,
            "products": sorted({product for product, _ in products}),
            "families": sorted({family for _, family in products if family is not None}),
        },
    )
    return [ListedPrice(*row) for row in found]


def _is_for(line: ListedPrice, wanted: Wanted) -> bool:
    of_these = line.product_id in {None, wanted.product_id} and line.family_id in {None, wanted.family_id}
    return of_these and line.min_quantity <= wanted.quantity


def _rank(line: ListedPrice) -> tuple[object, ...]:
    """The smallest counts: the most particular list, of those the newest, and in it the most particular line."""
    return (
        *(not line.of_party, not line.of_establishment, -line.since.toordinal(), line.list_code),
        *(line.product_id is None, line.family_id is None, -line.min_quantity),
    )


def _price_of(line: ListedPrice, wanted: Wanted) -> Decimal:
    return _discounted(wanted.own_price if line.price is None else line.price, line.discount)


def _discounted(price: Decimal, discount: Decimal) -> Decimal:
    if not discount:
        return price
    share = _WIDE.divide(_WIDE.multiply(price, _WIDE.subtract(_HUNDRED, discount)), _HUNDRED)
    return share.quantize(MILLIONTH, ROUND_HALF_UP, _WIDE)


_PLACE: Final = func.coalesce(bindparam("establishment", type_=PriceList.establishment_id.type), USUAL_ESTABLISHMENT)
_LISTED: Final[Select[*tuple[Any, ...]]] = (
    select(
        *(PriceList.code, PriceList.party_id.is_not(None), PriceList.establishment_id.is_not(None)),
        *(PriceList.valid_from, PriceLine.product_id, PriceLine.family_id, PriceLine.min_quantity),
        *(PriceLine.price, PriceLine.discount),
    )
    .join(PriceLine, PriceLine.price_list_id == PriceList.id)
    .where(
        PriceList.side == bindparam("side"),
        or_(PriceList.party_id.is_(None), PriceList.party_id == bindparam("party")),
        or_(PriceList.establishment_id.is_(None), PriceList.establishment_id == _PLACE),
        PriceList.valid_from <= bindparam("day", type_=PriceList.valid_from.type),
        or_(PriceList.valid_until.is_(None), PriceList.valid_until >= bindparam("day")),
        or_(
            among(PriceLine.product_id, "products"),
            among(PriceLine.family_id, "families"),
            and_(PriceLine.product_id.is_(None), PriceLine.family_id.is_(None)),
        ),
    )
)
"""Each list and each line that may matter, whatever the quantity: a handful for an order, not a statement a line."""
