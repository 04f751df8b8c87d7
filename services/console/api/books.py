"""The books of a company: entries, and what establishments earned."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from intergestan_db.enums import Journal, Right, Scope
from intergestan_erp.books.folders import folder_called
from intergestan_erp.listing.entries import Earned, ListedEntry, WhichEntries, list_entries
from intergestan_erp.stock.results import results
from services.console.api.asked import First, Last, Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Books"])
Reads = Annotated[Caller, Depends(Needs(Scope.BOOKS_READ, Right.CLOSE_BOOKS))]
OfFolder = Annotated[int, Query(ge=1, le=999_999, description="The number of an accounting folder.")]


@router.get("/entries", name="entries", response_model=Items[shape_of(ListedEntry)])  # type: ignore[misc]
def entries(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    folder: OfFolder,
    journal: Journal | None = None,
    first: First = None,
    last: Last = None,
    account: Annotated[Text, Query(description="An account, or how its number begins.")] = None,
    piece: Annotated[Text, Query(description="The number of a document, such as FA1.")] = None,
    still_open: Annotated[  # noqa: FBT002 - a field
        bool, Query(alias="open", description="Only with lines of third parties that nothing cancels out.")
    ] = False,
) -> Response:
    """The entries with their lines, the newest first."""
    with caller.database.read() as connection:
        which = WhichEntries(
            folder_id=folder_called(connection, folder).id,
            journal=journal,
            first=first,
            last=last,
            account=account,
            piece=piece,
            open=still_open,
        )
        return listing.answer(list_entries(connection, which, **listing.where))


@router.get("/results", name="results", response_model=Items[shape_of(Earned, result=Figure)])  # type: ignore[misc]
def result(
    caller: Reads,
    folder: OfFolder,
    first: First = None,
    last: Last = None,
    by_establishment: Annotated[bool, Query(description="Of each, as far as entries say it; else of all.")] = True,  # noqa: FBT002 - a field
) -> Response:
    """Income, expenses, by how much stock became worth more, and what is left of them."""
    with caller.database.read() as connection:
        folder_id = folder_called(connection, folder).id
        found = results(connection, folder_id, first, last, by_place=by_establishment)
    rows = [{name: getattr(row, name) for name in (*Earned.__dataclass_fields__, "result")} for row in found]
    return answer({"items": rows, "next": None})
