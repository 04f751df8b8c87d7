"""*Options de l'utilisateur* (F3, A24, A49, A50): where a person is, which pages propose to them from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.agencies.places import (
    Place,
    choose_place,
    first_place,
    place_called,
    places_in_books,
    places_in_use,
)
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.walls import own_path
from services.console.acting import Done, once
from services.console.place import AT, DEPOT, ESTABLISHMENT, as_shown, page_place
from services.console.visit import Visit

PATH: Final = "/position"
BACK, FOLDER, DOSSIER, ACT = "retour", "dossier_comptable", "dossier", "faire"
_BOOKS: Final = "/comptabilite"
_SHOWS: Final = "montrer"


def show(visit: Visit) -> Response:
    """The choice, or the line of an open page that says whether the person has moved on."""
    if AT in visit.query and visit.is_partial:
        return visit.html("position.html", block="ligne_position", titled=False, place=page_place(visit))
    return _page(visit)


def choose(visit: Visit) -> Response:
    """Be there from now on; or show what the chosen establishment or folder has, without scripts."""
    if visit.form.get(ACT) == _SHOWS:
        return _page(visit)

    def do(connection: Connection) -> Done:
        place = _of_books(visit, connection) if _is_of_books(visit) else _of_commerce(visit, connection)
        choose_place(connection, visit.who.user_id, place, by=visit.who.login, at=visit.now)
        said = Said(
            "Establishment {number} ({name}), depot {depot}, accounting folder {folder}.",
            number=str(place.establishment),
            name=place.name,
            depot=place.depot,
            folder=str(place.folder),
        )
        return Done(to=_there(visit, place), said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem)


def _of_commerce(visit: Visit, connection: Connection) -> Place:
    """The depot that was chosen, or the one that the establishment draws on first."""
    number, depot = _whole(visit.form.get(ESTABLISHMENT, "")), visit.form.get(DEPOT, "").strip()
    return place_called(connection, f"{number}/{depot}") if depot else first_place(connection, number)


def _of_books(visit: Visit, connection: Connection) -> Place:
    """Where folder and establishment are kept; of several dossiers the one that was chosen, else the first (A50)."""
    folder, number = _whole(visit.form.get(FOLDER, "")), _whole(visit.form.get(ESTABLISHMENT, ""))
    found = places_in_books(connection, folder, number)
    dossier = visit.form.get(DOSSIER, "")
    return next((place for place in found if str(place.dossier) == dossier), found[0])


def _whole(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < len("1234567890")):
        raise Problem("Choose an establishment.", ProblemCode.NO_PLACE, (Act.LIST_AGENCIES,))
    return int(text)


def _back(visit: Visit) -> str:
    return own_path(visit.form.get(BACK) or visit.query.get(BACK) or visit.kept.get(BACK) or "/")


def _there(visit: Visit, place: Place) -> str:
    """The page to go on to: one of the books is about those that were chosen."""
    back = _back(visit)
    if not _is_of_books(visit):
        return back
    parts = urlsplit(back)
    others = [(name, value) for name, value in parse_qsl(parts.query) if name not in {DOSSIER, "apres", "avant"}]
    return f"{parts.path}?{urlencode([(DOSSIER, str(place.folder)), *others])}"


def _is_of_books(visit: Visit) -> bool:
    """Whether it was opened from the books, where a place is a folder and an establishment."""
    return _back(visit).startswith(_BOOKS)


def _page(visit: Visit, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        offered, _usual = places_in_use(connection)
    chosen = _chosen(visit, offered)
    folder = _asked(visit, FOLDER) or ("" if chosen is None else str(chosen.folder))
    if _is_of_books(visit) and chosen is not None and str(chosen.folder) != folder:
        chosen = next((place for place in offered if str(place.folder) == folder), None)
    number = None if chosen is None else chosen.establishment
    return visit.html(
        "position.html",
        status=200 if problem is None else faults.status_of(problem),
        titled=not visit.is_partial,
        place=None,
        back=_back(visit),
        of_books=_is_of_books(visit),
        establishments=_firsts(offered if not _is_of_books(visit) else [p for p in offered if str(p.folder) == folder]),
        depots=[] if chosen is None else [p for p in offered if p.establishment_id == chosen.establishment_id],
        folders=sorted({place.folder for place in offered}),
        dossiers=_dossiers(offered, folder, number),
        chosen=chosen,
        folder=folder,
        dossier=_asked(visit, DOSSIER),
        shown=None if chosen is None else as_shown(chosen),
        **faults.told(visit, problem),
    )


def _asked(visit: Visit, name: str) -> str:
    return (visit.form.get(name) or visit.kept.get(name) or visit.query.get(name) or "").strip()


def _chosen(visit: Visit, offered: Sequence[Place]) -> Place | None:
    """What the form shows as chosen: what it said before, else where the person is."""
    number, depot = _asked(visit, ESTABLISHMENT), _asked(visit, DEPOT)
    if not number:
        here = visit.here
        return next((place for place in offered if here is not None and place.depot == here.depot), None)
    own = [place for place in offered if str(place.establishment) == number]
    return next((place for place in own if place.depot == depot), own[0] if own else None)


def _firsts(places: Sequence[Place]) -> list[Place]:
    """One place of each establishment."""
    found: dict[int, Place] = {}
    for place in places:
        found.setdefault(place.establishment_id, place)
    return list(found.values())


def _dossiers(offered: Sequence[Place], folder: str, number: int | None) -> list[int]:
    """The dossiers in which an establishment of this number has these books: the first one is proposed (A50)."""
    return list(
        dict.fromkeys(
            place.dossier for place in offered if str(place.folder) == folder and place.establishment == number
        )
    )
