"""Recomputes the chains of invoices and credit notes: whether they are still what was issued (D39).

A document whose row was changed, one that was put in between and one that was taken away all break the chain at a
document that is named. Documents of before the first chain are counted, and nothing can be said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, true

from intergestan_db.enums import InvoiceKind
from intergestan_db.tables import (
    AccountingFolder,
    CreditNote,
    CreditNoteLine,
    CreditNoteVat,
    Invoice,
    InvoiceCharge,
    InvoiceDue,
    InvoiceLine,
    InvoiceVat,
    Table,
)
from intergestan_erp.selling.chain import Sealed, chain_of_credit_note, chain_of_invoice

AT_ONCE: Final = 500
"""So many documents are recomputed at a time."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A document that does not follow from the one before it."""

    number: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a series' chain says.

    :ivar folder: the number of the accounting folder; `what`: invoice, internal or credit_note.
    :ivar count: of the documents that were recomputed; `unchained`: of those from before there were chains.
    :ivar last: the last chain of the series, by which it is compared with a copy that is kept elsewhere.
    """

    folder: int
    what: str
    count: int
    unchained: int
    last: str | None
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """The documents of one series, their parts, and how a chain is made of them.

    :ivar parts: by their names in `Sealed`, with the column that says whose they are and their order.
    """

    what: str
    head: type[Table]
    condition: Any
    parts: Mapping[str, tuple[type[Table], str, str]]
    chain: Callable[[str | None, Sealed], str]


_INVOICE_PARTS: Final[Mapping[str, tuple[type[Table], str, str]]] = {
    "lines": (InvoiceLine, "invoice_id", "position"),
    "charges": (InvoiceCharge, "invoice_id", "id"),
    "vat": (InvoiceVat, "invoice_id", "id"),
    "due": (InvoiceDue, "invoice_id", "n"),
}
_CREDIT_NOTE_PARTS: Final[Mapping[str, tuple[type[Table], str, str]]] = {
    "lines": (CreditNoteLine, "credit_note_id", "position"),
    "vat": (CreditNoteVat, "credit_note_id", "id"),
}


def _all_series() -> tuple[_Series, ...]:
    internal = Invoice.kind == InvoiceKind.INTERNAL
    return (
        _Series("invoice", Invoice, ~internal, _INVOICE_PARTS, chain_of_invoice),
        _Series("internal", Invoice, internal, _INVOICE_PARTS, chain_of_invoice),
        _Series("credit_note", CreditNote, true(), _CREDIT_NOTE_PARTS, chain_of_credit_note),
    )


def verify(connection: Connection) -> Iterator[Verified]:
    """Recompute each series of each accounting folder that has documents."""
    folders = connection.execute(select(AccountingFolder.id, AccountingFolder.number).order_by(AccountingFolder.number))
    for folder in folders.all():
        for series in _all_series():
            found = _verify(connection, series, folder.id, folder.number)
            if found.count or found.unchained:
                yield found


def follows(connection: Connection, number: str) -> bool | None:
    """Whether an invoice or a credit note is still what was issued; None: it is of before there were chains.

    It alone is recomputed, from what the document before it says: `verify` looks at all of them.
    """
    for series in _all_series():
        table: Any = series.head
        head = connection.execute(select(table.__table__).where(table.number == number, series.condition)).one_or_none()
        if head is None:
            continue
        if head.chain is None:
            return None
        same = table.accounting_folder_id == head.accounting_folder_id, series.condition, table.id < head.id
        before = connection.execute(select(table.chain).where(*same).order_by(table.id.desc()).limit(1)).scalar()
        parts = {name: _parts(connection, *each, [head.id]).get(head.id, []) for name, each in series.parts.items()}
        sealed = Sealed(head=head._asdict(), identity=head.identity or {}, **parts)
        is_same: bool = series.chain(before, sealed) == head.chain
        return is_same
    return None


def _verify(connection: Connection, series: _Series, folder_id: int, folder: int) -> Verified:
    count = unchained = 0
    before: tuple[str | None, str | None] = (None, None)
    broken: list[Broken] = []
    for head, parts in _documents(connection, series, folder_id):
        if head["chain"] is None and before[1] is None:
            unchained += 1
            before = head["number"], None
            continue
        count += 1
        expected = series.chain(before[1], Sealed(head=head, identity=head["identity"] or {}, **parts))
        if expected != head["chain"]:
            broken.append(Broken(head["number"], before[0]))
        before = head["number"], head["chain"]
    return Verified(folder, series.what, count, unchained, before[1], tuple(broken))


def _documents(
    connection: Connection, series: _Series, folder_id: int
) -> Iterator[tuple[Mapping[str, Any], dict[str, Sequence[Mapping[str, Any]]]]]:
    """The heads of a series in the order of their numbers, each with its parts."""
    table: Any = series.head
    query = (
        select(table.__table__)
        .where(table.accounting_folder_id == folder_id, series.condition, table.id > bindparam("after"))
        .order_by(table.id)
        .limit(AT_ONCE)
    )
    after = 0
    while heads := [row._asdict() for row in connection.execute(query, {"after": after})]:
        ids = [head["id"] for head in heads]
        after = ids[-1]
        parts = {name: _parts(connection, *each, ids) for name, each in series.parts.items()}
        for head in heads:
            yield head, {name: found.get(head["id"], []) for name, found in parts.items()}


def _parts(
    connection: Connection, part: type[Table], owner: str, order: str, ids: Sequence[int]
) -> dict[int, list[Mapping[str, Any]]]:
    columns = part.__table__.c
    query = select(part.__table__).where(columns[owner].in_(ids)).order_by(columns[owner], columns[order])
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in connection.execute(query):
        values = row._asdict()
        found.setdefault(values[owner], []).append(values)
    return found
