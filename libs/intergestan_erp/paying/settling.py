"""Settlements: which instalments a payment or a credit note settles, decided and written under the customer's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import AccountingFolder, CreditNote, Invoice, Payment, Settlement, Site
from intergestan_erp.books.lettering import letter_closed
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.parties.freed import Freed
from intergestan_erp.paying.closed_set import closed_set
from intergestan_erp.paying.open_amounts import OpenInstalment, open_instalments
from intergestan_erp.paying.shares import Part, Share, as_said, oldest_first
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class Settled:
    """What a payment or a credit note settled now.

    :ivar left: what of it lies on account.
    :ivar freed: for whom others look again, in the same transaction.
    """

    number: str
    parts: tuple[Part, ...]
    left: Decimal
    freed: Freed


@dataclass(frozen=True, slots=True)
class Source:
    """What settles: a payment or a credit note of a customer, with what is left of it.

    :ivar folder_id: the accounting folder of the place where it was entered; it settles invoices of this one (D59).
    """

    kind: type[Payment | CreditNote]
    id: int
    number: str
    customer_id: int
    folder_id: int
    left: Decimal


def settle_from(
    connection: Connection, source: Source, shares: Sequence[Share] | None, *, on: date, at: datetime
) -> Settled:
    """Settle instalments of the customer from what is left.

    :param shares: as a person shares it out; None: the oldest due first.
    :param on: the day from which it counts.
    :raises Problem: an invoice is none of the customer's, or more would be settled than is open or left.
    """
    if shares is None:
        instalments = open_instalments(connection, source.customer_id)
        parts = oldest_first(_for_source(connection, instalments, source), source.left)
    else:
        known = [_of_customer(connection, share, source) for share in shares]
        invoice_ids = [invoice_id for invoice_id, _share in known]
        instalments = open_instalments(connection, source.customer_id, invoice_ids) if invoice_ids else []
        parts = as_said(instalments, [share for _id, share in known], source.left)
    return write_parts(connection, source, parts, on=on, at=at)


def write_parts(connection: Connection, source: Source, parts: Sequence[Part], *, on: date, at: datetime) -> Settled:
    """Write down what a payment or a credit note settles."""
    column = "payment_id" if source.kind is Payment else "credit_note_id"
    rows = [
        {column: source.id, "invoice_due_id": part.due_id, "amount": part.amount, "settled_on": on, "created_at": at}
        for part in parts
    ]
    if rows:
        connection.execute(insert(Settlement), rows)
    left = source.left - sum((part.amount for part in parts), ZERO)
    return Settled(source.number, tuple(parts), left, Freed((source.customer_id,)))


def letter_settled(connection: Connection, source: Source, settled: Settled, on: date) -> None:
    """Letter what these documents say in the books, if they settle each other wholly now. They stand there by then."""
    if settled.parts and not settled.left:
        letter_closed(connection, closed_set(connection, source.kind.__tablename__, source.id), on)


def told(settled: Settled) -> dict[str, str]:
    """What was settled, for an event: amounts by instalment."""
    return {f"{part.invoice}/{part.n}": f"{part.amount:.2f}" for part in settled.parts}


def _of_customer(connection: Connection, share: Share, source: Source) -> tuple[int, Share]:
    """The invoice that is meant: its id, and the share with its number as it stands there.

    :raises Problem: there is none, it is another customer's, of another currency, or in the books of another folder.
    """
    number = as_stored(connection, share.invoice, Invoice.number)
    ours = select(Site.currency).scalar_subquery()
    query = select(Invoice.id, Invoice.customer_id, Invoice.currency, Invoice.accounting_folder_id, ours.label("ours"))
    row = connection.execute(query.where(Invoice.number == number)).one_or_none()
    if row is None:
        raise no_invoice(share.invoice)
    if row.customer_id != source.customer_id:
        raise Problem(
            "{invoice} is an invoice of another customer; nothing was entered.",
            ProblemCode.OTHER_CUSTOMER,
            (Act.LIST_DUE,),
            invoice=number,
        )
    if row.currency != row.ours:
        raise Problem(
            "{invoice} is in {currency}, and payments are in {ours}: nothing is converted, and nothing was entered.",
            ProblemCode.OTHER_CURRENCY,
            invoice=number,
            currency=row.currency,
            ours=row.ours,
        )
    if row.accounting_folder_id != source.folder_id:
        raise _other_folder(connection, source, number, row.accounting_folder_id)
    return row.id, Share(number, share.n, share.amount)


def _for_source(connection: Connection, instalments: Sequence[OpenInstalment], source: Source) -> list[OpenInstalment]:
    """Those in the books of the same folder, and in the site's currency, as all are unless it was changed."""
    numbers = sorted({each.invoice for each in instalments})
    query = select(Invoice.number).join(Site, Site.currency == Invoice.currency)
    fitting = query.where(Invoice.number.in_(numbers), Invoice.accounting_folder_id == source.folder_id)
    ours = set(connection.execute(fitting).scalars())
    return [each for each in instalments if each.invoice in ours]


def _other_folder(connection: Connection, source: Source, invoice: str, folder_id: int) -> Problem:
    numbers = select(AccountingFolder.id, AccountingFolder.number)
    number_of = {row.id: row.number for row in connection.execute(numbers)}
    return Problem(
        "{source} is in the books of folder {ours}, {invoice} in those of folder {theirs}. Nothing was settled.",
        ProblemCode.OTHER_FOLDER,
        (Act.ENTER_THERE,),
        source=source.number,
        ours=number_of[source.folder_id],
        invoice=invoice,
        theirs=number_of[folder_id],
    )


def no_invoice(number: str) -> Problem:
    """That there is no such invoice."""
    return Problem(
        "There is no invoice {number}; nothing was entered.",
        ProblemCode.NO_INVOICE,
        (Act.LIST_INVOICES,),
        number=number,
    )
