"""Tokens of the HTTP API: what a program of a person opens it with, shown once, kept as a digest.

A token opens what its scopes name, and never more than its person may at that moment. It ends by itself after a year at
most, when somebody ends it, and with its person.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, String, bindparam, insert, or_, select, text, update

from intergestan_db import states
from intergestan_db.enums import Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import ApiToken, User
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.people.sessions import digest
from intergestan_erp.people.users import in_use, user_row

LONGEST: Final = timedelta(days=366)
_FORM: Final = re.compile(r"ig_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_SEEN: Final = timedelta(minutes=1)
_MOST_WHO: Final = 80
"""What an event has room for as who did it."""


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token as people see it. `prefix` is how its secret begins, and opens nothing."""

    login: str
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str
    ends_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it still opens something, as far as it is itself concerned."""
        return self.revoked_at is None and now < self.ends_at


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token a request brought, and what it is for. :ivar by: who acts, as events have it."""

    token_id: int
    user_id: int
    login: str
    email: str
    language: str | None
    name: str
    scopes: frozenset[Scope]
    ends_at: datetime
    last_used_at: datetime | None

    @property
    def by(self) -> str:
        """The person and the program, for events."""
        return f"{self.login}/{self.name}"[:_MOST_WHO]


def create_token(
    connection: Connection,
    login: str,
    name: str,
    scopes: Collection[Scope],
    *,
    lasts: timedelta,
    by: str,
    at: datetime,
) -> str:
    """A new token of a person in use; its secret, which nobody can show again.

    :param name: what it is for, once for each person; events have it behind the login.
    :raises Problem: there is no such person, the name is none or taken, it is for nothing, or would last too long.
    """
    user_id = in_use(connection, login)
    _check(name, scopes, lasts)
    taken = select(ApiToken.id).where(ApiToken.user_id == user_id, ApiToken.name == name)
    if connection.execute(taken).first() is not None:
        raise Problem(
            "{login} has or had a token «{name}» already. Choose another name: what was done with it is told by it.",
            ProblemCode.TOKEN_TAKEN,
            login=login,
            name=name,
        )
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    secret = f"ig_{prefix}_{secrets.token_urlsafe(32)}"
    connection.execute(
        insert(ApiToken).values(
            user_id=user_id,
            name=name,
            prefix=prefix,
            hash=digest(secret),
            scopes=" ".join(_in_order(scopes)),
            created_at=at,
            created_by=by,
            ends_at=at + lasts,
        )
    )
    detail = {"token": name, "scopes": _in_order(scopes)}
    states.record(connection, User.__tablename__, [(user_id, None, None)], "token", by=by, at=at, detail=detail)
    return secret


def list_tokens(connection: Connection, of: str | None = None) -> Sequence[ListedToken]:
    """All tokens, or those of one person, by person and name; also those that have ended.

    :raises Problem: there is no such person.
    """
    token = ApiToken
    query = (
        select(
            *(User.login, token.name, token.prefix, token.scopes, token.created_at, token.created_by, token.ends_at),
            *(token.last_used_at, token.revoked_at),
        )
        .join(User, User.id == token.user_id)
        .order_by(User.login, token.name)
    )
    if of is not None:
        query = query.where(token.user_id == user_row(connection, of).id)
    found = []
    for user, name, prefix, scopes, created_at, by, ends_at, last_used_at, revoked_at in connection.execute(query):
        dates = (created_at, by, ends_at, last_used_at, revoked_at)
        found.append(ListedToken(user, name, prefix, _read(scopes), *dates))
    return found


def revoke_token(connection: Connection, login: str, name: str, *, by: str, at: datetime) -> bool:
    """End a token; whether it had not been ended before.

    :raises Problem: there is no such person or token.
    """
    user_id = user_row(connection, login).id
    query = select(ApiToken.id, ApiToken.revoked_at).where(ApiToken.user_id == user_id, ApiToken.name == name)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise Problem("{login} has no token «{name}».", ProblemCode.NO_TOKEN, login=login, name=name)
    if row.revoked_at is not None:
        return False
    connection.execute(update(ApiToken).where(ApiToken.id == row.id).values(revoked_at=at))
    detail = {"token": name}
    states.record(connection, User.__tablename__, [(user_id, None, None)], "end token", by=by, at=at, detail=detail)
    return True


def find_bearer(connection: Connection, secret: str, now: datetime) -> Bearer | None:
    """Whose token this is; None: nobody's, or not any more."""
    if not _FORM.fullmatch(secret):
        return None
    token = ApiToken
    row = connection.execute(
        select(
            *(token.id, token.user_id, User.login, User.email, User.language, token.name, token.scopes),
            *(token.ends_at, token.last_used_at, token.created_at),
        )
        .join(User, User.id == token.user_id)
        .where(token.hash == digest(secret), token.revoked_at.is_(None), User.active)
    ).one_or_none()
    if row is None or now >= min(row.ends_at, row.created_at + LONGEST):
        return None
    return Bearer(*row[:6], frozenset(_read(row.scopes)), row.ends_at, row.last_used_at)


def needs_note(bearer: Bearer, now: datetime) -> bool:
    """Whether it is time to note that the token is used: a minute passed, or the clock was set back."""
    return bearer.last_used_at is None or abs(now - bearer.last_used_at) >= _SEEN


def note_use(connection: Connection, bearer: Bearer, now: datetime) -> None:
    """The token is used."""
    unseen = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at != now)
    connection.execute(update(ApiToken).where(ApiToken.id == bearer.token_id, unseen).values(last_used_at=now))


def count_write(connection: Connection, bearer: Bearer, most: int, now: datetime) -> int:
    """Count a request that changes something; how many seconds it has to wait, 0: none.

    The count is of this minute, and stands in the database: several processes share it.
    """
    minute, since = divmod(int(now.timestamp()), 60)
    values = {"key": f"api:{bearer.token_id}:{minute}", "now": now, "most": most}
    counted = connection.execute(_COUNT, values).first()
    return 0 if counted is not None else 60 - since


_COUNT = text(
    """
    INSERT INTO throttle (key, tries, tried_at) VALUES (:key, 1, :now)
    ON CONFLICT (key) DO UPDATE SET tries = throttle.tries + 1 WHERE throttle.tries < :most
    RETURNING tries
    """
).bindparams(
    bindparam("key", type_=String()), bindparam("now", type_=UtcDateTime()), bindparam("most", type_=BigInteger())
)


def _check(name: str, scopes: Collection[Scope], lasts: timedelta) -> None:
    if not _NAME.fullmatch(name):
        raise Problem(
            "«{name}» is no name for a token: 40 letters, digits, dots and hyphens at most.",
            ProblemCode.NO_NAME,
            name=name,
        )
    if not scopes:
        raise Problem("A token that is for nothing opens nothing: say what it is for.", ProblemCode.NO_SCOPE)
    if not timedelta(0) < lasts <= LONGEST:
        raise Problem("A token lasts from one day to {days} days.", ProblemCode.IMPLAUSIBLE_DAY, days=LONGEST.days)


def _in_order(scopes: Collection[Scope]) -> list[Scope]:
    return [scope for scope in Scope if scope in scopes]


def _read(scopes: str) -> tuple[Scope, ...]:
    """What a later release may have added is nothing to this one."""
    known = set(Scope)
    return tuple(Scope(word) for word in scopes.split() if word in known)
