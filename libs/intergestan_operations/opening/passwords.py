"""The seal of mail accounts' passwords: published by whoever has base.key, put on passwords of older releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, select, update

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.published import SEALING_KEY, publish, read_published
from intergestan_db.tables import Mailbox, Relay

if TYPE_CHECKING:
    from intergestan_runtime.sealed_passwords import Account


class Anew(NamedTuple):
    """What `seal_anew` did. :ivar unreadable: accounts whose password base.key does not open."""

    sealed: int
    unreadable: tuple[str, ...]


def seal(connection: Connection, password: str, account: Account) -> bytes:
    """A password for the database, sealed for this account; base.key is not needed for it.

    :raises Problem: the database does not say under what.
    """
    from intergestan_runtime.sealed_passwords import seal_password

    half = read_published(connection, SEALING_KEY)
    if half is None:
        raise Problem(
            "No password was stored, because the database does not say under what it is to be sealed.",
            ProblemCode.NO_SEAL,
            (Act.PUBLISH_SEAL,),
        )
    return seal_password(half, password, account)


def publish_seal(connection: Connection, base_key: bytes) -> None:
    """Say under what passwords are to be sealed for those who have this key."""
    from intergestan_runtime.sealed_passwords import public_half

    half = public_half(base_key)
    if read_published(connection, SEALING_KEY) != half:
        publish(connection, SEALING_KEY, half)


def seal_anew(connection: Connection, base_key: bytes) -> Anew:
    """Publish the seal, and put it on passwords that an older release stored under base.key itself."""
    from intergestan_runtime.sealed_passwords import is_of_old, open_password, public_half, seal_password
    from intergestan_runtime.secrets import SecretError

    publish_seal(connection, base_key)
    sealed, unreadable = 0, []
    for table in (Relay, Mailbox):
        for row in connection.execute(
            select(table.__table__).where(table.sealed.is_not(None)).order_by(table.id)
        ).all():
            if not is_of_old(row.sealed):
                continue
            try:
                password = open_password(base_key, row.sealed, row)
            except SecretError:
                unreadable.append(row.name)
                continue
            new = seal_password(public_half(base_key), password, row)
            connection.execute(update(table).where(table.id == row.id, table.sealed == row.sealed).values(sealed=new))
            sealed += 1
    return Anew(sealed, tuple(unreadable))
