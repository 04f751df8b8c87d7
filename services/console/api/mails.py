"""Mails of ours with orders and answers (`sendings`), and mails that came."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from intergestan_db.enums import InboundState, OutboundState, Scope
from intergestan_exchange.listing.mails_in import ListedMailIn, find_mail_in, list_mails_in
from intergestan_exchange.listing.mails_out import ListedMailOut, list_mails_out
from intergestan_exchange.outbox.outbound import Outbound, find_outbound, list_outbound
from intergestan_exchange.partners.partners import find_partner
from services.console.api.asked import Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer, plain

router = APIRouter(tags=["Mails"])
Reads = Annotated[Caller, Depends(Needs(Scope.MAILS_READ))]
OfPartner = Annotated[Text, Query(description="Code, third party, SIRET or name of a partner: only theirs.")]
Heartbeats = Annotated[bool, Query(description="Also those that only show that mails pass.")]


@router.get("/sendings", name="sendings", response_model=Items[shape_of(ListedMailOut)])  # type: ignore[misc]
def list_sent(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    state: OutboundState | None = None,
    partner: OfPartner = None,
    heartbeats: Heartbeats = False,  # noqa: FBT002 - a field
) -> Response:
    """Our mails, the newest first, with the orders that each is about."""
    with caller.database.read() as connection:
        whose = None if partner is None else find_partner(connection, partner)
        page = list_mails_out(connection, state=state, partner_id=whose, heartbeats=heartbeats, **listing.where)
    return listing.answer(page)


Ref = Annotated[str, Path(max_length=200, description="Its number (out-3), an order in it, or its transfer id.")]


@router.get("/sendings/{ref:path}", name="sending", response_model=shape_of(Outbound, ref=str))
def show_sent(caller: Reads, ref: Ref) -> Response:
    """One mail of ours: where it is, and what it is about."""
    with caller.database.read() as connection:
        (mail,) = list_outbound(connection, ids=[find_outbound(connection, ref)])
    return answer(told(mail))


def told(mail: Outbound) -> dict[str, object]:
    """A mail of ours, as it is shown alone."""
    return {"ref": mail.ref, **plain(mail)}


@router.get("/inbound-mails", name="inbound mails", response_model=Items[shape_of(ListedMailIn)])  # type: ignore[misc]
def list_came(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    state: InboundState | None = None,
    partner: OfPartner = None,
    heartbeats: Heartbeats = False,  # noqa: FBT002 - a field
) -> Response:
    """The mails that came, the newest first, and where they rest."""
    with caller.database.read() as connection:
        whose = None if partner is None else find_partner(connection, partner)
        page = list_mails_in(connection, state=state, partner_id=whose, heartbeats=heartbeats, **listing.where)
    return listing.answer(page)


@router.get("/inbound-mails/{ref:path}", name="inbound mail", response_model=shape_of(ListedMailIn))
def show_came(
    caller: Reads,
    ref: Annotated[str, Path(max_length=200, description="Its number (in-3), transfer id, or sha256's beginning.")],
) -> Response:
    """One mail that came: whose it is, and where it rests."""
    with caller.database.read() as connection:
        return answer(find_mail_in(connection, ref))
