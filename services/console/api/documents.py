"""Delivery notes and invoices, and the story of an order over both sites."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.invoices import ListedInvoice, WhichInvoices, list_invoices
from intergestan_erp.listing.notes import ListedNote, WhichNotes, list_notes
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.sales import show_delivery_note, show_invoice
from intergestan_exchange.tracing.trace import Story, trace
from services.console.api.asked import Day, Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]
OfCustomer = Annotated[Text, Query(description="Code, SIRET, VAT number or name.")]
First = Annotated[Day | None, Query(alias="from", description="First day, included.")]
Last = Annotated[Day | None, Query(alias="to", description="Last day, included.")]


@router.get("/deliveries", name="delivery notes", response_model=Items[shape_of(ListedNote)])  # type: ignore[misc]
def notes(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfCustomer = None,
    first: First = None,
    last: Last = None,
) -> Response:
    """The delivery notes, the newest first, each with whether it is invoiced."""
    with caller.database.read() as connection:
        whose = None if customer is None else int(one_party(connection, customer, PartyRole.CUSTOMER).id)
        wanted = WhichNotes(customer_id=whose, first=first, last=last)
        return listing.answer(list_notes(connection, wanted, **listing.where))


@router.get("/deliveries/{number:path}", name="delivery note", response_model=dict[str, Any])
def note(caller: Reads, number: Number) -> Response:
    """One delivery note with its lines."""
    with caller.database.read() as connection:
        found = show_delivery_note(connection, number)
    if found is None:
        raise _nothing(ProblemCode.NO_DELIVERY, number)
    return answer(found)


@router.get("/invoices", name="invoices", response_model=Items[shape_of(ListedInvoice)])  # type: ignore[misc]
def invoices(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfCustomer = None,
    first: First = None,
    last: Last = None,
) -> Response:
    """The invoices, the newest first."""
    with caller.database.read() as connection:
        whose = None if customer is None else int(one_party(connection, customer, PartyRole.CUSTOMER).id)
        wanted = WhichInvoices(customer_id=whose, first=first, last=last)
        return listing.answer(list_invoices(connection, wanted, **listing.where))


@router.get("/invoices/{number:path}", name="invoice", response_model=dict[str, Any])
def invoice(caller: Reads, number: Number) -> Response:
    """One invoice with its lines, its VAT and when it falls due."""
    with caller.database.read() as connection:
        found = show_invoice(connection, number)
    if found is None:
        raise _nothing(ProblemCode.NO_INVOICE, number)
    return answer(found)


@router.get("/stories/{text:path}", name="stories", response_model=Items[shape_of(Story)])  # type: ignore[misc]
def stories(
    caller: Annotated[Caller, Depends(Needs(Scope.MAILS_READ))],
    text: Annotated[str, Path(max_length=200, description="Our number of an order, theirs, or a transfer id.")],
) -> Response:
    """All that happened to the orders that this names, at both sites, with their mails."""
    with caller.database.read() as connection:
        return answer({"items": trace(connection, text), "next": None})


def _nothing(code: ProblemCode, number: str) -> Problem:
    if code is ProblemCode.NO_INVOICE:
        return Problem("There is no invoice «{number}».", ProblemCode.NO_INVOICE, (Act.LIST_INVOICES,), number=number)
    return Problem("There is no delivery note «{number}».", ProblemCode.NO_DELIVERY, (Act.LIST_SALES,), number=number)
