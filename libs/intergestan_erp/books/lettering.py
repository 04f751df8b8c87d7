"""Letters on lines of third parties' accounts that cancel each other out, and taking them off again (lettrage).

Who letters what a party's documents settle holds the lock of the party; no two letters of one account are the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, Date, String, bindparam, func, select, update

from intergestan_db.tables import Entry, EntryLine
from intergestan_erp.books.letters import next_letter
from intergestan_msg.money import ZERO

_LINES = (
    select(
        *(EntryLine.entry_id, EntryLine.position, EntryLine.aux, EntryLine.debit, EntryLine.credit, EntryLine.letter),
        Entry.folder_id,
    )
    .join(Entry, Entry.id == EntryLine.entry_id)
    .where(EntryLine.aux.is_not(None), Entry.source.in_(bindparam("sources", expanding=True)))
    .order_by(EntryLine.entry_id, EntryLine.position)
)
_LAST = (
    select(EntryLine.letter)
    .join(Entry, Entry.id == EntryLine.entry_id)
    .where(
        *(EntryLine.aux == bindparam("aux"), Entry.folder_id == bindparam("folder")),
        EntryLine.letter.is_not(None),
    )
    .order_by(func.length(EntryLine.letter).desc(), EntryLine.letter.desc())
    .limit(1)
)
_LETTERED = (
    select(EntryLine.entry_id, EntryLine.position)
    .join(Entry, Entry.id == EntryLine.entry_id)
    .where(
        *(EntryLine.aux == bindparam("aux"), EntryLine.letter == bindparam("of")),
        Entry.folder_id == bindparam("folder"),
    )
)
_PUT = (
    update(EntryLine)
    .where(EntryLine.entry_id == bindparam("entry"), EntryLine.position == bindparam("place"))
    .values(letter=bindparam("new_letter", type_=String()), letter_day=bindparam("new_day", type_=Date()))
)


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a third party's account."""

    entry_id: int
    position: int
    aux: str
    amount: Decimal
    letter: str | None
    folder_id: int

    @property
    def key(self) -> tuple[int, str]:
        """Lines that may cancel each other out: of one third party, in the books of one folder."""
        return self.folder_id, self.aux


def letter_closed(connection: Connection, sources: Sequence[str], on: date) -> int:
    """Letter the lines of documents that settle each other wholly; how many letters were given.

    Where they do not cancel each other out, nothing is lettered: a document of before the books has no lines.
    """
    given = 0
    of_key: dict[tuple[int, str], list[OpenLine]] = defaultdict(list)
    for each in lines_of(connection, sources):
        of_key[each.key].append(each)
    for lines in of_key.values():
        if can_be_lettered(lines):
            put_letter(connection, lines, on)
            given += 1
    return given


def letter_after(connection: Connection, folder_id: int, aux: str) -> str:
    """The letter that the next lines of an account get."""
    return next_letter(connection.execute(_LAST, {"aux": aux, "folder": folder_id}).scalar())


def can_be_lettered(lines: Sequence[OpenLine]) -> bool:
    """Whether lines cancel each other out, and none of them does so with others."""
    return (
        len(lines) > 1 and not any(each.letter for each in lines) and sum((each.amount for each in lines), ZERO) == ZERO
    )


def put_letter(connection: Connection, lines: Sequence[OpenLine], on: date) -> str:
    """Give lines of one key the next letter."""
    folder_id, aux = lines[0].key
    letter = letter_after(connection, folder_id, aux)
    _put(connection, ((each.entry_id, each.position) for each in lines), letter, on)
    return letter


def unletter(connection: Connection, sources: Sequence[str]) -> None:
    """Take the letters off that lines of these sources bear, also from the lines that they cancelled out."""
    lettered = {(*each.key, each.letter) for each in lines_of(connection, sources) if each.letter is not None}
    for folder_id, aux, letter in sorted(lettered):
        take_off(connection, folder_id, aux, letter)


def take_off(connection: Connection, folder_id: int, aux: str, letter: str) -> int:
    """Take a letter off all its lines; how many they were."""
    rows = connection.execute(_LETTERED, {"aux": aux, "of": letter, "folder": folder_id}).all()
    _put(connection, ((row.entry_id, row.position) for row in rows), None, None)
    return len(rows)


def lines_of(connection: Connection, sources: Sequence[str]) -> list[OpenLine]:
    """The lines of third parties' accounts in the entries of these sources."""
    return [
        OpenLine(row.entry_id, row.position, row.aux, row.debit - row.credit, row.letter, row.folder_id)
        for row in connection.execute(_LINES, {"sources": sources})
    ]


def _put(connection: Connection, lines: Iterable[tuple[int, int]], letter: str | None, on: date | None) -> None:
    rows = [{"entry": entry, "place": place, "new_letter": letter, "new_day": on} for entry, place in sorted(lines)]
    if rows:
        connection.execute(_PUT, rows)
