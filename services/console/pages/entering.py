"""Login and logout. Whoever is unknown and whoever mistypes hear the same, after the same time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db import states
from intergestan_db.tables import User
from intergestan_erp.people.passwords import MOST, as_typed, renew_hash
from intergestan_erp.people.sessions import begin_session, end_session
from intergestan_erp.people.throttle import forget, of_address, of_login, try_now
from intergestan_erp.people.users import Entrant, find_entrant
from intergestan_runtime import password_hash
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access import cookies
from services.console.access.let_in import let_in
from services.console.access.walls import own_path
from services.console.visit import Visit

WRONG: Final = marked("Login and password do not go together.")
KEPT: Final = faults.KEPT


def show(visit: Visit) -> Response:
    """The form; whoever is in already is at the start."""
    if visit.visitor is not None:
        return visit.go(own_path(visit.query.get("retour", "/")))
    return form(visit, retour=own_path(visit.query.get("retour", "/")))


def form(visit: Visit, *, status: int = 200, retour: str, login: str = "", said: Said | None = None) -> Response:
    """The form, with what was typed into another page's form, if anything was."""
    return faults.login_form(visit, status=status, retour=retour, login=login, said=said, kept=_typed_before(visit))


def enter(visit: Visit) -> Response:
    """Prove a password, and let its person in."""
    typed, password = visit.form.get("login", ""), visit.form.get("mot_de_passe", "")
    retour = own_path(visit.form.get("retour", "/"))
    wait = _count(visit, typed)
    if wait is not None:
        said = Said("Too many tries. Wait until {time}, then try again.", time=visit.clock(wait))
        response = form(visit, status=429, retour=retour, login=typed, said=said)
        response.headers["Retry-After"] = str(max(1, int((wait - visit.now).total_seconds()) + 1))
        return response
    with visit.database.read() as connection:
        entrant = find_entrant(connection, typed[:200])
    kept = None if entrant is None else entrant.password_hash
    right = password_hash.is_password(kept, as_typed(password)[: MOST * 4])
    if entrant is None or not right:
        with visit.database.transaction() as connection:
            _tell_failed(connection, visit, typed, entrant)
        return form(visit, status=401, retour=retour, login=typed, said=Said(WRONG))
    renewed = password_hash.hash_of(as_typed(password)) if password_hash.is_outdated(kept or "") else None
    with visit.database.transaction() as connection:
        secret = _enter(connection, visit, entrant, typed, renewed)
    return let_in(visit, entrant.login, secret, retour, _typed_before(visit), lasting="rester" in visit.form)


def leave(visit: Visit) -> Response:
    """End the session."""
    with visit.database.transaction() as connection:
        end_session(connection, visit.who.session)
    response = visit.go("/entrer")
    cookies.end(visit.request, response)
    return response


def _count(visit: Visit, typed: str) -> datetime | None:
    """Count this try for its login and its address; until when it has to wait, if it has."""
    with visit.database.transaction() as connection:
        waits = [try_now(connection, each, visit.now) for each in (of_login(typed), of_address(visit.address))]
    return max((wait for wait in waits if wait is not None), default=None)


def _enter(connection: Connection, visit: Visit, entrant: Entrant, typed: str, renewed: str | None) -> str:
    forget(connection, of_login(typed))
    if renewed is not None:
        renew_hash(connection, entrant.id, renewed)
    if visit.visitor is not None:
        end_session(connection, visit.visitor.session)
    return begin_session(
        connection,
        entrant.id,
        visit.console.lifetime,
        login=entrant.login,
        address=visit.address,
        agent=visit.request.headers.get("user-agent", ""),
        at=visit.now,
    )


def _tell_failed(connection: Connection, visit: Visit, typed: str, entrant: Entrant | None) -> None:
    """What was typed as a password is told to nobody."""
    row = [(0 if entrant is None else entrant.id, None, None)]
    detail = {"login": typed[:60], "address": visit.address[:60]}
    states.record(connection, User.__tablename__, row, "login failed", by="console", at=visit.now, detail=detail)


def _typed_before(visit: Visit) -> Mapping[str, str]:
    return {name.removeprefix(KEPT): value for name, value in visit.form.items() if name.startswith(KEPT)}
