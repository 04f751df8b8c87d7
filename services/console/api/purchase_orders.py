"""Purchase orders: those that are entered here and sent to suppliers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from intergestan_db.enums import PurchaseState, Right, Scope
from intergestan_erp.listing.purchase import ListedPurchase, list_purchases
from intergestan_erp.listing.selection import Written, read_selection
from intergestan_erp.ordering.drafts import ReadyOrder, judge_change, judge_new, write_order
from intergestan_erp.ordering.stored_order import read_stored
from intergestan_erp.ordering.typed_order import DeliveryPlace, TypedCharge, TypedLine, TypedOrder
from intergestan_erp.purchasing.purchase_orders import confirm, lock_version, show_order, unconfirm
from intergestan_erp.purchasing.views import PurchaseOrderView
from intergestan_exchange.outbox.delete_drafts import delete_drafts
from services.console.api.asked import Day, First, Last, Listing, Number, OfParty, Seen, Text, seen
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, done_before, once
from services.console.api.shapes import STRICT, Figure, Items, Long, Short, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/purchase-orders", tags=["Purchase orders"])
Reads = Annotated[Caller, Depends(Needs(Scope.ORDERS_READ))]
Writes = Annotated[Caller, Depends(Needs(Scope.ORDERS_WRITE, Right.SEND_ORDERS))]
MayKey = Annotated[Key, Depends(any_key)]
Needed = Annotated[Seen, Depends(seen)]


@router.get("", name="purchase orders", response_model=Items[shape_of(ListedPurchase)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    first: First = None,
    last: Last = None,
    supplier: OfParty = None,
    followed_by: Annotated[Text, Query(description="Login of who follows it.")] = None,
    state: Annotated[list[PurchaseState] | None, Query(description="Those in these states.")] = None,
    everything: Annotated[bool, Query(alias="all", description="Drafts and transmitted orders too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The orders that can be sent, the oldest first: confirmed and not transmitted; with `all` or `state`, others."""
    written = Written(
        first=None if first is None else first.isoformat(),
        last=None if last is None else last.isoformat(),
        supplier=supplier,
        followed_by=followed_by,
        everything=everything,
    )
    with caller.database.read() as connection:
        wanted = read_selection(connection, written)
        return listing.answer(
            list_purchases(connection, wanted, states=tuple(dict.fromkeys(state or ())), **listing.where)
        )


FIGURES = frozenset({"quantity", "price", "base_quantity", "allowance", "vat_rate", "amount"})


class Said(BaseModel):
    """A part of an order as a call says it."""

    model_config = STRICT

    def stated(self) -> dict[str, Any]:
        """What it states, as the library takes it."""
        return {
            name: Decimal(value) if name in FIGURES else value
            for name in self.model_fields_set
            if (value := getattr(self, name)) is not None
        }


class Line(Said):
    """So much of a product; what is left out is the product's."""

    product: Annotated[str, Field(min_length=1, max_length=60, description="Our code.")]
    quantity: Figure
    line_id: Annotated[str | None, Field(max_length=60, description="Of a line that was there before.")] = None
    price: Figure | None = None
    base_quantity: Annotated[Figure | None, Field(description="So many units have that price.")] = None
    allowance: Annotated[Figure | None, Field(description="Signed; a negative one takes off.")] = None
    name: Short | None = None
    unit: Annotated[str | None, Field(max_length=10)] = None
    vat_category: Annotated[str | None, Field(max_length=2)] = None
    vat_rate: Figure | None = None
    note: Long | None = None
    gtin: Annotated[str | None, Field(max_length=14)] = None
    supplier_code: Annotated[str | None, Field(max_length=60)] = None
    wanted_date: Day | None = None


class Charge(Said):
    """A charge of the whole order; a negative one is an allowance."""

    reason: Short | None = None
    amount: Figure
    vat_category: Annotated[str | None, Field(max_length=2)] = None
    vat_rate: Figure | None = None


class Delivery(Said):
    """Where the goods go, where that is not the site's own address."""

    name: Short | None = None
    line1: Short | None = None
    line2: Short | None = None
    postcode: Annotated[str | None, Field(max_length=20)] = None
    city: Annotated[str | None, Field(max_length=100)] = None
    country: Annotated[str | None, Field(pattern="^[A-Z]{2}$")] = None


