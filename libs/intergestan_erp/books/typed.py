"""Entries that people type: what documents do not say, such as invoices of suppliers, salaries and the bank's costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import Connection, bindparam, select

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import AccountKind, Journal, PartyRole, Right
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Account as KnownAccount
from intergestan_db.tables import Entry, EntryLine, Party, PartyAccount
from intergestan_erp.books.chart import LONGEST_TITLE, Account, checked_number
from intergestan_erp.books.entries import Written, write_entries
from intergestan_erp.books.folders import Folder, lock_books
from intergestan_erp.books.lettering import OpenLine, can_be_lettered, letter_closed, lines_of, put_letter, take_off
from intergestan_erp.books.post import Line, NewEntry, is_balanced, line, reversed_lines
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.people.rights import require
from intergestan_erp.site.zone import today
from intergestan_msg.money import CENT, ZERO, fits, plain, round_half_up
from intergestan_msg.plain_text import shown

TYPED = (Journal.OTHER, Journal.BANK, Journal.CASH, Journal.PURCHASES)
"""The journals in which people type; sales and openings are made by documents and closings."""
_SOURCE = "typed"
_LONGEST_PIECE = 60
_OF_PARTIES: Mapping[str, PartyRole] = {"41": PartyRole.CUSTOMER, "40": PartyRole.SUPPLIER}
_NAME = re.compile(r"([A-Z]{2})\s*([0-9]{1,15})")
_BY_NUMBER = (
    select(KnownAccount.number, KnownAccount.title)
    .join(PartyAccount, PartyAccount.account_id == KnownAccount.id)
    .join(Party, Party.id == PartyAccount.party_id)
    .where(
        PartyAccount.role == bindparam("role"),
        (KnownAccount.number == bindparam("text")) | (Party.code == bindparam("text")),
    )
)
_TITLED = (
    select(EntryLine.title)
    .join(Entry, Entry.id == EntryLine.entry_id)
    .where(EntryLine.account == bindparam("number"), Entry.folder_id == bindparam("folder"))
    .order_by(Entry.id.desc())
    .limit(1)
)
_GENERAL = select(KnownAccount.title).where(
    KnownAccount.number == bindparam("number"), KnownAccount.kind == AccountKind.GENERAL
)
_ENTRY = select(Entry.__table__).where(
    *(Entry.folder_id == bindparam("folder"), Entry.journal_code == bindparam("journal")),
    Entry.number == bindparam("number"),
)
_LINES = select(EntryLine.__table__).where(EntryLine.entry_id == bindparam("entry")).order_by(EntryLine.position)
_HOLDER = (
    select(PartyAccount.party_id)
    .join(KnownAccount, KnownAccount.id == PartyAccount.account_id)
    .where(KnownAccount.number == bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line as a person types it: above zero is a debit. :ivar aux: the third party's account, or its code."""

    account: str
    amount: Decimal
    aux: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedEntry:
    """An entry as a person types it.

    :ivar piece: what proves it, such as the number of a supplier's invoice; `day`: None is today.
    :ivar titles: of accounts that the books do not know yet, by their numbers.
    """

    journal: Journal
    lines: Sequence[TypedLine]
    piece: str
    label: str
    day: date | None = None
    titles: Mapping[str, str] = field(default_factory=dict)


def enter(connection: Connection, folder: Folder, typed: TypedEntry, *, by: str, at: datetime) -> Written:
    """Enter what a person typed.

    :raises Problem: who asks may not, the journal is not for typing, an account or a third party is none, it does not
        balance, or the books are closed on that day; nothing is written then.
    """
    require(connection, by, Right.KEEP_BOOKS)
    if typed.journal not in TYPED:
        raise Problem(
            "Entries are typed in the journals {journals}; documents and closings make the others. Nothing was "
            "written.",
            ProblemCode.NO_JOURNAL,
            journals=", ".join(TYPED),
        )
    here = today(connection, at)
    day = _checked_day(typed.day or here, here)
    piece, label = _text(typed.piece, _LONGEST_PIECE), _text(typed.label, LONGEST_TITLE)
    titles = {checked_number(number): _text(title, LONGEST_TITLE) for number, title in typed.titles.items()}
    lines = tuple(_line(connection, folder, each, titles) for each in typed.lines)
    if len(lines) < 2 or not is_balanced(lines):
        debit, credit = sums_of(typed.lines)
        raise Problem(
            "Debits are {debit} and credits {credit}: an entry has at least two lines, and both are the same. Nothing "
            "was written.",
            ProblemCode.NOT_BALANCED,
            debit=debit,
            credit=credit,
        )
    entry = NewEntry(typed.journal, day, piece, day, label, f"{_SOURCE}:{uuid4().hex}", lines)
    return _written(connection, folder, entry, here, "enter", by=by, at=at)


