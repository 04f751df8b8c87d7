"""A person's row, by the login that somebody typed."""

from __future__ import annotations

from sqlalchemy import Connection, Row, select

from intergestan_db.problem import Problem
from intergestan_db.tables import User
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
            "There is no user «{login}». `intergestan user list` shows who there is, "
            "`intergestan user add` enters somebody.",
            login=login,
        )
    return row
