"""Whether books are what they must be: balanced, without gaps, in the order of validation, and with all documents.

Books begin with the first document after the site got them: of each kind the oldest that has an entry. Later ones
without an entry are missed; earlier ones are of the time before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.expression import cast

from intergestan_db.enums import PaymentState
from intergestan_db.tables import (
    CreditNote,
    Dossier,
    Entry,
    EntryLine,
    Establishment,
    FiscalYear,
    Invoice,
    Payment,
    Table,
)
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER
from intergestan_erp.books.folders import Books
from intergestan_msg.money import ZERO

_FEW = 20
AnySelect = Select[*tuple[Any, ...]]
_FOLDER: BindParameter[int] = bindparam("folder")


class Wrong(StrEnum):
    """What is wrong with books; the first two keep a year from being closed."""

    UNBALANCED = "unbalanced"
    GAP = "gap"
    ORDER = "order"
    NO_YEAR = "no_year"
    MISSED = "missed"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class WrongBooks:
    """Something wrong. :ivar what: the entry (`VE12`), the document, or the account with its letter."""

    kind: Wrong
    what: str


_NAME = Entry.journal_code + cast(Entry.number, String)
_UNBALANCED = (
    select(_NAME.label("name"))
    .outerjoin(EntryLine, EntryLine.entry_id == Entry.id)
    .where(Entry.folder_id == _FOLDER)
    .group_by(Entry.id, Entry.journal_code, Entry.number)
    .having(or_(func.count(EntryLine.entry_id) < 2, func.sum(EntryLine.debit) != func.sum(EntryLine.credit)))
    .order_by(Entry.id)
    .limit(_FEW)
)


def _in_order() -> AnySelect:
    """Each entry with the number and the day of validation of the one before in its journal."""
    return select(
        *(Entry.id, Entry.journal_code, Entry.number, Entry.validated_on, _NAME.label("name")),
        func.coalesce(func.lag(Entry.number).over(partition_by=Entry.journal_code, order_by=Entry.number), 0).label(
            "before"
        ),
        func.lag(Entry.validated_on).over(partition_by=Entry.journal_code, order_by=Entry.number).label("day_before"),
    ).where(Entry.folder_id == _FOLDER)


_ORDERED = _in_order().subquery("ordered")
_GAPS = select(_ORDERED.c.name).where(_ORDERED.c.number != _ORDERED.c.before + 1).order_by(_ORDERED.c.id).limit(_FEW)
_EARLIER = (
    select(_ORDERED.c.name).where(_ORDERED.c.validated_on < _ORDERED.c.day_before).order_by(_ORDERED.c.id).limit(_FEW)
)
_OUTSIDE = (
    select(_NAME.label("name"))
    .outerjoin(
        FiscalYear,
        and_(FiscalYear.folder_id == Entry.folder_id, Entry.day.between(FiscalYear.first, FiscalYear.last)),
    )
    .where(Entry.folder_id == _FOLDER, FiscalYear.id.is_(None))
    .order_by(Entry.id)
    .limit(_FEW)
)
_LETTERS = (
    select((EntryLine.aux + " " + EntryLine.letter).label("name"))
    .join(Entry, Entry.id == EntryLine.entry_id)
    .where(Entry.folder_id == _FOLDER, EntryLine.letter.is_not(None))
    .group_by(EntryLine.aux, EntryLine.letter)
    .having(func.sum(EntryLine.debit) != func.sum(EntryLine.credit))
    .order_by(EntryLine.aux, EntryLine.letter)
    .limit(_FEW)
)


def _missed(of: type[Table], prefix: str, *where: ColumnElement[bool]) -> AnySelect:
    """The documents of a folder that have no entry of a kind, from the oldest that has one on."""
    table = of.__table__
    source = literal(f"{prefix}:") + cast(table.c.id, String)
    posted = select(Entry.id).where(Entry.source == source).correlate(table).exists()
    other = table.alias("posted")
    of_other = select(Entry.id).where(Entry.source == literal(f"{prefix}:") + cast(other.c.id, String))
    oldest = select(func.min(other.c.id)).where(of_other.correlate(other).exists()).scalar_subquery()
    return (
        select(table.c.number.label("name"))
        .where(~posted, table.c.id > oldest, *where)
        .order_by(table.c.id)
        .limit(_FEW)
    )


def _payments_of(folder: ColumnElement[int]) -> ColumnElement[bool]:
    here = (
        select(Establishment.id).join(Dossier, Dossier.id == Establishment.dossier_id).where(folder == EFFECTIVE_FOLDER)
    )
    return Payment.establishment_id.in_(here)


_MISSED = (
    _missed(Invoice, "invoice", Invoice.accounting_folder_id == _FOLDER, Invoice.total_ttc != ZERO),
    _missed(CreditNote, "credit_note", CreditNote.accounting_folder_id == _FOLDER),
    _missed(Payment, "payment", _payments_of(_FOLDER)),
    _missed(Payment, "bank", _payments_of(_FOLDER), Payment.banked_on.is_not(None)),
    _missed(Payment, "failed", _payments_of(_FOLDER), Payment.state == PaymentState.FAILED),
    _missed(Payment, "cancelled", _payments_of(_FOLDER), Payment.state == PaymentState.CANCELLED),
)


def check_books(connection: Connection, books: Books) -> list[WrongBooks]:
    """All that is wrong with the books of a folder, a few of each kind."""
    return [*check_journals(connection, books), *_others(connection, books)]


def check_journals(connection: Connection, books: Books) -> list[WrongBooks]:
    """What keeps a year from being closed and a file from being handed in: entries out of balance, and gaps."""
    queries = ((Wrong.UNBALANCED, _UNBALANCED), (Wrong.GAP, _GAPS))
    return [each for kind, query in queries for each in _found(connection, books, kind, query)]


def _others(connection: Connection, books: Books) -> Iterator[WrongBooks]:
    queries = ((Wrong.ORDER, _EARLIER), (Wrong.NO_YEAR, _OUTSIDE), (Wrong.LETTER, _LETTERS))
    for kind, query in (*queries, *((Wrong.MISSED, query) for query in _MISSED)):
        yield from _found(connection, books, kind, query)


def _found(connection: Connection, books: Books, kind: Wrong, query: AnySelect) -> Iterator[WrongBooks]:
    for name in connection.execute(query, {"folder": books.id}).scalars():
        yield WrongBooks(kind, name)
