"""Price lists from a table (CSV, XLSX, ODS): a row for each price (A07). A file is entered whole, or not at all.

They are read by `read_prices.py`. `COLUMNS` lists the columns. What a list is (whose, since when, until when) is said
by its first row, and may be left out of the others. A list that is there already gets the lines of the file in place of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.enums import PriceSide
from intergestan_db.problem import Act, Fault, FileProblems, Problem, ProblemCode
from intergestan_db.tables import Establishment, Party, PriceLine, PriceList, Product, ProductFamily
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.table import Columns, Titles
from intergestan_msg.money import ZERO

COLUMNS: Final[Titles] = {
    "list": ("Tarif", "Price list", "Liste"),
    "side": ("Sens", "Side"),
    "establishment": ("Établissement", "Establishment"),
    "party": ("Tiers", "Third party", "Client", "Fournisseur"),
    "valid_from": ("Valable du", "Valid from", "Du"),
    "valid_until": ("Valable au", "Valid until", "Au"),
    "product": ("Article", "Product", "Code article"),
    "family": ("Famille", "Family"),
    "min_quantity": ("À partir de", "From quantity", "Quantité minimum"),
    "price": ("Prix HT", "Price", "Prix"),
    "discount": ("Remise", "Discount", "Remise %"),
}
TABLE: Final = Columns(
    COLUMNS,
    ("list",),
    {"min_quantity": Figure.QUANTITY, "price": Figure.AMOUNT, "discount": Figure.RATE},
)
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class ListHead:
    """What a price list is: whose prices, on which days; both are included, and no last one is for ever."""

    code: str
    side: PriceSide
    establishment: int | None
    party: str | None
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A line of a price list of a file, with its row and the titles of its columns there.

    :ivar product: its code; `family`: a family's; neither: all products.
    :ivar price: None: the product's own.
    """

    row: int
    head: ListHead
    product: str | None
    family: str | None
    min_quantity: Decimal
    price: Decimal | None
    discount: Decimal
    titles: Mapping[str, str] = field(default_factory=dict)

    def fault(self, column: str, problem: Problem) -> Fault:
        """A problem with a value of this row."""
        return Fault.at(self.row, self.titles.get(column, COLUMNS[column][0]), problem)


@dataclass(frozen=True, slots=True)
class EnteredList:
    """A price list that was entered; `is_new`: it was not there before."""

    code: str
    lines: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """The ids of what the file names."""

    products: Mapping[str, int]
    families: Mapping[str, int]
    parties: Mapping[str, int]
    establishments: Mapping[int, int]


def enter_prices(
    connection: Connection, file: str, rows: Sequence[PriceRow], *, by: str, at: datetime
) -> list[EnteredList]:
    """Enter the price lists of a file.

    :raises FileProblems: with every row that does not fit the base. Nothing may be written then.
    """
    known = _known(connection, rows)
    faults = list(_faults(rows, known))
    if faults:
        raise FileProblems(file, faults)
    of_lists: dict[ListHead, list[PriceRow]] = {}
    for row in rows:
        of_lists.setdefault(row.head, []).append(row)
    return [_enter(connection, head, lines, known, by, at) for head, lines in of_lists.items()]


def _enter(
    connection: Connection, head: ListHead, rows: Sequence[PriceRow], known: _Known, by: str, at: datetime
) -> EnteredList:
    values = {
        "side": head.side,
        "establishment_id": None if head.establishment is None else known.establishments[head.establishment],
        "party_id": None if head.party is None else known.parties[head.party],
        "valid_from": head.valid_from,
        "valid_until": head.valid_until,
    }
    query = select(PriceList.id).where(PriceList.code == head.code).with_for_update()
    list_id = connection.execute(query).scalar()
    is_new = list_id is None
    if list_id is None:
        made = insert(PriceList).values(code=head.code, **values).returning(PriceList.id)
        list_id = connection.execute(made).scalar_one()
    else:
        connection.execute(update(PriceList).where(PriceList.id == list_id).values(**values))
        connection.execute(delete(PriceLine).where(PriceLine.price_list_id == list_id))
    lines = [
        {
            "price_list_id": list_id,
            "product_id": None if row.product is None else known.products[row.product],
            "family_id": None if row.family is None else known.families[row.family],
            **{name: getattr(row, name) for name in ("min_quantity", "price", "discount")},
        }
        for row in rows
    ]
    insert_rows(connection, PriceLine, lines)
    event = "create" if is_new else "set"
    detail = {"code": head.code, "lines": len(lines)}
    states.record(connection, PriceList.__tablename__, [(list_id, None, None)], event, by=by, at=at, detail=detail)
    return EnteredList(head.code, len(lines), is_new)


def _known(connection: Connection, rows: Sequence[PriceRow]) -> _Known:
    def ids(name: str, table: type[Product | ProductFamily]) -> dict[str, int]:
        codes = sorted({code for row in rows if (code := getattr(row, name)) is not None})
        found: dict[str, int] = {}
        for start in range(0, len(codes), _AT_ONCE):
            query = select(table.code, table.id).where(table.code.in_(codes[start : start + _AT_ONCE]))
            found |= {row.code: row.id for row in connection.execute(query)}
        return found

    parties = sorted({row.head.party for row in rows if row.head.party is not None})
    of_parties: dict[str, int] = {}
    for start in range(0, len(parties), _AT_ONCE):
        query = select(Party.code, Party.id).where(Party.code.in_(parties[start : start + _AT_ONCE]))
        of_parties |= {row.code: row.id for row in connection.execute(query)}
    places = connection.execute(select(Establishment.number, Establishment.id).order_by(Establishment.id.desc()))
    return _Known(
        ids("product", Product), ids("family", ProductFamily), of_parties, {row.number: row.id for row in places}
    )


def _faults(rows: Sequence[PriceRow], known: _Known) -> Iterator[Fault]:
    for row in rows:
        head = row.head
        if row.product is not None and row.product not in known.products:
            yield row.fault(
                "product", Problem("There is no product «{code}».", ProblemCode.NO_PRODUCT, code=row.product)
            )
        if row.family is not None and row.family not in known.families:
            yield row.fault(
                "family", Problem("There is no family of products «{code}».", ProblemCode.NO_FAMILY, code=row.family)
            )
        if head.party is not None and head.party not in known.parties:
            yield row.fault(
                "party", Problem("There is no third party «{code}».", ProblemCode.NO_PARTY, code=head.party)
            )
        if head.establishment is not None and head.establishment not in known.establishments:
            yield row.fault(
                "establishment",
                Problem(
                    "There is no establishment {number}.",
                    ProblemCode.NO_PLACE,
                    (Act.LIST_AGENCIES,),
                    number=head.establishment,
                ),
            )


def key_of(row: PriceRow) -> tuple[str, str | None, str | None, Decimal]:
    """What no two lines share."""
    return row.head.code, row.product, row.family, row.min_quantity or ZERO
