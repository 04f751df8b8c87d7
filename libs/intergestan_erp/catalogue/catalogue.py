"""The catalogue: families, sub-families, products and their components (G05, G07). A code is the join key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from intergestan_db.enums import Supply
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import PartnerPrice, Product, ProductFamily, ProductSubfamily
from intergestan_erp.inputs.identifiers import GTIN_LENGTHS, is_gtin, same_gtins
from intergestan_erp.parties.folding import fold
from intergestan_msg.identity import nfc

_MOST_VALUES = 5000
"""Of one IN list: both bases take more, none becomes quicker by it."""
_LIKE = 0.8
"""How much a code must be like another so that it is proposed."""


Coded = type[Product | ProductFamily | ProductSubfamily]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A product as a file or a screen says it. Prices are per `unit`, without VAT, at most 6 decimals.

    :ivar family, subfamily: codes; a name beside them enters or renames that family.
    :ivar service: whether it is a service, of which no stock is kept.
    """

    code: str
    name: str
    sale_price: Decimal
    vat_rate: Decimal
    unit: str = "C62"
    purchase_price: Decimal | None = None
    vat_category: str = "S"
    gtin: str | None = None
    family: str | None = None
    family_name: str | None = None
    subfamily: str | None = None
    subfamily_name: str | None = None
    active: bool = True
    service: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """How many rows were new, changed, and the same as before."""

    added: int
    changed: int
    equal: int


def put_products(connection: Connection, rows: Iterable[ProductRow]) -> Put:
    """Enter products with their families, or bring those that have the same code up to date.

    :raises Problem: when a code comes twice, or a sub-family has no family.
    """
    products = sorted(map(_in_nfc, rows), key=lambda row: row.code)
    _refuse_twice([row.code for row in products])
    families = put_families(connection, _named(connection, ProductFamily, products, "family", "family_name"))
    subfamilies = _put_subfamilies(connection, products, families)
    values = [_product_values(row, families, subfamilies) for row in products]
    return put_coded(connection, Product, values)


def _in_nfc(row: ProductRow) -> ProductRow:
    if all(code is None or code.isascii() for code in (row.code, row.family, row.subfamily)):
        return row
    family, subfamily = row.family and nfc(row.family), row.subfamily and nfc(row.subfamily)
    return replace(row, code=nfc(row.code), family=family, subfamily=subfamily)


def put_families(connection: Connection, names: Mapping[str, str]) -> dict[str, int]:
    """Enter or rename families by code.

    :returns: the ids by code.
    """
    values = [{"code": code, "name": name} for code, name in sorted(names.items())]
    put_coded(connection, ProductFamily, values)
    return ids_by_code(connection, ProductFamily, names)


