"""Login and logout. Whoever is unknown and whoever mistypes hear the same, after the same time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from intergestan_erp.people.passwords import MOST, as_typed, renew_hash
from intergestan_erp.people.sessions import end_session
from intergestan_erp.people.users import find_entrant
from intergestan_runtime import password_hash
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access import cookies
from services.console.access.forwarded import begin_forwarded
from services.console.access.let_in import go_on, let_in
from services.console.access.tries import begin_counted, count_try, tell_failed, too_many
from services.console.access.walls import own_path
from services.console.pages import entering_code
from services.console.visit import Visit

_TRIED: Final = "essai"
WRONG: Final = marked("Login and password do not go together.")


def show(visit: Visit) -> Response:
    """The form; whoever is in already is at the start."""
    retour = own_path(visit.query.get("retour", "/"))
    if visit.visitor is not None:
        return visit.go(retour)
    if visit.forwarded is not None:
        if cookies.is_known(visit.request):  # it keeps cookies, so that this is not asked for ever
            return _enter_forwarded(visit, visit.forwarded, retour, {})
        if _TRIED not in visit.query:
            response = visit.go("/entrer", retour=retour, **{_TRIED: "1"})
            cookies.keep_entering(visit.request, response, visit.entering)
            return response
    return form(visit, retour=retour)


def form(visit: Visit, *, status: int = 200, retour: str, login: str = "", said: Said | None = None) -> Response:
    """The form, with what was typed into another page's form, if anything was."""
    kept = faults.kept_before(visit.form)
    return faults.login_form(visit, status=status, retour=retour, login=login, said=said, kept=kept)


def enter(visit: Visit) -> Response:
    """Prove a password, and let its person in, or ask for a code."""
    typed, password = visit.form.get("login", ""), visit.form.get("mot_de_passe", "")
    retour, lasting = own_path(visit.form.get("retour", "/")), "rester" in visit.form
    if visit.visitor is not None and not (typed or password):  # entered in another tab
        return go_on(visit, retour, faults.kept_before(visit.form))
    if visit.forwarded is not None:
        return _enter_forwarded(visit, visit.forwarded, retour, faults.kept_before(visit.form))
    wait = count_try(visit, typed)
    if wait is not None:
        said = Said("Too many tries. Wait until {time}, then try again.", time=visit.clock(wait))
        return too_many(form(visit, status=429, retour=retour, login=typed, said=said), visit, wait)
    with visit.database.read() as connection:
        entrant = find_entrant(connection, typed[:200])
    kept = None if entrant is None else entrant.password_hash
    right = password_hash.is_password(kept, as_typed(password)[: MOST * 4])
    if entrant is None or not right:
        with visit.database.transaction() as connection:
            tell_failed(connection, visit, typed, 0 if entrant is None else entrant.id)
        return form(visit, status=401, retour=retour, login=typed, said=Said(WRONG))
    renewed = password_hash.hash_of(as_typed(password)) if password_hash.is_outdated(kept or "") else None
    with visit.database.transaction() as connection:
        if renewed is not None:
            renew_hash(connection, entrant.id, renewed)
        secret = None
        if not entering_code.is_asked(connection, visit, entrant.id):
            secret = begin_counted(connection, visit, entrant.id, entrant.login, typed=typed)
    before = faults.kept_before(visit.form)
    if secret is None:
        return entering_code.ask(visit, entrant.id, entrant.login, retour, before, lasting=lasting)
    return let_in(visit, entrant.login, secret, retour, before, lasting=lasting)


def _enter_forwarded(visit: Visit, login: str, retour: str, typed: Mapping[str, str]) -> Response:
    begun = begin_forwarded(visit, login)
    if isinstance(begun, Said):
        return faults.login_form(visit, status=403, retour=retour, said=begun, kept=typed)
    return let_in(visit, *begun, retour, typed, lasting=True)


def leave(visit: Visit) -> Response:
    """End the session."""
    with visit.database.transaction() as connection:
        end_session(connection, visit.who.session)
    response = visit.go("/entrer")
    cookies.end(visit.request, response)
    return response
