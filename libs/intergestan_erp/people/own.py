"""What a person chooses of their own pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from intergestan_db import states
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import User
from intergestan_erp.people.sessions import end_one, end_sessions

LANGUAGES = ("fr", "en")


def choose_own(
    connection: Connection,
    user_id: int,
    *,
    language: str | None,
    timezone: str | None,
    shortcuts: bool,
    by: str,
    at: datetime,
) -> None:
    """Keep what a person chose; None: as the site has it. The zone is one (`intergestan_erp.site.day.zone_of`).

    :raises Problem: there is no such language here.
    """
    if language is not None and language not in LANGUAGES:
        raise Problem(
            "There are no pages in the language «{language}». Nothing was changed.",
            ProblemCode.NO_VALUE,
            language=language,
        )
    chosen = {"language": language, "timezone": timezone, "shortcuts": shortcuts}
    connection.execute(update(User).where(User.id == user_id).values(**chosen))
    states.record(connection, User.__tablename__, [(user_id, None, None)], "profile", by=by, at=at, detail=chosen)


def end_sessions_of(connection: Connection, user_id: int, *, by: str, at: datetime, but: str = "") -> None:
    """All sessions of a person end, except the one with this digest; the journal says who ended them."""
    end_sessions(connection, user_id, but=but)
    states.record(connection, User.__tablename__, [(user_id, None, None)], "end sessions", by=by, at=at)


def end_session_of(connection: Connection, user_id: int, ref: str, *, by: str, at: datetime) -> None:
    """One session of a person ends, by what names it in their list; one that is over already, too."""
    if end_one(connection, user_id, ref):
        states.record(connection, User.__tablename__, [(user_id, None, None)], "end sessions", by=by, at=at)