def products_by_code(connection: Connection, codes: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The products that have one of these codes, with all their columns."""
    return {row["code"]: row for row in _rows_in(connection, Product, map(nfc, codes))}


def products_by_gtin(connection: Connection, gtins: Iterable[str]) -> dict[str, list[Mapping[str, Any]]]:
    """The active products that have one of these GTINs, by the GTIN in 14 digits."""
    wanted = {same for gtin in gtins if is_gtin(gtin) for same in same_gtins(gtin)}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for some in _chunks(sorted(wanted)):
        query = select(Product.__table__).where(Product.gtin.in_(some), Product.active)
        for row in connection.execute(query).mappings():
            found.setdefault(row["gtin"].zfill(GTIN_LENGTHS[-1]), []).append(dict(row))
    return found


def code_like(connection: Connection, code: str) -> str | None:
    """The code of a product that somebody may have meant: the same but for case and accents, or nearly the same."""
    codes = list(connection.execute(select(Product.code)).scalars())
    wanted = fold(code).lower()
    same = next((each for each in codes if fold(each).lower() == wanted), None)
    return same or next(iter(get_close_matches(code, codes, n=1, cutoff=_LIKE)), None)


def agreed_prices(connection: Connection, partner_id: int) -> dict[str, Decimal]:
    """The prices agreed with a partner, by product code."""
    query = select(Product.code, PartnerPrice.price).join(PartnerPrice, PartnerPrice.product_id == Product.id)
    rows = connection.execute(query.where(PartnerPrice.partner_id == partner_id))
    return {row.code: row.price for row in rows}


def _named(
    connection: Connection, table: Coded, products: Sequence[ProductRow], code: str, name: str
) -> dict[str, str]:
    """The names by code of the families that the products are in.

    One that no row names keeps the name it has; a new one goes by its code.
    """
    said: dict[str, str | None] = {}
    for row in products:
        family = getattr(row, code)
        if family is not None:
            said[family] = getattr(row, name) or said.get(family)
    known = {row["code"]: row["name"] for row in _rows_in(connection, table, said)}
    return {family: named or known.get(family, family) for family, named in said.items()}


def _put_subfamilies(
    connection: Connection, products: Sequence[ProductRow], families: Mapping[str, int]
) -> dict[str, int]:
    names = _named(connection, ProductSubfamily, products, "subfamily", "subfamily_name")
    homes: dict[str, int] = {}
    for row in products:
        if row.subfamily is None:
            continue
        if row.family is None:
            raise Problem("The sub-family {code} needs its family beside it.", ProblemCode.NO_VALUE, code=row.subfamily)
        if homes.setdefault(row.subfamily, families[row.family]) != families[row.family]:
            raise Problem(
                "The sub-family {code} is in two families: give it one.", ProblemCode.CODE_TWICE, code=row.subfamily
            )
    values = [{"code": code, "name": names[code], "family_id": home} for code, home in sorted(homes.items())]
    put_coded(connection, ProductSubfamily, values)
    return ids_by_code(connection, ProductSubfamily, names)


def _product_values(row: ProductRow, families: Mapping[str, int], subfamilies: Mapping[str, int]) -> dict[str, Any]:
    same = (
        "code",
        "name",
        "unit",
        "gtin",
        "sale_price",
        "purchase_price",
        "vat_category",
        "vat_rate",
        "active",
    )
    return {name: getattr(row, name) for name in same} | {
        "supply": Supply.SERVICES if row.service else Supply.GOODS,
        "family_id": families[row.family] if row.family else None,
        "subfamily_id": subfamilies[row.subfamily] if row.subfamily else None,
    }


def put_coded(connection: Connection, table: Coded, rows: Sequence[Mapping[str, Any]]) -> Put:
    """Insert the rows whose code is new, update those that differ."""
    there = {row["code"]: row for row in _rows_in(connection, table, [row["code"] for row in rows])}
    new = [row for row in rows if row["code"] not in there]
    changed = [row for row in rows if row["code"] in there and _differs(row, there[row["code"]])]
    if new:
        connection.execute(insert(table), new)
    if changed:
        statement = update(table).where(table.code == bindparam("old_code"))
        connection.execute(statement, [dict(row) | {"old_code": row["code"]} for row in changed])
    return Put(len(new), len(changed), len(rows) - len(new) - len(changed))


def _differs(row: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    return any(stored[name] != value for name, value in row.items())


def ids_by_code(connection: Connection, table: Coded, codes: Iterable[str]) -> dict[str, int]:
    """The ids of the rows that have one of these codes."""
    return {row["code"]: row["id"] for row in _rows_in(connection, table, codes)}


def _rows_in(connection: Connection, table: Coded, codes: Iterable[str]) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for some in _chunks(sorted(set(codes))):
        condition: ColumnElement[bool] = table.code.in_(some)
        rows += map(dict, connection.execute(select(table.__table__).where(condition)).mappings())
    return rows


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _MOST_VALUES):
        yield values[start : start + _MOST_VALUES]


def _refuse_twice(codes: Sequence[str]) -> None:
    for code, following in pairwise(codes):
        if code == following:
            raise Problem("The product {code} comes twice: remove one.", ProblemCode.CODE_TWICE, code=code)