class Draft(Said):
    """A purchase order as somebody enters it."""

    supplier: Annotated[str, Field(min_length=1, max_length=200, description="Code, SIRET, VAT number or name.")]
    lines: Annotated[list[Line], Field(min_length=1, max_length=1000)]
    charges: Annotated[list[Charge] | None, Field(max_length=100)] = None
    issue_date: Annotated[Day | None, Field(description="Today, if it is left out.")] = None
    followed_by: Annotated[str | None, Field(max_length=60, description="A login.")] = None
    note: Long | None = None
    wanted_date: Day | None = None
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = None
    delivery: Delivery | None = None

    def typed(self) -> TypedOrder:
        """The order, as the library takes it."""
        head = {name: value for name, value in self.stated().items() if name not in {"lines", "charges", "delivery"}}
        return TypedOrder(
            **head,
            lines=tuple(TypedLine(**line.stated()) for line in self.lines),
            charges=tuple(TypedCharge(**{"reason": None, **charge.stated()}) for charge in self.charges or ()),
            delivery=None if self.delivery is None else DeliveryPlace(**self.delivery.stated()),
        )


class Saved(BaseModel):
    """An order that was entered or changed, and what it comes to."""

    number: str
    version: int
    state: str
    total_ht: Figure
    total_vat: Figure
    total_ttc: Figure


Confirmed = Annotated[bool, Query(description="Confirmed at once, not a draft.")]


@router.post("", name="enter a purchase order", status_code=201, response_model=Saved)
def enter(caller: Writes, key: MayKey, draft: Draft, confirmed: Confirmed = False) -> Response:  # noqa: FBT002 - a field
    """Enter an order under the next number: a draft, unless it shall be confirmed."""
    before = done_before(caller, key, draft)
    if before is not None:
        return before
    with caller.database.read() as connection:
        ready = judge_new(connection, draft.typed(), caller.now)
    return _save(caller, key, draft, ready, confirmed=confirmed, status=201)


@router.put("/{number:path}", name="change a draft", response_model=Saved)
def change(caller: Writes, key: MayKey, number: Number, saw: Needed, draft: Draft) -> Response:
    """Put a draft anew: all of it is as this says."""
    before = done_before(caller, key, draft)
    if before is not None:
        return before
    with caller.database.read() as connection:
        stored = read_stored(connection, number)
        saw.check(stored.version)
        ready = judge_change(connection, number, draft.typed(), caller.now, version=saw.version)
    return _save(caller, key, draft, ready, confirmed=False, status=200)


def _save(caller: Caller, key: Key, draft: Draft, ready: ReadyOrder, *, confirmed: bool, status: int) -> Response:
    def do(connection: Connection) -> Done:
        saved = write_order(connection, ready, by=caller.by, at=caller.now, confirm=confirmed)
        sums = {name: getattr(saved.priced, name) for name in ("total_ht", "total_vat", "total_ttc")}
        value = {"number": saved.number, "version": saved.version, "state": saved.state, **sums}
        location = address_of(saved.number) if status == 201 else None
        return Done(value=value, status=status, location=location, version=saved.version)

    try:
        return once(caller, key, draft, do)
    except IntegrityError:
        if ready.stored is not None:
            raise
        return once(caller, key, draft, do)  # a file brought the number along at this moment: the next one is taken


@router.delete("/{number:path}", name="delete a draft", status_code=204)
def delete(caller: Writes, key: MayKey, number: Number, saw: Needed) -> Response:
    """Delete a draft that was never sent. Its number is not given again."""

    def do(connection: Connection) -> Done:
        saw.check(lock_version(connection, number))
        delete_drafts(connection, [number], by=caller.by, at=caller.now)
        return Done()

    return once(caller, key, None, do)


class Moved(BaseModel):
    """An order in its new state."""

    number: str
    version: int
    state: str


@router.post("/{number:path}/confirm", name="confirm a draft", response_model=Moved)
def confirm_one(caller: Writes, key: MayKey, number: Number, saw: Needed) -> Response:
    """Make a draft ready to be sent."""
    return _move(caller, key, number, saw, confirm)


@router.post("/{number:path}/unconfirm", name="make a draft again", response_model=Moved)
def unconfirm_one(caller: Writes, key: MayKey, number: Number, saw: Needed) -> Response:
    """Make a confirmed order a draft again, as long as it is not sent."""
    return _move(caller, key, number, saw, unconfirm)


def _move(caller: Caller, key: Key, number: str, saw: Seen, act: Callable[..., None]) -> Response:
    def do(connection: Connection) -> Done:
        saw.check(lock_version(connection, number))
        act(connection, [number], by=caller.by, at=caller.now)
        order = read_stored(connection, number)
        value = {"number": order.number, "version": order.version, "state": order.state}
        return Done(value=value, version=order.version)

    return once(caller, key, None, do)


def address_of(number: str) -> str:
    """Where an order is, below the API."""
    return f"/purchase-orders/{quote(number, safe='')}"


@router.get("/{number:path}", name="purchase order", response_model=shape_of(PurchaseOrderView))
def show(caller: Reads, number: Number) -> Response:
    """One order with its lines, charges, changes and all that happened to it. `ETag` is its version."""
    with caller.database.read() as connection:
        order = show_order(connection, number)
    return answer(order, ETag=f'"{order.version}"')
