"""The dossier with its establishments, depots and accounting folders, and where a person is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.agencies.codes import Mark, Operation, list_categories, list_operations
from intergestan_erp.agencies.depots import ListedDepot, depot_called, list_depots
from intergestan_erp.agencies.dossiers import DossierCard, read_dossier
from intergestan_erp.agencies.establishments import Agency, Folder, list_establishments, list_folders
from intergestan_erp.agencies.places import Place, place_of, usual_place
from intergestan_erp.books.folders import folder_called, read_period
from intergestan_erp.books.years import Year
from intergestan_erp.listing.page import slice_page
from services.console.api.asked import Listing
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Agencies"])
Reads = Annotated[Caller, Depends(Needs(Scope.AGENCIES_READ))]
Paged = Annotated[Listing, Depends()]
Code = Annotated[str, Path(min_length=1, max_length=60)]
Of = Annotated[int, Path(ge=1, le=999_999, description="Its number.")]
Item = TypeVar("Item")


@router.get("/dossiers/{number}", name="dossier", response_model=shape_of(DossierCard))
def dossier(caller: Reads, number: Of) -> Response:
    """The settings of a dossier, in three groups."""
    with caller.database.read() as connection:
        return answer(read_dossier(connection, number))


@router.get("/establishments", name="establishments", response_model=Items[shape_of(Agency)])  # type: ignore[misc]
def establishments(caller: Reads, listing: Paged) -> Response:
    """The establishments, by dossier and number. `folder`: its own books; `books`: those that count."""
    return _few(caller, listing, list_establishments, lambda each: (each.dossier, each.number))


@router.get("/establishments/{number}", name="establishment", response_model=shape_of(Agency, depots=list[str]))
def establishment(caller: Reads, number: Of) -> Response:
    """One establishment with the codes of its depots; of several dossiers that have this number, the first one's."""
    with caller.database.read() as connection:
        found = next((each for each in list_establishments(connection) if each.number == number), None)
        if found is None:
            raise Problem(
                "There is no establishment {number}.", ProblemCode.NO_PLACE, (Act.LIST_AGENCIES,), number=number
            )
        own = [each.code for each in list_depots(connection) if each.establishment == number]
    return answer({**_fields(found), "depots": own})


@router.get("/depots", name="depots", response_model=Items[shape_of(ListedDepot)])  # type: ignore[misc]
def depots(caller: Reads, listing: Paged) -> Response:
    """The depots, by establishment and code, with the third parties that stand for them."""
    return _few(caller, listing, list_depots, lambda each: (each.establishment, each.code))


@router.get("/depots/{code:path}", name="depot", response_model=shape_of(ListedDepot))
def depot(caller: Reads, code: Code) -> Response:
    """One depot, in use or not."""
    with caller.database.read() as connection:
        wanted = depot_called(connection, code)
        return answer(next(each for each in list_depots(connection) if each.code == wanted.code))


@router.get("/folders", name="accounting folders", response_model=Items[shape_of(Folder)])  # type: ignore[misc]
def folders(caller: Reads, listing: Paged) -> Response:
    """The accounting folders, by number: the books of each company."""
    return _few(caller, listing, list_folders, lambda each: (each.number,))


class WholeFolder(shape_of(Folder)):  # type: ignore[misc]
    """An accounting folder with its years, and until when nothing enters its books."""

    locked_until: str | None
    years: list[shape_of(Year, name=str)]  # type: ignore[valid-type]


@router.get("/folders/{number}", name="accounting folder", response_model=WholeFolder)
def folder(caller: Reads, number: Of) -> Response:
    """One accounting folder with its years."""
    with caller.database.read() as connection:
        wanted = folder_called(connection, number)
        found = next(each for each in list_folders(connection) if each.number == number)
        period = read_period(connection, wanted)
    years = [{"name": each.name, **_fields(each)} for each in period.years]
    return answer({**_fields(found), "locked_until": period.locked_until, "years": years})


@router.get("/operation-codes", name="operation codes", response_model=Items[shape_of(Operation)])  # type: ignore[misc]
def operations(caller: Reads, listing: Paged) -> Response:
    """The codes that say whether a document is invoiced."""
    return _few(caller, listing, list_operations, lambda each: (each.code,))


@router.get("/categories", name="categories", response_model=Items[shape_of(Mark)])  # type: ignore[misc]
def categories(caller: Reads, listing: Paged) -> Response:
    """The categories of third parties and documents."""
    return _few(caller, listing, list_categories, lambda each: (each.kind, each.code))


class Position(BaseModel):
    """Where a person usually acts, with the dossier and the books that come with it."""

    establishment: int
    depot: str
    dossier: int
    folder: int


@router.get("/me/position", name="own position", response_model=Position)
def position(caller: Reads) -> Response:
    """Where this token's person usually acts. Calls of the API never act there: each names its place as `here`."""
    with caller.database.read() as connection:
        return answer(told_place(place_of(connection, caller.person.login) or usual_place(connection)))


def told_place(place: Place) -> dict[str, Any]:
    """A place, as `here --json` tells it."""
    numbers = {"dossier": place.dossier, "folder": place.folder}
    return {"establishment": place.establishment, "depot": place.depot, **numbers}


def _few(
    caller: Caller,
    listing: Listing,
    read: Callable[[Connection], list[Item]],
    key: Callable[[Item], tuple[str | int, ...]],
) -> Response:
    """A page of a list of which there is little."""
    with caller.database.read() as connection:
        return listing.answer(slice_page(read(connection), key, **listing.where))


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
