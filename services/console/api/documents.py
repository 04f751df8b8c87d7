"""Delivery notes and invoices, and the story of an order over both sites."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PartyRole, Right, Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.credit_notes import ListedCreditNote, WhichCreditNotes, list_credit_notes
from intergestan_erp.listing.invoices import ListedInvoice, OpenDue, WhichInvoices, list_due, list_invoices
from intergestan_erp.listing.notes import ListedNote, WhichNotes, list_notes
from intergestan_erp.listing.page import Page
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.selling.invoicing import invoice as make_invoice
from intergestan_erp.selling.sales import show_credit_note, show_delivery_note, show_invoice
from intergestan_erp.selling.views import CreditNoteView, DeliveryNoteView, DueView, InvoiceView
from intergestan_erp.site.zone import today
from intergestan_erp.terms.law import periodic_doubts
from intergestan_exchange.credit_holds import acts
from intergestan_exchange.tracing.trace import Story, trace
from services.console.api.asked import Day, Listing, Number, OfCustomer, OfParty
from services.console.api.caller import Caller, Needs
from services.console.api.here import Here
from services.console.api.once import Done, Key, once, own_key
from services.console.api.payments import SettledPart
from services.console.api.shapes import STRICT, Figure, Items, Long, shape_of
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


class Leaves(BaseModel):
    """What leaves of an order where no slips are made; null: all that remains."""

    model_config = STRICT

    order: Annotated[str, Field(min_length=1, max_length=60)]
    here: Here
    lines: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=60)], Figure] | None,
        Field(max_length=1000, description="So much by line id."),
    ] = None
    note: Long | None = None


class MadeNote(BaseModel):
    """A delivery note that was made."""

    delivery_note: str


@router.post("/deliveries", name="deliver an order", status_code=201, response_model=MadeNote)
def deliver_one(
    caller: Annotated[Caller, Depends(Needs(Scope.SALES_WRITE, Right.SELL))],
    key: Annotated[Key, Depends(own_key)],
    said: Leaves,
) -> Response:
    """Book that goods left, under a numbered delivery note."""
    wanted = None if said.lines is None else {line: Decimal(figure) for line, figure in said.lines.items()}

    def do(connection: Connection) -> Done:
        who: Any = {"place": said.here.find(connection), "by": caller.by, "at": caller.now}
        made = deliver(connection, said.order, wanted, note=said.note, **who)
        return Done(value={"delivery_note": made}, status=201, location=f"/deliveries/{quote(made, safe='')}")

    return once(caller, key, said, do)


class ToInvoice(BaseModel):
    """Orders or delivery notes of one customer, and who invoices."""

    model_config = STRICT

    numbers: Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(min_length=1, max_length=1000)]
    here: Here


class MadeInvoice(BaseModel):
    """An invoice that was made, and what it comes to."""

    invoice: str
    total_ht: Figure
    total_vat: Figure
    total_ttc: Figure
    due_date: date
    due: list[shape_of(DueView)]  # type: ignore[valid-type]
    warnings: list[str]


@router.post("/invoices", name="invoice what was delivered", status_code=201, response_model=MadeInvoice)
def invoice_some(
    caller: Annotated[Caller, Depends(Needs(Scope.INVOICES_WRITE, Right.INVOICE))],
    key: Annotated[Key, Depends(own_key)],
    said: ToInvoice,
) -> Response:
    """Make one numbered invoice for what was delivered and is not invoiced yet."""

    def do(connection: Connection) -> Done:
        who: Any = {"place": said.here.find(connection), "by": caller.by, "at": caller.now}
        made = make_invoice(connection, said.numbers, **who)
        found = show_invoice(connection, made)
        assert found is not None
        several = len(found.delivery_notes) > 1
        doubts = periodic_doubts(found.issue_date, found.due_date) if several else []
        names = ("total_ht", "total_vat", "total_ttc", "due_date", "due")
        value = {"invoice": made, **{name: getattr(found, name) for name in names}}
        value["warnings"] = list(map(caller.say, doubts))
        return Done(value=value, status=201, location=f"/invoices/{quote(made, safe='')}")

    return once(caller, key, said, do)


class TakenLine(BaseModel):
    """So much of a line of an invoice, by its place there."""

    model_config = STRICT

    line: Annotated[int, Field(ge=1, le=100_000)]
    quantity: Figure


class ToCredit(BaseModel):
    """What of an invoice is taken back; without lines and charges all that is left of it."""

    model_config = STRICT

    invoice: Annotated[str, Field(min_length=1, max_length=60)]
    reason: Annotated[Long, Field(description="What the customer reads.")]
    lines: Annotated[list[TakenLine], Field(max_length=1000)] = []
    charges: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=100, description="Whole ones, by n.")] = []


class MadeCreditNote(BaseModel):
    """A credit note that was made, what it settles, and what of it lies on account. `released`: orders that go on."""

    credit_note: str
    invoice: str
    total_ttc: Figure
    settled: list[SettledPart]
    left: Figure
    released: list[str]


@router.post("/credit-notes", name="credit an invoice", status_code=201, response_model=MadeCreditNote)
def credit_one(
    caller: Annotated[Caller, Depends(Needs(Scope.INVOICES_WRITE, Right.CREDIT_NOTE))],
    key: Annotated[Key, Depends(own_key)],
    said: ToCredit,
) -> Response:
    """Make a credit note. It settles what is open of its invoice, which is never changed."""

    def do(connection: Connection) -> Done:
        wanted = {each.line: Decimal(each.quantity) for each in said.lines}
        made, released = acts.credit_invoice(
            connection, said.invoice, said.reason, wanted, said.charges, by=caller.by, at=caller.now
        )
        parts = [{"invoice": part.invoice, "n": part.n, "amount": part.amount} for part in made.settled.parts]
        value = {"credit_note": made.number, "invoice": made.invoice, "total_ttc": made.total_ttc}
        value |= {"settled": parts, "left": made.settled.left, "released": released.holds}
        bells = Bells(take_in=released.take_in, serve=released.products)
        return Done(value=value, status=201, location=f"/credit-notes/{quote(made.number, safe='')}", bells=bells)

    return once(caller, key, said, do)
