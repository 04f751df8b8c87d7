"""The books of a company: entries, and what establishments earned."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Journal, Right, Scope
from intergestan_erp.books import typed
from intergestan_erp.books.folders import folder_called, read_period
from intergestan_erp.books.typed import TypedEntry, TypedLine
from intergestan_erp.books.years import Year
from intergestan_erp.listing.entries import Earned, ListedEntry, WhichEntries, list_entries
from intergestan_erp.stock.results import results
from services.console.api.asked import Day, First, Last, Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, once, own_key
from services.console.api.shapes import STRICT, Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Books"])
Reads = Annotated[Caller, Depends(Needs(Scope.BOOKS_READ, Right.KEEP_BOOKS))]
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


Writes = Annotated[Caller, Depends(Needs(Scope.BOOKS_WRITE, Right.KEEP_BOOKS))]
OwnKey = Annotated[Key, Depends(own_key)]
Folder = Annotated[int, Field(ge=1, le=999_999, description="The number of an accounting folder.")]


class EntryLine(BaseModel):
    """A line: a debit or a credit. `aux`: a third party's account, or its code."""

    model_config = STRICT

    account: Annotated[str, Field(min_length=1, max_length=50)]
    aux: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    debit: Figure = "0"
    credit: Figure = "0"


class NewEntry(BaseModel):
    """What no document says, such as a supplier's invoice, its payment, or the bank's costs."""

    model_config = STRICT

    folder: Folder
    journal: Annotated[Journal, Field(strict=False)]
    piece: Annotated[str, Field(min_length=1, max_length=60, description="What proves it.")]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    day: Annotated[Day | None, Field(description="Today, if it is left out.")] = None
    lines: Annotated[list[EntryLine], Field(min_length=2, max_length=1000)]
    titles: Annotated[
        dict[Annotated[str, Field(max_length=50)], Annotated[str, Field(max_length=200)]] | None,
        Field(max_length=100, description="Of accounts that the books do not know yet, by their numbers."),
    ] = None


class Named(BaseModel):
    """An entry that was written, by its name, such as OD12."""

    entry: str


@router.post("/entries", name="enter into the books", status_code=201, response_model=Named)
def enter(caller: Writes, key: OwnKey, said: NewEntry) -> Response:
    """Enter into OD, BQ, CA or AC; documents and closings make the entries of other journals."""
    lines = [TypedLine(each.account, Decimal(each.debit) - Decimal(each.credit), each.aux) for each in said.lines]
    new = TypedEntry(
        journal=said.journal, lines=lines, piece=said.piece, label=said.label, day=said.day, titles=said.titles or {}
    )

    def do(connection: Connection) -> Done:
        written = typed.enter(connection, folder_called(connection, said.folder), new, by=caller.by, at=caller.now)
        return Done(value={"entry": written.name}, status=201)

    return once(caller, key, said, do)


class TakenBack(BaseModel):
    """In which books, and when."""

    model_config = STRICT

    folder: Folder
    on: Annotated[Day | None, Field(description="Today, if it is left out.")] = None


@router.post("/entries/{entry}/reverse", name="reverse an entry", status_code=201, response_model=Named)
def reverse(
    caller: Writes, key: OwnKey, entry: Annotated[str, Path(min_length=1, max_length=30)], said: TakenBack
) -> Response:
    """Take back an entry that was typed; what a document made is taken back by a document only."""

    def do(connection: Connection) -> Done:
        books = folder_called(connection, said.folder)
        written = typed.reverse(connection, books, entry, said.on, by=caller.by, at=caller.now)
        return Done(value={"entry": written.name}, status=201)

    return once(caller, key, said, do)


class ToLetter(BaseModel):
    """The account of a third party, and the entries whose lines on it cancel out."""

    model_config = STRICT

    folder: Folder
    account: Annotated[str, Field(min_length=1, max_length=60)]
    entries: Annotated[list[Annotated[str, Field(min_length=1, max_length=30)]], Field(min_length=1, max_length=1000)]


class Letter(BaseModel):
    """What these lines bear now."""

    letter: str


@router.post("/letterings", name="letter entries", status_code=201, response_model=Letter)
def letter(caller: Writes, key: OwnKey, said: ToLetter) -> Response:
    """Letter lines of a third party by hand. What payments and credit notes settle is lettered by itself."""

    def do(connection: Connection) -> Done:
        books = folder_called(connection, said.folder)
        given = typed.letter_entries(connection, books, said.account, said.entries, by=caller.by, at=caller.now)
        return Done(value={"letter": given}, status=201)

    return once(caller, key, said, do)


@router.get("/fiscal-years", name="fiscal years", response_model=Items[shape_of(Year, name=str)])  # type: ignore[misc]
def years(caller: Reads, folder: OfFolder) -> Response:
    """The years of a folder's books, in their order."""
    with caller.database.read() as connection:
        found = read_period(connection, folder_called(connection, folder)).years
    rows = [{"name": each.name, "first": each.first, "last": each.last, "closed": each.closed} for each in found]
    return answer({"items": rows, "next": None})
