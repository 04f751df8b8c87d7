"""Where a form acts (D62): a page shows it and its forms carry it, whatever the person chose elsewhere meanwhile.

A form has the fields `etablissement` and `depot` (`place_fields` in `_place.html`); a button «Do it in 2/RD» sends the
same form with the other place in `ailleurs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies import places

if TYPE_CHECKING:
    from services.console.visit import Visit

ESTABLISHMENT: Final = "etablissement"
DEPOT: Final = "depot"
ELSEWHERE: Final = "ailleurs"
"""The button that sends a form with another place, such as `2/RD`."""
AT: Final = "ici"
"""In an address: the place that a page is to be for."""
_WORDS: Final = re.compile(r"([0-9]{1,9})(?:/(\S{1,20}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """An establishment and one of its depots, or no certain one.

    :ivar establishment: its number. :ivar depot: a code.
    :ivar name: of the establishment; it, dossier and accounting folder are told and make no other place.
    """

    establishment: int
    depot: str | None
    name: str = field(default="", compare=False)
    dossier: int = field(default=0, compare=False)
    folder: int = field(default=0, compare=False)

    @property
    def words(self) -> str:
        """As people write it."""
        return str(self.establishment) if self.depot is None else f"{self.establishment}/{self.depot}"

    def find(self, connection: Connection) -> places.Place:
        """The place in the transaction that acts there; without a depot the one that the establishment draws on first.

        :raises Problem: it is not in use any more.
        """
        if self.depot is not None:
            return places.place_called(connection, self.words)
        return places.first_place(connection, self.establishment)


def as_shown(place: places.Place) -> Place:
    """A place as pages and forms have it."""
    return Place(place.establishment, place.depot, place.name, place.dossier, place.folder)


def stored_place(visit: Visit) -> Place | None:
    """What is proposed to the person: what they chose, else where the site usually is; None: there is no place yet."""
    if visit.visitor is None:
        return None
    standing = visit.site.standing
    chosen = standing.of_depot(visit.visitor.depot_id)
    if chosen is None and visit.visitor.depot_id is not None:
        standing = visit.console.site.read_anew().standing
        chosen = standing.of_depot(visit.visitor.depot_id)
    found = chosen or standing.usual
    return None if found is None else as_shown(found)


def page_place(visit: Visit) -> Place | None:
    """The place of a page: that of the form which is shown again, or of the address; else the stored one."""
    for form in (visit.form, visit.kept):
        if form.get(ESTABLISHMENT):
            return _known(visit, _typed(form)) or stored_place(visit)
    asked = _WORDS.fullmatch(visit.query.get(AT, "").strip())
    if asked is not None:
        return _known(visit, f"{asked[1]}/{asked[2] or ''}") or stored_place(visit)
    return stored_place(visit)


def posted_place(visit: Visit) -> Place:
    """Where a form says that it acts.

    :raises Problem: it says nothing of the kind, or there is no such place in use.
    """
    words = visit.form.get(ELSEWHERE, "").strip() or _typed(visit.form)
    typed = _WORDS.fullmatch(words.removesuffix("/"))
    if typed is None:
        raise Problem(
            "This form does not say at which establishment and depot it acts, so nothing was done. Open its page "
            "again.",
            ProblemCode.NO_PLACE,
        )
    from intergestan_erp.agencies.establishments import establishment_called

    number, depot = int(typed[1]), typed[2]
    with visit.database.read() as connection:
        if depot is not None:
            return as_shown(places.place_called(connection, words))
        establishment = establishment_called(connection, number)
    return Place(number, None, establishment.name)


def there(visit: Visit, problem: Problem) -> Place | None:
    """Where what was refused at one place may be done; None: it was refused for something else."""
    if problem.code is not ProblemCode.WRONG_PLACE:
        return None
    depot, number = problem.values.get("depot"), problem.values.get("own")
    standing = visit.site.standing
    for each in standing.places:
        if each.depot == depot or (depot is None and each.establishment == number):
            return as_shown(each)
    return None


def _typed(form: Mapping[str, str]) -> str:
    return f"{form.get(ESTABLISHMENT, '').strip()}/{form.get(DEPOT, '').strip()}"


def _known(visit: Visit, words: str) -> Place | None:
    """The place of these words, where it is one in use."""
    number, _slash, depot = words.partition("/")
    for each in visit.site.standing.places:
        if str(each.establishment) == number and depot.upper() in {each.depot, ""}:
            found = as_shown(each)
            return found if depot else Place(found.establishment, None, found.name, found.dossier, found.folder)
    return None
