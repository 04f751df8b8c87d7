"""Where an act is done (*here*, A24): an establishment and one of its depots, and what both bring along (A49).

The place is an argument of every act (D62). A person's stored place is only what is proposed to them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import AccountingFolder, Depot, DepotRank, Dossier, Establishment, User
from intergestan_db.tables.usual_place import USUAL_DEPOT

_LAST = 999
"""The rank of a depot that has none."""
_TYPED = re.compile(r"\s*([0-9]{1,9})\s*/\s*(\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """An establishment and one of its depots, with the dossier and the accounting folder that come with them.

    :ivar establishment: its number, as `dossier` and `folder` are theirs; `name` is its name, `depot` a code.
    :ivar own_folder_id: the establishment's own accounting folder, None where the dossier's is meant.
    """

    establishment_id: int
    establishment: int
    name: str
    depot_id: int
    depot: str
    dossier_id: int
    dossier: int
    folder_id: int
    folder: int
    own_folder_id: int | None

    def __str__(self) -> str:
        return f"{self.establishment}/{self.depot}"


def usual_place(connection: Connection) -> Place:
    """Where the site does what nobody does at a place of their own, such as taking in orders by mail."""
    return _read(connection, Depot.id == USUAL_DEPOT)


def place_called(connection: Connection, text: str) -> Place:
    """The place that a person typed: the establishment's number and the depot's code, such as `2/RD`.

    :raises Problem: there is none, it is not in use, or the depot is of another establishment.
    """
    typed = _TYPED.fullmatch(text)
    if typed is None:
        raise Problem(
            "«{text}» is no place: it is the number of an establishment and the code of one of its depots, such as "
            "1/PRINCIPAL.",
            ProblemCode.NO_PLACE,
            (Act.LIST_DEPOTS,),
            text=text,
        )
    number, place = int(typed[1]), in_depot(connection, typed[2])
    if place.establishment != number:
        raise Problem(
            "The depot {depot} is of establishment {own}, not of {number}. Nothing was done.",
            ProblemCode.NO_PLACE,
            (Act.LIST_DEPOTS,),
            depot=place.depot,
            own=place.establishment,
            number=number,
        )
    return place


def in_depot(connection: Connection, code: str) -> Place:
    """The place that a depot is, by its code.

    :raises Problem: there is none in use.
    """
    row = connection.execute(_USED.where(Depot.code == code.strip().upper())).one_or_none()
    if row is None:
        raise Problem(
            "There is no depot {depot} in use. Nothing was done.",
            ProblemCode.NO_PLACE,
            (Act.LIST_DEPOTS,),
            depot=code,
        )
    return _read(connection, Depot.id == row.id)


def place_of(connection: Connection, login: str) -> Place | None:
    """The place that is proposed to a person; None: they chose none, or it is not in use any more."""
    query = select(User.depot_id).where(User.login == login)
    depot_id = connection.execute(query).scalar()
    if depot_id is None or connection.execute(_USED.where(Depot.id == depot_id)).first() is None:
        return None
    return _read(connection, Depot.id == depot_id)


def places_in_books(connection: Connection, folder: int, establishment: int) -> list[Place]:
    """Where an establishment of a number has the books of a folder: one place for each dossier, by its number (A50).

    Of several depots the one that the establishment draws on first.

    :raises Problem: there is none in use.
    """
    first = func.coalesce(DepotRank.rank, _LAST)
    query = (
        _places(Depot.active, Establishment.active)
        .outerjoin(DepotRank, (DepotRank.establishment_id == Establishment.id) & (DepotRank.depot_id == Depot.id))
        .where(AccountingFolder.number == folder, Establishment.number == establishment)
        .order_by(Dossier.number, first, Depot.code)
    )
    found: dict[int, Place] = {}
    for row in connection.execute(query):
        place = Place(*row)
        found.setdefault(place.dossier, place)
    if not found:
        raise Problem(
            "No establishment {number} in use has the books of folder {folder}. Nothing was done.",
            ProblemCode.NO_PLACE,
            (Act.LIST_AGENCIES,),
            number=establishment,
            folder=folder,
        )
    return list(found.values())


def first_place(connection: Connection, establishment: int) -> Place:
    """The depot in use that an establishment draws on first, where an act names none.

    :raises Problem: there is none.
    """
    found, _usual = places_in_use(connection)
    place = next((each for each in found if each.establishment == establishment), None)
    if place is None:
        raise Problem(
            "Establishment {number} is not in use, or has no depot in use. Nothing was done.",
            ProblemCode.NO_PLACE,
            (Act.LIST_DEPOTS,),
            number=establishment,
        )
    return place


def places_in_use(connection: Connection) -> tuple[list[Place], Place | None]:
    """All places in use by dossier and establishment, of each the depot first that it draws on first; the usual one."""
    rank = func.coalesce(DepotRank.rank, _LAST)
    query = (
        _places(Depot.active, Establishment.active)
        .add_columns((Depot.id == USUAL_DEPOT).label("is_usual"))
        .outerjoin(DepotRank, (DepotRank.establishment_id == Establishment.id) & (DepotRank.depot_id == Depot.id))
        .order_by(Dossier.number, Establishment.number, rank, Depot.code)
    )
    rows = connection.execute(query).all()
    found = [Place(*row[:-1]) for row in rows]
    return found, next((place for place, row in zip(found, rows, strict=True) if row.is_usual), None)


def choose_place(connection: Connection, user_id: int, place: Place, *, by: str, at: datetime) -> None:
    """Propose a place to a person from now on. What they began elsewhere stays there."""
    values = {"establishment_id": place.establishment_id, "depot_id": place.depot_id}
    connection.execute(update(User).where(User.id == user_id).values(**values))
    detail = {"here": str(place)}
    states.record(connection, User.__tablename__, [(user_id, None, None)], "set", by=by, at=at, detail=detail)


def elsewhere(connection: Connection, number: str, depot_id: int, place: Place) -> Problem:
    """What refuses an act at a place where its document is not: both are named (D62)."""
    depot = connection.execute(select(Depot.code).where(Depot.id == depot_id)).scalar_one()
    return Problem(
        "{number} is of {depot}, and this was done at {here}. Nothing was changed.",
        ProblemCode.WRONG_PLACE,
        (Act.BE_THERE,),
        number=number,
        depot=depot,
        here=str(place),
    )


_USED: Select[int] = (
    select(Depot.id)
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .where(Depot.active, Establishment.active)
)


EFFECTIVE_FOLDER: ColumnElement[int] = func.coalesce(Establishment.accounting_folder_id, Dossier.accounting_folder_id)
"""The accounting folder of an establishment: its own, else the dossier's (A47); of statements that join both."""
_COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(Establishment.id, Establishment.number, Establishment.name, Depot.id, Depot.code),
    *(Dossier.id, Dossier.number, AccountingFolder.id, AccountingFolder.number),
    Establishment.accounting_folder_id,
)
"""In the order of the fields of a place."""


def _places(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .select_from(Depot)
        .join(Establishment, Establishment.id == Depot.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .join(AccountingFolder, AccountingFolder.id == EFFECTIVE_FOLDER)
        .where(*conditions)
    )


def _read(connection: Connection, condition: ColumnElement[bool]) -> Place:
    return Place(*connection.execute(_places(condition)).one())
