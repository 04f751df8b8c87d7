"""Sales orders: what customers ordered, by mail or by hand."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Incomplete, Right, SalesState, Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.sales import ListedSale, WhichSales, list_sales_page
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.sales import show_sales_order
from intergestan_erp.selling.views import SalesOrderView
from intergestan_exchange.holds.review import accept, refuse
from services.console.api.asked import Listing, Number, OfCustomer
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, once, own_key
from services.console.api.shapes import STRICT, Items, Long, shape_of
from services.console.api.typed import Document, Entered, told
from services.console.api.values import answer

router = APIRouter(prefix="/sales-orders", tags=["Sales orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.SALES_READ))]


@router.get("", name="sales orders", response_model=Items[shape_of(ListedSale)])  # type: ignore[misc]
def list_(
    caller: Reads,
    asked: Annotated[OfCustomer, Depends()],
    listing: Annotated[Listing, Depends()],
    state: Annotated[list[SalesState] | None, Query(description="Those in these states.")] = None,
    everything: Annotated[bool, Query(alias="all", description="Cancelled and wholly invoiced orders too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The sales orders that are not wholly invoiced, the newest first; with `all` every one."""
    with caller.database.read() as connection:
        states = tuple(dict.fromkeys(state or ()))
        wanted = WhichSales(**asked.read(connection), settled=everything or bool(states), states=states)
        return listing.answer(list_sales_page(connection, wanted, **listing.where))


@router.get("/{number:path}", name="sales order", response_model=shape_of(SalesOrderView))
def show(caller: Reads, number: Number) -> Response:
    """One order with its lines, each with what was delivered and invoiced, its documents and what happened."""
    with caller.database.read() as connection:
        order = show_sales_order(connection, number)
    if order is None:
        raise Problem("There is no sales order {number}.", ProblemCode.NO_ORDER, (Act.LIST_SALES,), number=number)
    return answer(order)


class Order(Document):
    """A sales order as somebody enters it, that came otherwise than by mail from a partner."""

    reference: Annotated[str | None, Field(min_length=1, max_length=60, description="The customer's own number.")] = (
        None
    )
    incomplete: Annotated[
        Incomplete | None,
        Field(strict=False, description="While not all of it is there; null: as cards say."),
    ] = None
    fee_if_small: Annotated[bool, Field(description="If it is below the customer's minimum, add the fee for that.")] = (
        False
    )


Writes = Annotated[Caller, Depends(Needs(Scope.SALES_WRITE, Right.SELL))]


@router.post("", name="enter a sales order", status_code=201, response_model=Entered)
def enter(caller: Writes, key: Annotated[Key, Depends(own_key)], order: Order) -> Response:
    """Enter an accepted order of a customer. Nothing is sent, even if the customer is a partner.

    What passes a credit maximum is refused with `exposure`, `maximum` and `delta`.
    """

    def do(connection: Connection) -> Done:
        who: Any = {"place": order.here.find(connection), "by": caller.by, "at": caller.now}
        typed = order.typed(connection, order.reference)
        how: Any = {"add_fee": order.fee_if_small, "incomplete": order.incomplete}
        entered = enter_order(connection, typed, **how, **who)
        value = told(entered, has_fee=order.fee_if_small)
        return Done(value=value, status=201, location=f"/sales-orders/{quote(entered.number, safe='')}")

    return once(caller, key, order, do)


class Accepted(BaseModel):
    """What is said about an order that is accepted; remembered for its partner."""

    model_config = STRICT

    products: Annotated[
        dict[str, Annotated[str, Field(min_length=1, max_length=60)]] | None,
        Field(description="Our product's code by line id, of lines that have none.", max_length=1000),
    ] = None
    fee: Annotated[str | None, Field(max_length=60, description="The code of a fee that is added.")] = None


class Refusal(BaseModel):
    """Why an order is refused."""

    model_config = STRICT

    reason: Annotated[Long | None, Field(description="What the buyer will read.")] = None


class Moved(BaseModel):
    """A sales order in its new state."""

    number: str
    state: str


MayKey = Annotated[Key, Depends(any_key)]


@router.post("/{number:path}/accept", name="accept a sales order", response_model=Moved)
def accept_one(caller: Writes, key: MayKey, number: Number, said: Accepted) -> Response:
    """Accept an order in review; the buyer is answered."""

    def do(connection: Connection) -> Done:
        products = dict(said.products or {})
        bells = accept(connection, number, products, fee=said.fee, by=caller.by, at=caller.now)
        return Done(value={"number": number, "state": SalesState.ACCEPTED}, bells=bells)

    return once(caller, key, said, do)


@router.post("/{number:path}/refuse", name="refuse a sales order", response_model=Moved)
def refuse_one(caller: Writes, key: MayKey, number: Number, said: Refusal) -> Response:
    """Refuse an order in review: it is cancelled, and the buyer is told why."""

    def do(connection: Connection) -> Done:
        bells = refuse(connection, number, said.reason, by=caller.by, at=caller.now)
        return Done(value={"number": number, "state": SalesState.CANCELLED}, bells=bells)

    return once(caller, key, said, do)
