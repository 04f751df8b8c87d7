"""Links by which a person enters once and chooses a password: for a new one, and for who forgot theirs."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from intergestan_db import states
from intergestan_db.tables import Invitation, User
from intergestan_erp.people.sessions import digest
from intergestan_erp.people.users import in_use

VALID: Final = timedelta(hours=48)
_GROUP: Final = 4


def invite(connection: Connection, login: str, *, by: str, at: datetime, valid: timedelta = VALID) -> str:
    """A secret by which a person in use enters once; links that they had before open nothing any more.

    :raises Problem: when there is no such user, or they are out of use.
    """
    user_id = in_use(connection, login)
    secret = base64.b32encode(secrets.token_bytes(20)).decode().lower()
    connection.execute(delete(Invitation).where(Invitation.user_id == user_id))
    connection.execute(insert(Invitation).values(hash=digest(secret), user_id=user_id, ends_at=at + valid))
    states.record(connection, User.__tablename__, [(user_id, None, None)], "invite", by=by, at=at)
    return secret


def take_invitation(connection: Connection, secret: str, now: datetime) -> int | None:
    """Whose invitation this is, once: it is gone then. None: nobody's, or not any more."""
    found = connection.execute(
        delete(Invitation)
        .where(Invitation.hash == digest(plain(secret)), Invitation.ends_at > now)
        .returning(Invitation.user_id)
    ).one_or_none()
    return None if found is None else int(found.user_id)


def in_groups(secret: str) -> str:
    """As it is read and typed: in groups of four."""
    return "-".join(secret[place : place + _GROUP] for place in range(0, len(secret), _GROUP))


def plain(typed: str) -> str:
    """A secret as somebody typed it: without what stands between its groups, whatever the case."""
    return "".join(letter for letter in typed.lower() if letter.isalnum())


def sweep_invitations(connection: Connection, now: datetime) -> int:
    """Delete those that open nothing any more; how many these were."""
    return connection.execute(delete(Invitation).where(Invitation.ends_at < now)).rowcount


@dataclass(frozen=True, slots=True)
class Invited:
    """Whose invitation it is."""

    login: str
    name: str
    email: str


def invited(connection: Connection, secret: str, now: datetime) -> Invited | None:
    """Whose invitation this is, without using it; None: nobody's, or not any more."""
    row = connection.execute(
        select(User.login, User.name, User.email)
        .join(Invitation, Invitation.user_id == User.id)
        .where(Invitation.hash == digest(plain(secret)), Invitation.ends_at > now, User.active)
    ).one_or_none()
    return None if row is None else Invited(*row)
