"""Price lists and their lines in pages (A07)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, func, select

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Establishment, Party, PriceLine, PriceList, Product, ProductFamily
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedList:
    """A price list; without an establishment or a party it is for all of them, without a last day for ever."""

    code: str
    side: str
    establishment: int | None
    party: str | None
    valid_from: date
    valid_until: date | None
    lines: int


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A line of a price list: of a product, a family or all products; without a price it is the product's own."""

    product: str | None
    family: str | None
    min_quantity: Decimal
    price: Decimal | None
    discount: Decimal


def list_price_lists(connection: Connection, *, size: int = USUAL, after: str | None = None) -> Page[ListedList]:
    """A page of the price lists, by code.

    :raises Problem: `after` is of no such page.
    """
    lines = select(func.count()).where(PriceLine.price_list_id == PriceList.id).scalar_subquery()
    query = (
        select(
            *(PriceList.code, PriceList.side, Establishment.number, Party.code, PriceList.valid_from),
            *(PriceList.valid_until, lines),
        )
        .outerjoin(Establishment, Establishment.id == PriceList.establishment_id)
        .outerjoin(Party, Party.id == PriceList.party_id)
    )
    return read_page(connection, query, [PriceList.code], lambda row: ListedList(*row[:7]), size=size, after=after)


def list_price_lines(
    connection: Connection, typed: str, *, size: int = USUAL, after: str | None = None
) -> Page[ListedLine]:
    """A page of the lines of a price list.

    :raises Problem: there is no such list, or `after` is of no such page.
    """
    code = as_stored(connection, typed, PriceList.code)
    list_id = connection.execute(select(PriceList.id).where(PriceList.code == code)).scalar()
    if list_id is None:
        raise Problem("There is no price list «{code}».", ProblemCode.NO_PRICE_LIST, (Act.LIST_PRICES,), code=typed)
    query = (
        select(Product.code, ProductFamily.code, PriceLine.min_quantity, PriceLine.price, PriceLine.discount)
        .select_from(PriceLine.__table__)
        .outerjoin(Product, Product.id == PriceLine.product_id)
        .outerjoin(ProductFamily, ProductFamily.id == PriceLine.family_id)
        .where(PriceLine.price_list_id == list_id)
    )
    return read_page(connection, query, [PriceLine.id], lambda row: ListedLine(*row[:5]), size=size, after=after)