def sums_of(lines: Iterable[TypedLine]) -> tuple[Decimal, Decimal]:
    """Debits and credits of lines as they are typed."""
    amounts = [each.amount for each in lines]
    debit, credit = (sum((max(sign * each, ZERO) for each in amounts), ZERO) for sign in (1, -1))
    return round_half_up(debit), round_half_up(credit)


def reverse(
    connection: Connection, folder: Folder, name: str, on: date | None = None, *, by: str, at: datetime
) -> Written:
    """Take an entry back that a person typed: each debit becomes a credit.

    :param name: `OD12`; `on`: None is today.
    :raises Problem: who asks may not, there is no such entry, a document made it, it was reversed before, or the books
        are closed on that day; nothing is written then.
    """
    require(connection, by, Right.KEEP_BOOKS)
    found = entry_called(connection, folder, name)
    if not found.source.startswith(f"{_SOURCE}:"):
        raise Problem(
            "{entry} was not typed: a document made it, and only a document takes it back. Nothing was written.",
            ProblemCode.NOT_REVERSIBLE,
            (Act.LIST_ENTRIES,),
            entry=name,
        )
    here = today(connection, at)
    day = _checked_day(on or here, here)
    lock_books(connection, folder, here)
    source = f"reverse:{found.id}"
    if connection.execute(select(Entry.id).where(Entry.source == source)).first() is not None:
        raise Problem(
            "{entry} is reversed already. Nothing was written.",
            ProblemCode.NOT_REVERSIBLE,
            (Act.LIST_ENTRIES,),
            entry=name,
        )
    lines = [
        Line(
            *(Account(row.account, row.title), row.debit, row.credit),
            *(Account(row.aux, row.aux_title) if row.aux else None, row.establishment_id),
        )
        for row in connection.execute(_LINES, {"entry": found.id})
    ]
    entry = NewEntry(
        *(Journal(found.journal_code), day, found.piece, found.piece_day, f"Contre-passation {found.label}", source),
        reversed_lines(lines),
    )
    written = _written(connection, folder, entry, here, "reverse", by=by, at=at)
    letter_closed(connection, [found.source, source], here)
    return written


def letter_entries(
    connection: Connection, folder: Folder, aux: str, names: Sequence[str], *, by: str, at: datetime
) -> str:
    """Letter the lines of a third party's account in these entries by hand.

    :returns: the letter.
    :raises Problem: who asks may not, there is no such entry, or the lines do not cancel each other out.
    """
    number, here = lock_letters(connection, folder, aux, by=by, at=at)
    sources = [entry_called(connection, folder, name).source for name in dict.fromkeys(names)]
    lines = [each for each in lines_of(connection, sources) if each.aux == number]
    return _lettered(connection, number, lines, names, here)


def letter_lines(
    connection: Connection, folder: Folder, aux: str, places: Sequence[tuple[str, int]], *, by: str, at: datetime
) -> str:
    """Letter single lines of a third party's account by hand: each by the name of its entry and its place in it.

    :returns: the letter.
    :raises Problem: who asks may not, there is no such entry, or the lines do not cancel each other out.
    """
    number, here = lock_letters(connection, folder, aux, by=by, at=at)
    names = list(dict.fromkeys(name for name, _place in places))
    found = {name: entry_called(connection, folder, name) for name in names}
    wanted = {(found[name].id, place) for name, place in places}
    every = lines_of(connection, [row.source for row in found.values()])
    lines = [each for each in every if each.aux == number and (each.entry_id, each.position) in wanted]
    return _lettered(connection, number, lines, names, here)


def _lettered(connection: Connection, number: str, lines: Sequence[OpenLine], names: Sequence[str], here: date) -> str:
    if not can_be_lettered(lines):
        raise Problem(
            "The lines of {account} in {entries} come to {amount}, or bear a letter: what is lettered cancels out. "
            "Nothing was changed.",
            ProblemCode.NOT_LETTERED,
            (Act.LIST_ENTRIES,),
            account=number,
            entries=", ".join(names),
            amount=round_half_up(sum((each.amount for each in lines), ZERO)),
        )
    return put_letter(connection, lines, here)


