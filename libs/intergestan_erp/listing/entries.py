"""Entries of the books in pages, and what establishments earned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, bindparam, case, func, literal, or_, select, type_coerce
from sqlalchemy.sql.expression import cast

from intergestan_db.database import AnyRow
from intergestan_db.enums import Journal
from intergestan_db.tables import AccountingFolder, CreditNote, Entry, EntryLine, Establishment, Invoice, Payment
from intergestan_db.tables.types import Scaled
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_msg.money import ZERO

_AMOUNT = Scaled(2)
_LINKS = ("186", "187")
_HEADS = select(
    *(Entry.id, Entry.journal_code, Entry.number, Entry.day, Entry.piece, Entry.piece_day, Entry.label),
    *(Entry.validated_on, Entry.source),
)
_LINES = (
    select(EntryLine.__table__, Establishment.number.label("establishment"))
    .outerjoin(Establishment, Establishment.id == EntryLine.establishment_id)
    .where(EntryLine.entry_id.in_(bindparam("ids", expanding=True)))
    .order_by(EntryLine.entry_id, EntryLine.position)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichEntries:
    """Which entries of a folder a list shows; both ends of the days are in it.

    What is about lines means one and the same line.

    :ivar account: its number, or how it begins; also of a third party. `open`: with lines of third parties that bear no
        letter. `amount`: of a debit or a credit. `establishment`: its number.
    """

    folder_id: int
    journal: Journal | None = None
    first: date | None = None
    last: date | None = None
    account: str | None = None
    piece: str | None = None
    open: bool = False
    amount: Decimal | None = None
    establishment: int | None = None

    def has(self, line: ListedLine) -> bool:
        """Whether it is a line such as the list asks for."""
        begins = _beginning(self.account)
        return (
            (begins is None or line.account.startswith(begins) or (line.aux or "").startswith(begins))
            and (not self.open or (line.aux is not None and line.letter is None))
            and self.amount in {None, line.debit or line.credit}
            and self.establishment in {None, line.establishment}
        )


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
    """An entry with its lines; `entry` is its name, such as `VE12`.

    :ivar made_by: what made it: a kind of document (`invoice`, `payment`, `mirror`), `typed`, `reverse` or `close`.
    """

    entry: str
    made_by: str
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
    :ivar internal: what it handed to other establishments of its company less what it got from them (187, 186): over
        the company it comes to nothing.
    """

    establishment: int | None
    name: str | None
    income: Decimal
    expenses: Decimal
    stock: Decimal = ZERO
    internal: Decimal = ZERO

    @property
    def result(self) -> Decimal:
        """What is left."""
        return self.income - self.expenses + self.internal + self.stock


