"""Whether the sums of invoices, instalments, payments and credit notes are what they must be: for `doctor`."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from intergestan_db.enums import PaymentState
from intergestan_db.tables import CreditNote, Invoice, InvoiceDue, Payment
from intergestan_erp.paying.open_amounts import settled_amount, used_amount
from intergestan_msg.money import ZERO


def wrong_sums(connection: Connection) -> list[str]:
    """The numbers of documents whose sums are wrong, a few of each kind.

    An invoice whose instalments are not its total, or settled beyond what they are; a payment or a credit note that
    settles more than it is.
    """
    whole = (
        select(func.coalesce(func.sum(InvoiceDue.amount), ZERO))
        .where(InvoiceDue.invoice_id == Invoice.id)
        .correlate(Invoice.__table__)
        .scalar_subquery()
    )
    stands = Payment.state == PaymentState.ENTERED
    queries: tuple[Select[str], ...] = (
        select(Invoice.number).where(Invoice.total_ttc != whole).order_by(Invoice.id),
        select(Invoice.number)
        .join(InvoiceDue, InvoiceDue.invoice_id == Invoice.id)
        .where(InvoiceDue.amount < settled_amount())
        .order_by(InvoiceDue.id),
        select(Payment.number).where(stands, Payment.amount < used_amount(Payment)).order_by(Payment.id),
        select(CreditNote.number).where(CreditNote.total_ttc < used_amount(CreditNote)).order_by(CreditNote.id),
    )
    return [number for query in queries for number in connection.execute(query.limit(_FEW)).scalars()]


_FEW = 10
