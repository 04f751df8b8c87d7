"""The lines of a third party's account in pages: those that nothing cancels out, or those with letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, type_coerce

from intergestan_db.tables import Entry, EntryLine
from intergestan_db.tables.types import Scaled
from intergestan_erp.listing.page import Page, read_page

_LINES = select(
    *(Entry.journal_code, Entry.number, EntryLine.position, Entry.day, Entry.piece, Entry.label),
    *(EntryLine.account, EntryLine.debit, EntryLine.credit, EntryLine.letter, EntryLine.letter_day),
).join(Entry, Entry.id == EntryLine.entry_id)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A line of an account. :ivar entry: the name of its entry, such as `VE12`; `position`: its place in it."""

    entry: str
    position: int
    day: date
    piece: str
    label: str
    account: str
    debit: Decimal
    credit: Decimal
    letter: str | None
    letter_day: date | None

    @property
    def amount(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """An account with lines that bear no letter, and what they come to."""

    number: str
    title: str
    lines: int
    amount: Decimal


def list_lines(
    connection: Connection, folder_id: int, aux: str, *, lettered: bool = False, **place: Any
) -> Page[AccountLine]:
    """A page of the lines of a third party's account in the books of a folder, the oldest first.

    :param place: as of `listing.page.read_page`.
    """
    bears = EntryLine.letter.is_not(None) if lettered else EntryLine.letter.is_(None)
    query = _LINES.where(EntryLine.aux == aux, Entry.folder_id == folder_id, bears)
    return read_page(connection, query, [Entry.id, EntryLine.position], _made, **place)


def list_open_accounts(connection: Connection, folder_id: int, **place: Any) -> Page[OpenAccount]:
    """A page of the accounts of third parties that have lines without a letter, by number."""
    net = type_coerce(func.sum(EntryLine.debit) - func.sum(EntryLine.credit), Scaled(2))
    query = (
        select(EntryLine.aux, func.max(EntryLine.aux_title), func.count(), net)
        .join(Entry, Entry.id == EntryLine.entry_id)
        .where(EntryLine.aux.is_not(None), EntryLine.letter.is_(None), Entry.folder_id == folder_id)
        .group_by(EntryLine.aux)
    )
    return read_page(connection, query, [EntryLine.aux], lambda row: OpenAccount(*row[:4]), **place)


def find_lines(
    connection: Connection, folder_id: int, aux: str, places: Sequence[tuple[str, int]]
) -> list[AccountLine]:
    """The lines of an account that are named by their entry and their place in it, and bear no letter."""
    wanted = set(places)
    numbers = {int(name[2:]) for name, _place in wanted}
    query = _LINES.where(
        *(EntryLine.aux == aux, Entry.folder_id == folder_id, EntryLine.letter.is_(None)),
        Entry.number.in_(sorted(numbers)),
    )
    lines = [_made(row) for row in connection.execute(query.order_by(Entry.id, EntryLine.position))]
    return [each for each in lines if (each.entry, each.position) in wanted]


def _made(row: Any) -> AccountLine:
    return AccountLine(f"{row[0]}{row[1]}", *row[2:11])
