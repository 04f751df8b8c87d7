"""Who came from the firm's own login, and which of our people that is: an administrator says so, once."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_erp.people.identities import confirm, drop, list_waiting
from intergestan_erp.site.setup import list_users
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access import proof
from services.console.acting import Done, once
from services.console.pages.people import path_of
from services.console.visit import Visit

PATH: Final = "/reglages/identites"
WHO, FORGET = "identite", "oublier"
"""The fields that name an identity: of a person who is confirmed, and to be forgotten."""


def show(visit: Visit) -> Response:
    """Those who wait."""
    return _page(visit)


def act(visit: Visit) -> Response:
    """Confirm one, or forget one."""
    said = proof.prove(visit)
    if said is not None:
        return _page(visit, said)

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        forgotten = _number(visit, FORGET)
        if forgotten is not None:
            whose = drop(connection, forgotten, by=by, at=at)
            return Done(to=PATH if whose is None else path_of(whose), said=Said("This identity is forgotten."))
        login = visit.form.get("personne", "").strip()
        confirm(connection, _number(visit, WHO) or 0, login, by=by, at=at)
        now = Said("{login} enters by the firm's own login, too, from now on.", login=login)
        return Done(to=path_of(login), said=now)

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, sentence(problem, visit.language), faults.status_of(problem))


def _number(visit: Visit, field: str) -> int | None:
    typed = visit.form.get(field, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def _page(visit: Visit, said: str | None = None, status: int = 422) -> Response:
    with visit.database.read() as connection:
        waiting = list_waiting(connection)
        people = [each for each in list_users(connection) if each.active]
    return visit.html(
        "settings/identities.html",
        status=200 if said is None else status,
        waiting=waiting,
        people=people,
        named=_number(visit, WHO),
        typed=visit.form.get("personne", ""),
        said=said,
        asked=proof.is_asked(visit),
    )
