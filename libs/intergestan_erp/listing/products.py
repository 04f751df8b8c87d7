"""Products in pages by their code, and those that a person may mean by the beginning of a code or words of a name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from intergestan_db.tables import Product, ProductFamily, ProductSubfamily
from intergestan_erp.listing.beginning import begins
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.parties.folding import name_key
from intergestan_msg.identity import nfc

MOST: Final = 8
"""So many does a person choose from."""
_LONGEST: Final = 60
_LEAST_OF_A_NAME: Final = 2
"""From so many letters on names are looked through."""
_MOST_NAMES: Final = 20_000
"""Beyond so many products they are found by code and GTIN alone: names are compared here, one by one."""
_GTIN: Final = 8


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """A line of the list."""

    code: str
    name: str
    unit: str
    sale_price: Decimal
    purchase_price: Decimal | None
    vat_category: str
    vat_rate: Decimal
    family: str | None
    subfamily: str | None
    gtin: str | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichProducts:
    """What the list is narrowed to; None is not asked."""

    family: str | None = None
    text: str | None = None
    out_of_use: bool = True


def list_products(
    connection: Connection,
    wanted: WhichProducts,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedProduct]:
    """A page of them, by code.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _listing()
    if wanted.family is not None:
        query = query.where(ProductFamily.code == nfc(wanted.family.strip()))
    if not wanted.out_of_use:
        query = query.where(Product.active)
    if wanted.text is not None and wanted.text.strip():
        query = query.where(_is_meant(connection, wanted.text))
    return read_page(connection, query, [Product.code], _made, size=size, after=after, before=before)


def find_products(connection: Connection, typed: str, most: int = MOST) -> list[ListedProduct]:
    """Products in use whose code begins so, that have this GTIN, or whose name has all these words' beginnings."""
    if not typed.strip():
        return []
    query = _listing().where(Product.active, _is_meant(connection, typed)).order_by(Product.code).limit(most)
    return [_made(row) for row in connection.execute(query)]


def show_product(connection: Connection, code: str) -> ListedProduct | None:
    """One of them; None: there is none of this code."""
    row = connection.execute(_listing().where(Product.code == nfc(code.strip()))).one_or_none()
    return None if row is None else _made(row)


def list_families(connection: Connection) -> list[tuple[str, str]]:
    """Code and name of each family, by code."""
    rows = connection.execute(select(ProductFamily.code, ProductFamily.name).order_by(ProductFamily.code))
    return [(row.code, row.name) for row in rows]


def _is_meant(connection: Connection, typed: str) -> ColumnElement[bool]:
    wanted = nfc(typed.strip())[:_LONGEST]
    ways = [begins(Product.code, wanted)]
    if wanted.isascii() and wanted.isdigit() and len(wanted) >= _GTIN:
        ways.append(Product.gtin.in_([wanted, wanted.zfill(14)]))
    words = name_key(wanted).split()
    if any(len(word) >= _LEAST_OF_A_NAME for word in words):
        ways.append(Product.id.in_(_named(connection, words)))
    return or_(*ways)


def _named(connection: Connection, words: list[str]) -> list[int]:
    """Those whose name has a word that begins so, for each of these words. The database does not compare names: SQLite
    and PostgreSQL fold them differently.
    """
    if (connection.execute(select(func.count()).select_from(Product)).scalar_one()) > _MOST_NAMES:
        return []
    found = []
    for row in connection.execute(select(Product.id, Product.name)):
        own = _words_of(row.name)
        if all(any(each.startswith(word) for each in own) for word in words):
            found.append(row.id)
            if len(found) >= _MOST_FOUND:
                break
    return found


_MOST_FOUND: Final = 500


@lru_cache(_MOST_NAMES)
def _words_of(name: str) -> tuple[str, ...]:
    """Kept, as each letter that is typed asks for those of every name: folding is what takes long."""
    return tuple(name_key(name).split())


def _listing() -> Select[*tuple[Any, ...]]:
    product = Product
    return (
        select(
            *(product.code, product.name, product.unit, product.sale_price, product.purchase_price),
            *(product.vat_category, product.vat_rate, ProductFamily.name, ProductSubfamily.name, product.gtin),
            product.active,
        )
        .outerjoin(ProductFamily, ProductFamily.id == product.family_id)
        .outerjoin(ProductSubfamily, ProductSubfamily.id == product.subfamily_id)
    )


def _made(row: Any) -> ListedProduct:
    return ListedProduct(*row[:11])