def unletter_by_hand(connection: Connection, folder: Folder, aux: str, letter: str, *, by: str, at: datetime) -> int:
    """Take a letter off the lines of a third party's account; how many they were.

    :raises Problem: who asks may not, or nothing bears it.
    """
    number, _here = lock_letters(connection, folder, aux, by=by, at=at)
    count = take_off(connection, folder.id, number, letter)
    if not count:
        raise Problem(
            "No line of {account} bears the letter {letter}. Nothing was changed.",
            ProblemCode.NOT_LETTERED,
            (Act.LIST_ENTRIES,),
            account=number,
            letter=letter,
        )
    return count


def entry_called(connection: Connection, folder: Folder, name: str) -> AnyRow:
    """The entry that people call so: `OD12`.

    :raises Problem: there is none.
    """
    match = _NAME.fullmatch(name.strip().upper())
    row = None
    if match is not None:
        asked = {"folder": folder.id, "journal": match[1], "number": int(match[2])}
        row = connection.execute(_ENTRY, asked).one_or_none()
    if row is None:
        raise Problem(
            "There is no entry {entry} in the books of folder {folder}. Nothing was done.",
            ProblemCode.NO_ENTRY,
            (Act.LIST_ENTRIES,),
            entry=name,
            folder=folder.number,
        )
    return row


def lock_letters(connection: Connection, folder: Folder, aux: str, *, by: str, at: datetime) -> tuple[str, date]:
    """The account as it stands in the books, and the day; whoever else letters it waits."""
    require(connection, by, Right.KEEP_BOOKS)
    number, here = "".join(aux.split()).upper(), today(connection, at)
    holder = connection.execute(_HOLDER, {"number": number}).scalar()
    if holder is not None:
        lock_parties(connection, [holder])
    lock_books(connection, folder, here)
    return number, here


def _written(
    connection: Connection, folder: Folder, entry: NewEntry, here: date, event: str, *, by: str, at: datetime
) -> Written:
    (written,) = write_entries(connection, folder, [entry], here)
    own = [(written.id, None, None)]
    detail = {"folder": folder.number, "entry": written.name}
    states.record(connection, Entry.__tablename__, own, event, by=by, at=at, detail=detail)
    return written


def _line(connection: Connection, folder: Folder, typed: TypedLine, titles: Mapping[str, str]) -> Line:
    number = checked_number(typed.account)
    role = _OF_PARTIES.get(number[:2])
    if not typed.amount or not fits(typed.amount, CENT):
        raise Problem(
            "{amount} is no amount of a line: it has at most 2 decimals and is not zero. Nothing was written.",
            ProblemCode.NO_AMOUNT,
            amount=plain(typed.amount),
        )
    if typed.aux is not None and role is None:
        raise Problem(
            "{account} is no account of third parties: those begin with 40 or 41. Nothing was written.",
            ProblemCode.NO_ACCOUNT_NUMBER,
            (Act.SHOW_CHART,),
            account=number,
        )
    aux = None if typed.aux is None or role is None else _whose(connection, typed.aux, role)
    return line(Account(number, _title(connection, folder, number, titles)), typed.amount.quantize(CENT), aux)


def _whose(connection: Connection, text: str, role: PartyRole) -> Account:
    row = connection.execute(_BY_NUMBER, {"role": role, "text": "".join(text.split()).upper()}).one_or_none()
    if row is None:
        raise Problem(
            "{account} is no account of a third party, nor its code. Nothing was written.",
            ProblemCode.NO_ACCOUNT_NUMBER,
            (Act.FIND_PARTY,),
            account=text,
        )
    return Account(row.number, row.title)


def _title(connection: Connection, folder: Folder, number: str, titles: Mapping[str, str]) -> str:
    """The title of an account: as it is given now, as the chart has it, or as the books had it last."""
    known = titles.get(number) or folder.chart.titled(number)
    if known is None:
        known = connection.execute(_TITLED, {"number": number, "folder": folder.id}).scalar()
    if known is None:
        known = connection.execute(_GENERAL, {"number": number}).scalar()
    if known is None:
        raise Problem(
            "The books do not know the account {account} yet: give its title. Nothing was written.",
            ProblemCode.NO_ACCOUNT_TITLE,
            (Act.GIVE_TITLE,),
            account=number,
        )
    return known


def _checked_day(day: date, here: date) -> date:
    if day > here:
        raise Problem(
            "An entry is of today or before: {day} has not come yet. Nothing was written.", ProblemCode.NO_DAY, day=day
        )
    return day


def _text(text: str, most: int) -> str:
    plain_text = shown(text)
    if not 0 < len(plain_text) <= most:
        raise Problem(
            "An entry says in 1 to {most} characters what it is, and what proves it. Nothing was written.",
            ProblemCode.NO_VALUE,
            most=most,
        )
    return plain_text
