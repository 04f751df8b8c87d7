"""Price lists from a table (CSV, XLSX, ODS): a row for each price (A07). A file is entered whole, or not at all.

They are read by `read_prices.py`. `COLUMNS` lists the columns. What a list is (whose, since when, until when) is said
by its first row, and may be left out of the others. A list that is there already, and is not in force yet, gets the
lines of the file in place of its own; one in force is ended, and another one follows it: what was sold by it stays
explained. No two lists of one scope (side, establishment, party) have a day in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.site.zone import today
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

    @property
    def scope(self) -> tuple[PriceSide, int | None, str | None]:
        """Whose prices it has."""
        return self.side, self.establishment, self.party

    def overlaps(self, other: ListHead) -> bool:
        """Whether both are valid on one day."""
        ends = (head.valid_until or date.max for head in (self, other))
        return max(self.valid_from, other.valid_from) <= min(ends)


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

    @property
    def values(self) -> tuple[object, ...]:
        """What it says."""
        return self.product, self.family, self.min_quantity, self.price, self.discount

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
class ForeseenList:
    """What a file would do to a price list. :ivar lines: as many as it has then; `before`: as it has now, None: new.

    :ivar added, gone: lines that it did not have before, and that it has no more.
    """

    head: ListHead
    lines: int
    before: int | None
    added: int
    gone: int

    @property
    def changes(self) -> bool:
        """Whether it would be another one than now."""
        return self.before is None or bool(self.added or self.gone)


@dataclass(frozen=True, slots=True)
class _There:
    """A price list that is there. :ivar lines: what they say, of one that the file names."""

    head: ListHead
    lines: list[tuple[object, ...]] = field(default_factory=list)


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
    known, of_lists, _there = _checked(connection, file, rows, at)
    return [_enter(connection, head, lines, known, by, at) for head, lines in of_lists.items()]


def foresee_prices(connection: Connection, file: str, rows: Sequence[PriceRow], *, at: datetime) -> list[ForeseenList]:
    """What entering the price lists of a file would do; it writes nothing.

    :raises FileProblems: with every row that does not fit the base.
    """
    _ids, of_lists, there = _checked(connection, file, rows, at)
    found = []
    for head, lines in of_lists.items():
        now = there.get(head.code)
        before = Counter(() if now is None else now.lines)
        after = Counter(each.values for each in lines)
        count = None if now is None else before.total()
        found.append(ForeseenList(head, len(lines), count, (after - before).total(), (before - after).total()))
    return found


def end_prices(connection: Connection, typed: str, last: date, *, by: str, at: datetime) -> str:
    """Let a price list end with a day; another list of its scope may begin with the next one. Its code is returned.

    :raises Problem: there is no such list, the day is before its first one, or it ended already.
    """
    code = as_stored(connection, typed, PriceList.code)
    row = connection.execute(select(PriceList.__table__).where(PriceList.code == code).with_for_update()).one_or_none()
    if row is None:
        raise Problem("There is no price list «{code}».", ProblemCode.NO_PRICE_LIST, (Act.LIST_PRICES,), code=typed)
    if last < row.valid_from:
        raise Problem(
            "«{code}» begins on {first}, so it cannot end before. Nothing was changed.",
            ProblemCode.NO_VALUE,
            code=code,
            first=row.valid_from,
        )
    if row.valid_until is not None and row.valid_until <= last:
        raise Problem(
            "«{code}» ends on {last} already: a list is not made longer. Nothing was changed.",
            ProblemCode.OTHER_STATE,
            code=code,
            last=row.valid_until,
        )
    connection.execute(update(PriceList).where(PriceList.id == row.id).values(valid_until=last))
    detail = {"code": code, "valid_until": last.isoformat()}
    states.record(connection, PriceList.__tablename__, [(row.id, None, None)], "set", by=by, at=at, detail=detail)
    return code


def _checked(
    connection: Connection, file: str, rows: Sequence[PriceRow], at: datetime
) -> tuple[_Known, dict[ListHead, list[PriceRow]], dict[str, _There]]:
    """The ids of what the file names, its rows by list, and the lists that are there."""
    known = _known(connection, rows)
    of_lists: dict[ListHead, list[PriceRow]] = {}
    for row in rows:
        of_lists.setdefault(row.head, []).append(row)
    there = _lists_there(connection, list(of_lists))
    faults = list(_faults(rows, known))
    if not faults:
        firsts = [lines[0] for lines in of_lists.values()]
        faults += _rewritten(of_lists, there, today(connection, at))
        faults += _overlapping(firsts, [each.head for each in there.values()])
    if faults:
        raise FileProblems(file, faults)
    return known, of_lists, there


def _lists_there(connection: Connection, heads: Sequence[ListHead]) -> dict[str, _There]:
    """The lists that the file names, with their lines, and those of the same scopes, without."""
    query = (
        select(PriceList.__table__, Establishment.number, Party.code.label("party"))
        .outerjoin(Establishment, Establishment.id == PriceList.establishment_id)
        .outerjoin(Party, Party.id == PriceList.party_id)
        .order_by(PriceList.code)
    )
    codes = {head.code for head in heads}
    scopes = {head.scope for head in heads}
    found: dict[str, _There] = {}
    ids: dict[int, str] = {}
    for row in connection.execute(query):
        side = PriceSide(row.side)
        head = ListHead(row.code, side, row.number, row.party, row.valid_from, row.valid_until)
        if row.code in codes or head.scope in scopes:
            found[row.code] = _There(head)
        if row.code in codes:
            ids[row.id] = row.code
    lines = (
        select(
            *(PriceLine.price_list_id, Product.code, ProductFamily.code),
            *(PriceLine.min_quantity, PriceLine.price, PriceLine.discount),
        )
        .select_from(PriceLine.__table__)
        .outerjoin(Product, Product.id == PriceLine.product_id)
        .outerjoin(ProductFamily, ProductFamily.id == PriceLine.family_id)
        .where(PriceLine.price_list_id.in_(sorted(ids)))
    )
    for list_id, *values in connection.execute(lines) if ids else ():
        found[ids[list_id]].lines.append(tuple(values))
    return found


def _rewritten(
    of_lists: Mapping[ListHead, Sequence[PriceRow]], there: Mapping[str, _There], day: date
) -> Iterator[Fault]:
    """A list in force that the file would alter: it may end, and nothing else."""
    for head, lines in of_lists.items():
        now = there.get(head.code)
        if now is None or now.head.valid_from > day:
            continue
        same = replace(head, valid_until=now.head.valid_until) == now.head
        last, ends = now.head.valid_until, head.valid_until
        sooner = ends == last or (ends is not None and (last is None or ends < last))
        if not same or not sooner or Counter(each.values for each in lines) != Counter(now.lines):
            yield lines[0].fault(
                "list",
                Problem(
                    "«{code}» is in force since {first}, so it is not rewritten: end it, and enter what follows under "
                    "another code.",
                    ProblemCode.OTHER_STATE,
                    code=head.code,
                    first=now.head.valid_from,
                ),
            )


def _overlapping(firsts: Sequence[PriceRow], there: Sequence[ListHead]) -> Iterator[Fault]:
    """Lists of one scope that have a day in common, both named; of a list that is replaced only what it will be."""
    codes = {row.head.code for row in firsts}
    kept: dict[object, list[ListHead]] = {}
    for head in there:
        if head.code not in codes:
            kept.setdefault(head.scope, []).append(head)
    for row in firsts:
        of_scope = kept.setdefault(row.head.scope, [])
        for other in of_scope:
            if row.head.overlaps(other):
                yield row.fault(
                    "valid_from",
                    Problem(
                        "«{code}» and «{other}» are for the same ones, and have days in common from {first} on: end "
                        "one before the other begins.",
                        ProblemCode.NO_VALUE,
                        code=row.head.code,
                        other=other.code,
                        first=max(row.head.valid_from, other.valid_from),
                    ),
                )
        of_scope.append(row.head)


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
