"""Price lists and their lines in pages (A07)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from intergestan_db.enums import PriceSide
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichLists:
    """Which price lists to list. :ivar code: how their code begins; `day`: those that are valid on it."""

    code: str = ""
    side: PriceSide | None = None
    party_id: int | None = None
    day: date | None = None


def list_price_lists(
    connection: Connection,
    wanted: WhichLists | None = None,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedList]:
    """A page of the price lists, by code.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _LISTS.where(*_limits(WhichLists() if wanted is None else wanted))
    return read_page(connection, query, [PriceList.code], _listed, size=size, after=after, before=before)


def show_price_list(connection: Connection, typed: str) -> ListedList:
    """One price list.

    :raises Problem: there is none of this code.
    """
    code = as_stored(connection, typed, PriceList.code)
    row = connection.execute(_LISTS.where(PriceList.code == code)).one_or_none()
    if row is None:
        raise no_price_list(typed)
    return _listed(row)


def no_price_list(typed: str) -> Problem:
    """That there is no price list of a code."""
    return Problem("There is no price list «{code}».", ProblemCode.NO_PRICE_LIST, (Act.LIST_PRICES,), code=typed)


def list_price_lines(
    connection: Connection, typed: str, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[ListedLine]:
    """A page of the lines of a price list.

    :raises Problem: there is no such list, or `after` or `before` is of no such page.
    """
    code = as_stored(connection, typed, PriceList.code)
    list_id = connection.execute(select(PriceList.id).where(PriceList.code == code)).scalar()
    if list_id is None:
        raise no_price_list(typed)
    query = (
        select(Product.code, ProductFamily.code, PriceLine.min_quantity, PriceLine.price, PriceLine.discount)
        .select_from(PriceLine.__table__)
        .outerjoin(Product, Product.id == PriceLine.product_id)
        .outerjoin(ProductFamily, ProductFamily.id == PriceLine.family_id)
        .where(PriceLine.price_list_id == list_id)
    )
    return read_page(
        connection, query, [PriceLine.id], lambda row: ListedLine(*row[:5]), size=size, after=after, before=before
    )


_LINES = select(func.count()).where(PriceLine.price_list_id == PriceList.id).scalar_subquery()
_LISTS: Select[*tuple[Any, ...]] = (
    select(
        *(PriceList.code, PriceList.side, Establishment.number, Party.code, PriceList.valid_from),
        *(PriceList.valid_until, _LINES),
    )
    .outerjoin(Establishment, Establishment.id == PriceList.establishment_id)
    .outerjoin(Party, Party.id == PriceList.party_id)
)


def _listed(row: Any) -> ListedList:
    return ListedList(*row[:7])


def _limits(wanted: WhichLists) -> Iterable[ColumnElement[bool]]:
    if wanted.code:
        yield PriceList.code.startswith(wanted.code, autoescape=True)
    if wanted.side is not None:
        yield PriceList.side == wanted.side
    if wanted.party_id is not None:
        yield PriceList.party_id == wanted.party_id
    if wanted.day is not None:
        yield PriceList.valid_from <= wanted.day
        yield or_(PriceList.valid_until.is_(None), PriceList.valid_until >= wanted.day)
