"""The people of the site, and what they may do."""

from __future__ import annotations

from sqlalchemy import String

from intergestan_db.enums import Right, Role
from intergestan_db.tables.types import RowId, Table, Typed, column, one_of


class User(Table):
    """A person of the firm; the mail address is the From of what they send (G15).

    `establishment_id`, `depot_id`: where they usually are, no more: an act carries its own place (D62).
    """

    __tablename__ = "user"

    id: Typed[RowId]
    login: Typed[str] = column(String(60), unique=True)
    name: Typed[str] = column(String(200))
    email: Typed[str] = column(String(254))
    active: Typed[bool] = column(default=True)
    establishment_id: Typed[int | None] = column(references="establishment.id")
    depot_id: Typed[int | None] = column(references="depot.id")


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