def list_entries(
    connection: Connection,
    which: WhichEntries,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedEntry]:
    """A page of entries as they were made, the newest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _HEADS.where(*_wanted(which))
    place: dict[str, Any] = {"size": size, "after": after, "before": before}
    page = read_page(connection, query, [Entry.id], lambda row: row, descending=True, **place)
    return Page(tuple(_with_lines(connection, page.rows)), page.after, page.before)


def read_entry(connection: Connection, folder_id: int, journal: str, number: int) -> ListedEntry | None:
    """One entry as a whole."""
    where = Entry.folder_id == folder_id, Entry.journal_code == journal, Entry.number == number
    rows = connection.execute(_HEADS.where(*where)).all()
    return next(_with_lines(connection, rows), None)


def reversal_of(connection: Connection, folder_id: int, entry: ListedEntry) -> str | None:
    """The name of the entry that takes a typed one back; None: none does."""
    own = select(Entry.id).where(
        *(Entry.folder_id == folder_id, Entry.journal_code == entry.entry[:2]), Entry.number == int(entry.entry[2:])
    )
    source = literal("reverse:") + cast(own.scalar_subquery(), String)
    row = connection.execute(select(Entry.journal_code, Entry.number).where(Entry.source == source)).one_or_none()
    return None if row is None else f"{row.journal_code}{row.number}"


def sum_entries(connection: Connection, which: WhichEntries) -> tuple[Decimal, Decimal]:
    """Debits and credits of all that a list shows: of the lines that it asks for."""
    sums = (type_coerce(func.coalesce(func.sum(side), 0), _AMOUNT) for side in (EntryLine.debit, EntryLine.credit))
    query = select(*sums).select_from(EntryLine).join(Entry, Entry.id == EntryLine.entry_id)
    row = connection.execute(query.where(*_of_entries(which), *_of_lines(which))).one()
    return row[0], row[1]


def _with_lines(connection: Connection, heads: Sequence[AnyRow]) -> Iterator[ListedEntry]:
    lines: dict[int, list[ListedLine]] = {row.id: [] for row in heads}
    for row in connection.execute(_LINES, {"ids": list(lines)}) if lines else ():
        lines[row.entry_id].append(
            ListedLine(
                *(row.account, row.title, row.aux, row.aux_title, row.debit, row.credit, row.letter, row.establishment)
            )
        )
    for row in heads:
        name, made_by = f"{row.journal_code}{row.number}", row.source.partition(":")[0]
        said = row.day, row.piece, row.piece_day, row.label, row.validated_on
        yield ListedEntry(name, made_by, *said, tuple(lines[row.id]))


def earned(
    connection: Connection, folder_id: int, first: date | None = None, last: date | None = None, *, by_place: bool
) -> list[Earned]:
    """Income, expenses and what went between establishments, without closings; `by_place`: of each one, and of none."""
    begins, links = func.substr(EntryLine.account, 1, 1), func.substr(EntryLine.account, 1, 3)
    net = EntryLine.debit - EntryLine.credit
    sums = (
        type_coerce(func.coalesce(func.sum(case((links.in_(_LINKS), -net), else_=0)), 0), _AMOUNT).label("internal"),
        type_coerce(func.coalesce(func.sum(case((begins == "7", -net), else_=0)), 0), _AMOUNT).label("income"),
        type_coerce(func.coalesce(func.sum(case((begins == "6", net), else_=0)), 0), _AMOUNT).label("expenses"),
    )
    query = (
        select(*sums)
        .select_from(EntryLine)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .where(
            *_wanted(WhichEntries(folder_id=folder_id, first=first, last=last)),
            or_(begins.in_(("6", "7")), links.in_(_LINKS)),
        )
    )
    if not by_place:
        row = connection.execute(query).one()
        return [Earned(None, None, row.income, row.expenses, internal=row.internal)]
    place = (Establishment.number, Establishment.name)
    of_places = query.add_columns(*place).outerjoin(Establishment, Establishment.id == EntryLine.establishment_id)
    rows = connection.execute(of_places.group_by(*place).order_by(Establishment.number.is_(None), Establishment.number))
    return [Earned(row.number, row.name, row.income, row.expenses, internal=row.internal) for row in rows]


def _wanted(which: WhichEntries) -> list[ColumnElement[bool]]:
    conditions, lines = _of_entries(which), _of_lines(which)
    if lines:
        of_entry = select(EntryLine.entry_id).where(EntryLine.entry_id == Entry.id, *lines)
        conditions.append(of_entry.correlate(Entry.__table__).exists())
    return conditions


def _of_entries(which: WhichEntries) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Entry.folder_id == which.folder_id]
    if which.journal is not None:
        conditions.append(Entry.journal_code == which.journal)
    if which.first is not None:
        conditions.append(Entry.day >= which.first)
    if which.last is not None:
        conditions.append(Entry.day <= which.last)
    if which.piece is not None:
        conditions.append(Entry.piece == which.piece)
    return conditions


def _of_lines(which: WhichEntries) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    begins = _beginning(which.account)
    if begins is not None:
        conditions.append(
            EntryLine.account.startswith(begins, autoescape=True) | EntryLine.aux.startswith(begins, autoescape=True)
        )
    if which.open:
        conditions += [EntryLine.aux.is_not(None), EntryLine.letter.is_(None)]
    if which.amount is not None:
        conditions.append((EntryLine.debit == which.amount) | (EntryLine.credit == which.amount))
    if which.establishment is not None:
        of_number = select(Establishment.id).where(Establishment.number == which.establishment)
        conditions.append(EntryLine.establishment_id.in_(of_number))
    return conditions


def _beginning(account: str | None) -> str | None:
    return None if account is None else "".join(account.split()).upper()


@dataclass(frozen=True, slots=True)
class EntryOfDocument:
    """The entry that a document made: its name, such as `VE12`, and the number of the folder in whose books it is."""

    name: str
    folder: int


def entry_of(
    connection: Connection, table: type[Invoice | CreditNote | Payment], number: str
) -> EntryOfDocument | None:
    """The entry that a document made; None: the document is of before the books."""
    made_by = literal(f"{table.__tablename__}:") + cast(table.id, String)
    query = (
        select(Entry.journal_code, Entry.number, AccountingFolder.number.label("folder"))
        .select_from(table)
        .join(Entry, Entry.source == made_by)
        .join(AccountingFolder, AccountingFolder.id == Entry.folder_id)
        .where(table.number == number)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else EntryOfDocument(f"{row.journal_code}{row.number}", row.folder)
