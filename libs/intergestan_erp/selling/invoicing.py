"""One numbered invoice by hand, for what was delivered and not yet invoiced (G03); runs of many: `invoice_runs.py`.

A line of a delivery note is invoiced once, which the base itself holds. Also what deferred invoicing would take is
invoiced so, by whichever establishment (A26, D51).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db.enums import InvoiceKind, Stage
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    DeliveryNote,
    DeliveryNoteLine,
    Dossier,
    Establishment,
    OperationCode,
    Party,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.agencies.belonging import keep_books
from intergestan_erp.agencies.places import Place
from intergestan_erp.credit.gate import Sold, close_gate, let_pass, open_gate
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.selling.deliveries import as_sold
from intergestan_erp.selling.invoice_draft import Running
from intergestan_erp.selling.invoice_writing import NewInvoice, write_invoices
from intergestan_erp.selling.issuer import read_billed, read_issuer
from intergestan_erp.selling.open_goods import InvoicedOrder, read_charges, read_lines, read_orders
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.site.zone import today
from intergestan_erp.terms.due import Shift, as_it_is
from intergestan_erp.terms.stored import Term, read_term, term_called
from intergestan_erp.terms.working_days import next_working_day


def invoice(
    connection: Connection,
    refs: Sequence[str],
    *,
    by: str,
    at: datetime,
    override: str | None = None,
    place: Place | None = None,
) -> str:
    """Invoice what these sales orders and delivery notes have delivered and nobody has invoiced.

    It bears the day that comes with its number, and falls due by the term of its orders, else the customer's, else the
    site's.

    :param refs: numbers of sales orders or delivery notes, all of one customer.
    :param override: why it is made although the customer owes too much.
    :param place: where it is made (D62): at the establishment that is to invoice them, or at the one that they left
        (D51); None: at the former.
    :returns: the number of the invoice.
    :raises Problem: when there is nothing to invoice, a number is none, the customers or their terms differ, a charge
        has no category of VAT, or the customer owes too much (T20).
    """
    note_ids = _notes(connection, list(dict.fromkeys(refs)))
    establishment_id = _establishment(connection, note_ids, place)
    customer_id = _customer_of(connection, note_ids)
    gate = open_gate(connection, customer_id, at)
    orders = read_orders(connection, note_ids, lock=True)
    delivered = read_lines(connection, note_ids)
    if not delivered:
        raise Problem(
            "Nothing was invoiced: all that {refs} delivered is invoiced already.",
            ProblemCode.NOTHING_REMAINS,
            (Act.DELIVER,),
            refs=", ".join(refs),
        )
    _refuse_mixed(orders.values())
    issuer = read_issuer(connection, establishment_id)
    to = read_billed(connection, issuer, [customer_id])[customer_id]
    charges = read_charges(connection, issuer, orders)
    draft = Running().draft(delivered, charges, inside_company=to.kind is InvoiceKind.INTERNAL)
    passing = let_pass(
        *(connection, gate, Stage.INVOICE),
        total_ttc=draft.total_ttc,
        establishment_id=issuer.establishment_id,
        comes_from=_sold(connection, orders, note_ids),
        reason=override,
        by=by,
    )
    term, shift = _term(connection, customer_id, orders)
    first = next(iter(orders.values()))
    new = NewInvoice(draft, customer_id, to, first.currency, term)
    (made,) = write_invoices(connection, issuer, [new], day=today(connection, at), shift=shift, by=by, at=at)
    close_gate(connection, gate, passing, made.number, by=by, at=at)
    return made.number


def _notes(connection: Connection, refs: Sequence[str]) -> list[int]:
    """The ids of the delivery notes that these numbers mean.

    :raises Problem: when a number is neither an order's nor a delivery note's.
    """
    refs = [as_stored(connection, ref, SalesOrder.number, DeliveryNote.number) for ref in refs]
    found: dict[str, set[int]] = {}
    named = select(DeliveryNote.number, DeliveryNote.id).where(DeliveryNote.number.in_(refs))
    for row in connection.execute(named):
        found.setdefault(row.number, set()).add(row.id)
    of_orders = (
        select(SalesOrder.number, DeliveryNoteLine.delivery_note_id)
        .outerjoin(SalesOrderLine, SalesOrderLine.sales_order_id == SalesOrder.id)
        .outerjoin(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .where(SalesOrder.number.in_(refs))
    )
    for row in connection.execute(of_orders):
        found.setdefault(row.number, set()).update(() if row.delivery_note_id is None else (row.delivery_note_id,))
    missing = [ref for ref in refs if ref not in found]
    if missing:
        raise Problem(
            "Nothing was invoiced: {refs} is neither a sales order nor a delivery note.",
            ProblemCode.NO_DELIVERY,
            (Act.LIST_SALES,),
            refs=", ".join(missing),
        )
    undelivered = [ref for ref in refs if not found[ref]]
    if undelivered:
        raise Problem(
            "Nothing was invoiced: nothing of {refs} was delivered.",
            ProblemCode.NO_DELIVERY,
            (Act.DELIVER,),
            refs=", ".join(undelivered),
        )
    return sorted({note_id for notes in found.values() for note_id in notes})


def _establishment(connection: Connection, note_ids: Sequence[int], place: Place | None) -> int:
    """Who invoices these delivery notes: the establishment where it is done, else the one that is to invoice them.

    :raises Problem: one of them is none of its own, or is not to be invoiced (A14, A15); or they are of several.
    """
    columns = (DeliveryNote.number, DeliveryNote.establishment_id, DeliveryNote.invoicing_establishment_id)
    query = (
        select(*columns, Establishment.number.label("left"), OperationCode.code, OperationCode.billable)
        .join(OperationCode, OperationCode.id == DeliveryNote.operation_code_id)
        .join(Establishment, Establishment.id == DeliveryNote.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .where(DeliveryNote.id.in_(note_ids))
    )
    notes = connection.execute(keep_books(query.order_by(DeliveryNote.id))).all()
    own = notes[0].invoicing_establishment_id if place is None else place.establishment_id
    for note in notes:
        if not note.billable:
            raise Problem(
                "Nothing was invoiced: {note} bears the operation code {code}, whose documents are not invoiced.",
                ProblemCode.NOT_BILLABLE,
                note=note.number,
                code=note.code,
            )
        if own not in {note.invoicing_establishment_id, note.establishment_id}:
            raise Problem(
                "{note} is of establishment {left}, and this was done at {here}. Nothing was changed.",
                ProblemCode.OTHER_PLACE,
                note=note.number,
                left=note.left,
                here=str(place or notes[0].left),
            )
    return int(own)


def _customer_of(connection: Connection, note_ids: Sequence[int]) -> int:
    """The customer of these delivery notes, read without a lock: of several the first, and they are refused later."""
    query = select(DeliveryNote.customer_id).where(DeliveryNote.id.in_(note_ids)).order_by(DeliveryNote.id).limit(1)
    return int(connection.execute(query).scalar_one())


def _sold(connection: Connection, orders: Mapping[int, InvoicedOrder], note_ids: Sequence[int]) -> list[Sold]:
    """The orders that an invoice comes from, each also by the names of those of its delivery notes that are meant."""
    query = (
        select(SalesOrderLine.sales_order_id, DeliveryNote.number)
        .join(DeliveryNoteLine, DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .where(DeliveryNote.id.in_(note_ids))
    )
    notes: dict[int, set[str]] = {}
    for row in connection.execute(query):
        notes.setdefault(row.sales_order_id, set()).add(row.number)
    return [
        replace(sold, names=(*sold.names, *sorted(notes.get(order_id, ()))))
        for order_id, sold in ((order.id, as_sold(order)) for order in orders.values())
    ]


def _refuse_mixed(orders: Iterable[InvoicedOrder]) -> None:
    if len({(order.customer_id, order.currency) for order in orders}) > 1:
        raise Problem(
            "Nothing was invoiced: an invoice is of one customer and one currency.", ProblemCode.OTHER_CUSTOMER
        )


def _term(connection: Connection, customer_id: int, orders: Mapping[int, InvoicedOrder]) -> tuple[Term, Shift]:
    """The payment term of these orders, and what moves its days.

    :raises Problem: they have several.
    """
    preferences = read_preferences(connection)
    usual = connection.execute(select(Party.payment_term_id).where(Party.id == customer_id)).scalar_one()
    ids = {order.payment_term_id or usual for order in orders.values()}
    if len(ids) > 1:
        raise Problem(
            "Nothing was invoiced: these orders have several payment terms, and an invoice has one. Invoice them one "
            "by one.",
            ProblemCode.NOT_ONE_TERM,
        )
    (term_id,) = ids
    term = term_called(connection, preferences.term) if term_id is None else read_term(connection, term_id)
    return term, next_working_day(connection) if preferences.shifted else as_it_is
