"""What settled what: of a payment, a credit note, an invoice; and what lies on account of a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, func, or_, select

from intergestan_db.enums import PaymentState
from intergestan_db.tables import (
    AccountingFolder,
    CreditNote,
    Depot,
    DepotRank,
    Establishment,
    Invoice,
    InvoiceDue,
    Payment,
    Settlement,
    Site,
)
from intergestan_erp.agencies.belonging import folder_of
from intergestan_erp.agencies.places import Place
from intergestan_erp.paying.open_amounts import OpenInstalment, left_of, open_instalments
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class SettledView:
    """So much for an instalment.

    :ivar source: number of the payment or the credit note. :ivar counts: its payment neither came back nor was it taken
        back.
    """

    source: str
    is_credit: bool
    invoice: str
    n: int
    due_date: date
    amount: Decimal
    settled_on: date
    counts: bool


@dataclass(frozen=True, slots=True)
class OnAccount:
    """What is left of a payment or a credit note."""

    number: str
    day: date
    left: Decimal
    is_credit: bool


@dataclass(frozen=True, slots=True)
class Payable:
    """What a payment at a place may settle of a customer's invoices, and what lies in the books of others.

    :ivar elsewhere: instalments that are open in other books, each with the place where a payment may settle it.
    """

    here: tuple[OpenInstalment, ...]
    elsewhere: tuple[OpenElsewhere, ...]


@dataclass(frozen=True, slots=True)
class OpenElsewhere:
    """An instalment in the books of another folder. `place`: where those books are kept, such as `2/RD`."""

    invoice: str
    n: int
    open: Decimal
    folder: int
    place: str | None


_SETTLED = (
    select(
        func.coalesce(Payment.number, CreditNote.number).label("source"),
        Settlement.credit_note_id.is_not(None).label("is_credit"),
        *(Invoice.number, InvoiceDue.n, InvoiceDue.due_date, Settlement.amount, Settlement.settled_on),
        or_(Settlement.credit_note_id.is_not(None), Payment.state == PaymentState.ENTERED).label("counts"),
    )
    .select_from(Settlement)
    .join(InvoiceDue, InvoiceDue.id == Settlement.invoice_due_id)
    .join(Invoice, Invoice.id == InvoiceDue.invoice_id)
    .outerjoin(Payment, Payment.id == Settlement.payment_id)
    .outerjoin(CreditNote, CreditNote.id == Settlement.credit_note_id)
    .order_by(Settlement.id)
)


def settled_by(connection: Connection, number: str) -> list[SettledView]:
    """What a payment or a credit note settled, in the order in which it did."""
    query = _SETTLED.where(or_(Payment.number == number, CreditNote.number == number))
    return [SettledView(*row) for row in connection.execute(query)]


def settled_of(connection: Connection, invoice: str) -> list[SettledView]:
    """What settled an invoice, also what does not count any more."""
    return [SettledView(*row) for row in connection.execute(_SETTLED.where(Invoice.number == invoice))]


def left_on_account(connection: Connection, customer_id: int, folder: int | None = None) -> list[OnAccount]:
    """What is left of a customer's payments and credit notes, the oldest first.

    :param folder: number of the accounting folder whose invoices it is to settle; None: any.
    """
    payments = (
        select(Payment.number, Payment.received_on, left_of(Payment).label("left"))
        .select_from(Payment)
        .join(AccountingFolder, AccountingFolder.id == folder_of(Payment.establishment_id).correlate(Payment))
        .where(Payment.party_id == customer_id, left_of(Payment) > ZERO)
        .order_by(Payment.id)
    )
    notes = (
        select(CreditNote.number, CreditNote.issue_date, left_of(CreditNote).label("left"))
        .select_from(CreditNote)
        .join(AccountingFolder, AccountingFolder.id == CreditNote.accounting_folder_id)
        .where(CreditNote.customer_id == customer_id, left_of(CreditNote) > ZERO)
        .order_by(CreditNote.id)
    )
    found = []
    for query, is_credit in ((payments, False), (notes, True)):
        wanted = query if folder is None else query.where(AccountingFolder.number == folder)
        found += [OnAccount(row[0], row[1], row.left, is_credit) for row in connection.execute(wanted)]
    return sorted(found, key=lambda each: (each.day, each.is_credit))


def payable_at(connection: Connection, customer_id: int, place: Place) -> Payable:
    """What a payment that is entered at a place may settle, the oldest due first (D59)."""
    return _payable(connection, customer_id, place.folder)


def payable_by(connection: Connection, number: str) -> Payable:
    """What is left of this payment or credit note may settle that."""
    of_payment = folder_of(Payment.establishment_id).correlate(Payment)
    payment = (
        select(Payment.party_id, AccountingFolder.number)
        .select_from(Payment)
        .join(AccountingFolder, AccountingFolder.id == of_payment)
    )
    row = connection.execute(payment.where(Payment.number == number)).one_or_none()
    if row is None:
        note = (
            select(CreditNote.customer_id, AccountingFolder.number)
            .select_from(CreditNote)
            .join(AccountingFolder, AccountingFolder.id == CreditNote.accounting_folder_id)
        )
        row = connection.execute(note.where(CreditNote.number == number)).one()
    return _payable(connection, *row)


def _payable(connection: Connection, customer_id: int, folder: int) -> Payable:
    instalments = open_instalments(connection, customer_id)
    numbers = sorted({each.invoice for each in instalments})
    query = (
        select(Invoice.number, AccountingFolder.number.label("folder"), Invoice.establishment_id)
        .join(Site, Site.currency == Invoice.currency)
        .join(AccountingFolder, AccountingFolder.id == Invoice.accounting_folder_id)
        .where(Invoice.number.in_(numbers))
    )
    of_invoice = {row.number: row for row in connection.execute(query)} if numbers else {}
    with_rows = [(each, of_invoice[each.invoice]) for each in instalments if each.invoice in of_invoice]
    others = [(each, row) for each, row in with_rows if row.folder != folder]
    places = _places(connection, sorted({row.establishment_id for _each, row in others}))
    elsewhere = [
        OpenElsewhere(each.invoice, each.n, each.open, row.folder, places.get(row.establishment_id))
        for each, row in others
    ]
    return Payable(tuple(each for each, row in with_rows if row.folder == folder), tuple(elsewhere))


def _places(connection: Connection, establishment_ids: Sequence[int]) -> dict[int, str]:
    """Of each establishment the place whose depot it draws on first."""
    if not establishment_ids:
        return {}
    own = (DepotRank.establishment_id == Establishment.id) & (DepotRank.depot_id == Depot.id)
    query = (
        select(Establishment.id, Establishment.number, Depot.code)
        .join(Depot, Depot.establishment_id == Establishment.id)
        .outerjoin(DepotRank, own)
        .where(Establishment.id.in_(establishment_ids), Establishment.active, Depot.active)
        .order_by(func.coalesce(DepotRank.rank, _LAST), Depot.code)
    )
    found: dict[int, str] = {}
    for row in connection.execute(query):
        found.setdefault(row.id, f"{row.number}/{row.code}")
    return found


_LAST = 999
"""The rank of a depot that has none."""
