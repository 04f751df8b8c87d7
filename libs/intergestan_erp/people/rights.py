"""What each person may do: the rights of all their roles, and those that they have by name (D31).

One table for every face. On the command line nobody proves who they are, so rights guard against mistakes there; a face
that knows who acts asks the same functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, literal, select, union_all

from intergestan_db import states
from intergestan_db.enums import Right, Role
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import User, UserRight, UserRole
from intergestan_erp.people.users import user_row

OF_ROLE: Final[Mapping[Role, frozenset[Right]]] = {
    Role.READER: frozenset(),
    Role.CLERK: frozenset(
        {
            *(Right.SEND_ORDERS, Right.RESEND_MAILS, Right.COLLECT_ORDERS, Right.SELL, Right.INVOICE),
            *(Right.SET_PARTIES, Right.TAKE_PAYMENTS),
        },
    ),
    Role.OPERATOR: frozenset({Right.RESEND_MAILS, Right.COLLECT_ORDERS, Right.OPERATE}),
    Role.ACCOUNTANT: frozenset(
        {
            *(Right.SET_CREDIT, Right.KEEP_BOOKS, Right.CLOSE_BOOKS, Right.INVOICE),
            *(Right.TAKE_PAYMENTS, Right.CREDIT_NOTE),
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            *(Right.SET_CREDIT, Right.MANAGE_USERS, Right.KEEP_BOOKS, Right.CLOSE_BOOKS, Right.ANONYMISE),
            Right.SEND_ORDERS,
            *(Right.RESEND_MAILS, Right.COLLECT_ORDERS, Right.OPERATE, Right.SET_ACCOUNTS),
            *(Right.SELL, Right.INVOICE, Right.SET_PARTNERS, Right.SET_PRODUCTS, Right.SET_PARTIES, Right.SET_RULES),
            *(Right.SET_SITE, Right.TAKE_PAYMENTS, Right.CREDIT_NOTE),
        }
    ),
}
"""What each role may. `OVERRIDE_CREDIT` is in none: it is given by name."""

_OF_FIRST: Final = (Role.CLERK, Role.OPERATOR, Role.ADMINISTRATOR, Role.ACCOUNTANT)
_OF_LATER: Final = (Role.CLERK,)


@dataclass(frozen=True, slots=True)
class Person:
    """A person with their roles, and the rights that they have by name."""

    id: int
    login: str
    active: bool
    roles: tuple[Role, ...]
    named: frozenset[Right]

    @property
    def rights(self) -> frozenset[Right]:
        """All that they may."""
        return self.named.union(*(OF_ROLE[role] for role in self.roles))

    def may(self, right: Right) -> bool:
        """Whether they have a right; who is out of use has none."""
        return self.active and right in self.rights


def read_people(connection: Connection) -> list[Person]:
    """Everybody, by login."""
    roles: dict[int, set[str]] = {}
    for row in connection.execute(select(UserRole.user_id, UserRole.role)):
        roles.setdefault(row.user_id, set()).add(row.role)
    named: dict[int, set[Right]] = {}
    for row in connection.execute(select(UserRight.user_id, UserRight.right)):
        named.setdefault(row.user_id, set()).add(Right(row.right))
    users = connection.execute(select(User.id, User.login, User.active).order_by(User.login))
    return [
        Person(
            user.id,
            user.login,
            user.active,
            tuple(role for role in Role if role in roles.get(user.id, ())),
            frozenset(named.get(user.id, ())),
        )
        for user in users
    ]


def read_person(connection: Connection, login: str) -> Person:
    """One of them, also one who is out of use.

    :raises Problem: when there is no such user.
    """
    row = user_row(connection, login)
    return next(person for person in read_people(connection) if person.id == row.id)


def person_of(connection: Connection, user_id: int, login: str, *, active: bool = True) -> Person:
    """A person whose row is known already, in one statement."""
    told = union_all(
        select(UserRole.role.label("word"), literal(1).label("is_role")).where(UserRole.user_id == user_id),
        select(UserRight.right, literal(0)).where(UserRight.user_id == user_id),
    )
    rows = connection.execute(told).all()
    roles = {row.word for row in rows if row.is_role}
    named = frozenset(Right(row.word) for row in rows if not row.is_role)
    return Person(user_id, login, active, tuple(role for role in Role if role in roles), named)


def who_may(connection: Connection, right: Right) -> list[str]:
    """The logins of those who have a right."""
    return [person.login for person in read_people(connection) if person.may(right)]


def require(connection: Connection, by: str, right: Right) -> None:
    """Refuse what a person may not do. Where nobody may give rights, everybody may.

    :param by: the person's login; `login/program` for a program of theirs, which may what they may.
    :raises Problem: with those who may.
    """
    login = by.partition("/")[0]
    who = who_may(connection, right)
    if login not in who and (who or right is not Right.MANAGE_USERS):
        raise _refused(right, login, ", ".join(who) or "–")


def first_roles(connection: Connection, user_id: int) -> None:
    """What a person who was just entered begins with: the first one may all, later ones are clerks."""
    is_first = connection.execute(select(User.id).where(User.id != user_id).limit(1)).first() is None
    _put(connection, user_id, _OF_FIRST if is_first else _OF_LATER, (Right.OVERRIDE_CREDIT,) if is_first else ())


def change_rights(
    connection: Connection,
    login: str,
    *,
    roles: Collection[Role] | None = None,
    grant: Collection[Right] = (),
    revoke: Collection[Right] = (),
    by: str,
    at: datetime,
) -> Person:
    """Give a person other roles, or rights by name.

    :param roles: all that they shall have; None leaves them.
    :raises Problem: there is no such user, a right to revoke is none of those that they have by name, or nobody would
        be left who may give rights.
    """
    lock_people(connection)
    before = read_person(connection, login)
    missing = [right for right in revoke if right not in before.named]
    if missing:
        raise Problem(
            "{login} does not have the right {rights} by name, so it cannot be taken away. Roles give rights, too. "
            "Nothing was changed.",
            ProblemCode.NO_SUCH_RIGHT,
            (Act.GIVE_RIGHTS,),
            login=before.login,
            rights=", ".join(missing),
        )
    chosen = before.roles if roles is None else tuple(role for role in Role if role in roles)
    named = (before.named | set(grant)) - set(revoke)
    if (chosen, named) == (before.roles, before.named):
        return before
    connection.execute(delete(UserRole).where(UserRole.user_id == before.id))
    connection.execute(delete(UserRight).where(UserRight.user_id == before.id))
    _put(connection, before.id, chosen, named)
    refuse_nobody_left(connection)
    detail = {"roles": [list(before.roles), list(chosen)], "rights": [sorted(before.named), sorted(named)]}
    states.record(connection, User.__tablename__, [(before.id, None, None)], "roles", by=by, at=at, detail=detail)
    return Person(before.id, before.login, before.active, chosen, frozenset(named))


def lock_people(connection: Connection) -> None:
    """Nobody else changes what people may until the transaction ends: of two who go at once, one is the last."""
    connection.execute(select(User.id).order_by(User.id).with_for_update()).all()


def refuse_nobody_left(connection: Connection) -> None:
    """Refuse that nobody is left who may give rights, under the lock of `lock_people`.

    :raises Problem: the transaction must be rolled back.
    """
    if not any(person.may(Right.MANAGE_USERS) for person in read_people(connection)):
        raise Problem(
            "Somebody must be able to give roles: the last administrator stays one, and in use. Nothing was changed.",
            ProblemCode.LAST_ADMINISTRATOR,
            (Act.GIVE_RIGHTS,),
        )


def _put(connection: Connection, user_id: int, roles: Iterable[Role], rights: Iterable[Right]) -> None:
    for role in roles:
        connection.execute(insert(UserRole).values(user_id=user_id, role=role))
    for right in sorted(rights):
        connection.execute(insert(UserRight).values(user_id=user_id, right=right))


def _refused(right: Right, login: str, who: str) -> Problem:
    code, acts = ProblemCode.NO_RIGHT, (Act.GIVE_RIGHTS,)
    if right is Right.MANAGE_USERS:
        return Problem(
            "{login} may not give roles and rights; {who} may. Nothing was done.", code, acts, login=login, who=who
        )
    if right is Right.SET_CREDIT:
        return Problem(
            "{login} may not set credit maximums; {who} may. Nothing was done.", code, acts, login=login, who=who
        )
    if right is Right.KEEP_BOOKS:
        return Problem("{login} may not keep the books; {who} may. Nothing was done.", code, acts, login=login, who=who)
    if right is Right.CLOSE_BOOKS:
        return Problem(
            "{login} may not close the books; {who} may. Nothing was done.", code, acts, login=login, who=who
        )
    if right is Right.ANONYMISE:
        return Problem(
            "{login} may not anonymise third parties; {who} may. Nothing was done.", code, acts, login=login, who=who
        )
    if right is Right.OVERRIDE_CREDIT:
        return Problem(
            "{login} may not pass the credit maximum; {who} may. Nothing was done.", code, acts, login=login, who=who
        )
    return Problem("{login} may not do this; {who} may. Nothing was done.", code, acts, login=login, who=who)
