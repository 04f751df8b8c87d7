"""What a person proves beside their password: a code of their telephone, or one that they wrote down.

What is sealed here opens for the console alone; how codes are made of it is the caller's business. A code counts once,
from however many processes it comes: its step is greater than the last one that counted, or it is struck out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select, update

from intergestan_db import states
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import User
from intergestan_erp.people.invitations import plain
from intergestan_erp.people.sessions import digest
from intergestan_erp.people.users import in_use

WRITTEN_DOWN: Final = 10
"""So many codes for a day without the telephone."""
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """That of a person.

    :ivar sealed: the secret; `is_used`: it was proved once, so that it is asked for; `left`: codes that still count.
    """

    sealed: str
    is_used: bool
    left: int


def second_factor_of(connection: Connection, user_id: int) -> SecondFactor | None:
    """That of a person; None: they have none."""
    row = connection.execute(select(*_COLUMNS).where(User.id == user_id)).one()
    if row.totp_sealed is None:
        return None
    return SecondFactor(row.totp_sealed, row.totp_step is not None, len(row.recovery or ()))


def propose(connection: Connection, user_id: int, sealed: str) -> None:
    """Keep a secret that is asked for once it was proved. Of one that is in use nothing changes.

    :raises Problem: they have one.
    """
    of_person = (User.id == user_id, User.totp_step.is_(None))
    if not connection.execute(update(User).where(*of_person).values(totp_sealed=sealed, recovery=None)).rowcount:
        raise Problem(
            "There is a second factor already: remove it first. Nothing was changed.",
            ProblemCode.CHANGED_MEANWHILE,
        )


def begin_using(
    connection: Connection, user_id: int, sealed: str, step: int, codes: Sequence[str], *, by: str, at: datetime
) -> bool:
    """From now on it is asked for; False: another one was proposed, or is in use, meanwhile.

    :param codes: the codes that are written down, of which their digests stay.
    """
    of_person = (User.id == user_id, User.totp_sealed == sealed, User.totp_step.is_(None))
    kept = {"totp_step": step, "recovery": [digest(plain(code)) for code in codes]}
    if not connection.execute(update(User).where(*of_person).values(**kept)).rowcount:
        return False
    states.record(connection, User.__tablename__, [(user_id, None, None)], "second factor", by=by, at=at)
    return True


def use_step(connection: Connection, user_id: int, step: int) -> bool:
    """Whether the code of this step counts: once, and none before it afterwards."""
    newer = (User.id == user_id, User.totp_step < step)
    return bool(connection.execute(update(User).where(*newer).values(totp_step=step)).rowcount)


def use_written_code(connection: Connection, user_id: int, typed: str, *, by: str, at: datetime) -> bool:
    """Whether this is one of the codes that were written down; it is struck out then."""
    of_person = select(User.recovery).where(User.id == user_id).with_for_update()
    left, used = connection.scalar(of_person) or [], digest(plain(typed))
    if used not in left:
        return False
    rest = [each for each in left if each != used]
    connection.execute(update(User).where(User.id == user_id).values(recovery=rest))
    detail = {"left": len(rest)}
    row = [(user_id, None, None)]
    states.record(connection, User.__tablename__, row, "recovery code", by=by, at=at, detail=detail)
    return True


def write_down_anew(connection: Connection, user_id: int, codes: Sequence[str], *, by: str, at: datetime) -> None:
    """Other codes in place of those that were written down."""
    connection.execute(update(User).where(User.id == user_id).values(recovery=[digest(plain(code)) for code in codes]))
    states.record(connection, User.__tablename__, [(user_id, None, None)], "recovery codes", by=by, at=at)


def remove(connection: Connection, user_id: int, *, by: str, at: datetime) -> bool:
    """Ask this person for their password alone; whether there was anything to remove."""
    has_one = or_(User.totp_sealed.is_not(None), User.recovery.is_not(None))
    none = {"totp_sealed": None, "totp_step": None, "recovery": None}
    if not connection.execute(update(User).where(User.id == user_id, has_one).values(**none)).rowcount:
        return False
    states.record(connection, User.__tablename__, [(user_id, None, None)], "no second factor", by=by, at=at)
    return True


def remove_of(connection: Connection, login: str, *, by: str, at: datetime) -> bool:
    """`remove`, by a person's login.

    :raises Problem: when there is no such user, or they are out of use.
    """
    return remove(connection, in_use(connection, login), by=by, at=at)


def new_codes() -> list[str]:
    """Codes to write down, in groups of four: 79 bits each, so that nobody guesses one of them."""
    drawn = ("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(WRITTEN_DOWN))
    return ["-".join(code[place : place + 4] for place in range(0, _LENGTH, 4)) for code in drawn]


_COLUMNS: Final = (User.totp_sealed, User.totp_step, User.recovery)
