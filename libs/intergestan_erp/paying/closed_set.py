"""Documents that settle each other wholly: invoices with all that settled them, and all that this settled beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, or_, select

from intergestan_db.enums import PaymentState
from intergestan_db.tables import CreditNote, Invoice, InvoiceDue, Payment, Settlement
from intergestan_erp.paying.open_amounts import left_of, open_amount
from intergestan_msg.money import ZERO

AnySelect = Select[*tuple[Any, ...]]
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STANDS = or_(Settlement.payment_id.is_(None), Payment.state == PaymentState.ENTERED)
_SETTLEMENTS = (
    select(Settlement.payment_id, Settlement.credit_note_id, InvoiceDue.invoice_id)
    .join(InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id)
    .outerjoin(Payment, Payment.id == Settlement.payment_id)
    .where(_STANDS)
    .distinct()
)
_OF_INVOICES = _SETTLEMENTS.where(InvoiceDue.invoice_id.in_(_IDS))
_OPEN = select(InvoiceDue.id).where(InvoiceDue.invoice_id.in_(_IDS), open_amount() > ZERO).limit(1)

_SETTLED: Mapping[str, AnySelect] = {
    Payment.__tablename__: _SETTLEMENTS.where(Settlement.payment_id.in_(_IDS)),
    CreditNote.__tablename__: _SETTLEMENTS.where(Settlement.credit_note_id.in_(_IDS)),
}
"""What documents of a kind settled."""
_LEFT: Mapping[str, AnySelect] = {
    Payment.__tablename__: select(Payment.id).where(Payment.id.in_(_IDS), left_of(Payment) > ZERO).limit(1),
    CreditNote.__tablename__: select(CreditNote.id).where(CreditNote.id.in_(_IDS), left_of(CreditNote) > ZERO).limit(1),
}
"""Whether something is left of one of them."""


def closed_set(connection: Connection, kind: str, document_id: int) -> list[str]:
    """The documents that a payment or a credit note settles wholly, and that settle them with it, such as `invoice:3`.

    :param document_id: of one of which nothing is left.
    :returns: none, if anything is open or left of another one; nothing further is looked for once that is seen.
    """
    invoices: set[int] = set()
    sources = {kind: {document_id}}
    found = {kind: {document_id}}
    while found:
        beside = {row.invoice_id for name, ids in found.items() for row in _run(connection, _SETTLED[name], ids)}
        new = beside - invoices
        if _run(connection, _OPEN, new):
            return []
        invoices |= new
        found = _unseen(_run(connection, _OF_INVOICES, new), sources)
        for name, ids in found.items():
            if _run(connection, _LEFT[name], ids):
                return []
            sources.setdefault(name, set()).update(ids)
    sources[Invoice.__tablename__] = invoices
    return [f"{name}:{each}" for name, ids in sorted(sources.items()) for each in sorted(ids)]


def _run(connection: Connection, query: AnySelect, ids: set[int]) -> Sequence[Any]:
    return connection.execute(query, {"ids": sorted(ids)}).all() if ids else ()


def _unseen(rows: Iterable[Any], seen: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """The payments and credit notes of some settlements that were not seen yet."""
    found: dict[str, set[int]] = {}
    for row in rows:
        is_payment = row.payment_id is not None
        name, each = (Payment, row.payment_id) if is_payment else (CreditNote, row.credit_note_id)
        if each not in seen.get(name.__tablename__, ()):
            found.setdefault(name.__tablename__, set()).add(each)
    return found
