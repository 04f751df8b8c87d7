"""What establishments order from each other for their customers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right, Scope
from intergestan_erp.pairs.cancelling import cancel_pair
from intergestan_erp.pairs.listing import ListedPair, list_pairs
from intergestan_erp.pairs.ordering import order_pairs
from intergestan_erp.pairs.pending import Wanted, wanted_of
from intergestan_erp.pairs.preview import preview as look
from intergestan_operations.telling import agencies
from services.console.api.asked import Day, First, Last, Listing, Number, Text
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, once, once_of_many, own_key
from services.console.api.shapes import STRICT, Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/agency-orders", tags=["Agencies"])
Reads = Annotated[Caller, Depends(Needs(Scope.AGENCIES_READ))]


@router.get("", name="agency orders", response_model=Items[shape_of(ListedPair)])  # type: ignore[misc]
def list_(caller: Reads, listing: Annotated[Listing, Depends()]) -> Response:
    """The pairs of orders between agencies, the newest first."""
    with caller.database.read() as connection:
        return listing.answer(list_pairs(connection, **listing.where))


@router.get("/preview", name="agency orders to come", response_model=shape_of(agencies.ToOrder))
def preview(
    caller: Reads,
    order: Annotated[Text, Query(description="The number of a customer's order; else all that wait.")] = None,
    first: First = None,
    last: Last = None,
) -> Response:
    """What is to be ordered between agencies, at which prices, and what cannot be ordered. It writes nothing."""
    with caller.database.read() as connection:
        wanted = Wanted(first=first, last=last) if order is None else wanted_of(connection, order)
        return answer(agencies.to_order(look(connection, wanted, caller.now)))


Writes = Annotated[Caller, Depends(Needs(Scope.AGENCIES_WRITE, Right.SELL))]


class ToOrder(BaseModel):
    """Of which customers' orders: one, or those of a period; neither: all that wait."""

    model_config = STRICT

    order: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


@router.post("", name="order between agencies", status_code=201, response_model=shape_of(agencies.AllOrdered))
def order(caller: Writes, key: Annotated[Key, Depends(own_key)], said: ToOrder) -> Response:
    """Order all that waits: one purchase order and one sales order for each pair of establishments, each pair in a
    transaction of its own. Once more, or twice at once, orders nothing twice.
    """

    def act() -> Done:
        with caller.database.read() as connection:
            wanted = (
                Wanted(first=said.first, last=said.last) if said.order is None else wanted_of(connection, said.order)
            )
            seen = look(connection, wanted, caller.now)
        made = list(order_pairs(caller.database, wanted, by=caller.by, at=caller.now)) if seen.pairs else []
        return Done(value=agencies.all_ordered(made, seen.refused), status=201)

    return once_of_many(caller, key, said, act)


class Cancelled(BaseModel):
    """Both orders of the pair, by number."""

    cancelled: list[str]


@router.post("/{number:path}/cancel", name="cancel an agency order", response_model=Cancelled)
def cancel(caller: Writes, key: Annotated[Key, Depends(any_key)], number: Number) -> Response:
    """Cancel both orders of a pair of which nothing has left, by the number of either."""

    def do(connection: Connection) -> Done:
        found = cancel_pair(connection, number, by=caller.by, at=caller.now)
        value = {"cancelled": [found.purchase_order, found.sales_order]}
        return Done(value=value, bells=Bells(serve=found.freed.products))

    return once(caller, key, None, do)
