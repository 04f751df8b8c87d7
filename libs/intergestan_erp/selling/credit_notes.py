"""Credit notes: they take back part or all of one invoice, and settle its open instalments at once (D32).

Amounts and VAT are differences of two running totals, as those of invoices are: however an invoice is taken back, in
the end exactly nothing of it is left. No act edits or deletes an invoice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select

from intergestan_db import numbers, states
from intergestan_db.database import AnyRow
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import (
    CreditNote,
    CreditNoteLine,
    CreditNoteVat,
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceVat,
)
from intergestan_erp.books.posting import post_credit_notes
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.paying.open_amounts import open_instalments
from intergestan_erp.paying.settling import Settled, Source, letter_settled, no_invoice, told, write_parts
from intergestan_erp.paying.shares import Part, oldest_first
from intergestan_erp.selling.chain import Sealed, chain_of_credit_note
from intergestan_erp.selling.issuer import read_billed, read_issuer
from intergestan_erp.selling.taking_back import (
    Invoiced,
    InvoicedCharge,
    InvoicedLine,
    InvoicedVat,
    Taken,
    take_back,
    take_back_all,
)
from intergestan_erp.site.zone import today
from intergestan_msg.money import ZERO

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit note that was made, and what it settled of its invoice."""

    number: str
    invoice: str
    total_ttc: Decimal
    settled: Settled


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a credit note would take back, and what it would settle of its invoice; the rest would lie on account."""

    invoice: str
    taken: Taken
    parts: tuple[Part, ...]

    @property
    def left(self) -> Decimal:
        """What would lie on account."""
        return self.taken.total_ttc - sum((part.amount for part in self.parts), ZERO)


def read_creditable(connection: Connection, typed: str) -> Invoiced:
    """An invoice with what was taken back of it.

    :raises Problem: there is none of this number.
    """
    return _read(connection, _head(connection, typed))


def foresee(
    connection: Connection,
    typed: str,
    reason: str,
    lines: Mapping[int, Decimal] | None = None,
    charges: Collection[int] = (),
) -> Foreseen:
    """What `credit` would make of this; nothing is written.

    :raises Problem: as `credit`.
    """
    _checked(reason)
    head = _head(connection, typed)
    taken = _taken(_read(connection, head), lines, charges)
    own = open_instalments(connection, head.customer_id, [head.id])
    return Foreseen(head.number, taken, tuple(oldest_first(own, taken.total_ttc)))


def customer_of(connection: Connection, typed: str) -> int:
    """Whose invoice this is, read without a lock: customers are locked before their documents.

    :raises Problem: there is none of this number.
    """
    query = select(Invoice.customer_id).where(Invoice.number == as_stored(connection, typed, Invoice.number))
    customer_id = connection.execute(query).scalar()
    if customer_id is None:
        raise no_invoice(typed)
    return int(customer_id)


def credit(
    connection: Connection,
    typed: str,
    reason: str,
    lines: Mapping[int, Decimal] | None = None,
    charges: Collection[int] = (),
    *,
    by: str,
    at: datetime,
) -> Credited:
    """Take back part of an invoice, or all that is left of it.

    :param reason: what the customer reads.
    :param lines: quantities by the number of the invoice's line.
    :param charges: numbers of its charges, each whole; neither lines nor charges: all that is left.
    :raises Problem: there is no such invoice, line or charge, or more would be taken back than is left; nothing is
        entered then.
    """
    reason = _checked(reason)
    head = _head(connection, typed)
    number = head.number
    lock_parties(connection, [head.customer_id])
    taken = _taken(_read(connection, head), lines, charges)
    here = today(connection, at)
    issuer = read_issuer(connection, head.establishment_id)
    buyer = read_billed(connection, issuer, [head.customer_id])[head.customer_id]
    series = numbers.of_folder(numbers.CREDIT_NOTES, issuer.folder_number)
    dated = numbers.take_dated(connection, series, max(here, head.issue_date))
    totals = {"total_ht": taken.total_ht, "total_vat": taken.total_vat, "total_ttc": taken.total_ttc}
    values: dict[str, Any] = {
        "number": dated.number,
        "kind": head.kind,
        "invoice_id": head.id,
        "customer_id": head.customer_id,
        "establishment_id": head.establishment_id,
        "accounting_folder_id": head.accounting_folder_id,
        "currency": head.currency,
        "issue_date": dated.day,
        "reason": reason,
        "identity": {"seller": issuer.identity, "buyer": buyer.identity},
        **totals,
    }
    lines_written, vat = _parts(taken)
    before = connection.execute(_LAST, {"folder": head.accounting_folder_id}).scalar()
    sealed = Sealed(head=values, identity=values["identity"], lines=lines_written, vat=vat)
    values |= {"chain": chain_of_credit_note(before, sealed), "created_at": at, "created_by": by}
    note_id = connection.execute(insert(CreditNote).values(**values).returning(CreditNote.id)).scalar_one()
    for table, rows in ((CreditNoteLine, lines_written), (CreditNoteVat, vat)):
        if rows:
            connection.execute(insert(table), [{**row, "credit_note_id": note_id} for row in rows])
    own = open_instalments(connection, head.customer_id, [head.id])
    source = Source(CreditNote, note_id, dated.number, head.customer_id, head.accounting_folder_id, taken.total_ttc)
    settled = write_parts(connection, source, oldest_first(own, taken.total_ttc), on=dated.day, at=at)
    post_credit_notes(connection, [note_id], here)
    letter_settled(connection, source, settled, here)
    created = [(note_id, None, None)]
    detail = {"invoice": number, "settled": told(settled)}
    states.record(connection, CreditNote.__tablename__, created, "create", by=by, at=at, detail=detail)
    of_invoice = {"credit_note": dated.number, "amount": f"{taken.total_ttc:.2f}"}
    states.record(connection, Invoice.__tablename__, [(head.id, None, None)], "credit", by=by, at=at, detail=of_invoice)
    return Credited(dated.number, number, taken.total_ttc, settled)


def _head(connection: Connection, typed: str) -> AnyRow:
    number = as_stored(connection, typed, Invoice.number)
    head = connection.execute(select(Invoice.__table__).where(Invoice.number == number)).one_or_none()
    if head is None:
        raise no_invoice(typed)
    return head


def _taken(invoiced: Invoiced, lines: Mapping[int, Decimal] | None, charges: Collection[int]) -> Taken:
    return take_back(invoiced, lines or {}, charges) if lines or charges else take_back_all(invoiced)


def _checked(reason: str) -> str:
    plain = reason.strip()
    if not 0 < len(plain) <= _LONGEST_REASON:
        raise Problem(
            "A credit note says why, in at most {most} characters. Nothing was entered.",
            ProblemCode.NO_CREDIT,
            most=_LONGEST_REASON,
        )
    return plain


def _read(connection: Connection, head: AnyRow) -> Invoiced:
    """An invoice with what was taken back of it."""
    lines, charges = _lines(connection, head.id), _charges(connection, head.id)
    of_notes = select(func.coalesce(func.sum(CreditNote.total_ttc), ZERO)).where(CreditNote.invoice_id == head.id)
    left = head.total_ttc - connection.execute(of_notes).scalar_one()
    return Invoiced(head.number, left, tuple(lines), tuple(charges), tuple(_vat(connection, head.id)))


def _lines(connection: Connection, invoice_id: int) -> list[InvoicedLine]:
    before = (
        select(CreditNoteLine.invoice_line_id.label("line_id"), func.sum(CreditNoteLine.quantity).label("quantity"))
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .where(InvoiceLine.invoice_id == invoice_id)
        .group_by(CreditNoteLine.invoice_line_id)
        .subquery("credited")
    )
    rows = connection.execute(
        select(InvoiceLine.__table__, before.c.quantity.label("credited"))
        .outerjoin(before, before.c.line_id == InvoiceLine.id)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    )
    return [
        InvoicedLine(
            *(row.id, row.position, row.quantity, row.unit, row.total, (row.vat_category, row.vat_rate)),
            credited=row.credited or ZERO,
        )
        for row in rows
    ]


def _charges(connection: Connection, invoice_id: int) -> list[InvoicedCharge]:
    rows = connection.execute(
        select(InvoiceCharge.__table__, CreditNoteLine.id.label("credited"))
        .outerjoin(CreditNoteLine, CreditNoteLine.invoice_charge_id == InvoiceCharge.id)
        .where(InvoiceCharge.invoice_id == invoice_id)
        .order_by(InvoiceCharge.id)
    )
    return [
        InvoicedCharge(
            *(row.id, n, row.amount, (row.vat_category, row.vat_rate or ZERO) if row.vat_category else None),
            credited=row.credited is not None,
        )
        for n, row in enumerate(rows, start=1)
    ]


def _vat(connection: Connection, invoice_id: int) -> list[InvoicedVat]:
    before = (
        select(
            *(CreditNoteVat.vat_category, CreditNoteVat.vat_rate),
            *(func.sum(CreditNoteVat.base).label("base"), func.sum(CreditNoteVat.amount).label("amount")),
        )
        .join(CreditNote, CreditNote.id == CreditNoteVat.credit_note_id)
        .where(CreditNote.invoice_id == invoice_id)
        .group_by(CreditNoteVat.vat_category, CreditNoteVat.vat_rate)
        .subquery("credited")
    )
    same = (before.c.vat_category == InvoiceVat.vat_category) & (before.c.vat_rate == InvoiceVat.vat_rate)
    rows = connection.execute(
        select(InvoiceVat.__table__, before.c.base.label("credited_base"), before.c.amount.label("credited"))
        .outerjoin(before, same)
        .where(InvoiceVat.invoice_id == invoice_id)
        .order_by(InvoiceVat.id)
    )
    return [
        InvoicedVat(
            (row.vat_category, row.vat_rate), row.base, row.amount, row.credited_base or ZERO, row.credited or ZERO
        )
        for row in rows
    ]


def _parts(taken: Taken) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of the lines and of the VAT, but for whose they are."""
    lines = [{"position": position, **asdict(part)} for position, part in enumerate(taken.parts, start=1)]
    vat = [
        {"base": each.base, "amount": each.amount} | dict(zip(("vat_category", "vat_rate"), each.category, strict=True))
        for each in taken.vat
    ]
    return lines, vat


_LAST: Final = (
    select(CreditNote.chain)
    .where(CreditNote.accounting_folder_id == bindparam("folder"))
    .order_by(CreditNote.id.desc())
    .limit(1)
)
"""The chain of the newest credit note of a folder, once its series is locked: ids rise as its numbers do."""
