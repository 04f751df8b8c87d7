"""Writing entries: numbered without a gap, on an open day, once for each source, balanced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from intergestan_db import numbers
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.enums import Journal
from intergestan_db.tables import Entry, EntryLine
from intergestan_erp.books.folders import Books, period_with
from intergestan_erp.books.post import NewEntry, is_balanced
from intergestan_msg.plain_text import cut, shown

_LONGEST_LABEL = 300


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it stands in the books. `OD12` is its name."""

    id: int
    folder_id: int
    journal: Journal
    number: int

    @property
    def name(self) -> str:
        """Journal and number, as people call it."""
        return f"{self.journal}{self.number}"


def write_entries(
    connection: Connection, folder: Books, entries: Sequence[NewEntry], today: date, *, opens: bool = False
) -> list[Written]:
    """Write entries of one folder, in this order within each journal. The journals' series are locked until the end.

    That a day is open is looked up under these locks, which a closing takes, too: an entry is in the year before it is
    closed, or is refused.

    :param today: the site's day; entries are validated then, or on the day of the number before if that is later.
    :param opens: the entry of a closing, which may enter a locked month.
    :raises Problem: the books are closed on the day of one; nothing may be written then.
    :raises ValueError: an entry does not balance, which no caller lets happen.
    """
    of_journal: dict[Journal, list[NewEntry]] = defaultdict(list)
    for entry in entries:
        if not entry.lines or not is_balanced(entry.lines):
            raise ValueError(f"The entry of {entry.source} does not balance.")
        of_journal[entry.journal].append(entry)
    rows: list[dict[str, Any]] = []
    for journal in sorted(of_journal):
        taken = numbers.take_entries(connection, folder.number, journal, len(of_journal[journal]), today)
        rows += [
            _head(folder, entry, number, taken.day) for number, entry in enumerate(of_journal[journal], taken.first)
        ]
    for day in sorted({entry.day for entry in entries}):
        period = period_with(connection, folder, day, today)
        if not opens:
            period.check_open(day)
    ids = insert_rows_with_ids(connection, Entry, rows, by="source")
    lines = [line for entry in entries for line in _lines(entry, ids[entry.source])]
    insert_rows(connection, EntryLine, lines)
    made = {row["source"]: Written(ids[row["source"]], folder.id, row["journal_code"], row["number"]) for row in rows}
    return [made[entry.source] for entry in entries]


def _head(folder: Books, entry: NewEntry, number: int, validated_on: date) -> dict[str, Any]:
    return {
        "folder_id": folder.id,
        "journal_code": entry.journal,
        "number": number,
        "day": entry.day,
        "piece": entry.piece,
        "piece_day": entry.piece_day,
        "label": cut(shown(entry.label), _LONGEST_LABEL),
        "validated_on": validated_on,
        "source": entry.source,
    }


def _lines(entry: NewEntry, entry_id: int) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": entry_id,
            "position": position,
            "account": each.account.number,
            "title": each.account.title,
            "aux": each.aux.number if each.aux else None,
            "aux_title": each.aux.title if each.aux else None,
            "debit": each.debit,
            "credit": each.credit,
            "establishment_id": each.establishment_id,
        }
        for position, each in enumerate(entry.lines, start=1)
    ]
