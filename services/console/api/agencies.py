"""The dossier with its establishments, depots and accounting folders, and where a person is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Arbitrate, Incomplete, PartyRole, PickingMode, Right, Scope
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.agencies.codes import Mark, Operation, list_categories, list_operations
from intergestan_erp.agencies.depots import ListedDepot, add_depot, depot_called, list_depots, set_depot
from intergestan_erp.agencies.dossiers import DossierCard, read_dossier, set_dossier
from intergestan_erp.agencies.establishments import (
    Agency,
    Folder,
    add_establishment,
    list_establishments,
    list_folders,
    set_establishment,
)
from intergestan_erp.agencies.places import Place, choose_place, place_called, place_of, usual_place
from intergestan_erp.books.folders import folder_called, read_period
from intergestan_erp.books.years import Year
from intergestan_erp.listing.page import slice_page
from intergestan_erp.parties.one_party import one_party
from services.console.api.asked import Listing
from services.console.api.caller import Caller, Needs
from services.console.api.here import Establishment
from services.console.api.once import Done, Key, any_key, once
from services.console.api.shapes import STRICT, Items, shape_of
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


Writes = Annotated[Caller, Depends(Needs(Scope.AGENCIES_WRITE, Right.SET_RULES))]
MayKey = Annotated[Key, Depends(any_key)]
Code10 = Annotated[str | None, Field(min_length=1, max_length=10)]
Text60 = Annotated[str | None, Field(max_length=60)]
Text200 = Annotated[str | None, Field(max_length=200)]
Number = Annotated[int | None, Field(ge=1, le=999_999)]


class Stated(BaseModel):
    """What is left out stays. Null takes away what may be missing, and is nothing otherwise."""

    model_config = STRICT
    may_be_missing: ClassVar[frozenset[str]] = frozenset()

    def values(self, *others: str) -> dict[str, Any]:
        """What was stated, but these. What is taken away is an empty text, as the libraries have it."""
        stated = {name: getattr(self, name) for name in sorted(self.model_fields_set.difference(others))}
        return {
            name: "" if value is None else value
            for name, value in stated.items()
            if value is not None or name in self.may_be_missing
        }


class DossierChanges(Stated):
    """Settings of a dossier that shall be another way."""

    may_be_missing = frozenset({"invoicing_establishment", "party_category", "document_category"})

    name: Text200 = None
    accounting_folder: Number = None
    establishments_are_companies: bool | None = None
    analytic_axis: bool | None = None
    invoicing_establishment: Number = None
    default_establishment: Number = None
    manage_stock: bool | None = None
    manage_reservations: bool | None = None
    reserve_at_entry: bool | None = None
    picking_mode: Annotated[PickingMode | None, Field(strict=False)] = None
    incomplete: Annotated[Incomplete | None, Field(strict=False)] = None
    arbitrate: Annotated[Arbitrate | None, Field(strict=False)] = None
    customer_op_billable: Code10 = None
    customer_op_plain: Code10 = None
    supplier_op_billable: Code10 = None
    supplier_op_plain: Code10 = None
    party_category: Text60 = None
    document_category: Text60 = None


@router.patch("/dossiers/{number}", name="change a dossier", response_model=shape_of(DossierCard))
def change_dossier(caller: Writes, key: MayKey, number: Of, said: DossierChanges) -> Response:
    """Change settings of a dossier. What is there already stays as it was made."""

    def do(connection: Connection) -> Done:
        set_dossier(connection, number, said.values(), by=caller.by, at=caller.now)
        return Done(value=read_dossier(connection, number))

    return once(caller, key, said, do)


class PlaceFields(Stated):
    """The name and the address of an establishment or a depot."""

    may_be_missing = frozenset({"line1", "line2", "postcode", "city", "country", "siret", "folder"})

    name: Text200 = None
    line1: Text200 = None
    line2: Text200 = None
    postcode: Text60 = None
    city: Text200 = None
    country: Text60 = None
    active: bool | None = None


class EstablishmentFields(PlaceFields):
    """What is known of an establishment. `folder`: its own books; null: those of its dossier."""

    siret: Text60 = None
    folder: Number = None

    def card(self) -> dict[str, Any]:
        """What was stated, as the library takes it."""
        values = self.values("number")
        return values | ({"folder": values["folder"] or None} if "folder" in values else {})


class NewEstablishment(EstablishmentFields):
    """An establishment that is entered. It needs a depot before anything is done there."""

    number: Annotated[int, Field(ge=1, le=999_999)]
    name: Annotated[str, Field(min_length=1, max_length=200)]


@router.post("/establishments", name="enter an establishment", status_code=201, response_model=shape_of(Agency))
def add_one_establishment(caller: Writes, key: MayKey, said: NewEstablishment) -> Response:
    """Enter an establishment into the first dossier."""

    def do(connection: Connection) -> Done:
        add_establishment(connection, said.number, said.card(), by=caller.by, at=caller.now)
        value = next(each for each in list_establishments(connection) if each.number == said.number)
        return Done(value=value, status=201, location=f"/establishments/{said.number}")

    return once(caller, key, said, do)


@router.put("/establishments/{number}", name="change an establishment", response_model=shape_of(Agency))
def change_establishment(caller: Writes, key: MayKey, number: Of, said: EstablishmentFields) -> Response:
    """Change an establishment. Its books are fixed once it has invoices or payments."""

    def do(connection: Connection) -> Done:
        set_establishment(connection, number, said.card(), by=caller.by, at=caller.now)
        return Done(value=next(each for each in list_establishments(connection) if each.number == number))

    return once(caller, key, said, do)


class DepotFields(PlaceFields):
    """What is known of a depot. `customer`, `supplier`: the third parties that stand for it."""

    manage_reservations: bool | None = None
    allow_negative: bool | None = None
    customer: Text200 = None
    supplier: Text200 = None

    def card(self, connection: Connection) -> dict[str, Any]:
        """What was stated, as the library takes it.

        :raises Problem: there is no such third party.
        """
        values = self.values("code", "establishment", "customer", "supplier")
        for role in PartyRole:
            if role in self.model_fields_set:
                text = getattr(self, role)
                values[f"{role}_party_id"] = one_party(connection, text, role).id if text else None
        return values


class NewDepot(DepotFields):
    """A depot that is entered."""

    code: Annotated[str, Field(min_length=1, max_length=20)]
    establishment: Annotated[int, Field(ge=1, le=999_999)]
    name: Annotated[str, Field(min_length=1, max_length=200)]


@router.post("/depots", name="enter a depot", status_code=201, response_model=shape_of(ListedDepot))
def add_one_depot(caller: Writes, key: MayKey, said: NewDepot) -> Response:
    """Enter a depot of an establishment."""

    def do(connection: Connection) -> Done:
        card = said.card(connection)
        code = add_depot(connection, said.code, said.establishment, card, by=caller.by, at=caller.now)
        return Done(value=_depot(connection, code), status=201, location=f"/depots/{quote(code, safe='')}")

    return once(caller, key, said, do)


@router.put("/depots/{code:path}", name="change a depot", response_model=shape_of(ListedDepot))
def change_depot(caller: Writes, key: MayKey, code: Code, said: DepotFields) -> Response:
    """Change a depot. One in which goods lie is not taken out of use."""

    def do(connection: Connection) -> Done:
        set_depot(connection, code, said.card(connection), by=caller.by, at=caller.now)
        return Done(value=_depot(connection, depot_called(connection, code).code))

    return once(caller, key, said, do)


class NewPosition(BaseModel):
    """Where a person usually acts from now on."""

    model_config = STRICT

    establishment: Establishment
    depot: Annotated[str, Field(min_length=1, max_length=20)]


@router.put("/me/position", name="choose a position", response_model=Position)
def choose(caller: Annotated[Caller, Depends(Needs(Scope.AGENCIES_WRITE))], key: MayKey, said: NewPosition) -> Response:
    """Choose where this token's person usually acts: what pages and commands propose to them."""

    def do(connection: Connection) -> Done:
        place = place_called(connection, f"{said.establishment}/{said.depot}")
        choose_place(connection, caller.person.id, place, by=caller.by, at=caller.now)
        return Done(value=told_place(place))

    return once(caller, key, said, do)


def _depot(connection: Connection, code: str) -> ListedDepot:
    return next(each for each in list_depots(connection) if each.code == code)
