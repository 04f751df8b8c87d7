"""What waits for a person: why, what that means, what may be done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from intergestan_db.enums import HoldReason, Scope
from intergestan_erp.listing.page import Page
from intergestan_exchange.holds.holds import (
    INBOUND,
    ORDER,
    OUTBOUND,
    Shown,
    ShownHold,
    Wanted,
    find_hold,
    list_holds_page,
    shown,
)
from intergestan_exchange.partners.partners import find_partner
from services.console.api.asked import Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/holds", tags=["Holds"])
Reads = Annotated[Caller, Depends(Needs(Scope.HOLDS_READ))]
Ref = Annotated[str, Path(max_length=60, description="What it is called, such as order-17, in-12 or out-3.")]


@router.get("", name="holds", response_model=Items[shape_of(ShownHold)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    kind: Annotated[
        str | None, Query(pattern=f"^({INBOUND}|{OUTBOUND}|{ORDER})$", description="`in`, `out` or `order`.")
    ] = None,
    reason: HoldReason | None = None,
    partner: Annotated[Text, Query(description="Code, third party, SIRET or name of a partner: only theirs.")] = None,
    who: Annotated[Shown, Query(description="All, or only what strangers sent, or all else.")] = Shown.ALL,
    each: Annotated[bool, Query(description="A row for each mail, also of strangers.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """All that waits for a person, the longest first."""
    with caller.database.read() as connection:
        whose = None if partner is None else find_partner(connection, partner)
        wanted = Wanted(kind, reason, whose)
        page = list_holds_page(connection, wanted=wanted, shown=who, grouped=not each, **listing.where)
    return listing.answer(Page(tuple(shown(hold, caller.language) for hold in page.rows), page.after))


@router.get("/{ref}", name="hold", response_model=shape_of(ShownHold))
def show(caller: Reads, ref: Ref) -> Response:
    """Why it waits, what that means, and what to do."""
    with caller.database.read() as connection:
        return answer(shown(find_hold(connection, ref), caller.language))
