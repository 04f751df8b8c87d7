"""Where a page leads whom a library refused something: the next act of its problem, as a link with that object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from intergestan_db.enums import Right
from intergestan_db.problem import Act, Problem
from intergestan_runtime.said import marked
from services.console.access.rights import Access, may
from services.console.visit import Visit

_Path = Callable[[Mapping[str, Any]], str | None]


def _at(path: str) -> _Path:
    return lambda _values: path


def _with(path: str, *names: str) -> _Path:
    """The page of the one that the problem names by one of these values."""

    def found(values: Mapping[str, Any]) -> str | None:
        value = next((values[name] for name in names if values.get(name) not in {None, ""}), None)
        return None if value is None else path + quote(str(value), safe="")

    return found


_LINKS: Final[Mapping[Act, tuple[str, _Path, Access | Right]]] = {
    Act.LIST_DEPOTS: (marked("Depots"), _at("/depots"), Access.SEE),
    Act.SET_DEPOT: (marked("The depot's card"), _with("/depots/", "depot"), Access.SEE),
    Act.SET_DEPOT_PARTIES: (marked("The depot's card"), _with("/depots/", "depot"), Access.SEE),
    Act.SHOW_STOCK: (marked("What lies there"), _with("/depots/", "depot"), Access.SEE),
    Act.LIST_AGENCIES: (marked("Agencies' list"), _at("/agences"), Access.SEE),
    Act.SET_ESTABLISHMENT: (marked("The establishment's card"), _with("/agences/", "n", "number"), Access.SEE),
    Act.ADD_ESTABLISHMENT: (marked("New establishment"), _at("/agences/nouvelle"), Right.SET_RULES),
    Act.LIST_FOLDERS: (marked("Accounting folders"), _at("/agences?onglet=dossiers"), Access.SEE),
    Act.SET_DOSSIER: (marked("The dossier's card"), _at("/reglages/dossier"), Right.SET_RULES),
    Act.LIST_OPERATIONS: (marked("Operation codes"), _at("/reglages/codes"), Right.SET_RULES),
    Act.LIST_CATEGORIES: (marked("Categories"), _at("/reglages/codes"), Right.SET_RULES),
    Act.LIST_PARTIES: (marked("Third parties"), _at("/tiers"), Access.SEE),
}


def links_of(visit: Visit, problem: Problem | None) -> list[tuple[str, str]]:
    """Address and word of what may be done about it, of that which this person may."""
    if problem is None:
        return []
    found = []
    for act in problem.next:
        if act in _LINKS:
            word, path_of, access = _LINKS[act]
            path = path_of(problem.values)
            if path is not None and may(access, visit.person):
                found.append((path, word))
    return found
