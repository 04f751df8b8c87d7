"""A seller with books: what they say, as short texts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from intergestan_db.database import Database
from intergestan_db.enums import Journal
from intergestan_db.tables import Account, Dossier, Entry, EntryLine, PartyAccount
from intergestan_erp.books import typed
from intergestan_erp.books.check import check_books
from intergestan_erp.books.closing import ClosedYear, close_year
from intergestan_erp.books.entries import Written
from intergestan_erp.books.fec import fec_bytes
from intergestan_erp.books.fec_rows import fec_entries
from intergestan_erp.books.folders import Folder, folder_called
from intergestan_erp.books.typed import TypedEntry, TypedLine
from intergestan_erp.parties.parties import NewParty
from tests.erp.books.oracles import Left
from tests.erp.paying.till import Till
from tests.site_factories import add_party


class Keeper(Till):
    """Its customer's account is written `~`."""

    def __init__(self, base: Database) -> None:
        super().__init__(base)
        with base.read() as connection:
            self.folder: Folder = folder_called(connection, None)

    def entries(self, journal: Journal | None = None) -> dict[str, list[str]]:
        """The lines of each entry by its name: `D 411000/~ 72.00 AA`."""
        query = (
            select(EntryLine.__table__, Entry.journal_code, Entry.number)
            .join(Entry, Entry.id == EntryLine.entry_id)
            .order_by(Entry.id, EntryLine.position)
        )
        found: dict[str, list[str]] = defaultdict(list)
        with self.base.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            if journal in {None, row.journal_code}:
                side, amount = ("D", row.debit) if row.debit else ("C", row.credit)
                whose = "/~" if row.aux and row.aux.startswith("411") else f"/{row.aux}" if row.aux else ""
                place = f" [{row.establishment_id}]" if row.establishment_id else ""
                letter = f" {row.letter}" if row.letter else ""
                text = f"{side} {row.account}{whose} {amount:.2f}{place}{letter}"
                found[f"{row.journal_code}{row.number}"].append(text)
        return dict(found)

    def enter(self, *lines: str, journal: Journal = Journal.OTHER, **said: Any) -> str:
        """Type an entry of lines such as `401000/C1=-48`; its name."""
        made = []
        for each in lines:
            where, _equals, amount = each.partition("=")
            account, _slash, aux = where.partition("/")
            made.append(TypedLine(account, Decimal(amount), aux or None))
        entry = TypedEntry(journal=journal, lines=made, **({"piece": "P1", "label": "Typed"} | said))
        written: Written = self.act_in(typed.enter, entry)
        return written.name

    def supplier(self) -> str:
        """Another party, AG2, as a supplier; its account."""
        with self.base.transaction() as connection:
            party = add_party(connection, NewParty(code="AG2", name="Agence 2", is_supplier=True))
            held = select(Account.number).join(PartyAccount, PartyAccount.account_id == Account.id)
            return connection.execute(held.where(PartyAccount.party_id == party)).scalar_one()

    def close(self, year: str, day: date | None = None) -> ClosedYear:
        closed: ClosedYear = self.act_in(close_year, year, day)
        return closed

    def act_in(self, act: Any, *arguments: Any, **named: Any) -> Any:
        """An act on the books of the folder, in a transaction of its own."""
        return self.act(act, self.folder, *arguments, **named)

    def wrong(self) -> list[str]:
        with self.base.read() as connection:
            return [f"{each.kind} {each.what}" for each in check_books(connection, self.folder)]

    def lines(self, first: date, last: date) -> list[tuple[Any, ...]]:
        """The lines of the file of some days: what is of the entry, from its journal on, then what is of the line."""
        with self.base.snapshot() as connection:
            return [
                (*entry[1:], *line[1:])
                for entry, lines in fec_entries(connection, self.folder, first, last)
                for line in lines
            ]

    def file(self, first: date, last: date) -> bytes:
        """The file of some days."""
        with self.base.snapshot() as connection:
            return b"".join(fec_bytes(fec_entries(connection, self.folder, first, last)))

    def left(self, first: date, last: date) -> list[Left]:
        """Account, third party's account, debits less credits of each line of some days."""
        cent = Decimal("0.01")
        return [(row[7], row[9] or "", (row[11] - row[12]) * cent) for row in self.lines(first, last)]

    def by_establishment(self) -> None:
        with self.base.transaction() as connection:
            connection.execute(update(Dossier).values(analytic_axis=True))
