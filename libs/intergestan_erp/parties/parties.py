"""Third parties of the base: entering them, and finding the one that a person means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from intergestan_db.problem import Problem
from intergestan_db.tables import Address, Contact, Party
from intergestan_erp.parties.company_numbers import compact
from intergestan_erp.parties.folding import name_key
from intergestan_msg.identity import nfc

MAIN = "main"
"""The kind of a party's own postal address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    """A party with its postal address and the person to ask there."""

    code: str
    name: str
    is_customer: bool = False
    is_supplier: bool = False
    siret: str | None = None
    vat_id: str | None = None
    line1: str | None = None
    line2: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    contact: str | None = None


def add_party(connection: Connection, party: NewParty) -> int:
    """Enter a party.

    :raises Problem: when its code is taken.
    """
    party = replace(party, code=nfc(party.code))
    if connection.execute(select(Party.id).where(Party.code == party.code)).first() is not None:
        raise Problem("There is already a third party «{code}»: choose another code.", code=party.code)
    fields = ("code", "name", "is_customer", "is_supplier", "siret", "vat_id")
    party_id = connection.execute(
        insert(Party).values({field: getattr(party, field) for field in fields}).returning(Party.id)
    ).scalar_one()
    address = {field: getattr(party, field) for field in ("line1", "line2", "postcode", "city", "country")}
    if any(address.values()):
        connection.execute(insert(Address).values(party_id=party_id, kind=MAIN, **address))
    if party.contact:
        connection.execute(insert(Contact).values(party_id=party_id, name=party.contact))
    return party_id


def find_supplier(connection: Connection, text: str) -> Row[int, str, str]:
    """The one supplier that `text` means: its code, SIRET, VAT number or name, in this order.

    :returns: id, code and name.
    :raises Problem: when none or several fit.
    """
    found = suppliers_like(connection, text)
    if len(found) == 1:
        return found[0]
    if found:
        raise Problem(
            "«{text}» fits several suppliers: {codes}. Write the code of the one you mean.",
            text=text,
            codes=", ".join(row.code for row in found),
        )
    raise Problem(
        "No supplier has the code, SIRET, VAT number or name «{text}». "
        "`intergestan partner list` shows who there is, `intergestan partner add` enters a partner's card.",
        text=text,
    )


def suppliers_like(connection: Connection, text: str) -> list[Row[int, str, str]]:
    """The suppliers that `text` may mean; the first sort of identifier that fits anybody decides."""
    return _like(connection, Party.is_supplier, text)


def customers_like(connection: Connection, text: str) -> list[Row[int, str, str]]:
    """The same of customers."""
    return _like(connection, Party.is_customer, text)


def _like(connection: Connection, role: ColumnElement[bool], text: str) -> list[Row[int, str, str]]:
    """By code, SIRET, VAT number, else by folded name. Names are compared here, not in the base: see `folding`."""
    wanted, number = nfc(text.strip()), compact(text)
    query = select(Party.id, Party.code, Party.name).where(role).order_by(Party.code)
    for condition in (Party.code == wanted, Party.siret == number, Party.vat_id == number):
        if found := list(connection.execute(query.where(condition))):
            return found
    key = name_key(wanted)
    parties = connection.execute(query).all() if key else []
    by_code = [row for row in parties if name_key(row.code) == key]
    return by_code or [row for row in parties if name_key(row.name) == key]


def party_codes(connection: Connection) -> list[str]:
    """The codes of all third parties."""
    return list(connection.execute(select(Party.code).order_by(Party.code)).scalars())


def main_address() -> Any:
    """A subquery with the id of each party's own address: the first of its kind."""
    return (
        select(Address.party_id, func.min(Address.id).label("id"))
        .where(Address.kind == MAIN)
        .group_by(Address.party_id)
        .subquery()
    )


def set_address(connection: Connection, party_id: int, values: dict[str, str | None]) -> None:
    """Change a party's own postal address (`line1`, `line2`, `postcode`, `city`, `country`), or enter it."""
    if not values:
        return
    own = select(func.min(Address.id)).where(Address.party_id == party_id, Address.kind == MAIN)
    address_id = connection.execute(own).scalar_one_or_none()
    if address_id is None:
        connection.execute(insert(Address).values(party_id=party_id, kind=MAIN, **values))
    else:
        connection.execute(update(Address).where(Address.id == address_id).values(**values))


def set_contact(connection: Connection, party_id: int, name: str) -> None:
    """Change the name of the person to ask at a party, or enter it."""
    first = connection.execute(select(func.min(Contact.id)).where(Contact.party_id == party_id)).scalar_one_or_none()
    if first is None:
        connection.execute(insert(Contact).values(party_id=party_id, name=name))
    else:
        connection.execute(update(Contact).where(Contact.id == first).values(name=name))
