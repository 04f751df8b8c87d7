"""Delivery notes and invoices, and the story of an order over both sites."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.credit_notes import ListedCreditNote, WhichCreditNotes, list_credit_notes
from intergestan_erp.listing.invoices import ListedInvoice, OpenDue, WhichInvoices, list_due, list_invoices
from intergestan_erp.listing.notes import ListedNote, WhichNotes, list_notes
from intergestan_erp.listing.page import Page
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.sales import show_credit_note, show_delivery_note, show_invoice
from intergestan_erp.selling.views import CreditNoteView, DeliveryNoteView, InvoiceView
from intergestan_erp.site.zone import today
from intergestan_exchange.tracing.trace import Story, trace
from services.console.api.asked import Day, Listing, Number, OfCustomer, OfParty
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]


class Instalment(BaseModel):
    """An instalment of an invoice."""

    n: int
    due_date: date
    amount: Figure
    settled: Figure
    open: Figure
    days_late: int


@router.get("/deliveries", name="delivery notes", response_model=Items[shape_of(ListedNote)])  # type: ignore[misc]
def notes(caller: Reads, asked: Annotated[OfCustomer, Depends()], listing: Annotated[Listing, Depends()]) -> Response:
    """The delivery notes, the newest first, each with whether it is invoiced."""
    with caller.database.read() as connection:
        return listing.answer(list_notes(connection, WhichNotes(**asked.read(connection)), **listing.where))


@router.get("/deliveries/{number:path}", name="delivery note", response_model=shape_of(DeliveryNoteView))
def note(caller: Reads, number: Number) -> Response:
    """One delivery note with its lines."""
    with caller.database.read() as connection:
        found = show_delivery_note(connection, number)
    none = Problem("There is no delivery note «{number}».", ProblemCode.NO_DELIVERY, (Act.LIST_SALES,), number=number)
    return _one(found, none)


@router.get("/invoices", name="invoices", response_model=Items[shape_of(ListedInvoice)])  # type: ignore[misc]
def invoices(
    caller: Reads, asked: Annotated[OfCustomer, Depends()], listing: Annotated[Listing, Depends()]
) -> Response:
    """The invoices, the newest first."""
    with caller.database.read() as connection:
        return listing.answer(list_invoices(connection, WhichInvoices(**asked.read(connection)), **listing.where))


@router.get("/invoices/{number:path}/dues", name="instalments of an invoice", response_model=Items[Instalment])
def dues(caller: Reads, number: Number) -> Response:
    """The instalments of an invoice: when each is due, what is settled of it, and by how many days it is late."""
    with caller.database.read() as connection:
        found = show_invoice(connection, number)
        day = today(connection, caller.now)
    if found is None:
        raise _no_invoice(number)
    items = [
        {
            "n": each.n,
            "due_date": each.due_date,
            "amount": each.amount,
            "settled": each.amount - each.open,
            "open": each.open,
            "days_late": max((day - each.due_date).days, 0) if each.open else 0,
        }
        for each in found.due
    ]
    return answer({"items": items, "next": None})


@router.get("/dues", name="open instalments", response_model=Items[shape_of(OpenDue, days_late=int)])  # type: ignore[misc]
def all_dues(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfParty = None,
    last: Annotated[Day | None, Query(alias="to", description="Only what is due until this day.")] = None,
) -> Response:
    """The instalments that are open, the oldest due first."""
    with caller.database.read() as connection:
        whose = None if customer is None else one_party(connection, customer, PartyRole.CUSTOMER).id
        page = list_due(connection, WhichInvoices(customer_id=whose, last=last), **listing.where)
        day = today(connection, caller.now)
    rows = tuple({**asdict(row), "days_late": max((day - row.due_date).days, 0)} for row in page.rows)
    return listing.answer(Page(rows, page.after))


@router.get("/invoices/{number:path}", name="invoice", response_model=shape_of(InvoiceView))
def invoice(caller: Reads, number: Number) -> Response:
    """One invoice with its lines, its VAT and when it falls due."""
    with caller.database.read() as connection:
        found = show_invoice(connection, number)
    return _one(found, _no_invoice(number))


@router.get("/credit-notes", name="credit notes", response_model=Items[shape_of(ListedCreditNote)])  # type: ignore[misc]
def credit_notes(
    caller: Reads, asked: Annotated[OfCustomer, Depends()], listing: Annotated[Listing, Depends()]
) -> Response:
    """The credit notes, the newest first. `left`: what of each settles nothing yet."""
    with caller.database.read() as connection:
        return listing.answer(
            list_credit_notes(connection, WhichCreditNotes(**asked.read(connection)), **listing.where)
        )


@router.get("/credit-notes/{number:path}", name="credit note", response_model=shape_of(CreditNoteView))
def credit_note(caller: Reads, number: Number) -> Response:
    """One credit note with its lines and its VAT."""
    with caller.database.read() as connection:
        found = show_credit_note(connection, number)
    none = Problem("There is no credit note «{number}».", ProblemCode.NO_INVOICE, (Act.LIST_INVOICES,), number=number)
    return _one(found, none)


@router.get("/stories/{text:path}", name="stories", response_model=Items[shape_of(Story)])  # type: ignore[misc]
def stories(
    caller: Annotated[Caller, Depends(Needs(Scope.MAILS_READ))],
    text: Annotated[str, Path(max_length=200, description="Our number of an order, theirs, or a transfer id.")],
) -> Response:
    """All that happened to the orders that this names, at both sites, with their mails."""
    with caller.database.read() as connection:
        return answer({"items": trace(connection, text), "next": None})


def _one(found: object, none: Problem) -> Response:
    """The document that was found; where there is none, the problem."""
    if found is None:
        raise none
    return answer(found)


def _no_invoice(number: str) -> Problem:
    return Problem("There is no invoice «{number}».", ProblemCode.NO_INVOICE, (Act.LIST_INVOICES,), number=number)
