"""Entries of the books in pages, and what establishments earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select, type_coerce

from intergestan_db.database import AnyRow
from intergestan_db.enums import Journal
from intergestan_db.tables import Entry, EntryLine, Establishment
from intergestan_db.tables.types import Scaled
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_msg.money import ZERO

_AMOUNT = Scaled(2)
_LINES = (
    select(EntryLine.__table__, Establishment.number.label("establishment"))
    .outerjoin(Establishment, Establishment.id == EntryLine.establishment_id)
    .where(EntryLine.entry_id.in_(bindparam("ids", expanding=True)))
    .order_by(EntryLine.entry_id, EntryLine.position)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichEntries:
    """Which entries of a folder a list shows; both ends of the days are in it.

    :ivar account: its number, or how it begins; also of a third party. `open`: with lines of third parties that bear no
        letter.
    """

    folder_id: int
    journal: Journal | None = None
    first: date | None = None
    last: date | None = None
    account: str | None = None
    piece: str | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A line of an entry. :ivar establishment: its number, where results are kept by establishment."""

    account: str
    title: str
    aux: str | None
    aux_title: str | None
    debit: Decimal
    credit: Decimal
    letter: str | None
    establishment: int | None


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry with its lines; `entry` is its name, such as `VE12`."""

    entry: str
    day: date
    piece: str
    piece_day: date
    label: str
    validated_on: date
    lines: tuple[ListedLine, ...]


@dataclass(frozen=True, slots=True)
class Earned:
    """What an establishment sold and spent in some days: classes 7 and 6. None: without an establishment.

    :ivar stock: what its stock is worth more at the end of these days, at what it cost.
    """

    establishment: int | None
    name: str | None
    income: Decimal
    expenses: Decimal
    stock: Decimal = ZERO

    @property
    def result(self) -> Decimal:
        """What is left."""
        return self.income - self.expenses + self.stock


def list_entries(
    connection: Connection, which: WhichEntries, *, size: int = USUAL, after: str | None = None
) -> Page[ListedEntry]:
    """A page of entries as they were made, the newest first.

    :raises Problem: `after` is of no such page.
    """
    query = select(
        *(Entry.id, Entry.journal_code, Entry.number, Entry.day, Entry.piece, Entry.piece_day, Entry.label),
        Entry.validated_on,
    ).where(*_wanted(which))
    page = read_page(connection, query, [Entry.id], lambda row: row, size=size, after=after, descending=True)
    lines: dict[int, list[ListedLine]] = {row.id: [] for row in page.rows}
    for row in connection.execute(_LINES, {"ids": list(lines)}) if lines else ():
        lines[row.entry_id].append(
            ListedLine(
                *(row.account, row.title, row.aux, row.aux_title, row.debit, row.credit, row.letter, row.establishment)
            )
        )
    return Page(tuple(_listed(row, lines[row.id]) for row in page.rows), page.after)


def _listed(row: AnyRow, lines: list[ListedLine]) -> ListedEntry:
    name = f"{row.journal_code}{row.number}"
    return ListedEntry(name, row.day, row.piece, row.piece_day, row.label, row.validated_on, tuple(lines))


def earned(
    connection: Connection, folder_id: int, first: date | None = None, last: date | None = None, *, by_place: bool
) -> list[Earned]:
    """Income and expenses of a folder, without closings; `by_place`: of each establishment, and of none."""
    begins = func.substr(EntryLine.account, 1, 1)
    net = EntryLine.debit - EntryLine.credit
    sums = (
        type_coerce(func.coalesce(func.sum(case((begins == "7", -net), else_=0)), 0), _AMOUNT).label("income"),
        type_coerce(func.coalesce(func.sum(case((begins == "6", net), else_=0)), 0), _AMOUNT).label("expenses"),
    )
    query = (
        select(*sums)
        .select_from(EntryLine)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .where(*_wanted(WhichEntries(folder_id=folder_id, first=first, last=last)), begins.in_(("6", "7")))
    )
    if not by_place:
        row = connection.execute(query).one()
        return [Earned(None, None, row.income or ZERO, row.expenses or ZERO)]
    place = (Establishment.number, Establishment.name)
    of_places = query.add_columns(*place).outerjoin(Establishment, Establishment.id == EntryLine.establishment_id)
    rows = connection.execute(of_places.group_by(*place).order_by(Establishment.number.is_(None), Establishment.number))
    return [Earned(row.number, row.name, row.income, row.expenses) for row in rows]


def _wanted(which: WhichEntries) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Entry.folder_id == which.folder_id]
    if which.journal is not None:
        conditions.append(Entry.journal_code == which.journal)
    if which.first is not None:
        conditions.append(Entry.day >= which.first)
    if which.last is not None:
        conditions.append(Entry.day <= which.last)
    if which.piece is not None:
        conditions.append(Entry.piece == which.piece)
    if which.account is not None or which.open:
        lines = select(EntryLine.entry_id).where(EntryLine.entry_id == Entry.id)
        if which.account is not None:
            begin = "".join(which.account.split()).upper()
            lines = lines.where(
                EntryLine.account.startswith(begin, autoescape=True) | EntryLine.aux.startswith(begin, autoescape=True)
            )
        if which.open:
            lines = lines.where(EntryLine.aux.is_not(None), EntryLine.letter.is_(None))
        conditions.append(lines.exists())
    return conditions
