"""Quotes: offers to customers, each of which becomes one sales order at most."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import quote as quoted

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import PartyRole, QuoteState, Right, Scope
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.quotes import ListedQuote, accept_quote, enter_quote, list_quotes, refuse_quote, show_quote
from intergestan_erp.selling.views import QuoteView
from intergestan_erp.site.zone import today
from services.console.api.asked import Day, Listing, Number, OfParty
from services.console.api.caller import Caller, Needs
from services.console.api.here import Here
from services.console.api.once import Done, Key, any_key, once, own_key
from services.console.api.shapes import STRICT, Figure, Items, Long, shape_of
from services.console.api.typed import Document, Entered, told
from services.console.api.values import answer

router = APIRouter(prefix="/quotes", tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]
quote_url = partial(quoted, safe="")


@router.get("", name="quotes", response_model=Items[shape_of(ListedQuote)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfParty = None,
    everything: Annotated[bool, Query(alias="all", description="Accepted, refused and expired ones too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The open quotes, the newest first; with `all` every one."""
    with caller.database.read() as connection:
        whose = None if customer is None else one_party(connection, customer, PartyRole.CUSTOMER).id
        day = today(connection, caller.now)
        return listing.answer(list_quotes(connection, day, customer_id=whose, everything=everything, **listing.where))


@router.get("/{number:path}", name="quote", response_model=shape_of(QuoteView))
def show(caller: Reads, number: Number) -> Response:
    """One quote with what became of it."""
    with caller.database.read() as connection:
        return answer(show_quote(connection, number, today(connection, caller.now)))


Writes = Annotated[Caller, Depends(Needs(Scope.SALES_WRITE, Right.SELL))]
OwnKey = Annotated[Key, Depends(own_key)]


class Quote(Document):
    """A quote as somebody enters it."""

    valid_until: Annotated[Day | None, Field(description="Its last day; without one it does not expire.")] = None


class Made(BaseModel):
    """A quote that was entered, and what it comes to."""

    number: str
    state: str
    total_ht: Figure
    total_ttc: Figure


@router.post("", name="enter a quote", status_code=201, response_model=Made)
def enter(caller: Writes, key: OwnKey, quote: Quote) -> Response:
    """Enter a quote, at the prices of now. Nothing is sent."""

    def do(connection: Connection) -> Done:
        who: Any = {"place": quote.here.find(connection), "by": caller.by, "at": caller.now}
        made = enter_quote(connection, quote.typed(connection), valid_until=quote.valid_until, **who)
        value = {"number": made.number, "state": QuoteState.OPEN}
        sums = {"total_ht": made.total_ht, "total_ttc": made.total_ttc}
        return Done(value={**value, **sums}, status=201, location=f"/quotes/{quote_url(made.number)}")

    return once(caller, key, quote, do)


class Acceptance(BaseModel):
    """Where a quote becomes an order."""

    model_config = STRICT

    here: Here
    fee_if_small: Annotated[
        bool, Field(description="If the order is below the customer's minimum, add the fee for that.")
    ] = False


@router.post("/{number:path}/accept", name="accept a quote", status_code=201, response_model=Entered)
def accept(caller: Writes, key: OwnKey, number: Number, said: Acceptance) -> Response:
    """The customer takes the offer: it becomes a sales order, at the prices of the quote."""

    def do(connection: Connection) -> Done:
        who: Any = {"place": said.here.find(connection), "by": caller.by, "at": caller.now}
        entered = accept_quote(connection, number, add_fee=said.fee_if_small, **who)
        value = told(entered, has_fee=said.fee_if_small)
        return Done(value=value, status=201, location=f"/sales-orders/{quote_url(entered.number)}")

    return once(caller, key, said, do)


class Refusal(BaseModel):
    """Why the customer does not take it, for those who look later."""

    model_config = STRICT

    reason: Long | None = None


class Refused(BaseModel):
    """A quote that was refused."""

    number: str
    state: str


@router.post("/{number:path}/refuse", name="refuse a quote", response_model=Refused)
def refuse(caller: Writes, key: Annotated[Key, Depends(any_key)], number: Number, said: Refusal) -> Response:
    """The customer does not take the offer."""

    def do(connection: Connection) -> Done:
        refused = refuse_quote(connection, number, said.reason, by=caller.by, at=caller.now)
        return Done(value={"number": refused, "state": QuoteState.REFUSED})

    return once(caller, key, said, do)
