"""A person's row, by the login that somebody typed; and who may enter with what they typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, or_, select

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Invitation, User
from intergestan_erp.inputs.typed_keys import as_stored


def user_row(connection: Connection, login: str) -> Row[int, str, str, bool]:
    """Id, login, name and whether they are in use.

    :raises Problem: when there is no such user.
    """
    meant = as_stored(connection, login, User.login)
    query = select(User.id, User.login, User.name, User.active).where(User.login == meant)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Problem(
            "There is no user «{login}».",
            ProblemCode.NO_USER,
            (Act.LIST_USERS, Act.ADD_USER),
            login=login,
        )
    return row


def in_use(connection: Connection, login: str) -> int:
    """The id of a user who is in use.

    :raises Problem: when there is no such user, or they were taken out of use.
    """
    row = user_row(connection, login)
    if not row.active:
        raise Problem(
            "The user «{login}» was taken out of use.",
            ProblemCode.USER_INACTIVE,
            (Act.ACTIVATE_USER,),
            login=login,
        )
    return int(row.id)


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who would enter. `password_hash` is None where they have no password."""

    id: int
    login: str
    password_hash: str | None


def find_entrant(connection: Connection, typed: str) -> Entrant | None:
    """The person in use whose login this is, or else whose mail address; None: nobody, or several."""
    meant = typed.strip()
    columns = User.id, User.login, User.password_hash
    by_login = select(*columns).where(User.login == as_stored(connection, meant, User.login), User.active)
    found = connection.execute(by_login).all()
    if not found:
        addresses = {meant, meant.lower()}
        found = connection.execute(select(*columns).where(User.email.in_(addresses), User.active).limit(2)).all()
    return Entrant(*found[0]) if len(found) == 1 else None


def find_login(connection: Connection, login: str) -> int | None:
    """The id of a person by their login, in use or not; None: nobody."""
    return connection.scalar(select(User.id).where(User.login == as_stored(connection, login.strip(), User.login)))


def count_entrants(connection: Connection, now: datetime) -> int:
    """How many people in use have a password, or a link that still opens."""
    invited = select(Invitation.user_id).where(Invitation.ends_at > now)
    able = or_(User.password_hash.is_not(None), User.id.in_(invited))
    return connection.execute(select(func.count()).where(User.active, able)).scalar_one()
