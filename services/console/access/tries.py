"""Tries to enter: counted for a login and for an address, told, and what follows the one that is right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db import states
from intergestan_db.tables import User
from intergestan_erp.people.sessions import begin_session, end_session
from intergestan_erp.people.throttle import forget, of_address, of_login, try_now
from services.console.visit import Visit


def count_try(visit: Visit, typed: str) -> datetime | None:
    """Count this try for its login and its address; until when it has to wait, if it has."""
    with visit.database.transaction() as connection:
        waits = [try_now(connection, each, visit.now) for each in (of_login(typed), of_address(visit.address))]
    return max((wait for wait in waits if wait is not None), default=None)


def too_many(response: Response, visit: Visit, wait: datetime) -> Response:
    """The answer to a try that has to wait, with the seconds for programs."""
    response.headers["Retry-After"] = str(max(1, int((wait - visit.now).total_seconds()) + 1))
    return response


def begin_counted(connection: Connection, visit: Visit, user_id: int, login: str, *, typed: str) -> str:
    """Let a person in, whose tries count no more; the secret of the session.

    :param typed: as what they named themselves.
    """
    forget(connection, of_login(typed))
    return begin(connection, visit, user_id, login)


def begin(connection: Connection, visit: Visit, user_id: int, login: str) -> str:
    """Let a person in; whoever was in with this browser is out. The secret of the session."""
    if visit.visitor is not None:
        end_session(connection, visit.visitor.session)
    agent = visit.request.headers.get("user-agent", "")
    known = {"login": login, "address": visit.address, "agent": agent}
    return begin_session(connection, user_id, visit.console.lifetime, at=visit.now, **known)


def tell_failed(connection: Connection, visit: Visit, typed: str, user_id: int) -> None:
    """What was typed as a password or a code is told to nobody.

    :param user_id: 0: nobody is called so.
    """
    detail = {"login": typed[:60], "address": visit.address[:60]}
    row = [(user_id, None, None)]
    states.record(connection, User.__tablename__, row, "login failed", by="console", at=visit.now, detail=detail)
