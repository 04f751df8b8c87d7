"""Who calls; how the site is; its mailboxes; what happened."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from intergestan_db.enums import Right, Role, Scope
from intergestan_exchange.health.status import Status, read_status
from intergestan_exchange.listing.events import ListedEvent, WhichEvents, list_events
from intergestan_exchange.listing.mailboxes import ListedMailbox, list_mailbox_page
from services.console.access.rights import Access
from services.console.api.asked import Listing
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Site"])


class Me(BaseModel):
    """Who calls, and what the token is for."""

    login: str
    email: str
    token: str
    scopes: list[Scope]
    roles: list[Role]
    ends_at: str
    site: dict[str, str]


@router.get("/me", name="me", response_model=Me)
def me(caller: Annotated[Caller, Depends(Needs(None, Access.PERSON))]) -> Response:
    """Who am I, and what may this token do?"""
    site, bearer = caller.console.site.read(), caller.bearer
    return answer(
        {
            "login": bearer.login,
            "email": bearer.email,
            "token": bearer.name,
            "scopes": [scope for scope in Scope if scope in bearer.scopes],
            "roles": caller.person.roles,
            "ends_at": bearer.ends_at,
            "site": {"name": site.name, "code": site.code, "language": site.language, "timezone": site.zone.key},
        }
    )


@router.get("/status", name="status", response_model=shape_of(Status))
def status(caller: Annotated[Caller, Depends(Needs(Scope.OPERATE_READ))]) -> Response:
    """Where everything rests: orders, mails, mailboxes, services, what waits."""
    with caller.database.read() as connection:
        return answer(read_status(connection, caller.now, caller.console.answer_hours))


@router.get("/mailboxes", name="mailboxes", response_model=Items[shape_of(ListedMailbox)])  # type: ignore[misc]
def mailboxes(
    caller: Annotated[Caller, Depends(Needs(Scope.OPERATE_READ))], listing: Annotated[Listing, Depends()]
) -> Response:
    """The mailboxes that are collected from, by name. No password is told."""
    with caller.database.read() as connection:
        return listing.answer(list_mailbox_page(connection, caller.now, **listing.where))


@router.get("/events", name="events", response_model=Items[shape_of(ListedEvent)])  # type: ignore[misc]
def events(
    caller: Annotated[Caller, Depends(Needs(Scope.OPERATE_READ, Right.OPERATE))],
    listing: Annotated[Listing, Depends()],
    who: Annotated[str | None, Query(max_length=80, description="Only what this user or service did.")] = None,
) -> Response:
    """The audit log, the newest first: who did what to which thing."""
    where: dict[str, Any] = listing.where
    with caller.database.read() as connection:
        return listing.answer(list_events(connection, WhichEvents(who=who), **where))
