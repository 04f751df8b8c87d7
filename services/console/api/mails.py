"""Mails of ours with orders and answers (`sendings`), and mails that came."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import InboundState, OutboundState, Right, Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.mails_in import ListedMailIn, find_mail_in, list_mails_in
from intergestan_exchange.listing.mails_out import ListedMailOut, list_mails_out
from intergestan_exchange.outbox.choosing import chosen_orders, one_supplier
from intergestan_exchange.outbox.outbound import Outbound, abandon, find_outbound, list_outbound, resend
from intergestan_exchange.outbox.preview import Preview, preview
from intergestan_exchange.outbox.request import MAX_ORDERS, request_orders, set_order_address
from intergestan_exchange.partners.partners import find_partner
from intergestan_msg.errors import BadDocument
from services.console.api.asked import Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, once, own_key
from services.console.api.shapes import STRICT, Items, shape_of
from services.console.api.values import answer, plain

router = APIRouter(tags=["Mails"])
Reads = Annotated[Caller, Depends(Needs(Scope.MAILS_READ))]


class Which:
    """Which mails are asked for, whichever way they go."""

    def __init__(
        self,
        partner: Annotated[
            Text, Query(description="Code, third party, SIRET or name of a partner: only theirs.")
        ] = None,
        heartbeats: Annotated[bool, Query(description="Also those that only show that mails pass.")] = False,  # noqa: FBT002 - a field
    ) -> None:
        self._partner = partner
        self._heartbeats = heartbeats

    def read(self, connection: Connection) -> dict[str, Any]:
        """What lists of mails are narrowed by.

        :raises Problem: there is no such partner, or more than one.
        """
        whose = None if self._partner is None else find_partner(connection, self._partner)
        return {"partner_id": whose, "heartbeats": self._heartbeats}


@router.get("/sendings", name="sendings", response_model=Items[shape_of(ListedMailOut)])  # type: ignore[misc]
def list_sent(
    caller: Reads,
    asked: Annotated[Which, Depends()],
    listing: Annotated[Listing, Depends()],
    state: OutboundState | None = None,
) -> Response:
    """Our mails, the newest first, with the orders that each is about."""
    with caller.database.read() as connection:
        return listing.answer(list_mails_out(connection, state=state, **asked.read(connection), **listing.where))


class Order(BaseModel):
    """An order, and the version of it that was seen."""

    model_config = STRICT

    number: Annotated[str, Field(min_length=1, max_length=60)]
    version: Annotated[int, Field(ge=1, le=10**9)]


class Selection(BaseModel):
    """Orders for one supplier, which leave together or not at all."""

    model_config = STRICT

    orders: Annotated[list[Order], Field(min_length=1, max_length=MAX_ORDERS)]
    order_address: Annotated[
        str | None, Field(max_length=254, description="Where the supplier's orders go, the first time (G17).")
    ] = None

    @property
    def versions(self) -> dict[str, int]:
        """What was seen, by number."""
        return {each.number: each.version for each in self.orders}


class Sending(Selection):
    """The orders to send."""

    undo_seconds: Annotated[
        int | None,
        Field(ge=0, le=60, description="So long it may be abandoned before it leaves; the site's own delay."),
    ] = None


@router.post("/sendings/preview", name="preview a sending", response_model=shape_of(Preview))
def look(
    caller: Annotated[Caller, Depends(Needs(Scope.ORDERS_READ, Right.SEND_ORDERS))], selection: Selection
) -> Response:
    """The mail as it would leave. Nothing is changed."""
    with caller.database.read() as connection:
        orders = chosen_orders(connection, selection.versions)
        ids = [each.id for each in orders]
        supplier, user_id = one_supplier(orders), caller.bearer.user_id
        try:
            return answer(preview(connection, supplier, ids, user_id, selection.order_address))
        except (BadDocument, ValueError) as error:
            raise Problem("The mail cannot be written: {why}", ProblemCode.NOT_COMPOSED, why=str(error)) from error


@router.post("/sendings", name="send orders", status_code=202, response_model=shape_of(Outbound, ref=str))
def send(
    caller: Annotated[Caller, Depends(Needs(Scope.ORDERS_SEND, Right.SEND_ORDERS))],
    key: Annotated[Key, Depends(own_key)],
    sending: Sending,
) -> Response:
    """*Valider* (G14): all of the orders in one mail, or none (G19). The mail leaves after the delay."""
    own = caller.console.own.undo_seconds
    seconds = own if sending.undo_seconds is None else sending.undo_seconds
    leave_at = caller.now + timedelta(seconds=seconds) if seconds else None

    def do(connection: Connection) -> Done:
        orders = chosen_orders(connection, sending.versions)
        supplier, by, at = one_supplier(orders), caller.by, caller.now
        if sending.order_address is not None:
            set_order_address(connection, supplier, sending.order_address, by=by, at=at)
        seen = {each.id: sending.versions[each.number] for each in orders}
        mail_id = request_orders(connection, supplier, seen, caller.bearer.user_id, by=by, at=at, leave_at=leave_at)
        (mail,) = list_outbound(connection, ids=[mail_id])
        bells = Bells(compose=(mail_id,))
        location = f"/sendings/{mail.ref}"
        return Done(value=told(mail), status=202, location=location, bells=bells, ring_at=leave_at, mail=mail_id)

    return once(caller, key, sending, do, traced=True)


Resends = Annotated[Caller, Depends(Needs(Scope.ORDERS_SEND, Right.RESEND_MAILS))]
Ref = Annotated[str, Path(max_length=200, description="Its number (out-3), an order in it, or its transfer id.")]


@router.get("/sendings/{ref:path}", name="sending", response_model=shape_of(Outbound, ref=str))
def show_sent(caller: Reads, ref: Ref) -> Response:
    """One mail of ours: where it is, and what it is about."""
    with caller.database.read() as connection:
        (mail,) = list_outbound(connection, ids=[find_outbound(connection, ref)])
    return answer(told(mail))


@router.post("/sendings/{ref}/resend", name="send a mail again", response_model=shape_of(Outbound, ref=str))
def send_again(caller: Resends, key: Annotated[Key, Depends(own_key)], ref: Ref) -> Response:
    """*Renvoyer*: the very same bytes; the partner takes in each order once."""

    def do(connection: Connection) -> Done:
        mail_id = find_outbound(connection, ref)
        bells = resend(connection, [mail_id], by=caller.by, at=caller.now)
        return Done(value=_mail(connection, mail_id), bells=bells)

    return once(caller, key, None, do)


@router.post("/sendings/{ref}/abandon", name="give a mail up", response_model=shape_of(Outbound, ref=str))
def give_up(caller: Resends, key: Annotated[Key, Depends(any_key)], ref: Ref) -> Response:
    """*Abandonner*: as long as it was not handed over; its orders are confirmed again, as if never selected."""

    def do(connection: Connection) -> Done:
        mail_id = find_outbound(connection, ref)
        abandon(connection, [mail_id], by=caller.by, at=caller.now)
        return Done(value=_mail(connection, mail_id))

    return once(caller, key, None, do)


def _mail(connection: Connection, mail_id: int) -> dict[str, object]:
    (mail,) = list_outbound(connection, ids=[mail_id])
    return told(mail)


def told(mail: Outbound) -> dict[str, object]:
    """A mail of ours, as it is shown alone."""
    return {"ref": mail.ref, **plain(mail)}


@router.get("/inbound-mails", name="inbound mails", response_model=Items[shape_of(ListedMailIn)])  # type: ignore[misc]
def list_came(
    caller: Reads,
    asked: Annotated[Which, Depends()],
    listing: Annotated[Listing, Depends()],
    state: InboundState | None = None,
) -> Response:
    """The mails that came, the newest first, and where they rest."""
    with caller.database.read() as connection:
        return listing.answer(list_mails_in(connection, state=state, **asked.read(connection), **listing.where))


@router.get("/inbound-mails/{ref:path}", name="inbound mail", response_model=shape_of(ListedMailIn))
def show_came(
    caller: Reads,
    ref: Annotated[str, Path(max_length=200, description="Its number (in-3), transfer id, or sha256's beginning.")],
) -> Response:
    """One mail that came: whose it is, and where it rests."""
    with caller.database.read() as connection:
        return answer(find_mail_in(connection, ref))
