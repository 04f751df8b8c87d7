"""*Jetons*: what programs of our people open the HTTP API with. A token's secret is on one page alone, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.listing.page import slice_page
from intergestan_erp.people.tokens import LONGEST, create_token, list_tokens, revoke_token
from intergestan_erp.site.setup import list_users
from intergestan_operations.language.settings_words import SCOPES
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access import proof
from services.console.acting import Done, once
from services.console.pages.filters import paging_of
from services.console.visit import Visit

PATH: Final = "/reglages/jetons"
NEW: Final = "/reglages/nouveau-jeton"
SCOPE: Final = "portee."
"""Before a scope, as the name of its box."""
LASTS: Final = (30, 90, 180, LONGEST.days)
_USUAL: Final = "90"


def show_list(visit: Visit) -> Response:
    """All tokens, also those that have ended; none of their secrets."""
    return _list(visit, {})


def ask_new(visit: Visit) -> Response:
    """The form of a new one."""
    return _form(visit, {})


def make(visit: Visit) -> Response:
    """Make it, and show its secret: this page is the only one that ever has it."""
    said = proof.prove(visit)
    if said is not None:
        return _form(visit, {proof.PASSWORD: said})
    login, name = visit.form.get("personne", ""), visit.form.get("nom", "").strip()
    scopes = [scope for scope in Scope if f"{SCOPE}{scope}" in visit.form]
    typed = visit.form.get("jours", "")
    days = int(typed) if typed in map(str, LASTS) else 0
    try:
        with visit.database.transaction() as connection:
            secret = create_token(
                connection, login, name, scopes, lasts=timedelta(days=days), by=visit.who.login, at=visit.now
            )
    except Problem as problem:
        field = _PLACES.get(problem.code)
        wrong = {} if field is None else {field: sentence(problem, visit.language)}
        return _form(visit, wrong, None if wrong else problem)
    return visit.html("settings/token.html", login=login, name=name, secret=secret, days=days)


def end(visit: Visit) -> Response:
    """End one at once."""
    said = proof.prove(visit)
    if said is not None:
        return _list(visit, {proof.PASSWORD: said})
    login, _, name = visit.form.get("lequel", "").partition("/")

    def do(connection: Connection) -> Done:
        revoke_token(connection, login, name, by=visit.who.login, at=visit.now)
        return Done(to=PATH, said=Said("{name} of {login} opens nothing any more.", name=name, login=login))

    try:
        return once(visit, do)
    except Problem as problem:
        return _list(visit, {}, problem)


_PLACES: Final[Mapping[ProblemCode, str]] = {
    ProblemCode.NO_NAME: "nom",
    ProblemCode.TOKEN_TAKEN: "nom",
    ProblemCode.NO_USER: "personne",
    ProblemCode.USER_INACTIVE: "personne",
}


def _list(visit: Visit, wrong: Mapping[str, str], problem: Problem | None = None) -> Response:
    paging = paging_of(visit, PATH, ())
    with visit.database.read() as connection:
        tokens = list_tokens(connection)
    page = slice_page(tokens, lambda each: (each.login, each.name), size=paging.size, after=paging.after)
    return visit.html(
        "settings/tokens.html",
        status=422 if wrong else 200 if problem is None else faults.status_of(problem),
        page=page,
        paging=paging,
        scopes=SCOPES,
        now=visit.now,
        wrong=wrong,
        said=None if problem is None else sentence(problem, visit.language),
        asked=proof.is_asked(visit),
    )


def _form(visit: Visit, wrong: Mapping[str, str], problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        people = [(each.login, each.name) for each in list_users(connection) if each.active]
    filled = visit.with_kept(visit.form or visit.kept)
    return filled.html(
        "settings/new_token.html",
        status=422 if wrong else 200 if problem is None else faults.status_of(problem),
        people=people,
        scopes=SCOPES,
        lasts=LASTS,
        chosen=filled.typed("jours", _USUAL),
        typed=filled.typed,
        is_ticked=lambda scope: f"{SCOPE}{scope}" in filled.kept,
        wrong=wrong,
        said=None if problem is None else sentence(problem, visit.language),
        asked=proof.is_asked(visit),
    )
