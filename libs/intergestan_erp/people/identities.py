"""Whom the firm's own login knows, and which of our people that is.

An identity is known by issuer and subject, which never change; names and addresses do, and another person may have them
later. So nobody is in by them: the first time somebody comes, an administrator says who that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import states
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Identity, User
from intergestan_erp.people.users import Entrant, in_use

MOST_WAITING: Final = 200
"""So many wait for an administrator at most; the one that came longest ago makes room."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the login says of somebody: the names change, `issuer` and `subject` do not."""

    issuer: str
    subject: str
    login: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who came, and of whom nobody has said who they are. `id` is this one's name in a form."""

    id: int
    subject: str
    login: str
    name: str
    email: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """By whom a person is vouched for."""

    id: int
    issuer: str
    subject: str
    email: str
    seen_at: datetime


def find_by_identity(connection: Connection, told: Told, at: datetime) -> Entrant | None:
    """The person in use who that is; None: nobody has said so, or they are out of use. It is noted that they came."""
    _note(connection, told, at)
    row = connection.execute(
        select(User.id, User.login, User.password_hash)
        .join(Identity, Identity.user_id == User.id)
        .where(*_is(told), User.active)
    ).one_or_none()
    return None if row is None else Entrant(*row)


def _note(connection: Connection, told: Told, at: datetime) -> None:
    values = {"login": told.login[:200], "name": told.name[:200], "email": told.email[:254], "seen_at": at}
    if connection.execute(update(Identity).where(*_is(told)).values(**values)).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(Identity).values(issuer=told.issuer, subject=told.subject, **values))
    except IntegrityError:  # the same person in a second tab
        return
    waits = Identity.user_id.is_(None)
    if connection.execute(select(func.count()).where(waits)).scalar_one() > MOST_WAITING:
        oldest = select(Identity.id).where(waits).order_by(Identity.seen_at, Identity.id).limit(1)
        connection.execute(delete(Identity).where(Identity.id.in_(oldest)))


def _is(told: Told) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Identity.issuer == told.issuer, Identity.subject == told.subject


def list_waiting(connection: Connection) -> list[Waiting]:
    """Those who wait for an administrator, who came last first."""
    columns = (Identity.id, Identity.subject, Identity.login, Identity.name, Identity.email, Identity.seen_at)
    query = select(*columns).where(Identity.user_id.is_(None)).order_by(Identity.seen_at.desc(), Identity.id.desc())
    return [Waiting(*row) for row in connection.execute(query)]


def identities_of(connection: Connection, user_id: int) -> list[Known]:
    """Those by which a person enters."""
    columns = (Identity.id, Identity.issuer, Identity.subject, Identity.email, Identity.seen_at)
    query = select(*columns).where(Identity.user_id == user_id).order_by(Identity.id)
    return [Known(*row) for row in connection.execute(query)]


def confirm(connection: Connection, identity_id: int, login: str, *, by: str, at: datetime) -> None:
    """Say who somebody is who waits: from now on they enter.

    :raises Problem: nobody waits there any more, or there is no such person in use.
    """
    user_id = in_use(connection, login)
    waits = (Identity.id == identity_id, Identity.user_id.is_(None))
    row = connection.execute(
        update(Identity).where(*waits).values(user_id=user_id).returning(Identity.subject, Identity.email)
    ).one_or_none()
    if row is None:
        raise _gone()
    _tell(connection, user_id, "identity add", {"subject": row.subject, "email": row.email}, by=by, at=at)


def link(connection: Connection, told: Told, user_id: int, *, by: str, at: datetime) -> None:
    """Let somebody who came be a person whom the login itself makes."""
    connection.execute(update(Identity).where(*_is(told)).values(user_id=user_id))
    _tell(connection, user_id, "identity add", {"subject": told.subject, "email": told.email}, by=by, at=at)


def drop(connection: Connection, identity_id: int, *, by: str, at: datetime) -> str | None:
    """Forget an identity: whoever has it enters no more by it, and waits again when they come. Whose it was, if any's.

    :raises Problem: it is gone.
    """
    row = connection.execute(
        delete(Identity).where(Identity.id == identity_id).returning(Identity.user_id, Identity.subject)
    ).one_or_none()
    if row is None:
        raise _gone()
    if row.user_id is None:
        return None
    _tell(connection, row.user_id, "identity remove", {"subject": row.subject}, by=by, at=at)
    return str(connection.scalar(select(User.login).where(User.id == row.user_id)))


def _tell(connection: Connection, user_id: int, name: str, detail: dict[str, str], *, by: str, at: datetime) -> None:
    states.record(connection, User.__tablename__, [(user_id, None, None)], name, by=by, at=at, detail=detail)


def _gone() -> Problem:
    return Problem(
        "Nobody waits there any more: somebody else has seen to it. Nothing was changed.", ProblemCode.CHANGED_MEANWHILE
    )
