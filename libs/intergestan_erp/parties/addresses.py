"""A party's own postal address, and the person to ask there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from intergestan_db.tables import Address, Contact

MAIN: Final = "main"
"""The kind of a party's own postal address."""
POSTAL: Final = ("line1", "line2", "postcode", "city", "country")
OF_CONTACT: Final = ("contact", "telephone", "email")


def main_address() -> Any:
    """A subquery with the id of each party's own address: the first of its kind."""
    return (
        select(Address.party_id, func.min(Address.id).label("id"))
        .where(Address.kind == MAIN)
        .group_by(Address.party_id)
        .subquery()
    )


def set_address(connection: Connection, party_id: int, values: Mapping[str, str | None]) -> None:
    """Change a party's own postal address (`line1`, `line2`, `postcode`, `city`, `country`), or enter it."""
    if not values:
        return
    own = select(func.min(Address.id)).where(Address.party_id == party_id, Address.kind == MAIN)
    address_id = connection.execute(own).scalar_one_or_none()
    if address_id is None:
        connection.execute(insert(Address).values(party_id=party_id, kind=MAIN, **values))
    else:
        connection.execute(update(Address).where(Address.id == address_id).values(**values))


def set_contact(connection: Connection, party_id: int, values: Mapping[str, str | None]) -> None:
    """Change the person to ask at a party (`contact` is the name, `telephone`, `email`), or enter one."""
    columns = {"name" if name == "contact" else name: value for name, value in values.items()}
    if "name" in columns:
        columns["name"] = columns["name"] or ""
    if not columns:
        return
    first = connection.execute(select(func.min(Contact.id)).where(Contact.party_id == party_id)).scalar_one_or_none()
    if first is None:
        connection.execute(insert(Contact).values(**{"party_id": party_id, "name": "", **columns}))
    else:
        connection.execute(update(Contact).where(Contact.id == first).values(**columns))
