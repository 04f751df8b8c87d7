"""Payments of customers, and the invoices that they settle."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PartyRole, PaymentMethod, PaymentState, Right, Scope
from intergestan_erp.listing.payments import ListedPayment, WhichPayments, list_payments, one_payment
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.paying import banking
from intergestan_erp.paying.payments import NewPayment
from intergestan_erp.paying.settling import Settled as SettledNow
from intergestan_erp.paying.shares import Share
from intergestan_exchange.credit_holds import acts
from intergestan_exchange.credit_holds.look_again import Released
from services.console.api.asked import Day, Listing, Number, OfParty
from services.console.api.caller import Caller, Needs
from services.console.api.here import Here
from services.console.api.once import Done, Key, any_key, once, own_key
from services.console.api.shapes import STRICT, Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/payments", tags=["Payments"])
Reads = Annotated[Caller, Depends(Needs(Scope.CREDIT_READ))]


@router.get("", name="payments", response_model=Items[shape_of(ListedPayment)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    customer: OfParty = None,
    on_account: Annotated[bool, Query(description="Only those of which something is left.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The payments, the newest first."""
    with caller.database.read() as connection:
        whose = None if customer is None else one_party(connection, customer, PartyRole.CUSTOMER).id
        wanted = WhichPayments(customer_id=whose, on_account=on_account)
        return listing.answer(list_payments(connection, wanted, **listing.where))


@router.get("/{number:path}", name="payment", response_model=shape_of(ListedPayment))
def show(caller: Reads, number: Number) -> Response:
    """One payment, with what of it lies on account."""
    with caller.database.read() as connection:
        return answer(one_payment(connection, number))


Writes = Annotated[Caller, Depends(Needs(Scope.PAYMENTS_WRITE, Right.TAKE_PAYMENTS))]
OwnKey = Annotated[Key, Depends(own_key)]
MayKey = Annotated[Key, Depends(any_key)]


class Part(BaseModel):
    """So much for an invoice, or for its instalment `n`."""

    model_config = STRICT

    invoice: Annotated[str, Field(min_length=1, max_length=60)]
    n: Annotated[int | None, Field(ge=1, le=1000)] = None
    amount: Figure


Shares = Annotated[
    list[Part] | None, Field(max_length=1000, description="What it settles; null: the oldest due come first.")
]


class Payment(BaseModel):
    """A payment as somebody enters it, in the site's currency."""

    model_config = STRICT

    party: Annotated[str, Field(min_length=1, max_length=200, description="Code, SIRET, VAT number or name.")]
    amount: Figure
    method: Annotated[PaymentMethod, Field(strict=False)]
    here: Here
    received_on: Annotated[Day | None, Field(description="Today, if it is left out.")] = None
    due_date: Annotated[Day | None, Field(description="When a bill or a cheque brings the money.")] = None
    reference: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    settle: Shares = None


class SettledPart(BaseModel):
    """So much settles an instalment."""

    invoice: str
    n: int
    amount: Figure


class Settled(BaseModel):
    """What a payment or a credit note settles now. `left`: on account; `released`: orders that go on by it."""

    payment: str
    settled: list[SettledPart]
    left: Figure
    released: list[str]


@router.post("", name="enter a payment", status_code=201, response_model=Settled)
def enter(caller: Writes, key: OwnKey, payment: Payment) -> Response:
    """Enter a payment of a customer, and settle invoices with it. What is left stays on account."""
    new = NewPayment(
        amount=Decimal(payment.amount),
        method=payment.method,
        received_on=payment.received_on,
        due_date=payment.due_date,
        reference=payment.reference,
    )

    def do(connection: Connection) -> Done:
        whose = one_party(connection, payment.party, PartyRole.CUSTOMER).id
        who: Any = {"place": payment.here.find(connection), "by": caller.by, "at": caller.now}
        settled, released = acts.add_payment(connection, whose, new, _shares(payment.settle), **who)
        return _told(settled, released, status=201, location=f"/payments/{quote(settled.number, safe='')}")

    return once(caller, key, payment, do)


class Wanted(BaseModel):
    """What it settles."""

    model_config = STRICT

    settle: Shares = None


@router.post("/{number:path}/settle", name="settle with a payment", response_model=Settled)
def settle(caller: Writes, key: OwnKey, number: Number, wanted: Wanted) -> Response:
    """Settle invoices with what lies on account of a payment, or of a credit note by its own number."""

    def do(connection: Connection) -> Done:
        shares = _shares(wanted.settle)
        settled, released = acts.settle_payment(connection, number, shares, by=caller.by, at=caller.now)
        return _told(settled, released)

    return once(caller, key, wanted, do)


class TakenBack(BaseModel):
    """A payment that does not count any more. `open`: the invoices that it had settled."""

    payment: str
    state: PaymentState
    open: list[str]


class CameBack(BaseModel):
    """When a payment came back unpaid."""

    model_config = STRICT

    on: Annotated[Day | None, Field(description="Today, if it is left out.")] = None


@router.post("/{number:path}/fail", name="a payment came back", response_model=TakenBack)
def fail(caller: Writes, key: MayKey, number: Number, said: CameBack) -> Response:
    """Note that a payment came back unpaid: the invoices that it settled are open again."""

    def do(connection: Connection) -> Done:
        taken, _freed = acts.fail_payment(connection, number, said.on, by=caller.by, at=caller.now)
        return Done(value={"payment": taken.number, "state": PaymentState.FAILED, "open": taken.reopened})

    return once(caller, key, said, do)


@router.post("/{number:path}/cancel", name="take a payment back", response_model=TakenBack)
def cancel(caller: Writes, key: MayKey, number: Number) -> Response:
    """Take back a payment that was entered by mistake, on the day of its entry."""

    def do(connection: Connection) -> Done:
        taken, _freed = acts.cancel_payment(connection, number, by=caller.by, at=caller.now)
        return Done(value={"payment": taken.number, "state": PaymentState.CANCELLED, "open": taken.reopened})

    return once(caller, key, None, do)


class ToBank(BaseModel):
    """Since when the bank has it."""

    model_config = STRICT

    on: Annotated[Day | None, Field(description="Today, if it is left out.")] = None


class BankHasIt(BaseModel):
    """A cheque or a bill that the bank has."""

    payment: str
    amount: Figure
    banked_on: date


@router.post("/{number:path}/bank", name="the bank has a payment", response_model=BankHasIt)
def to_bank(
    caller: Annotated[Caller, Depends(Needs(Scope.PAYMENTS_WRITE, Right.KEEP_BOOKS))],
    key: MayKey,
    number: Number,
    said: ToBank,
) -> Response:
    """Note that the bank has a cheque or a bill: it was handed in, or stands on its statement."""

    def do(connection: Connection) -> Done:
        (banked,) = banking.bank(connection, [number], said.on, by=caller.by, at=caller.now)
        return Done(value={"payment": banked.number, "amount": banked.amount, "banked_on": banked.banked_on})

    return once(caller, key, said, do)


def _shares(parts: list[Part] | None) -> list[Share] | None:
    return None if parts is None else [Share(part.invoice, part.n, Decimal(part.amount)) for part in parts]


def _told(settled: SettledNow, released: Released, *, status: int = 200, location: str | None = None) -> Done:
    parts = [{"invoice": part.invoice, "n": part.n, "amount": part.amount} for part in settled.parts]
    value = {"payment": settled.number, "settled": parts, "left": settled.left, "released": released.holds}
    bells = Bells(take_in=released.take_in, serve=released.products)
    return Done(value=value, status=status, location=location, bells=bells)
