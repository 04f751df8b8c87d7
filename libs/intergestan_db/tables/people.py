"""The people of the site: what they may do, and how they are known in the browser."""

from __future__ import annotations

from sqlalchemy import String, Text, true

from intergestan_db.enums import Right, Role
from intergestan_db.tables.types import Instant, RowId, Table, Typed, column, one_of


class User(Table):
    """A person of the firm; the mail address is the From of what they send (G15).

    `establishment_id`, `depot_id`: where they usually are, no more: an act carries its own place (D62).
    `password_hash` is argon2's own text; NULL: they cannot enter by a password. `language` and `timezone` are those of
    their pages, where these are not the site's; `shortcuts`: single keys do something there.
    """

    __tablename__ = "user"

    id: Typed[RowId]
    login: Typed[str] = column(String(60), unique=True)
    name: Typed[str] = column(String(200))
    email: Typed[str] = column(String(254))
    active: Typed[bool] = column(default=True)
    establishment_id: Typed[int | None] = column(references="establishment.id")
    depot_id: Typed[int | None] = column(references="depot.id")
    password_hash: Typed[str | None] = column(Text())
    language: Typed[str | None] = column(String(2))
    timezone: Typed[str | None] = column(String(64))
    shortcuts: Typed[bool] = column(default=True, server_default=true())
    last_login_at: Typed[Instant | None]


class UserRole(Table):
    """A role of a person; their rights are those of all their roles, and those of `UserRight`."""

    __tablename__ = "user_role"
    __table_args__ = (one_of("role", Role),)

    user_id: Typed[int] = column(references="user.id", primary_key=True, autoincrement=False)
    role: Typed[str] = column(String(13), primary_key=True)


class UserRight(Table):
    """A right that a person has by name, beyond those of their roles."""

    __tablename__ = "user_right"
    __table_args__ = (one_of("right", Right),)

    user_id: Typed[int] = column(references="user.id", primary_key=True, autoincrement=False)
    right: Typed[str] = column(String(20), primary_key=True)


class Session(Table):
    """A person who entered in a browser. The cookie has the secret, `id_hash` is its SHA-256.

    It ends at `ends_at`, or when nothing was asked for too long since `seen_at`. `csrf` is the token of its forms;
    `address` and `agent` tell the person which browser it was.
    """

    __tablename__ = "session"

    id_hash: Typed[str] = column(String(64), primary_key=True)
    user_id: Typed[int] = column(references="user.id", index=True)
    csrf: Typed[str] = column(String(43))
    created_at: Typed[Instant]
    seen_at: Typed[Instant]
    ends_at: Typed[Instant]
    address: Typed[str] = column(String(60))
    agent: Typed[str] = column(String(200))


class Invitation(Table):
    """A link by which a person enters once and chooses a password; `hash` is the SHA-256 of its secret."""

    __tablename__ = "invitation"

    hash: Typed[str] = column(String(64), primary_key=True)
    user_id: Typed[int] = column(references="user.id", index=True)
    ends_at: Typed[Instant]


class Throttle(Table):
    """How often somebody tried in vain, by what is slowed down: a login or an address, as a digest."""

    __tablename__ = "throttle"

    key: Typed[str] = column(String(80), primary_key=True)
    tries: Typed[int]
    tried_at: Typed[Instant]
