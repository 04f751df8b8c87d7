"""Delivery notes and invoices, and the story of an order over both sites."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.invoices import ListedInvoice, WhichInvoices, list_invoices
from intergestan_erp.listing.notes import ListedNote, WhichNotes, list_notes
from intergestan_erp.selling.sales import show_delivery_note, show_invoice
from intergestan_erp.selling.views import DeliveryNoteView, InvoiceView
from intergestan_exchange.tracing.trace import Story, trace
from services.console.api.asked import Listing, Number, OfCustomer
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]


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


@router.get("/invoices/{number:path}", name="invoice", response_model=shape_of(InvoiceView))
def invoice(caller: Reads, number: Number) -> Response:
    """One invoice with its lines, its VAT and when it falls due."""
    with caller.database.read() as connection:
        found = show_invoice(connection, number)
    none = Problem("There is no invoice «{number}».", ProblemCode.NO_INVOICE, (Act.LIST_INVOICES,), number=number)
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
