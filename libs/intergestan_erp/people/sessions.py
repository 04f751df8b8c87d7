"""Who entered in which browser. The browser keeps a secret, the database its digest: who reads it cannot enter."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from intergestan_db import states
from intergestan_db.tables import Session, User

SEEN_S: Final = 60
"""So often at most a session notes that somebody is there."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts: without a question, and in any case."""

    idle: timedelta
    longest: timedelta


_REF: Final = 12
USUAL: Final = Lifetime(timedelta(hours=12), timedelta(days=7))
STRICT: Final = Lifetime(timedelta(minutes=30), timedelta(hours=12))
STRONG: Final = timedelta(minutes=10)
"""So long after a password nobody is asked for it again."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is there, by their session.

    :ivar session: its digest; `csrf`: the token of its forms; `idle_ends_at`: when it ends if nothing is asked.
    :ivar told: what an act left to be said on the next page.
    :ivar depot_id: where they are, if they chose a place.
    :ivar strong_until: so long what is about people needs no password; None: it needs one.
    """

    user_id: int
    login: str
    name: str
    email: str
    language: str | None
    timezone: str | None
    shortcuts: bool
    has_second_factor: bool
    session: str
    csrf: str
    told: Mapping[str, str] | None
    ends_at: datetime
    idle_ends_at: datetime
    strong_until: datetime | None = None
    depot_id: int | None = None


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session as its person sees it. `ref` names it, and opens nothing."""

    ref: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


def digest(secret: str) -> str:
    """What the database keeps of a secret that a browser or a link has."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def begin_session(
    connection: Connection, user_id: int, lifetime: Lifetime, *, login: str, address: str, agent: str, at: datetime
) -> str:
    """Let a person in who proved who they are; the new session's secret."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        insert(Session).values(
            id_hash=digest(secret),
            user_id=user_id,
            csrf=secrets.token_urlsafe(32),
            created_at=at,
            seen_at=at,
            ends_at=at + lifetime.longest,
            address=address[:60],
            agent=agent[:200],
            strong_until=at + STRONG,
        )
    )
    connection.execute(update(User).where(User.id == user_id).values(last_login_at=at))
    detail = {"address": address[:60]}
    states.record(connection, User.__tablename__, [(user_id, None, None)], "login", by=login, at=at, detail=detail)
    return secret


def find_visitor(connection: Connection, secret: str, lifetime: Lifetime, now: datetime) -> Visitor | None:
    """Who is there with this secret; None: nobody, or no longer."""
    row = connection.execute(_VISITOR.where(Session.id_hash == digest(secret), User.active)).one_or_none()
    if row is None:
        return None
    idle_ends_at = row.seen_at + lifetime.idle
    ends_at = min(row.ends_at, row.created_at + lifetime.longest)
    if now >= ends_at or now >= idle_ends_at or row.seen_at - now > lifetime.idle:
        return None
    user_id, login, name, email, language, timezone, shortcuts, has_second, session, csrf, told = row[:11]
    known = (user_id, login, name, email, language, timezone, shortcuts, has_second, session, csrf)
    return Visitor(*known, told, ends_at, idle_ends_at, row.strong_until, row.depot_id)


_VISITOR = select(
    *(User.id, User.login, User.name, User.email, User.language, User.timezone, User.shortcuts),
    User.totp_step.is_not(None).label("has_second_factor"),
    *(Session.id_hash, Session.csrf, Session.told, Session.ends_at, Session.seen_at, Session.created_at),
    *(Session.strong_until, User.depot_id),
).join(User, User.id == Session.user_id)


def needs_sign(visitor: Visitor, lifetime: Lifetime, now: datetime) -> bool:
    """Whether it is time to note that they are still there."""
    return visitor.idle_ends_at - now < lifetime.idle - timedelta(seconds=SEEN_S)


def note_sign(connection: Connection, session: str, now: datetime) -> None:
    """They are still there."""
    connection.execute(update(Session).where(Session.id_hash == session).values(seen_at=now))


def tell(connection: Connection, session: str, told: Mapping[str, str] | None) -> None:
    """Let the next page of this session say something; None: it was said."""
    connection.execute(update(Session).where(Session.id_hash == session).values(told=told))


def note_proof(connection: Connection, session: str, now: datetime) -> None:
    """They proved once more who they are."""
    connection.execute(update(Session).where(Session.id_hash == session).values(strong_until=now + STRONG))


def is_strong(visitor: Visitor, now: datetime) -> bool:
    """Whether they proved who they are a moment ago; a clock that was set back does not make it longer."""
    return visitor.strong_until is not None and timedelta(0) <= visitor.strong_until - now <= STRONG


def end_session(connection: Connection, session: str) -> None:
    """This one ends, by its digest."""
    connection.execute(delete(Session).where(Session.id_hash == session))


def end_sessions(connection: Connection, user_id: int, *, but: str = "") -> None:
    """All sessions of a person end, except the one with this digest."""
    connection.execute(delete(Session).where(Session.user_id == user_id, Session.id_hash != but))


def end_one(connection: Connection, user_id: int, ref: str) -> bool:
    """One session of a person ends, by what names it in their list; whether it was there."""
    one = Session.user_id == user_id, func.substr(Session.id_hash, 1, _REF) == ref
    return connection.execute(delete(Session).where(*one)).rowcount > 0


def list_sessions(connection: Connection, user_id: int) -> Sequence[ListedSession]:
    """Where a person is in, the newest first."""
    query = select(Session.id_hash, Session.created_at, Session.seen_at, Session.address, Session.agent)
    rows = connection.execute(query.where(Session.user_id == user_id).order_by(Session.seen_at.desc(), Session.id_hash))
    return [ListedSession(row.id_hash[:_REF], *row[1:]) for row in rows]


def sweep_sessions(connection: Connection, now: datetime) -> int:
    """Delete those that have ended; how many these were."""
    return connection.execute(delete(Session).where(Session.ends_at < now)).rowcount
